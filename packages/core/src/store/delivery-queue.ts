import type { Settlement } from "../delivery/attempt.js";
import type { Lease, Message } from "../delivery/delivery.js";
import type { DeliveryId, HandlerId, MessageId, OrganizationId, WebhookId } from "../foundation/ids.js";
import type { DisabledReason } from "../webhook/webhook.js";

/** What is asked for: at most `limit` leases of what is due at `now`; times in milliseconds. */
export interface ClaimOptions {
  /** The handlers that the caller has: no other's deliveries are leased to it. The same array as long as they are the same; none unless given. */
  readonly handlers?: readonly HandlerId[];
  readonly now: number;
  readonly leaseUntil: number;
  readonly limit: number;
}

/** What a claim gave out. */
export interface ClaimedBatch {
  readonly leases: readonly Lease[];
  /** The messages of these leases, each once. */
  readonly messages: ReadonlyMap<MessageId, Message>;
  /**
   * The earliest moment at which a further claim can find something, as far as is known now; leases that run out count.
   * May be too early, never too late; `undefined`: nothing waits that could be claimed, and nothing is under way.
   */
  readonly nextDue: number | undefined;
}

/** A webhook that a settle deactivated. `consecutiveFailures` does not count a 410. */
export interface Deactivation {
  readonly organization: OrganizationId;
  readonly webhook: WebhookId;
  readonly reason: DisabledReason;
  readonly consecutiveFailures: number;
}

/** What a settle came to. */
export interface SettledBatch {
  /** For each settlement, in order: `false` when the lease was lost to another claim; nothing of it was stored then. */
  readonly settled: readonly boolean[];
  readonly deactivated: readonly Deactivation[];
  /** Whether notes were written: see {@link NoteLog}. */
  readonly noted: boolean;
  /** As in {@link ClaimedBatch}: room that became free can make waiting deliveries claimable. */
  readonly nextDue: number | undefined;
}

/** What came of the wish to send a delivery again. */
export type RetryResult =
  | "queued"
  | "not_found"
  | "webhook_deleted"
  /** It was a test, which counts for nothing; sent again, it would count. */
  | "test"
  /** It went to a durable handler and is delivered: once more would double its effect. */
  | "already_handled";

/** The deliveries that are due or under way. One delivery is one row with one lease. */
export interface DeliveryQueue {
  /**
   * Leases up to `limit` due deliveries. Never more of one webhook than its `maxConcurrency` (null: 32) leaves room for,
   * counting every lease that has not ended, nor more in a second than its `rateLimit`; none of a webhook that is not active,
   * deleted or paused; oldest due first within a webhook (of equal due times the smaller id). An `ordered` webhook has one
   * delivery under way at most, and always the one with the smallest id of those stored: the others wait behind it, also while it waits for a retry. What is
   * stored later with a smaller id goes before those that still wait, and after what has left.
   * Organizations take turns, and inside an organization its webhooks: while others have due deliveries and room, none gets more
   * than its equal share of `limit`. A lease is due again from `leaseUntil` on; who held it can settle until another claim
   * gave it away. A handler's deliveries are leased only to a claim that names it, at most its `concurrency`; all handlers take
   * turns as if they were one organization. Handlers that a claim does not name cost it nothing. After a crash every lease is void: at the next open at the latest its delivery can be claimed.
   */
  claim(options: ClaimOptions): Promise<ClaimedBatch>;

  /**
   * Records attempts, all in one transaction: attempt row, verdict, the webhook's failure counter. A settlement counts only
   * while its fence is the delivery's current one and its lease was not given to another; else it is ignored and reported. `retry` makes the
   * delivery due at `at` (for an `ordered` webhook the later ones wait behind it); `release` makes it due at once, as it was
   * before the claim, and records nothing. A fence is never given again while its holder may live.
   * A webhook that is deactivated gets `disabledAt` = `now` and keeps its `updatedAt`: nobody has edited it. A finished delivery
   * has `finishedAt` = `now`.
   * A pause that a receiver asked for survives a crash; the user's reactivation or a new URL ends it. A receiver that seems to be
   * down gets fewer deliveries at once, and rests between them, as `strain` says; what it takes for that is forgotten in a crash.
   * A deactivation and every `note` of a settlement become a note in the same transaction (see {@link NoteLog}), except where the
   * settlement is `silent`, does not count, or the webhook is deleted.
   * May be called again with the same settlements after a failure: what was stored the first time reports `false`.
   */
  settle(settlements: readonly Settlement[], now: number): Promise<SettledBatch>;

  /**
   * Makes one delivery due now: a finished one goes out again under its id with `failures` 0, a pending one at once (its
   * webhook's cap, order and pause hold as ever; a rest of its receiver ends). One that is under way stays so (`queued`). A handler's goes again only until
   * it is delivered, and a test does not.
   */
  retry(organization: OrganizationId, delivery: DeliveryId, now: number): Promise<RetryResult>;
}
