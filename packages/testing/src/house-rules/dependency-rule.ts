/** The part of a `package.json` that the rule reads. */
export interface Manifest {
  readonly name?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/**
 * Every dependency from outside is pinned to one version and has a line in the list of dependencies; the list names no
 * other.
 *
 * @param manifests - of every package of the workspace
 * @param list - the text of `docs/dependencies.md`: names stand in backquotes in the first column of a table
 */
export function dependencyRule(manifests: readonly Manifest[], list: string): string[] {
  const used = manifests.flatMap(outsideDependencies);
  const listed = listedNames(list);
  const names = new Set(used.map(({ name }) => name));
  return [
    ...used
      .filter(({ version }) => !/^(?:npm:.+@)?\d+\.\d+\.\d+(?:-|$)/.test(version))
      .map(({ user, name, version }) => `${user} does not pin ${name}: ${version}`),
    ...[...names].filter((name) => !listed.has(name)).map((name) => `${name} is not in the list of dependencies`),
    ...[...listed].filter((name) => !names.has(name)).map((name) => `${name} is listed, but nothing depends on it`),
  ];
}

function outsideDependencies(manifest: Manifest): { user: string; name: string; version: string }[] {
  const all = { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.optionalDependencies };
  return Object.entries(all)
    .filter(([, version]) => !version.startsWith("workspace:"))
    .map(([name, version]) => ({ user: manifest.name ?? "a package", name, version }));
}

function listedNames(list: string): Set<string> {
  const firstColumns = list.split("\n").filter((line) => line.startsWith("| `"));
  return new Set(firstColumns.flatMap((line) => [...(line.split("|")[1] ?? "").matchAll(/`([^`]+)`/g)].map(nameIn)));
}

function nameIn([, name = ""]: RegExpMatchArray): string {
  return name;
}
