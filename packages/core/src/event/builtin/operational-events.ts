import type { AnyEventClass } from "../event-class.js";
import { EventOf, WebhookEvent } from "../event-class.js";
import { projectMember } from "./object-schemas.js";

const webhookSchema = {
  type: "object",
  required: ["id", "host"],
  properties: {
    id: { type: "integer", description: "Number of the webhook." },
    host: {
      type: "string",
      description: "Host of its URL, with the port where it names one. Never credentials, path or query.",
    },
  },
} as const;

const moment = { type: "string", description: "ISO 8601, UTC." } as const;

const disabledWebhook = {
  type: "object",
  required: ["webhook", "reason", "consecutive_failures", "disabled_at"],
  properties: {
    webhook: webhookSchema,
    reason: { type: "string", description: "`failures`: too many in a row. `gone`: its receiver answered 410." },
    consecutive_failures: { type: "integer", description: "Failed attempts in a row." },
    disabled_at: moment,
    project: projectMember,
  },
} as const;

const deliverySchema = {
  type: "object",
  required: ["id", "message", "action", "attempt", "status", "code"],
  properties: {
    id: { type: "string", description: "`dlv_…`" },
    message: { type: "string", description: "`msg_…`: what its receiver gets as `webhook-id`." },
    action: { type: "string", description: "Canonical." },
    attempt: { type: "integer", description: "Number of the last attempt." },
    status: { type: ["integer", "null"], description: "HTTP status of the last attempt; null without an answer." },
    code: { type: ["string", "null"], description: "Error code of the last attempt; null where it succeeded." },
  },
} as const;

const exhaustedDelivery = {
  type: "object",
  required: ["delivery", "webhook", "failed_at"],
  properties: { delivery: deliverySchema, webhook: webhookSchema, failed_at: moment, project: projectMember },
} as const;

const recoveredDelivery = {
  type: "object",
  required: ["delivery", "webhook", "delivered_at"],
  properties: { delivery: deliverySchema, webhook: webhookSchema, delivered_at: moment, project: projectMember },
} as const;

const webhookExample = { id: 7, host: "receiver.example" };
const projectExample = { id: 12 };

/** A webhook was deactivated by its failures, or because its receiver answered 410; not when its user did it. */
@WebhookEvent({
  action: "WEBHOOK_DISABLED",
  title: "Webhook disabled",
  summary: "A webhook was deactivated by its failures or by a 410 answer.",
  description: "Emitted by Hookwright alone. Reaches only webhooks that list it by name.",
  example: {
    webhook: webhookExample,
    reason: "failures",
    consecutive_failures: 50,
    disabled_at: "2026-07-02T09:05:00.000Z",
    project: projectExample,
  },
})
export class WebhookDisabled extends EventOf(disabledWebhook) {}

/** A delivery to a webhook failed for good: its last attempt failed, and no further one follows. */
@WebhookEvent({
  action: "DELIVERY_EXHAUSTED",
  title: "Delivery exhausted",
  summary: "A delivery failed for good.",
  description: "Emitted by Hookwright alone. Reaches only webhooks that list it by name.",
  example: {
    delivery: {
      id: "dlv_01k0000000000000000000000a",
      message: "msg_01k0000000000000000000000b",
      action: "TASKS_CREATED",
      attempt: 8,
      status: 503,
      code: "http_status",
    },
    webhook: webhookExample,
    failed_at: "2026-07-02T09:05:00.000Z",
    project: projectExample,
  },
})
export class DeliveryExhausted extends EventOf(exhaustedDelivery) {}

/** A delivery to a webhook arrived although its attempt before had failed. */
@WebhookEvent({
  action: "DELIVERY_RECOVERED",
  title: "Delivery recovered",
  summary: "A delivery arrived after a failed attempt.",
  description: "Emitted by Hookwright alone. Reaches only webhooks that list it by name.",
  example: {
    delivery: {
      id: "dlv_01k0000000000000000000000a",
      message: "msg_01k0000000000000000000000b",
      action: "TASKS_CREATED",
      attempt: 2,
      status: 200,
      code: null,
    },
    webhook: webhookExample,
    delivered_at: "2026-07-02T09:05:00.000Z",
    project: projectExample,
  },
})
export class DeliveryRecovered extends EventOf(recoveredDelivery) {}

/** What Hookwright tells of its own work, by action. Label Studio has none of them. */
export const operationalEvents = {
  WEBHOOK_DISABLED: WebhookDisabled,
  DELIVERY_EXHAUSTED: DeliveryExhausted,
  DELIVERY_RECOVERED: DeliveryRecovered,
} as const satisfies Readonly<Record<string, AnyEventClass>>;

/** One of {@link operationalEvents}. */
export type OperationalAction = keyof typeof operationalEvents;

/**
 * Whether an action is one of {@link operationalEvents}. Receivers that asked for all actions asked for what happens in their
 * project, often in Label Studio's format: these go only to who lists them by name, and what comes of their deliveries is not told.
 */
export function isOperational(action: string): action is OperationalAction {
  return Object.hasOwn(operationalEvents, action);
}
