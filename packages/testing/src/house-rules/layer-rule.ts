import { importTarget } from "./import-target.js";
import { isTestFile, type SourceFile, type SourceTree } from "./source-tree.js";

const core = "packages/core/src/";

// From the top down. What stands in a row may import only from the rows below it: not from above, and not from its
// neighbours, so that a row can be read without the ones above and beside it.
const rows = [
  ["index.ts", "internal.ts"],
  ["webhooks.ts"],
  ["webhook-api.ts", "sealing-api.ts", "delivery-api.ts", "job-api.ts"],
  ["secret-api.ts"],
  ["organization-scope.ts"],
  ["container.ts"],
  ["composition.ts"],
  ["plugin"],
  ["emit", "deliver", "subscribe", "replay"],
  ["handle"],
  ["pipeline"],
  ["transport", "secret"],
  ["store", "observe"],
  ["delivery"],
  ["webhook"],
  ["event"],
  ["foundation"],
] as const;

/** Imports inside core run down its layers; only `container.ts` knows the container library. Tests are exempt. */
export function layerRule(tree: SourceTree): string[] {
  return [...tree.values()]
    .filter((file) => file.path.startsWith(core) && !isTestFile(file.path))
    .flatMap((file) => [...unknownLayer(file), ...upwardImports(file), ...containerImports(file)]);
}

function unknownLayer(file: SourceFile): string[] {
  if (rowOf(file.path) !== undefined) return [];
  return [`${file.path}: "${layerOf(file.path)}" is no layer of core; the layers are ${rows.flat().join(", ")}`];
}

function upwardImports(file: SourceFile): string[] {
  const own = rowOf(file.path);
  if (own === undefined) return [];
  return file.imports.flatMap(({ text, line }) => {
    const target = importTarget(file.path, text);
    const row = target === undefined ? undefined : rowOf(target);
    if (target === undefined || row === undefined || row > own) return [];
    if (layerOf(target) === layerOf(file.path)) return [];
    const direction = row === own ? "beside" : "above";
    return [`${file.path}:${line} imports ${layerOf(target)}, which stands ${direction} ${layerOf(file.path)}`];
  });
}

function containerImports(file: SourceFile): string[] {
  if (file.path === `${core}container.ts`) return [];
  return file.imports
    .filter(({ text }) => text === "tsyringe" || text.startsWith("tsyringe/"))
    .map(({ line }) => `${file.path}:${line} imports tsyringe, which only container.ts may`);
}

function rowOf(path: string): number | undefined {
  if (!path.startsWith(core)) return undefined;
  const index = rows.findIndex((row) => row.some((layer) => layer === layerOf(path)));
  return index < 0 ? undefined : index;
}

// A folder of core, or a file that stands beside the folders.
function layerOf(path: string): string {
  return path.slice(core.length).split("/")[0] ?? "";
}
