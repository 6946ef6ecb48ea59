import type { PluginStatus } from "@hookwright/core";
import type { FastifyInstance } from "fastify";
import type { ApiPorts } from "./api-ports.js";
import { listPluginsSchema } from "./plugin-schemas.js";
import { serveResource } from "./resource.js";

/** `/api/plugins/`: the plugins in the order in which they were started. There are few, so the list has one page. */
export function pluginRoutes(app: FastifyInstance, { hooks }: Pick<ApiPorts, "hooks">): void {
  serveResource(app, {
    path: "/api/plugins/",
    name: "Plugin List",
    operations: {
      GET: { schema: listPluginsSchema, handle: () => ({ results: hooks.plugins().map(pluginJson), next: null }) },
    },
  });
}

function pluginJson({ name, version, state, events }: PluginStatus): Readonly<Record<string, unknown>> {
  return { name, version, state, events };
}
