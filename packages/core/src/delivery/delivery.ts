import type { HookwrightError } from "../foundation/hookwright-error.js";
import {
  type DeliveryId,
  type HandlerId,
  isHandlerId,
  type MessageId,
  type OrganizationId,
  type ProjectId,
  type TargetId,
  type WebhookId,
} from "../foundation/ids.js";
import type { WebhookTarget } from "../webhook/webhook.js";

/**
 * Which body a delivery carries, decided when it is matched: the payload, nothing but the action, or a variant that a
 * transform made (its name after the colon).
 */
export type BodyForm = "full" | "stripped" | `variant:${string}`;

/** Where a delivery stands. A delivery whose webhook is not active is pending too: it is held. */
export type DeliveryStatus = "pending" | "delivered" | "failed" | "cancelled";

/** One accepted event. Its bytes never change from here on. */
export interface Message {
  readonly id: MessageId;
  readonly organization: OrganizationId;
  readonly project: ProjectId | null;
  /** The canonical action. */
  readonly action: string;
  /** One JSON object, as it came. */
  readonly payload: Uint8Array;
  /** Other payloads that transforms made of it, by variant name. */
  readonly variants: ReadonlyMap<string, Uint8Array>;
  /** 0 for what came from outside; what a durable handler emits has one more than the message that it was given. */
  readonly hops: number;
  readonly createdAt: number;
}

/** Stage 1: what matching decided, ready to be stored. */
export interface PendingDelivery<Target extends TargetId = TargetId> {
  readonly id: DeliveryId;
  /** The webhook, or the durable handler that stands in a webhook's place. */
  readonly webhook: Target;
  /** The name that the webhook gets in `action`: canonical, or the alias it listed. */
  readonly action: string;
  readonly form: BodyForm;
}

/** The right to make one attempt. `attempt` is the fence: a settle counts only while it is the delivery's current one. */
export interface Lease<Target extends TargetId = TargetId> extends PendingDelivery<Target> {
  readonly organization: OrganizationId;
  readonly message: MessageId;
  /** The webhook's version when the lease was given: an older target that is kept in memory is read again. 1 for a handler, which has none. */
  readonly webhookVersion: number;
  /** 1 for the first claim; counts claims, so it may skip numbers after a crash. */
  readonly attempt: number;
  /** Attempts so far that failed at the receiver, or in the handler; what the retry schedule counts. */
  readonly failures: number;
  /** Present where the last attempt that was recorded failed, whoever's fault it was. */
  readonly afterFailure?: true;
  /** When the delivery became due, in milliseconds. */
  readonly due: number;
  /** End of the lease, in milliseconds. */
  readonly leaseUntil: number;
}

/** A lease of a webhook's delivery: what is sent. */
export type WebhookLease = Lease<WebhookId>;

/** A lease of a durable handler's delivery: what is called. */
export type HandlerLease = Lease<HandlerId>;

/** Stage 2: a delivery that this process holds, with all that an attempt needs. Nothing else can be sent. */
export interface ClaimedDelivery {
  readonly lease: WebhookLease;
  readonly message: Message;
  readonly target: WebhookTarget;
  /** Why it cannot leave although it was claimed; its target has neither header values nor secrets then. */
  readonly unreadable: HookwrightError | undefined;
  /** A test counts for nothing: no retry, no failure counted. */
  readonly test: boolean;
}

/** Whether a webhook is to be sent something. */
export function isWebhookLease(lease: Lease): lease is WebhookLease {
  return !isHandlerId(lease.webhook);
}

/** Whether a durable handler is to be called. */
export function isHandlerLease(lease: Lease): lease is HandlerLease {
  return isHandlerId(lease.webhook);
}
