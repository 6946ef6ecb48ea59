import { posix } from "node:path";

/**
 * Tells which file of the repository an import means, without looking whether it exists.
 *
 * @param importer - path of the importing file, from the root
 * @param specifier - what stands between the quotes
 * @returns a path from the root, or undefined when the import leaves the repository
 */
export function importTarget(importer: string, specifier: string): string | undefined {
  if (specifier.startsWith(".")) {
    return posix.join(posix.dirname(importer), specifier).replace(/\.js(x?)$/, ".ts$1");
  }
  const own = /^@hookwright\/(?:(plugin)-)?([^/]+)(?:\/(.+))?$/.exec(specifier);
  if (own === null) return undefined;
  const [, plugin, name, door = "index"] = own;
  return `packages/${plugin === undefined ? "" : "plugins/"}${name}/src/${door}.ts`;
}

/** The package that a path belongs to: `core`, `testing`, `plugins/sqlite`; undefined outside `packages/`. */
export function packageOf(path: string): string | undefined {
  return /^packages\/((?:plugins\/)?[^/]+)\//.exec(path)?.[1];
}
