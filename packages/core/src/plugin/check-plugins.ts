import { type BootProblem, problemOf } from "./boot-error.js";
import { completeConfig } from "./check-config.js";
import { checkManifest, labelOf } from "./check-manifest.js";
import type { AnyPluginManifest } from "./plugin.js";
import { dependencyProblems, startOrder } from "./plugin-order.js";
import type { CheckedPlugin } from "./plugin-run.js";

/** The plugins that can be used, in the order in which they start, and everything that is wrong with the others. */
export interface CheckResult {
  readonly plugins: readonly CheckedPlugin[];
  readonly problems: readonly BootProblem[];
  /** The errors behind problems, where there were any. */
  readonly causes: readonly unknown[];
}

/**
 * Checks plugins by what they say of themselves, against each other and against those that are loaded. Runs none of their
 * code. What only the registry can tell, such as two events with one action, is not looked at here.
 */
export function checkPlugins(given: readonly unknown[], loaded: readonly AnyPluginManifest[]): CheckResult {
  const problems: BootProblem[] = [];
  const causes: unknown[] = [];
  const refused = new Set<string>();
  const byName = new Map(loaded.map((manifest) => [manifest.name, manifest]));
  const checked: CheckedPlugin[] = [];
  for (const [index, plugin] of given.entries()) {
    const result = checkManifest(plugin, `${index + 1} of ${given.length}`);
    problems.push(...result.problems);
    if (result.manifest === undefined) {
      if (result.name !== undefined) refused.add(result.name);
      continue;
    }
    const { manifest } = result;
    const twin = byName.get(manifest.name);
    if (twin !== undefined) {
      problems.push(twinProblem(manifest, twin));
      continue;
    }
    byName.set(manifest.name, manifest);
    try {
      checked.push({ manifest, config: completeConfig(manifest, configOf(plugin)) });
    } catch (error) {
      problems.push(problemOf(error, labelOf(manifest)));
      causes.push(error);
      // Its events are looked at all the same, so that everything is told at once.
      checked.push({ manifest, config: undefined });
    }
  }
  const manifests = checked.map(({ manifest }) => manifest);
  problems.push(...dependencyProblems(manifests, { loaded, refused }));
  const places = new Map(startOrder(manifests).map(({ name }, place) => [name, place]));
  const placeOf = ({ manifest }: CheckedPlugin): number => places.get(manifest.name) ?? 0;
  return { plugins: checked.toSorted((one, other) => placeOf(one) - placeOf(other)), problems, causes };
}

/** Plugins are functions or objects: their manifests were read by now. */
function configOf(plugin: unknown): unknown {
  const isHolder = (typeof plugin === "object" && plugin !== null) || typeof plugin === "function";
  return isHolder ? Object.getOwnPropertyDescriptor(plugin, "config")?.value : undefined;
}

function twinProblem(manifest: AnyPluginManifest, twin: AnyPluginManifest): BootProblem {
  return {
    code: "plugin_name_taken",
    plugin: labelOf(manifest),
    expected: "a name that no other plugin has",
    found: `${labelOf(twin)} under the same name`,
    fix: `Load one of the two plugins that are named ${manifest.name}.`,
  };
}
