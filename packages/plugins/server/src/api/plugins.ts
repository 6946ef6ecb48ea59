import type { PluginStatus } from "@hookwright/core";
import type { FastifyInstance } from "fastify";
import { type CommandTable, usageOf } from "../extend/command-table.js";
import type { ApiPorts } from "./api-ports.js";
import { listPluginsSchema } from "./plugin-schemas.js";
import { serveResource } from "./resource.js";

interface PluginPorts extends Pick<ApiPorts, "hooks"> {
  readonly commands: CommandTable | undefined;
}

/** `/api/plugins/`: the plugins in the order in which they were started. There are few, so the list has one page. */
export function pluginRoutes(app: FastifyInstance, { hooks, commands }: PluginPorts): void {
  serveResource(app, {
    path: "/api/plugins/",
    name: "Plugin List",
    operations: {
      GET: {
        schema: listPluginsSchema,
        handle: () => ({ results: hooks.plugins.status().map((status) => pluginJson(status, commands)), next: null }),
      },
    },
  });
}

/** Without the configuration, and without what its code threw: that is the operator's business, and a token may be of any organization. */
function pluginJson(status: PluginStatus, commands: CommandTable | undefined): Readonly<Record<string, unknown>> {
  const { name, version, state, error, requires, waitingOn, events, handlers, middlewares, transforms } = status;
  return {
    name,
    version,
    state,
    waiting_on: waitingOn,
    error:
      error === undefined
        ? null
        : { code: error.code, message: `The log of the service says what went wrong in plugin ${name}.` },
    requires,
    events,
    handlers,
    middlewares,
    transforms,
    offers: status.offers,
    contributes: status.contributes,
    commands: (commands?.list() ?? [])
      .filter(({ owner }) => owner.name === name)
      .map(({ command }) => ({ name: command.name, summary: command.summary, usage: usageOf(command) })),
  };
}
