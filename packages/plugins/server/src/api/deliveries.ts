import { type DeliveryId, type DeliveryRecord, HookwrightError, type Webhooks } from "@hookwright/core";
import { timeOfId } from "@hookwright/core/internal";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { ApiPorts } from "./api-ports.js";
import { organizationOf } from "./caller.js";
import { getDeliverySchema, listDeliveriesSchema, retryDeliverySchema } from "./delivery-schemas.js";
import { deliveryDetailJson, deliveryJson } from "./delivery-wire.js";
import { given } from "./given.js";
import { cursorOf, Query } from "./query.js";
import { serveResource } from "./resource.js";

/** `/api/deliveries/`: what was sent, what became of it, and once more. */
export function deliveryRoutes(app: FastifyInstance, { hooks }: ApiPorts): void {
  serveResource(app, {
    path: "/api/deliveries/",
    name: "Delivery List",
    operations: { GET: { schema: listDeliveriesSchema, handle: (request) => listDeliveries(hooks, request) } },
  });
  serveResource(app, {
    path: "/api/deliveries/:id/",
    name: "Delivery Instance",
    operations: { GET: { schema: getDeliverySchema, handle: (request) => showDelivery(hooks, request) } },
  });
  serveResource(app, {
    path: "/api/deliveries/:id/retry/",
    name: "Delivery Retry",
    operations: {
      POST: {
        schema: retryDeliverySchema,
        handle: async (request, reply) => {
          await hooks.deliveries.retry(deliveryId(request), { organization: organizationOf(request) });
          return reply.code(202).send(await showDelivery(hooks, request));
        },
      },
    },
  });
}

const statuses = ["pending", "delivered", "failed", "cancelled"] as const;

async function listDeliveries(hooks: Webhooks, request: FastifyRequest): Promise<unknown> {
  const query = new Query(request);
  const page = query.page((key) => key.startsWith("dlv_") && timeOfId(key) !== undefined);
  const action = query.text("action");
  const filter = {
    webhook: query.integer("webhook", 1),
    project: query.integer("project", 1),
    status: query.oneOf("status", statuses),
    since: query.time("since"),
    until: query.time("until"),
    actions: action === undefined ? undefined : namesOf(hooks, action),
    // The cursor was checked above to be such an id.
    before: page.after as DeliveryId | undefined,
  };
  query.faults.refuse();
  const found = await hooks.deliveries.list({
    ...given(filter),
    organization: organizationOf(request),
    // One more than is shown tells whether there is a next page.
    limit: page.limit + 1,
  });
  const results = found.slice(0, page.limit);
  const last = results.at(-1);
  const next = found.length > page.limit && last !== undefined ? cursorOf(last.id) : null;
  return { results: results.map(deliveryJson), next };
}

async function showDelivery(hooks: Webhooks, request: FastifyRequest): Promise<unknown> {
  const organization = organizationOf(request);
  const detail = await hooks.deliveries.get(deliveryId(request), { organization });
  return deliveryDetailJson(detail, await urlOf(hooks, detail.delivery));
}

/** Where the next attempt would go; `null` when the webhook was deleted, and for a handler. */
async function urlOf(hooks: Webhooks, { webhook, organization }: DeliveryRecord): Promise<string | null> {
  if (webhook === null) return null;
  try {
    return (await hooks.webhooks.get(webhook, { organization })).url;
  } catch (error) {
    if (error instanceof HookwrightError && error.code === "not_found") return null;
    throw error;
  }
}

/** Every name of the event: deliveries are recorded under the name that their webhook listed. */
function namesOf(hooks: Webhooks, action: string): readonly string[] {
  return hooks.events.list().find((event) => event.names.includes(action))?.names ?? [action];
}

function deliveryId(request: FastifyRequest): string {
  // The routes of single deliveries have this one parameter.
  return (request.params as { readonly id: string }).id;
}
