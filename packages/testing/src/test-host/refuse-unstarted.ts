import type { PluginStatus } from "@hookwright/core";

/**
 * A host starts without a plugin that fails; a test of that plugin would find out by its effects only.
 *
 * @throws Error that names each plugin that is not started, and why.
 */
export function refuseUnstarted(plugins: readonly PluginStatus[]): void {
  const reasons = plugins.filter(({ state }) => state !== "started").map(reasonOf);
  if (reasons.length > 0) throw new Error(`Not every plugin is started.\n${reasons.join("\n")}`);
}

function reasonOf({ name, version, state, error, waitingOn }: PluginStatus): string {
  const why = error?.message ?? waitingOn.map(({ plugin, reason }) => `${plugin}: ${reason}`).join("; ");
  return `  ${name}@${version} is ${state}${why === "" ? "" : `: ${why}`}`;
}
