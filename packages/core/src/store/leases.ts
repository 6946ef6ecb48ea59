import type { DeliveryId, TargetId } from "../foundation/ids.js";
import { IndexedHeap } from "./indexed-heap.js";

/** The right to attempt one delivery, as the store that gave it remembers it. */
export interface HeldLease {
  readonly delivery: DeliveryId;
  readonly webhook: TargetId;
  /** The lease's `attempt`. */
  readonly fence: number;
  /** When it ends by itself, in milliseconds. */
  readonly until: number;
}

/**
 * Owns the leases of a store that one process has for itself: in memory only, so that a crash voids them all. A lease that
 * ran out gives its place back, but its holder may still settle as long as nobody else was given the delivery.
 */
export class LeaseTable<Held extends HeldLease = HeldLease> {
  readonly #leases = new Map<DeliveryId, Held>();
  readonly #running = new IndexedHeap<Held>((left, right) => left.until < right.until);

  /** Gives a lease; whoever held one of this delivery can no longer settle. */
  give(lease: Held): void {
    this.end(lease.delivery);
    this.#leases.set(lease.delivery, lease);
    this.#running.put(lease);
  }

  /** The lease that was given last of this delivery, run out or not; `undefined` once it was taken back. */
  find(delivery: DeliveryId): Held | undefined {
    return this.#leases.get(delivery);
  }

  /** Leases that were not taken back, those that ran out included. */
  get size(): number {
    return this.#leases.size;
  }

  /** Whether the delivery is under way: leased, and the lease has not run out. */
  isRunning(delivery: DeliveryId): boolean {
    const lease = this.#leases.get(delivery);
    return lease !== undefined && this.#running.has(lease);
  }

  /** Whether a settle with this fence counts. */
  accepts(delivery: DeliveryId, fence: number): boolean {
    return this.#leases.get(delivery)?.fence === fence;
  }

  /** Takes a lease back for good; whether it was running, so that a place becomes free. */
  end(delivery: DeliveryId): boolean {
    const lease = this.#leases.get(delivery);
    if (lease === undefined) return false;
    this.#leases.delete(delivery);
    return this.#running.delete(lease);
  }

  /** The leases that ran out by `now`, each told once. */
  runOut(now: number): readonly Held[] {
    const ended: Held[] = [];
    for (let lease = this.#running.first; lease !== undefined && lease.until <= now; lease = this.#running.first) {
      this.#running.delete(lease);
      ended.push(lease);
    }
    return ended;
  }

  /** When the next lease runs out. */
  get nextEnd(): number | undefined {
    return this.#running.first?.until;
  }
}
