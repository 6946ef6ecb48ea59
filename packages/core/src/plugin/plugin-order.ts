import { nearestName } from "../foundation/nearest-name.js";
import type { BootProblem } from "./boot-error.js";
import { isInRange, labelOf } from "./check-manifest.js";
import type { AnyPluginManifest } from "./plugin.js";

/** Who is there beside the plugins that are checked. */
export interface Others {
  /** Loaded before, and found right then. */
  readonly loaded: readonly AnyPluginManifest[];
  /** Names of plugins with problems of their own: who requires one is told nothing, since nothing is wrong there. */
  readonly refused: ReadonlySet<string>;
}

/** What is wrong between plugins: one that is missing or does not fit, and circles. */
export function dependencyProblems(
  given: readonly AnyPluginManifest[],
  { loaded, refused }: Others,
): readonly BootProblem[] {
  const all = [...loaded, ...given];
  const byName = new Map(all.map((manifest) => [manifest.name, manifest]));
  const known = [...byName.keys(), ...refused];
  const missing = (manifest: AnyPluginManifest): readonly BootProblem[] =>
    Object.entries(manifest.requires ?? {})
      .filter(([name]) => !byName.has(name) && !refused.has(name))
      .map(([name, range]) => missingProblem(manifest, { name, range, nearest: nearestName(name, known) }));
  const unfit = (manifest: AnyPluginManifest): readonly BootProblem[] =>
    Object.entries({ ...manifest.optional, ...manifest.requires }).flatMap(([name, range]) => {
      const found = byName.get(name);
      return found === undefined || isInRange(found.version, range) ? [] : [unfitProblem(manifest, range, found)];
    });
  return [
    // What is loaded may wait for a plugin that was unloaded.
    ...given.flatMap(missing),
    ...all.flatMap(unfit),
    ...walk(all).cycles.map((cycle) => cycleProblem(cycle, byName)),
  ];
}

/** Each plugin after those that it requires or would like to have; otherwise as given. */
export function startOrder(manifests: readonly AnyPluginManifest[]): readonly AnyPluginManifest[] {
  return walk(manifests).order;
}

/** The path of a circle, as in `a → b → c → a`; the middle of a long one is left out, so that it stays under 1 kB. */
export function cyclePath(names: readonly string[]): string {
  const [first = ""] = names;
  const shown =
    names.length <= 6
      ? names
      : [...names.slice(0, 4), `… ${names.length - 5} more …`, ...names.slice(names.length - 1)];
  return [...shown, first].join(" → ");
}

interface Walk {
  readonly order: readonly AnyPluginManifest[];
  /** Names; each plugin stands in one of them at most. */
  readonly cycles: readonly (readonly string[])[];
}

interface Step {
  readonly manifest: AnyPluginManifest;
  readonly next: Iterator<string>;
}

/** Depth first, without recursion: a chain of dependencies may be longer than the stack. */
function walk(manifests: readonly AnyPluginManifest[]): Walk {
  const byName = new Map(manifests.map((manifest) => [manifest.name, manifest]));
  const done = new Set<string>();
  const inCycle = new Set<string>();
  const order: AnyPluginManifest[] = [];
  const cycles: (readonly string[])[] = [];
  const path: Step[] = [];
  const places = new Map<string, number>();
  const enter = (manifest: AnyPluginManifest): void => {
    places.set(manifest.name, path.length);
    path.push({ manifest, next: dependenciesOf(manifest)[Symbol.iterator]() });
  };
  const leave = ({ manifest }: Step): void => {
    path.pop();
    places.delete(manifest.name);
    done.add(manifest.name);
    order.push(manifest);
  };
  const close = (place: number): void => {
    const cycle = path.slice(place).map(({ manifest }) => manifest.name);
    if (cycle.some((name) => inCycle.has(name))) return;
    for (const name of cycle) inCycle.add(name);
    cycles.push(cycle);
  };
  for (const root of manifests) {
    if (!done.has(root.name)) enter(root);
    for (let step = path.at(-1); step !== undefined; step = path.at(-1)) {
      const { value: name, done: isLast } = step.next.next();
      const place = places.get(name);
      const dependency = byName.get(name);
      if (isLast === true) leave(step);
      else if (place !== undefined) close(place);
      else if (dependency !== undefined && !done.has(name)) enter(dependency);
    }
  }
  return { order, cycles };
}

function dependenciesOf({ requires, optional }: AnyPluginManifest): readonly string[] {
  return Object.keys({ ...requires, ...optional });
}

interface Missing {
  readonly name: string;
  readonly range: string;
  readonly nearest: string | undefined;
}

function missingProblem(manifest: AnyPluginManifest, { name, range, nearest }: Missing): BootProblem {
  return {
    code: "plugin_missing",
    plugin: labelOf(manifest),
    expected: `plugin ${name} ${range}`,
    found: "no plugin of this name",
    fix:
      nearest === undefined ? `Add the plugin ${name}.` : `Did you mean ${nearest}? Otherwise add the plugin ${name}.`,
  };
}

function unfitProblem(manifest: AnyPluginManifest, range: string, found: AnyPluginManifest): BootProblem {
  return {
    code: "plugin_version",
    plugin: labelOf(manifest),
    expected: `plugin ${found.name} ${range}`,
    found: labelOf(found),
    fix: `Load versions of ${manifest.name} and ${found.name} that fit each other.`,
  };
}

function cycleProblem(cycle: readonly string[], byName: ReadonlyMap<string, AnyPluginManifest>): BootProblem {
  const [first = ""] = cycle;
  const manifest = byName.get(first);
  return {
    code: "plugin_cycle",
    plugin: manifest === undefined ? first : labelOf(manifest),
    expected: "plugins that do not require each other in a circle",
    found: cyclePath(cycle),
    fix: "Take one of these dependencies out; to contribute to an extension none is needed.",
  };
}
