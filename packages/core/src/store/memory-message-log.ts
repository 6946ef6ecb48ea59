import type { Lease, Message } from "../delivery/delivery.js";
import { HookwrightError } from "../foundation/hookwright-error.js";
import type { MessageId, OrganizationId } from "../foundation/ids.js";
import type { MemoryDeliveries } from "./memory-deliveries.js";
import { newRow } from "./memory-delivery-row.js";
import type { MemoryKeys } from "./memory-keys.js";
import type { MemoryWebhooks } from "./memory-webhooks.js";
import type { EmitEntry, EmitResult, HandOver, MessageLog } from "./message-log.js";

/** Accepted messages, in memory. */
export class MemoryMessageLog implements MessageLog {
  readonly #webhooks: MemoryWebhooks;
  readonly #deliveries: MemoryDeliveries;
  readonly #keys: MemoryKeys;

  constructor(webhooks: MemoryWebhooks, deliveries: MemoryDeliveries, keys: MemoryKeys) {
    this.#webhooks = webhooks;
    this.#deliveries = deliveries;
    this.#keys = keys;
  }

  async append(entries: readonly EmitEntry[], handOver: HandOver): Promise<readonly EmitResult[]> {
    // Nothing below can fail, so that a refused call has stored nothing.
    this.#refuseKnownIds(entries);
    this.#deliveries.returnRunOut(handOver.now);
    let left = handOver.limit;
    return entries.map((entry) => {
      const result = this.#refuse(entry, handOver.now) ?? this.#store(entry, { ...handOver, limit: left });
      if (result.kind === "stored") left -= result.leases.length;
      return result;
    });
  }

  async get(organization: OrganizationId, id: MessageId): Promise<Message | undefined> {
    return this.#deliveries.history.findMessage(organization, id);
  }

  /** A known key comes first: whoever repeats a call gets the first answer, whatever changed since. */
  #refuse(entry: EmitEntry, now: number): EmitResult | undefined {
    const { organization, idempotency } = entry;
    const known = idempotency === undefined ? undefined : this.#keys.find(organization, idempotency.key, now);
    if (known !== undefined) {
      return known.fingerprint === idempotency?.fingerprint
        ? { kind: "duplicate", answer: known.answer }
        : { kind: "conflict" };
    }
    const change = this.#webhooks.changeNumber(organization);
    return change > entry.basedOn || this.#namesGoneWebhook(entry) ? { kind: "stale", change } : undefined;
  }

  #store(entry: EmitEntry, { now, leaseUntil, limit }: HandOver): EmitResult {
    if (entry.idempotency !== undefined) this.#keys.keep(entry.organization, entry.idempotency);
    const leases: Lease[] = [];
    let waiting = false;
    for (const { message, deliveries } of entry.drafts) {
      this.#deliveries.history.addMessage(message);
      for (const delivery of deliveries) {
        const lease = this.#deliveries.add(newRow(delivery, message), {
          now,
          leaseUntil,
          allowed: leases.length < limit,
        });
        if (lease === undefined) waiting = true;
        else leases.push(lease);
      }
    }
    return { kind: "stored", leases, waiting };
  }

  #namesGoneWebhook({ drafts }: EmitEntry): boolean {
    return drafts.some(({ deliveries }) =>
      deliveries.some(({ webhook }) => this.#webhooks.find(webhook) === undefined),
    );
  }

  #refuseKnownIds(entries: readonly EmitEntry[]): void {
    const { history } = this.#deliveries;
    const drafts = entries.flatMap((entry) => entry.drafts);
    const messages = drafts.map(({ message }) => message.id);
    const deliveries = drafts.flatMap((draft) => draft.deliveries.map(({ id }) => id));
    const known =
      messages.find((id) => history.hasMessage(id)) ?? deliveries.find((id) => history.find(id) !== undefined);
    const repeated = firstRepeated(messages) ?? firstRepeated(deliveries);
    const id = known ?? repeated;
    if (id === undefined) return;
    throw new HookwrightError(
      "storage_failed",
      `${id} is stored already; every message and every delivery needs an id of its own.`,
    );
  }
}

function firstRepeated<Id>(ids: readonly Id[]): Id | undefined {
  const seen = new Set<Id>();
  return ids.find((id) => seen.size === seen.add(id).size);
}
