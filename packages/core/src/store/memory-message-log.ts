import type { Lease, Message } from "../delivery/delivery.js";
import { HookwrightError } from "../foundation/hookwright-error.js";
import { isHandlerId, type MessageId, type OrganizationId } from "../foundation/ids.js";
import type { MemoryDeliveries } from "./memory-deliveries.js";
import { newRow } from "./memory-delivery-row.js";
import type { MemoryKeys } from "./memory-keys.js";
import type { MemoryNotes } from "./memory-notes.js";
import type { MemoryWebhooks } from "./memory-webhooks.js";
import type { EmitEntry, EmitResult, HandOver, MessageLog } from "./message-log.js";

/** What {@link MemoryMessageLog} works on. */
export interface MemoryMessageParts {
  readonly webhooks: MemoryWebhooks;
  readonly deliveries: MemoryDeliveries;
  readonly keys: MemoryKeys;
  readonly notes: MemoryNotes;
}

/** Accepted messages, in memory. */
export class MemoryMessageLog implements MessageLog {
  readonly #webhooks: MemoryWebhooks;
  readonly #deliveries: MemoryDeliveries;
  readonly #keys: MemoryKeys;
  readonly #notes: MemoryNotes;

  constructor({ webhooks, deliveries, keys, notes }: MemoryMessageParts) {
    this.#webhooks = webhooks;
    this.#deliveries = deliveries;
    this.#keys = keys;
    this.#notes = notes;
  }

  async append(entries: readonly EmitEntry[], handOver: HandOver): Promise<readonly EmitResult[]> {
    // Nothing below can fail, so that a refused call has stored nothing.
    this.refuseUnfit(entries);
    this.#deliveries.returnRunOut(handOver.now);
    let left = handOver.limit;
    return entries.map((entry) => {
      const result = this.#refuse(entry, handOver.now) ?? this.store(entry, { ...handOver, limit: left });
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
    if (entry.note !== undefined && !this.#notes.has(entry.note)) return { kind: "told" };
    return this.refuseStale(entry);
  }

  /** What is to be said of an entry whose webhooks changed after it was matched. */
  refuseStale(entry: EmitEntry): StaleResult | undefined {
    const change = this.#webhooks.changeNumber(entry.organization);
    return change > entry.basedOn || this.#namesGoneWebhook(entry) ? { kind: "stale", change } : undefined;
  }

  /** Stores an entry that nothing speaks against. */
  store(entry: EmitEntry, { now, leaseUntil, limit }: HandOver): StoredResult {
    if (entry.idempotency !== undefined) this.#keys.keep(entry.organization, entry.idempotency);
    if (entry.note !== undefined) this.#notes.take(entry.note);
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
      deliveries.some(({ webhook }) => !isHandlerId(webhook) && this.#webhooks.find(webhook) === undefined),
    );
  }

  /** @throws HookwrightError `storage_failed` for an id that is stored already, and for a handler that was never registered. */
  refuseUnfit(entries: readonly EmitEntry[]): void {
    const { history } = this.#deliveries;
    const drafts = entries.flatMap((entry) => entry.drafts);
    const messages = drafts.map(({ message }) => message.id);
    const deliveries = drafts.flatMap((draft) => draft.deliveries.map(({ id }) => id));
    this.#refuseUnknownHandlers(drafts);
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

  #refuseUnknownHandlers(drafts: EmitEntry["drafts"]): void {
    for (const { deliveries } of drafts) {
      for (const { webhook } of deliveries) {
        if (!isHandlerId(webhook) || this.#deliveries.knows(webhook)) continue;
        throw new HookwrightError("storage_failed", `Handler ${webhook} was never registered; register it first.`);
      }
    }
  }
}

/** What {@link EmitResult} says of an entry that was stored. */
type StoredResult = Extract<EmitResult, { kind: "stored" }>;
type StaleResult = Extract<EmitResult, { kind: "stale" }>;

function firstRepeated<Id>(ids: readonly Id[]): Id | undefined {
  const seen = new Set<Id>();
  return ids.find((id) => seen.size === seen.add(id).size);
}
