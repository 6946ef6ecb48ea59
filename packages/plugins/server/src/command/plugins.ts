import type { PluginStatus } from "@hookwright/core";
import type { Command } from "commander";
import { ApiClient } from "./api-client.js";
import type { CommandIo } from "./command-io.js";
import { finish, type JsonOption } from "./options.js";
import { table } from "./table.js";

/** `plugins`: what is loaded. */
export function addPlugins(program: Command, io: CommandIo): void {
  const group = program.command("plugins").description("Which plugins the service has loaded: list.");
  const list = group
    .command("list")
    .description("List the plugins in the order in which they were started.")
    .action(async (options: JsonOption) => {
      const answer = await new ApiClient(io).get("/api/plugins/");
      if (options.json) return io.print(answer.text);
      const { results } = JSON.parse(answer.text) as { readonly results: readonly PluginStatus[] };
      io.print(listText(results));
    });
  finish(list, "plugins list");
}

function listText(plugins: readonly PluginStatus[]): string {
  return table(
    plugins,
    [
      { title: "NAME", show: (plugin) => plugin.name },
      { title: "VERSION", show: (plugin) => plugin.version },
      { title: "STATE", show: (plugin) => plugin.state },
      { title: "EVENTS", show: (plugin) => plugin.events.join(", ") },
    ],
    "No plugins are loaded: name them with start --plugin or in the configuration file.",
  );
}
