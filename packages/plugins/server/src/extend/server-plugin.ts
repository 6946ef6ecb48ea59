import { type ConfiguredPlugin, definePlugin, version } from "@hookwright/core";
import { CommandTable } from "./command-table.js";
import { commands } from "./plugin-command.js";
import { routes } from "./plugin-route.js";
import { RouteTable } from "./route-table.js";

/** The server as a plugin of its host, made by {@link createServerPlugin}: what other plugins contribute to it ends here. */
export interface ServerPlugin extends ConfiguredPlugin {
  /** @internal */
  readonly routes: RouteTable;
  /** @internal */
  readonly commands: CommandTable;
}

/**
 * Makes the plugin that takes routes and commands from others. Give it to `createWebhooks` and to `createHttpServer`.
 *
 * @example
 * ```ts
 * import { createMemoryStore, createWebhooks } from "@hookwright/core";
 * import { createHttpServer, createServerPlugin } from "@hookwright/plugin-server";
 *
 * const plugin = createServerPlugin();
 * const store = createMemoryStore();
 * const hooks = await createWebhooks({ store, plugins: [plugin] });
 * await hooks.start();
 * const server = createHttpServer({ hooks, access: store.access, maxBody: 1_000_000, plugin });
 * await server.close();
 * await hooks.stop();
 * ```
 */
export function createServerPlugin(): ServerPlugin {
  const [routeTable, commandTable] = [new RouteTable(), new CommandTable()];
  const { manifest, config } = definePlugin({
    name: "server",
    version,
    setup(ctx) {
      ctx.offer(routes, (route, from) => routeTable.add(from, route));
      ctx.offer(commands, (command, from) => commandTable.add(from, command));
    },
  });
  return { manifest, config, routes: routeTable, commands: commandTable };
}
