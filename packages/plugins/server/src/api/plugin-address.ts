/** What an address below `/api/plugins/` names. */
export interface PluginAddress {
  readonly plugin: string;
  /** What follows the plugin's name, one step after the other. */
  readonly steps: readonly string[];
}

const base = "/api/plugins/";

/** The address of a plugin's route; `undefined` when it names no plugin. A name may have a scope: `/api/plugins/@acme/billing/…`. */
export function readPluginAddress(url: string): PluginAddress | undefined {
  const [path = ""] = url.split("?", 1);
  const steps = path
    .slice(base.length)
    .split("/")
    .filter((step) => step !== "")
    .map(decoded);
  if (!path.startsWith(base) || !steps.every((step) => step !== undefined)) return undefined;
  const [first = "", second = ""] = steps;
  const scoped = first.startsWith("@") && !first.includes("/");
  const plugin = scoped ? `${first}/${second}` : first;
  return { plugin, steps: steps.slice(scoped ? 2 : 1) };
}

/** Where a plugin's routes begin, without a slash at its end. */
export function pluginPath(plugin: string): string {
  return `${base}${plugin}`;
}

function decoded(step: string): string | undefined {
  try {
    return decodeURIComponent(step);
  } catch {
    return undefined;
  }
}
