import type { ErrorCode } from "../foundation/error-codes.js";
import type { DeliveryId, OrganizationId, TargetId } from "../foundation/ids.js";
import type { DeliveryFact } from "./note.js";
import type { Verdict } from "./verdict.js";

/** One HTTP request of a delivery, or one call of a durable handler, as it is recorded. A call has no status, no headers and no excerpt. */
export interface Attempt {
  readonly number: number;
  readonly startedAt: number;
  /** Milliseconds, with fractions. */
  readonly duration: number;
  /** The HTTP status; `null` when no answer came. */
  readonly status: number | null;
  readonly code: ErrorCode | null;
  /** One line of text for a person: why it failed, or what went wrong after an answer that counts; else `null`. */
  readonly error: string | null;
  /** The start of the answer's body. */
  readonly excerpt: string;
  /** The first middleware that failed in it, or that ended it without sending. */
  readonly middleware: string | null;
  /** The middlewares that changed the request, in order, then those that changed the outcome. */
  readonly changedBy: readonly string[];
  /** The middlewares that took 100 milliseconds or more of their own time, in order. */
  readonly slowedBy: readonly string[];
  /** The request's headers as sent; values that are secrets are masked. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * What a receiver that seems to be down asks of its webhook's lane: fewer deliveries at once (`narrow`), and where a retry
 * schedule repeats them anyway also pauses between them (`rest`).
 */
export type Strain = "narrow" | "rest";

/** What an attempt means for the webhook that it went to. */
export type ReceiverEffect =
  | { readonly kind: "none" }
  | { readonly kind: "healthy" }
  /**
   * One more failure in a row; at `disableAfter` the webhook is deactivated (0 = never, and nothing is counted). With
   * `pauseUntil` the receiver asked for silence: nothing more is claimed for the webhook before then. With `strain` it seems
   * to be down: its lane narrows, and rests between attempts where they are repeated anyway.
   */
  | {
      readonly kind: "failed";
      readonly disableAfter: number;
      readonly pauseUntil?: number;
      readonly strain?: Strain;
    }
  /** 410: deactivate now. */
  | { readonly kind: "gone" };

/** Stage 5: everything that is to be written of one attempt, in one transaction. */
export interface Settlement {
  readonly delivery: DeliveryId;
  readonly organization: OrganizationId;
  readonly webhook: TargetId;
  /** The fence: the lease's `attempt`. */
  readonly fence: number;
  readonly due: number;
  readonly verdict: Verdict;
  /** `null` exactly where the verdict is `release`: no attempt is recorded then. */
  readonly attempt: Attempt | null;
  readonly effect: ReceiverEffect;
  /** To be told as an event; only where somebody wants it. */
  readonly note?: DeliveryFact;
  /** What went out tells of deliveries itself: nothing that comes of it is told, so that no such event leads to another. */
  readonly silent?: true;
}
