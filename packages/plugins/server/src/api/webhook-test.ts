import type { FastifyInstance } from "fastify";
import type { ApiPorts } from "./api-ports.js";
import { BodyFields } from "./body-fields.js";
import { deliveryDetailJson } from "./delivery-wire.js";
import { given } from "./given.js";
import { readJsonBody } from "./request-body.js";
import { serveResource } from "./resource.js";
import { testWebhookSchema } from "./webhook-schemas.js";
import { findWebhook } from "./webhooks.js";

const longestAction = 1_000;

/** `POST /api/webhooks/{id}/test/`: sends one event now and answers with what became of it. */
export function webhookTestRoutes(app: FastifyInstance, { hooks }: ApiPorts): void {
  serveResource(app, {
    path: "/api/webhooks/:id/test/",
    name: "Webhook Test",
    operations: {
      POST: {
        schema: testWebhookSchema,
        handle: async (request) => {
          const { id, organization, url } = await findWebhook(hooks, request);
          const fields = new BodyFields(readJsonBody(request));
          const action = fields.text("action", { longest: longestAction });
          const rawPayload = fields.payload("payload");
          fields.faults.refuse();
          const detail = await hooks.webhooks.test(id, {
            organization,
            ...given({ action, rawPayload }),
          });
          const delivery = deliveryDetailJson(detail, url);
          return { ...delivery, attempt: delivery.attempts[0] };
        },
      },
    },
  });
}
