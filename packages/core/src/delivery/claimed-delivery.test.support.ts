import type { HookwrightError } from "../foundation/hookwright-error.js";
import type { DeliveryId, MessageId, OrganizationId, ProjectId, WebhookId } from "../foundation/ids.js";
import type { WebhookTarget } from "../webhook/webhook.js";
import type { ClaimedDelivery, Message, WebhookLease } from "./delivery.js";

/** What a test cares about of a claimed delivery; the rest is a first attempt of `ANNOTATION_UPDATED` to webhook 1. */
export interface ClaimedChanges {
  readonly lease?: Partial<WebhookLease>;
  readonly message?: Partial<Message>;
  readonly target?: Partial<WebhookTarget>;
  readonly unreadable?: HookwrightError;
  readonly test?: boolean;
}

const organization = 1 as OrganizationId;
const project = 12 as ProjectId;
const webhook = 1 as WebhookId;

export function claimedDelivery(changes: ClaimedChanges = {}): ClaimedDelivery {
  const message = messageOf(changes.message);
  return {
    message,
    lease: leaseOf({ message: message.id, ...changes.lease }),
    target: targetOf(changes.target),
    unreadable: changes.unreadable,
    test: changes.test ?? false,
  };
}

export function messageOf(changes: Partial<Message> = {}): Message {
  return {
    id: "msg_01" as MessageId,
    organization,
    project,
    action: "ANNOTATION_UPDATED",
    payload: new TextEncoder().encode('{"annotation":{"id":7}}'),
    variants: new Map(),
    hops: 0,
    createdAt: 1_767_225_600_000,
    ...changes,
  };
}

export function leaseOf(changes: Partial<WebhookLease> = {}): WebhookLease {
  return {
    id: "dlv_01" as DeliveryId,
    organization,
    webhook,
    message: "msg_01" as MessageId,
    action: "ANNOTATION_UPDATED",
    form: "full",
    webhookVersion: 1,
    attempt: 1,
    failures: 0,
    due: 1_767_225_600_000,
    leaseUntil: 1_767_225_661_000,
    ...changes,
  };
}

function targetOf(changes: Partial<WebhookTarget> = {}): WebhookTarget {
  return {
    id: webhook,
    organization,
    project,
    url: "https://receiver.example/hook",
    headers: {},
    retrySchedule: null,
    ordered: false,
    handshake: false,
    version: 1,
    signingSecrets: [],
    ...changes,
  };
}
