import type { Attempt } from "../delivery/attempt.js";
import { bodyForm } from "../delivery/body-form.js";
import type { Message, WebhookLease } from "../delivery/delivery.js";
import type { RegisteredEvent } from "../event/event-registry.js";
import type { IdSource } from "../foundation/ids.js";
import type { Payload } from "../foundation/payload-bytes.js";
import type { Transforms } from "../pipeline/transforms.js";
import type { OpenedTarget } from "../secret/sealed-webhooks.js";
import type { AttemptLog, DeliveryDetail, DeliveryRecord } from "../store/attempt-log.js";
import type { Webhook } from "../webhook/webhook.js";
import type { Match } from "../webhook/webhook-index.js";
import { type AttemptPorts, deliverOnce } from "./deliver-once.js";

export interface TestPorts extends AttemptPorts {
  readonly attempts: Pick<AttemptLog, "recordTest">;
  readonly ids: IdSource;
  readonly transforms: Transforms;
}

/** What is to be tried: an event of this kind, sent to this webhook now. */
export interface TestRequest {
  readonly webhook: Webhook;
  /** The same webhook as an attempt knows it. */
  readonly opened: OpenedTarget;
  readonly event: RegisteredEvent;
  readonly payload: Payload;
}

/**
 * Sends one message to one webhook at once, whether it is active or not, and records it as a test: it is not repeated and
 * counts neither for nor against the webhook. What is sent is what an emit would have stored, transforms included.
 *
 * @throws HookwrightError `middleware_failed` when a transform fails; nothing is sent then.
 */
export async function sendTest(request: TestRequest, ports: TestPorts): Promise<DeliveryDetail> {
  const { message, lease } = prepare(request, ports);
  const { target, unreadable } = request.opened;
  const claimed = { lease, message, target, unreadable, test: true };
  const { settlement } = await deliverOnce(claimed, [], ports);
  const { attempt, verdict } = settlement;
  if (attempt === null) throw new TypeError("unreachable: a test is never released");
  const delivery = toRecord(lease, { message, attempt, delivered: verdict.kind === "delivered" });
  const detail: DeliveryDetail = { delivery, message, attempts: [attempt] };
  await ports.attempts.recordTest(detail);
  return detail;
}

function prepare(
  { webhook, event, payload }: TestRequest,
  { clock, ids, transforms }: TestPorts,
): { readonly message: Message; readonly lease: WebhookLease } {
  const now = clock.now();
  const { organization, project, sendPayload } = webhook;
  const { action } = event.definition;
  const name = nameFor(webhook, event);
  const match: Match = { webhook: webhook.id, project, action: name, sendPayload };
  const transformed = { action, organization, project, payload: payload.value };
  const variant = sendPayload && !transforms.isEmpty ? transforms.choose(match, transformed) : "";
  const message: Message = {
    id: ids.messageId(),
    organization,
    project,
    action,
    payload: payload.bytes,
    variants: new Map(variant === "" ? [] : [[variant, transforms.make(variant, transformed).bytes]]),
    hops: 0,
    createdAt: now,
  };
  const lease: WebhookLease = {
    id: ids.deliveryId(),
    organization,
    webhook: webhook.id,
    message: message.id,
    action: name,
    form: bodyForm(sendPayload, variant),
    webhookVersion: webhook.version,
    attempt: 1,
    failures: 0,
    due: now,
    leaseUntil: now,
  };
  return { message, lease };
}

/** As matching names it: the canonical action, unless the webhook listed nothing but an alias. */
function nameFor(webhook: Webhook, event: RegisteredEvent): string {
  const canonical = event.definition.action;
  if (webhook.sendForAllActions || webhook.actions.includes(canonical)) return canonical;
  return event.names.find((name) => webhook.actions.includes(name)) ?? canonical;
}

interface TestResult {
  readonly message: Message;
  readonly attempt: Attempt;
  readonly delivered: boolean;
}

function toRecord(lease: WebhookLease, { message, attempt, delivered }: TestResult): DeliveryRecord {
  return {
    id: lease.id,
    organization: lease.organization,
    message: message.id,
    webhook: lease.webhook,
    handler: null,
    project: message.project,
    action: lease.action,
    form: lease.form,
    status: delivered ? "delivered" : "failed",
    test: true,
    createdAt: message.createdAt,
    finishedAt: Math.round(attempt.startedAt + attempt.duration),
    nextAttemptAt: null,
    attempts: 1,
    lastStatus: attempt.status,
    lastCode: attempt.code,
  };
}
