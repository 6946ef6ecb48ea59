import type { DeliveryId, Strain, TargetId } from "@hookwright/core";
import { type HeldLease, LaneTable, LeaseTable } from "@hookwright/core/internal";
import type { DueTable } from "./due-table.js";

/** A lease, with where its delivery stands in the database. */
export interface RowLease extends HeldLease {
  readonly number: number;
  readonly due: number;
}

/**
 * Owns which deliveries are under way and which webhooks have room: in memory only, in step with the transactions. What a
 * transaction gives is taken back when it fails; what it ends, ends when it is committed.
 */
export class UnderWay {
  readonly lanes: LaneTable;
  readonly #due: DueTable;
  readonly #leases = new LeaseTable<RowLease>();
  #given: RowLease[] = [];
  readonly #surrendered = new Map<DeliveryId, RowLease>();
  /** Lanes that were told of what this transaction writes: wrong if it fails. */
  readonly #told = new Set<TargetId>();
  /** Lanes that are to be told what this transaction writes, once it is committed. */
  readonly #untold = new Set<TargetId>();
  /** Lanes that are to be strained with the commit. */
  readonly #strained = new Set<TargetId>();
  #onCommit: (() => void)[] = [];

  /** `isResumed` as in `LaneTable`. */
  constructor(due: DueTable, isResumed: boolean) {
    this.#due = due;
    this.lanes = new LaneTable({ isResumed });
  }

  /** Gives a lease that the webhook's lane has counted already. */
  give(lease: RowLease): void {
    this.#leases.give(lease);
    this.#given.push(lease);
  }

  /** Lets a new delivery wait. */
  wait(webhook: TargetId, due: number): void {
    this.lanes.wait(webhook, due);
    this.#told.add(webhook);
  }

  /** The lease that was given last of this delivery, run out or not. */
  lastLease(delivery: DeliveryId): RowLease | undefined {
    return this.#surrendered.has(delivery) ? undefined : this.#leases.find(delivery);
  }

  isRunning(delivery: DeliveryId): boolean {
    return this.#leases.isRunning(delivery) && !this.#surrendered.has(delivery);
  }

  /** Ends the lease with this fence; `undefined` when it is another's or nobody's. */
  surrender(delivery: DeliveryId, fence: number): RowLease | undefined {
    const lease = this.lastLease(delivery);
    if (lease === undefined || lease.fence !== fence) return undefined;
    // One that ran out waits, and waits no more.
    if (!this.#leases.isRunning(delivery)) this.#untold.add(lease.webhook);
    this.#surrendered.set(delivery, lease);
    return lease;
  }

  /** Forgets a lease that ran out of a delivery that is finished or removed: whoever holds it can no longer settle. */
  forget(delivery: DeliveryId): void {
    const lease = this.lastLease(delivery);
    if (lease !== undefined) this.#surrendered.set(delivery, lease);
  }

  /** Frees the places of all leases that ran out by `now`; answers those whose delivery waits again. */
  returnRunOut(now: number): readonly RowLease[] {
    const ended = this.#leases.runOut(now);
    for (const { webhook } of ended) {
      this.lanes.leave(webhook);
      this.#tellNextDue(webhook);
    }
    return ended.filter(({ delivery }) => !this.#surrendered.has(delivery));
  }

  /** What waits for the webhook was changed: its lane hears of it with the commit. */
  tellOnCommit(webhook: TargetId): void {
    this.#untold.add(webhook);
  }

  /** An attempt ended that says the receiver is down. */
  strain(webhook: TargetId, strain: Strain, now: number): void {
    this.#strained.add(webhook);
    this.onCommit(() => this.lanes.strain(webhook, strain, now));
  }

  /** One ended that says it is there. Nearly every delivery comes by here, and nearly none has anything to end. */
  ease(webhook: TargetId): void {
    if (!this.lanes.isStrained(webhook) && !this.#strained.has(webhook)) return;
    this.onCommit(() => this.lanes.ease(webhook));
  }

  /** Runs `effect` when the transaction is committed, after its leases ended; never when it fails. */
  onCommit(effect: () => void): void {
    this.#onCommit.push(effect);
  }

  commit(): void {
    for (const { delivery, webhook } of this.#surrendered.values()) {
      if (this.#leases.end(delivery)) this.lanes.leave(webhook);
    }
    const effects = this.#onCommit;
    const untold = [...this.#untold];
    this.#clear();
    for (const effect of effects) effect();
    for (const webhook of untold) this.#tellNextDue(webhook);
    this.#told.clear();
  }

  rollback(): void {
    const wrong = new Set(this.#told);
    for (const { delivery, webhook } of this.#given) {
      if (this.#leases.end(delivery)) this.lanes.leave(webhook);
      wrong.add(webhook);
    }
    this.#clear();
    for (const webhook of wrong) this.#tellNextDue(webhook);
    this.#told.clear();
  }

  /** When a claim can find something: work that becomes due, or a lease that runs out. */
  nextDue(now: number): number | undefined {
    const due = this.lanes.nextDue(now);
    const end = this.#leases.nextEnd;
    if (due === undefined) return end === undefined ? undefined : Math.max(now, end);
    return end === undefined ? due : Math.max(now, Math.min(due, end));
  }

  /** Whether nobody can hold a lease. */
  get isIdle(): boolean {
    return this.#leases.size === 0;
  }

  #tellNextDue(webhook: TargetId): void {
    this.lanes.setNextDue(webhook, this.#nextWaiting(webhook));
    this.#told.add(webhook);
  }

  /** What is under way stands before what waits, so few rows are read. */
  #nextWaiting(webhook: TargetId): number | undefined {
    for (const { delivery, due } of this.#due.of(webhook)) if (!this.isRunning(delivery)) return due;
    return undefined;
  }

  #clear(): void {
    this.#given = [];
    this.#surrendered.clear();
    this.#untold.clear();
    this.#strained.clear();
    this.#onCommit = [];
  }
}
