import type { Command } from "commander";
import { type CommandIo, UsageError } from "./command-io.js";
import { finish, type JsonOption } from "./options.js";
import { type CommandOwner, fetchPlugins, runPluginCommand } from "./plugin-commands.js";
import { printable, table } from "./table.js";

/** A plugin as the API lists it, as far as the command shows it. */
export interface PluginView extends CommandOwner {
  readonly version: string;
  readonly state: string;
  readonly waiting_on: readonly { readonly plugin: string; readonly reason: string }[];
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly events: readonly string[];
  readonly handlers: readonly string[];
}

/** What every service brings along. */
const ofTheService: ReadonlySet<string> = new Set(["server", "signing"]);

/** `plugins`: what is loaded, and what it can be told to do. */
export function addPlugins(program: Command, io: CommandIo): void {
  const group = program.command("plugins").description("Which plugins the service has loaded: list, run.");
  const list = group
    .command("list")
    .description("List the plugins in the order in which they were started, and why one was not.")
    .action(async (options: JsonOption) => {
      const { answer, results } = await fetchPlugins<PluginView>(io);
      io.print(options.json ? answer.text : listText(results));
    });
  finish(list, "plugins list");

  const run = group
    .command("run")
    .description("Call a command of a plugin; `hookwright <plugin> <command>` does the same.")
    .argument("<plugin>", "its name")
    .argument("[command-and-arguments...]", "without a command, the plugin's commands are listed")
    // What follows belongs to the plugin.
    .allowUnknownOption()
    .action(async (name: string, args: readonly string[], options: JsonOption) => {
      const { results } = await fetchPlugins(io);
      const plugin = results.find((each) => each.name === name);
      if (plugin === undefined)
        throw new UsageError(`No plugin is named ${JSON.stringify(name.slice(0, 100))}: see hookwright plugins list.`);
      await runPluginCommand(plugin, options.json ? [...args, "--json"] : args, io);
    });
  finish(run, "plugins run billing report 2026-07");
}

function listText(plugins: readonly PluginView[]): string {
  const shown = table(
    plugins,
    [
      { title: "NAME", show: (plugin) => plugin.name },
      { title: "VERSION", show: (plugin) => plugin.version },
      { title: "STATE", show: (plugin) => plugin.state },
      { title: "EVENTS", show: ({ events }) => (events.length === 0 ? "-" : events.join(", ")) },
      { title: "HANDLES", show: ({ handlers }) => (handlers.length === 0 ? "-" : handlers.join(", ")) },
      { title: "COMMANDS", show: ({ commands }) => commands.map(({ name }) => name).join(", ") },
    ],
    "No plugins are loaded.",
  );
  const own = plugins.filter(({ name }) => !ofTheService.has(name));
  const hint =
    own.length === 0 ? ["No others are loaded: name them with start --plugin or in the configuration file."] : [];
  return [shown, ...plugins.flatMap(faultsOf), ...hint].join("\n");
}

/** Why a plugin does not do its work: one line each. */
export function faultsOf(plugin: Pick<PluginView, "name" | "state" | "waiting_on" | "error">): readonly string[] {
  const { name, state, waiting_on, error } = plugin;
  return [
    ...waiting_on.map((other) => printable(`${name} waits for ${other.plugin}: ${other.reason}`)),
    ...(error === null
      ? []
      : [printable(`${name} ${state === "failed" ? "failed" : "had an error"} (${error.code}): ${error.message}`)]),
  ];
}
