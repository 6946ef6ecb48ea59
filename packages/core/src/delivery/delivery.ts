import type { DeliveryId, MessageId, OrganizationId, ProjectId, WebhookId } from "../foundation/ids.js";
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
  readonly createdAt: number;
}

/** Stage 1: what matching decided, ready to be stored. */
export interface PendingDelivery {
  readonly id: DeliveryId;
  readonly webhook: WebhookId;
  /** The name that the webhook gets in `action`: canonical, or the alias it listed. */
  readonly action: string;
  readonly form: BodyForm;
}

/** The right to make one attempt. `attempt` is the fence: a settle counts only while it is the delivery's current one. */
export interface Lease extends PendingDelivery {
  readonly organization: OrganizationId;
  readonly message: MessageId;
  /** The webhook's version when the lease was given: an older target that is kept in memory is read again. */
  readonly webhookVersion: number;
  /** 1 for the first claim; counts claims, so it may skip numbers after a crash. */
  readonly attempt: number;
  /** Attempts so far that failed at the receiver; what the retry schedule counts. */
  readonly failures: number;
  /** When the delivery became due, in milliseconds. */
  readonly due: number;
  /** End of the lease, in milliseconds. */
  readonly leaseUntil: number;
}

/** Stage 2: a delivery that this process holds, with all that an attempt needs. Nothing else can be sent. */
export interface ClaimedDelivery {
  readonly lease: Lease;
  readonly message: Message;
  readonly target: WebhookTarget;
  /** A test counts for nothing: no retry, no failure counted. */
  readonly test: boolean;
}
