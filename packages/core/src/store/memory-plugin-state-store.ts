import type { Lease } from "../delivery/delivery.js";
import type { DeliveryId, HandlerId } from "../foundation/ids.js";
import type { MemoryDeliveries } from "./memory-deliveries.js";
import type { MemoryDeliveryQueue } from "./memory-delivery-queue.js";
import type { MemoryHandlers } from "./memory-handlers.js";
import type { MemoryMessageLog } from "./memory-message-log.js";
import type { HandOver } from "./message-log.js";
import type {
  CommitResult,
  CommittedBatch,
  HandlerCommit,
  HandlerSettings,
  PluginStateStore,
  StateChange,
  StateEntry,
  StateOwner,
} from "./plugin-state-store.js";

/** What a commit is made of. */
export interface MemoryPluginStateParts {
  readonly messages: MemoryMessageLog;
  readonly queue: MemoryDeliveryQueue;
  readonly deliveries: MemoryDeliveries;
  readonly handlers: MemoryHandlers;
}

/** What plugins remember, in memory. */
export class MemoryPluginStateStore implements PluginStateStore {
  readonly #parts: MemoryPluginStateParts;
  readonly #entries = new Map<string, StateEntry>();
  #lastVersion = 0;

  constructor(parts: MemoryPluginStateParts) {
    this.#parts = parts;
  }

  async register(handlers: readonly HandlerSettings[]): Promise<readonly HandlerId[]> {
    return this.#parts.handlers.register(handlers);
  }

  async read(owner: StateOwner, keys: readonly string[]): Promise<readonly StateEntry[]> {
    return keys.map((key) => this.#entryOf(owner, key));
  }

  async compareAndSet(owner: StateOwner, changes: readonly StateChange[]): Promise<boolean> {
    if (!this.#allAsExpected(owner, changes)) return false;
    this.#apply(owner, changes);
    return true;
  }

  async commit(commits: readonly HandlerCommit[], handOver: HandOver): Promise<CommittedBatch> {
    // Nothing below can fail, so that a refused call has stored nothing.
    this.#parts.messages.refuseUnfit(this.#withLease(commits).flatMap(({ emits }) => emits));
    this.#parts.deliveries.returnRunOut(handOver.now);
    let left = handOver.limit;
    const results = commits.map((commit) => {
      const result = this.#refuse(commit) ?? this.#carryOut(commit, { ...handOver, limit: left });
      if (result.kind === "committed") left -= result.leases.length;
      return result;
    });
    return { results, nextDue: this.#parts.deliveries.nextDue(handOver.now) };
  }

  /** One that is repeated brings ids that are stored already: it is told as a lost lease, and must not fail the others. */
  #withLease(commits: readonly HandlerCommit[]): readonly HandlerCommit[] {
    const seen = new Set<DeliveryId>();
    return commits.filter(
      ({ settlement: { delivery, fence } }) =>
        this.#parts.deliveries.accepts(delivery, fence) && seen.size < seen.add(delivery).size,
    );
  }

  #refuse({ settlement, plugin, changes, emits }: HandlerCommit): CommitResult | undefined {
    const { delivery, fence, organization } = settlement;
    if (!this.#parts.deliveries.accepts(delivery, fence)) return { kind: "lease_lost" };
    if (!this.#allAsExpected({ plugin, organization }, changes)) return { kind: "state_changed" };
    for (const entry of emits) {
      const stale = this.#parts.messages.refuseStale(entry);
      if (stale !== undefined) return stale;
    }
    return undefined;
  }

  #carryOut({ settlement, plugin, changes, emits }: HandlerCommit, { now, leaseUntil, limit }: HandOver): CommitResult {
    this.#parts.queue.record(settlement, now);
    this.#apply({ plugin, organization: settlement.organization }, changes);
    const leases: Lease[] = [];
    let waiting = false;
    for (const entry of emits) {
      const stored = this.#parts.messages.store(entry, { now, leaseUntil, limit: limit - leases.length });
      leases.push(...stored.leases);
      waiting ||= stored.waiting;
    }
    return { kind: "committed", leases, waiting };
  }

  #allAsExpected(owner: StateOwner, changes: readonly StateChange[]): boolean {
    return changes.every(
      ({ key, expected }) => expected === undefined || this.#entryOf(owner, key).version === expected,
    );
  }

  #apply(owner: StateOwner, changes: readonly StateChange[]): void {
    for (const { key, value } of changes) {
      if (value === undefined) continue;
      const place = placeOf(owner, key);
      if (value === null) {
        this.#entries.delete(place);
        continue;
      }
      // Of all keys together, so that a key that is removed and made anew gets none that it had before.
      this.#lastVersion += 1;
      this.#entries.set(place, { key, value, version: this.#lastVersion });
    }
  }

  #entryOf(owner: StateOwner, key: string): StateEntry {
    return this.#entries.get(placeOf(owner, key)) ?? { key, value: null, version: 0 };
  }
}

function placeOf({ plugin, organization }: StateOwner, key: string): string {
  return JSON.stringify([organization, plugin, key]);
}
