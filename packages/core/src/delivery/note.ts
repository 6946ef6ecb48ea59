import type { OperationalAction } from "../event/builtin/operational-events.js";
import type { ErrorCode } from "../foundation/error-codes.js";
import type { DeliveryId, MessageId, OrganizationId, WebhookId } from "../foundation/ids.js";
import type { DisabledReason } from "../webhook/webhook.js";

/** A webhook was deactivated by its failures or by a 410 answer. */
export interface DisabledFact {
  readonly kind: "disabled";
  readonly reason: DisabledReason;
  readonly consecutiveFailures: number;
}

/** A delivery failed for good, or arrived although the attempt before had failed. */
export interface DeliveryFact {
  readonly kind: "exhausted" | "recovered";
  readonly delivery: DeliveryId;
  readonly message: MessageId;
  /** The message's canonical action. */
  readonly action: string;
  /** The message's `hops`. */
  readonly hops: number;
  /** The number of the last attempt, and what came of it. */
  readonly attempt: number;
  readonly status: number | null;
  readonly code: ErrorCode | null;
}

/** Something that is to be told as an event, once: kept until that event is stored, in the same transaction. */
export interface Note {
  /** Rises from note to note. */
  readonly id: number;
  readonly organization: OrganizationId;
  readonly webhook: WebhookId;
  /** When it happened, in milliseconds. */
  readonly at: number;
  readonly fact: DisabledFact | DeliveryFact;
}

/** The event that tells of each. */
export const actionOfFact = {
  disabled: "WEBHOOK_DISABLED",
  exhausted: "DELIVERY_EXHAUSTED",
  recovered: "DELIVERY_RECOVERED",
} as const satisfies Record<Note["fact"]["kind"], OperationalAction>;
