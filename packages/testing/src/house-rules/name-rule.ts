import type { SourceTree } from "./source-tree.js";

// Names that say nothing about what is inside, so that everything ends up there.
const empty = new Set(["util", "utils", "helper", "helpers", "common", "misc", "manager", "managers"]);

/** A folder or file is named after its idea: not `utils`, not `delivery-manager.ts`, not one `types.ts` for all. */
export function nameRule(tree: SourceTree): string[] {
  return [...tree.keys()].flatMap((path) =>
    path
      .split("/")
      .filter(saysNothing)
      .map((name) => `${path}: "${name}" says nothing about what is inside`),
  );
}

function saysNothing(name: string): boolean {
  const stem = name.replace(/\..*$/, "");
  const role = stem.split("-").at(-1) ?? stem;
  return empty.has(role) || stem === "types";
}
