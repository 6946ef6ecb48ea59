import { importTarget } from "./import-target.js";
import type { SourceTree } from "./source-tree.js";

/** No file imports itself through others, inside a package or across packages; imports of types count. */
export function cycleRule(tree: SourceTree): string[] {
  const findings: string[] = [];
  const finished = new Set<string>();
  const trail: string[] = [];

  const visit = (path: string): void => {
    if (finished.has(path)) return;
    const start = trail.indexOf(path);
    if (start >= 0) {
      findings.push(`import cycle: ${[...trail.slice(start), path].join(" → ")}`);
      return;
    }
    trail.push(path);
    for (const target of importedFiles(tree, path)) visit(target);
    trail.pop();
    finished.add(path);
  };

  for (const path of tree.keys()) visit(path);
  return findings;
}

function importedFiles(tree: SourceTree, path: string): Set<string> {
  const targets = (tree.get(path)?.imports ?? []).map(({ text }) => importTarget(path, text));
  return new Set(targets.filter((target) => target !== undefined).filter((target) => tree.has(target)));
}
