import type { Webhook, WebhookCreation } from "@hookwright/core";
import { wireTime, wireTimeOrNull } from "./wire-time.js";

/** Fields that a caller may write: their names on the wire and in core. */
const writableFields = {
  url: "url",
  send_payload: "sendPayload",
  send_for_all_actions: "sendForAllActions",
  headers: "headers",
  is_active: "isActive",
  actions: "actions",
  retry_schedule: "retrySchedule",
  max_concurrency: "maxConcurrency",
  rate_limit: "rateLimit",
  ordered: "ordered",
  handshake: "handshake",
} as const satisfies Readonly<Record<string, keyof WebhookCreation>>;

/** Takes from a request what may be written, under core's names. Values are as they came: core checks them. */
export function toWebhookInput(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const input: Record<string, unknown> = {};
  for (const [wireName, name] of Object.entries(writableFields))
    if (Object.hasOwn(fields, wireName)) input[name] = fields[wireName];
  return input;
}

/** A webhook as the API shows it: the keys of Label Studio in their order, then those that it does not have. */
export function webhookJson(webhook: Webhook): Readonly<Record<string, unknown>> {
  return {
    id: webhook.id,
    organization: webhook.organization,
    project: webhook.project,
    url: webhook.url,
    send_payload: webhook.sendPayload,
    send_for_all_actions: webhook.sendForAllActions,
    headers: webhook.headers,
    is_active: webhook.isActive,
    consecutive_failures: webhook.consecutiveFailures,
    actions: webhook.actions,
    created_at: wireTime(webhook.createdAt),
    updated_at: wireTime(webhook.updatedAt),
    retry_schedule: webhook.retrySchedule,
    max_concurrency: webhook.maxConcurrency,
    rate_limit: webhook.rateLimit,
    ordered: webhook.ordered,
    handshake: webhook.handshake,
    allowed_rate: webhook.allowedRate,
    secret_set: webhook.secretSet,
    disabled_at: wireTimeOrNull(webhook.disabledAt),
    disabled_reason: webhook.disabledReason,
    ...(webhook.unreadableHeaders === undefined ? {} : { unreadable_headers: webhook.unreadableHeaders }),
  };
}
