import { type AccessStore, version } from "@hookwright/core";
import type { FastifyInstance } from "fastify";
import { serveResource } from "./resource.js";
import { healthSchema, readySchema, versionSchema } from "./service-schemas.js";

/** No token has this hash: it is asked for only to hear the store answer. */
const noHash = "0".repeat(64);

/** `/health`, `/ready` and `/version`: for whoever watches over the service. They ask for no token. */
export function serviceStateRoutes(app: FastifyInstance, { access }: { readonly access: AccessStore }): void {
  serveResource(app, {
    path: "/health",
    name: "Health",
    operations: { GET: { schema: healthSchema, handle: () => ({ status: "ok" }) } },
  });
  serveResource(app, {
    path: "/ready",
    name: "Ready",
    operations: {
      GET: {
        schema: readySchema,
        // A store that does not answer makes an error, and with it the 503 that says not to send anything here.
        handle: async () => {
          await access.find(noHash);
          return { status: "ready" };
        },
      },
    },
  });
  serveResource(app, {
    path: "/version",
    name: "Version",
    operations: { GET: { schema: versionSchema, handle: () => ({ name: "hookwright", version }) } },
  });
}
