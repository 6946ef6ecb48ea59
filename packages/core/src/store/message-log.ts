import type { Lease, Message, PendingDelivery } from "../delivery/delivery.js";
import type { MessageId, OrganizationId } from "../foundation/ids.js";

/** A message with the deliveries that matching decided. */
export interface MessageDraft {
  readonly message: Message;
  readonly deliveries: readonly PendingDelivery[];
}

/** The caller's key of an event, so that a repeated call is recognised. */
export interface IdempotencyClaim {
  readonly key: string;
  /** Equal for equal content. */
  readonly fingerprint: string;
  /** Kept with the key and returned to whoever repeats the call. */
  readonly answer: string;
  /** From then on the key is free again, in milliseconds. */
  readonly expiresAt: number;
}

/** One emit: one message, or the parts of a split bulk event. Stored whole or not at all. */
export interface EmitEntry {
  readonly organization: OrganizationId;
  readonly drafts: readonly MessageDraft[];
  /** The organization's change number that matching was based on. */
  readonly basedOn: number;
  readonly idempotency: IdempotencyClaim | undefined;
  /** The note that this tells as an event: taken away in the same transaction. */
  readonly note?: number;
}

/** How much of what is being stored the caller can send at once. */
export interface HandOver {
  readonly now: number;
  readonly leaseUntil: number;
  /** At most so many leases over the whole call. */
  readonly limit: number;
}

/** What became of one entry. */
export type EmitResult =
  /** On disk. `leases` are already claimed for the caller; `waiting` says whether others of its deliveries are not. */
  | { readonly kind: "stored"; readonly leases: readonly Lease[]; readonly waiting: boolean }
  /** The key is known with equal content: nothing was stored; `answer` is the first call's. */
  | { readonly kind: "duplicate"; readonly answer: string }
  /** The key is known with other content: nothing was stored. */
  | { readonly kind: "conflict" }
  /** The entry's note is gone, since it was told before: nothing was stored. */
  | { readonly kind: "told" }
  /** A webhook changed after matching: nothing was stored; catch up to `change`, match again, append again. */
  | { readonly kind: "stale"; readonly change: number };

/** Accepted messages. */
export interface MessageLog {
  /**
   * Stores every entry with its deliveries, all entries in one transaction, results in the entries' order. When the promise
   * resolves, what is `stored` survives a crash of the machine. Entries are independent: what one comes to does not touch
   * another, except that a failing disk fails the whole call, with nothing stored. Two entries of one call may claim the
   * same idempotency key: the first wins. A known key comes before `stale`: whoever repeats a call gets the first answer.
   * The same goes for a note: the first entry that is stored takes it away, and every other is `told`.
   * A delivery is leased only where its webhook is active, not paused, and has room (see {@link DeliveryQueue}), and where
   * nothing of the webhook is due already (`ordered`: nothing waits): what is new overtakes nothing. The rest waits with due
   * time `now`. A delivery whose webhook is gone by now cannot occur: that is `stale`.
   * An id that is stored already fails the whole call.
   *
   * @throws HookwrightError `storage_full` when the disk is full, `storage_failed` for any other error of the database.
   */
  append(entries: readonly EmitEntry[], handOver: HandOver): Promise<readonly EmitResult[]>;

  /** One message; `undefined` when there is none of this id in the organization. */
  get(organization: OrganizationId, id: MessageId): Promise<Message | undefined>;
}
