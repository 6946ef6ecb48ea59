import { HookwrightError, type IssuedSecret } from "@hookwright/core";
import { parseDuration } from "@hookwright/core/internal";
import type { FastifyInstance } from "fastify";
import type { ApiPorts } from "./api-ports.js";
import { BodyFields } from "./body-fields.js";
import { given } from "./given.js";
import { readJsonBody } from "./request-body.js";
import { serveResource } from "./resource.js";
import { largestWebhookBody } from "./webhook-body.js";
import { removeSecretSchema, rotateSecretSchema, setSecretSchema } from "./webhook-secret-schemas.js";
import { findWebhook } from "./webhooks.js";
import { wireTime } from "./wire-time.js";

const longestSecret = 4_096;
const longestDuration = 64;

/** `/api/webhooks/{id}/secret/`: what messages are signed with. A secret is in the answer that sets it, and in no other. */
export function webhookSecretRoutes(app: FastifyInstance, { hooks }: ApiPorts): void {
  serveResource(app, {
    path: "/api/webhooks/:id/secret/",
    name: "Webhook Secret",
    largestBody: largestWebhookBody,
    operations: {
      PUT: {
        schema: setSecretSchema,
        handle: async (request) => {
          const { id, organization } = await findWebhook(hooks, request);
          const fields = new BodyFields(readJsonBody(request));
          const secret = fields.text("secret", { longest: longestSecret });
          fields.faults.refuse();
          return secretJson(await hooks.webhooks.secret.set(id, { organization, ...given({ secret }) }));
        },
      },
      DELETE: {
        schema: removeSecretSchema,
        handle: async (request, reply) => {
          const { id, organization } = await findWebhook(hooks, request);
          await hooks.webhooks.secret.remove(id, { organization });
          return reply.code(204).send();
        },
      },
    },
  });
  serveResource(app, {
    path: "/api/webhooks/:id/secret/rotate/",
    name: "Webhook Secret Rotation",
    largestBody: largestWebhookBody,
    operations: {
      POST: {
        schema: rotateSecretSchema,
        handle: async (request) => {
          const { id, organization } = await findWebhook(hooks, request);
          const fields = new BodyFields(readJsonBody(request));
          const secret = fields.text("secret", { longest: longestSecret });
          const overlap = overlapIn(fields);
          fields.faults.refuse();
          const rotation = { organization, ...given({ secret, overlap }) };
          return secretJson(await hooks.webhooks.secret.rotate(id, rotation));
        },
      },
    },
  });
}

function overlapIn(fields: BodyFields): number | undefined {
  const text = fields.text("overlap", { longest: longestDuration });
  if (text === undefined) return undefined;
  try {
    return parseDuration(text, "overlap");
  } catch (error) {
    if (!(error instanceof HookwrightError)) throw error;
    fields.faults.add("overlap", [error.message]);
    return undefined;
  }
}

function secretJson({ secret, previousUntil }: IssuedSecret): Readonly<Record<string, unknown>> {
  return { secret, previous_until: previousUntil === null ? null : wireTime(previousUntil) };
}
