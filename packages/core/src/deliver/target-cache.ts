import type { WebhookLease } from "../delivery/delivery.js";
import { parseRetrySchedule, type RetrySchedule } from "../delivery/retry-schedule.js";
import type { Clock } from "../foundation/clock.js";
import type { WebhookId } from "../foundation/ids.js";
import type { OpenedTarget } from "../secret/sealed-webhooks.js";
import type { WebhookTarget } from "../webhook/webhook.js";

/** A target in clear, with its retry schedule read once. */
export interface ReadyTarget extends OpenedTarget {
  readonly schedule: RetrySchedule;
}

/** What the cache reads from. */
export interface TargetSource {
  targets(ids: readonly WebhookId[], now: number): Promise<readonly OpenedTarget[]>;
}

/** Targets kept in memory, about 1 kB each. */
const capacity = 10_000;

/**
 * Owns the targets that recent attempts went to. A lease names the webhook's version, so a change is seen by the next
 * attempt although nothing is told: an entry older than the lease is read again.
 */
export class TargetCache {
  readonly #source: TargetSource;
  readonly #clock: Pick<Clock, "now">;
  readonly #defaultSchedule: RetrySchedule;
  readonly #entries = new Map<WebhookId, ReadyTarget>();

  constructor(source: TargetSource, clock: Pick<Clock, "now">, defaultSchedule: RetrySchedule) {
    this.#source = source;
    this.#clock = clock;
    this.#defaultSchedule = defaultSchedule;
  }

  /** The target of a lease if it is here, new enough, and none of its secrets has run out. */
  find(lease: WebhookLease): ReadyTarget | undefined {
    const entry = this.#entries.get(lease.webhook);
    return entry !== undefined && entry.target.version >= lease.webhookVersion && this.#isValid(entry)
      ? entry
      : undefined;
  }

  /**
   * The targets of these leases, read where they are missing. One that is not among them belongs to a deleted webhook.
   *
   * @throws whatever the store throws.
   */
  async load(leases: readonly WebhookLease[]): Promise<ReadonlyMap<WebhookId, ReadyTarget>> {
    const found = new Map<WebhookId, ReadyTarget>();
    const missing = new Set<WebhookId>();
    for (const lease of leases) {
      const known = this.find(lease);
      if (known === undefined) missing.add(lease.webhook);
      else found.set(lease.webhook, known);
    }
    if (missing.size === 0) return found;
    for (const id of missing) found.delete(id);
    for (const opened of await this.#source.targets([...missing], this.#clock.now())) {
      const ready = { ...opened, schedule: this.#scheduleOf(opened.target) };
      found.set(opened.target.id, ready);
      if (opened.unreadable === undefined) this.#keep(ready);
    }
    for (const id of missing) if (!found.has(id)) this.#entries.delete(id);
    return found;
  }

  /** Without a secret that runs out, no clock is asked. */
  #isValid({ validUntil }: ReadyTarget): boolean {
    return validUntil === Number.POSITIVE_INFINITY || this.#clock.now() < validUntil;
  }

  #keep(ready: ReadyTarget): void {
    const { id, version } = ready.target;
    const known = this.#entries.get(id);
    // Two readings at once may come back in the wrong order.
    if (known !== undefined && known.target.version > version) return;
    this.#entries.delete(id);
    this.#entries.set(id, ready);
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= capacity) break;
      this.#entries.delete(oldest);
    }
  }

  #scheduleOf({ retrySchedule }: WebhookTarget): RetrySchedule {
    if (retrySchedule === null) return this.#defaultSchedule;
    try {
      return parseRetrySchedule(retrySchedule, "retry_schedule");
    } catch {
      // Checked when it was saved. One that another version saved must not hold up the deliveries read along with it.
      return this.#defaultSchedule;
    }
  }
}
