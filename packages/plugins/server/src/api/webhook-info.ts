import type { Webhooks } from "@hookwright/core";
import { isOperational } from "@hookwright/core/internal";
import type { FastifyInstance } from "fastify";
import { Query } from "./query.js";
import { serveResource } from "./resource.js";
import { webhookInfoSchema } from "./webhook-schemas.js";

/**
 * `GET /api/webhooks/info/`: which actions there are. It asks for no token, as in Label Studio. To its clients these are the ones
 * that "all actions" stands for, so those that tell of Hookwright's own work are not among them; the catalog has them.
 */
export function webhookInfoRoutes(app: FastifyInstance, { hooks }: { readonly hooks: Webhooks }): void {
  serveResource(app, {
    path: "/api/webhooks/info/",
    name: "Webhook Info",
    operations: {
      GET: {
        schema: webhookInfoSchema,
        handle: (request) => {
          const wanted = new Query(request).raw("organization-only");
          const shown = hooks.events
            .list()
            .filter(({ definition }) => !isOperational(definition.action))
            .map(({ definition }) => ({ definition, organizationOnly: definition.scope === "organization" }))
            // Only the word `true` asks for those of the organization; any other value, also none, asks for the others.
            .filter(({ organizationOnly }) => wanted === undefined || organizationOnly === (wanted === "true"));
          return Object.fromEntries(
            shown.map(({ definition: { action, title, description, key }, organizationOnly }) => [
              action,
              { name: title, description, key, "organization-only": organizationOnly },
            ]),
          );
        },
      },
    },
  });
}
