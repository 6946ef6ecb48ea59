import { HookwrightError, version } from "@hookwright/core";
import type { FastifyInstance } from "fastify";
import { RequestProblem } from "../request-problem.js";
import type { ApiPorts } from "./api-ports.js";
import { serveResource } from "./resource.js";
import { healthSchema, readySchema, versionSchema } from "./service-schemas.js";

/** No token has this hash: it is asked for only to hear the store answer. */
const noHash = "0".repeat(64);

/** `/health`, `/ready` and `/version`: for whoever watches over the service. They ask for no token. */
export function serviceStateRoutes(app: FastifyInstance, { access, hooks }: ApiPorts): void {
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
        handle: async () => {
          try {
            await access.find(noHash);
            await hooks.ready();
          } catch (error) {
            throw notReady(error);
          }
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

/** The 503 that says not to send anything here; its reason is the code alone, since nobody showed a token. */
function notReady(error: unknown): unknown {
  if (!(error instanceof HookwrightError)) return error;
  return new RequestProblem("not_ready", `The store takes nothing at the moment (${error.code}).`, { cause: error });
}
