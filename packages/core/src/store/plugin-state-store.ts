import type { Settlement } from "../delivery/attempt.js";
import type { Lease } from "../delivery/delivery.js";
import type { HandlerId, OrganizationId } from "../foundation/ids.js";
import type { EmitEntry, HandOver } from "./message-log.js";

/** Which handler: a plugin's name, and the handler's name within it. */
export interface HandlerName {
  readonly plugin: string;
  readonly handler: string;
}

/** A handler as a store is to know it. */
export interface HandlerSettings extends HandlerName {
  /** Its deliveries under way at once, over all organizations. */
  readonly concurrency: number;
  /** Whether its deliveries are handed to it one after the other, in the order in which their messages were accepted. */
  readonly ordered: boolean;
}

/** Whose state: each plugin has one for each organization, and sees no other. */
export interface StateOwner {
  readonly plugin: string;
  readonly organization: OrganizationId;
}

/** One key's value, as JSON text; `null` where there is none. */
export interface StateEntry {
  readonly key: string;
  readonly value: string | null;
  /** Another after each change, never used again for this key; 0 where there is no value. */
  readonly version: number;
}

/** One key that must not have changed, and what becomes of it. */
export interface StateChange {
  readonly key: string;
  /** The version that it must have still; `undefined` where it was written without having been read. */
  readonly expected: number | undefined;
  /** The new value as JSON text; `null` removes it, `undefined` leaves it. */
  readonly value: string | null | undefined;
}

/** What one call of a handler comes to. */
export interface HandlerCommit {
  /** Its verdict is `delivered`. */
  readonly settlement: Settlement;
  readonly plugin: string;
  /** Every key that was read or written, each once. */
  readonly changes: readonly StateChange[];
  /** What it emitted, in order: of the settlement's organization, with no idempotency key. */
  readonly emits: readonly EmitEntry[];
}

/** What became of one commit. */
export type CommitResult =
  /** On disk: state, emitted messages and the attempt. The rest as in `EmitResult`. */
  | { readonly kind: "committed"; readonly leases: readonly Lease[]; readonly waiting: boolean }
  /** Another claim took the delivery over, or it was committed before: nothing was stored. */
  | { readonly kind: "lease_lost" }
  /** A key has another version than expected: nothing was stored, and the lease is held still. */
  | { readonly kind: "state_changed" }
  /** A webhook changed after the emits were matched: nothing was stored, and the lease is held still. */
  | { readonly kind: "stale"; readonly change: number };

/** What a call of `commit` came to. */
export interface CommittedBatch {
  /** One for each commit, in order. */
  readonly results: readonly CommitResult[];
  /** As in `ClaimedBatch`. */
  readonly nextDue: number | undefined;
}

/** What plugins remember, and the effects of their durable handlers. */
export interface PluginStateStore {
  /**
   * The id of each handler, in order: made when it is first registered, the same ever after, in every process. Opens its lane, or gives it
   * the new settings. May be called any number of times.
   */
  register(handlers: readonly HandlerSettings[]): Promise<readonly HandlerId[]>;

  /** The entries of these keys, in order, all of one moment: after every change that was answered. */
  read(owner: StateOwner, keys: readonly string[]): Promise<readonly StateEntry[]>;

  /**
   * Makes all changes, or, where a key has another version than expected, none. `true`: they are made and survive a crash. Called
   * again after a failure it tells `false` when the first call was carried out.
   */
  compareAndSet(owner: StateOwner, changes: readonly StateChange[]): Promise<boolean>;

  /**
   * Carries out what handlers did, all in one transaction: for each, state, emitted messages with their deliveries, attempt and
   * verdict, together or not at all. A commit counts only while its fence is the delivery's current one, so that its effect
   * comes exactly once, whoever dies when. Commits are independent: what one comes to does not touch another, except that a
   * failing disk fails the whole call, with nothing stored; they are looked at in order, and a later one sees what an
   * earlier one changed. `lease_lost` comes before `state_changed`, and that before `stale`.
   * May be called again after a failure: what was stored the first time is `lease_lost`.
   *
   * @throws HookwrightError `storage_full` when the disk is full, `storage_failed` for any other error of the database.
   */
  commit(commits: readonly HandlerCommit[], handOver: HandOver): Promise<CommittedBatch>;
}
