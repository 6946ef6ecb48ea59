import type { WebhookLease } from "../delivery/delivery.js";
import type { DeliveryId } from "../foundation/ids.js";

/**
 * Knows which deliveries this process has under way. A lease that runs out while its attempt is still being made, because a
 * clock was set forward, is given again, and to this process: the attempt goes on under the new one, and nothing is sent twice.
 * One that is given although the last one was not over is another attempt: what was recorded asked for it, and this process is
 * told of the new lease before it is told of the record.
 */
export class HeldLeases {
  readonly #leases = new Map<DeliveryId, WebhookLease>();
  /** Those whose lease is another attempt's than the one under way. */
  readonly #renewed = new Set<DeliveryId>();

  /** Whether there is an attempt to be made: `false` where one is under way already. */
  take(lease: WebhookLease, now: number): boolean {
    const last = this.#leases.get(lease.id);
    this.#leases.set(lease.id, lease);
    if (last !== undefined && now < last.leaseUntil) this.#renewed.add(lease.id);
    return last === undefined;
  }

  /** The lease that a delivery is held under by now. */
  current(lease: WebhookLease): WebhookLease {
    return this.#leases.get(lease.id) ?? lease;
  }

  /** Whether what it is held under by now is the right to another attempt. */
  isRenewed(lease: WebhookLease): boolean {
    return this.#renewed.has(lease.id);
  }

  /** The attempt is over that was written down under this fence; a lease that came after it, which nobody serves yet. */
  end(lease: WebhookLease, fence: number): WebhookLease | undefined {
    const last = this.#leases.get(lease.id);
    this.#leases.delete(lease.id);
    this.#renewed.delete(lease.id);
    return last === undefined || last.attempt === fence ? undefined : last;
  }
}
