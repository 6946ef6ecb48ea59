import { type ApiAnswer, ApiClient } from "./api-client.js";
import { CommandError, type CommandIo, UsageError } from "./command-io.js";

/** A plugin as the API lists it, as far as its commands go. */
export interface CommandOwner {
  readonly name: string;
  readonly commands: readonly { readonly name: string; readonly summary: string; readonly usage: string }[];
}

/** The plugins of the running service. @throws CommandError when none answers. */
export async function fetchPlugins<Plugin extends CommandOwner>(io: CommandIo): Promise<FetchedPlugins<Plugin>> {
  const answer = await new ApiClient(io).get("/api/plugins/");
  // The documented answer of this route.
  const { results } = JSON.parse(answer.text) as { readonly results: readonly Plugin[] };
  return { answer, results };
}

interface FetchedPlugins<Plugin> {
  readonly answer: ApiAnswer;
  readonly results: readonly Plugin[];
}

/** The commands of one plugin, for a person. */
function commandsText({ name, commands }: CommandOwner): string {
  if (commands.length === 0) return `Plugin ${name} has no commands.`;
  const calls = commands.map((command) => `hookwright ${name} ${command.name} ${command.usage}`.trimEnd());
  const width = Math.max(...calls.map((call) => call.length));
  return commands.map(({ summary }, index) => `${(calls[index] ?? "").padEnd(width)}  ${summary}`).join("\n");
}

/**
 * Calls a command of a plugin: the service runs it, where the plugin is.
 *
 * @param args - what follows the plugin's name: the command and its arguments, `--json` and `--help` among them
 * @throws UsageError when the plugin has no such command.
 */
export async function runPluginCommand(plugin: CommandOwner, args: readonly string[], io: CommandIo): Promise<void> {
  const given = args.filter((arg) => arg !== "--json" && arg !== "--help" && arg !== "-h");
  const [name, ...own] = given;
  const help = args.some((arg) => arg === "--help" || arg === "-h");
  if (name === undefined || help) return io.print(commandsText(plugin));
  if (!plugin.commands.some((command) => command.name === name)) {
    const known = plugin.commands.map((command) => command.name).join(", ");
    throw new UsageError(
      `Plugin ${plugin.name} has no command ${JSON.stringify(name.slice(0, 100))}${known && `: ${known}`}.`,
    );
  }
  const path = `/api/plugins/${plugin.name}/commands/${name}/`;
  const answer = await new ApiClient(io).post(path, { args: own });
  if (args.includes("--json")) return io.print(answer.text);
  const { output } = JSON.parse(answer.text) as { readonly output: unknown };
  if (output !== null) io.print(typeof output === "string" ? output : JSON.stringify(output, undefined, 2));
}

/** `hookwright billing report`: whether the running service has a plugin of the first argument's name. Then it is called. */
export async function tryPluginCommand(args: readonly string[], io: CommandIo): Promise<boolean> {
  const [name = "", ...others] = args;
  const plugin = await findPlugin(name, io);
  if (plugin === undefined) return false;
  await runPluginCommand(plugin, others, io);
  return true;
}

/** Without a service nothing is known of plugins, and the word is as unknown as it would be without them. */
async function findPlugin(name: string, io: CommandIo): Promise<CommandOwner | undefined> {
  try {
    return (await fetchPlugins(io)).results.find((plugin) => plugin.name === name);
  } catch (error) {
    if (error instanceof CommandError) return undefined;
    throw error;
  }
}
