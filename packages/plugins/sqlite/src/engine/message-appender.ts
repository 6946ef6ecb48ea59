import type { EmitEntry, HandOver, Message, PendingDelivery, TargetId } from "@hookwright/core";
import { isHandlerId } from "@hookwright/core/internal";
import { type AppendColumns, type AppendedColumns, decodeAppend } from "../thread/append-columns.js";
import type { Tables } from "./tables.js";
import type { UnderWay } from "./under-way.js";
import type { WebhookState, WebhookStates } from "./webhook-states.js";

type Refusal =
  | { readonly kind: "duplicate"; readonly detail: string }
  | { readonly kind: "conflict" | "told"; readonly detail: null }
  | { readonly kind: "stale"; readonly detail: number };

/** A message that is in the database already. */
interface StoredMessage {
  readonly message: Message;
  readonly number: number;
}

/** Stores what was emitted, and leases at once what may leave at once. */
export class MessageAppender {
  readonly #tables: Tables;
  readonly #webhooks: WebhookStates;
  readonly #underWay: UnderWay;

  constructor(tables: Tables, webhooks: WebhookStates, underWay: UnderWay) {
    this.#tables = tables;
    this.#webhooks = webhooks;
    this.#underWay = underWay;
  }

  append(columns: AppendColumns): AppendedColumns {
    const answer: AppendedColumns = { kind: [], detail: [], version: [] };
    const handOver = new LimitedHandOver(columns);
    for (const entry of decodeAppend(columns)) {
      const refusal = this.#refuse(entry, columns.now);
      answer.kind.push(refusal?.kind ?? "stored");
      answer.detail.push(refusal?.detail ?? null);
      if (refusal === undefined) this.store(entry, handOver, answer.version);
    }
    return answer;
  }

  /** A known key comes first: whoever repeats a call gets the first answer, whatever changed since. */
  #refuse(entry: EmitEntry, now: number): Refusal | undefined {
    const { organization, idempotency } = entry;
    const known = idempotency === undefined ? undefined : this.#tables.keys.find(organization, idempotency.key, now);
    if (known !== undefined) {
      return known.fingerprint === idempotency?.fingerprint
        ? { kind: "duplicate", detail: known.answer }
        : { kind: "conflict", detail: null };
    }
    if (entry.note !== undefined && !this.#tables.notes.has(entry.note)) return { kind: "told", detail: null };
    const change = this.staleChange(entry);
    return change === undefined ? undefined : { kind: "stale", detail: change };
  }

  /** The change number to catch up to, where webhooks changed after the entry was matched. */
  staleChange({ organization, basedOn, drafts }: EmitEntry): number | undefined {
    const change = this.#webhooks.changeNumber(organization);
    const isGone = (target: TargetId): boolean => !isHandlerId(target) && this.#webhooks.live(target) === undefined;
    const namesGoneWebhook = (): boolean =>
      drafts.some(({ deliveries }) => deliveries.some(({ webhook }) => isGone(webhook)));
    return change > basedOn || namesGoneWebhook() ? change : undefined;
  }

  /** Stores an entry that nothing speaks against; adds to `versions` what each of its deliveries is answered with. */
  store({ organization, idempotency, note, drafts }: EmitEntry, handOver: LimitedHandOver, versions: number[]): void {
    const { messages, deliveries: table, keys, notes } = this.#tables;
    if (idempotency !== undefined) keys.keep(organization, idempotency);
    if (note !== undefined) notes.take(note);
    for (const { message, deliveries } of drafts) {
      const number = messages.nextNumber();
      messages.insert({ message, number, firstDelivery: table.lastNumber + 1, deliveries: deliveries.length });
      for (const delivery of deliveries) versions.push(this.#storeDelivery(delivery, { message, number }, handOver));
    }
  }

  /** The webhook's version when the delivery was leased, or 0 where it waits. */
  #storeDelivery(delivery: PendingDelivery, of: StoredMessage, handOver: LimitedHandOver): number {
    const { now, leaseUntil } = handOver;
    const { id, webhook, action, form } = delivery;
    const { organization, project, createdAt } = of.message;
    const state = this.#stateOf(webhook);
    const number = this.#tables.deliveries.nextNumber();
    const row = { number, id, organization, webhook, message: of.number, project, action, form, createdAt, due: now };
    this.#tables.deliveries.insert(row);
    this.#tables.due.insert({ webhook, delivery: id, number, due: now }, state);
    if (handOver.left > 0 && this.#underWay.lanes.admit(webhook, now)) {
      handOver.left -= 1;
      this.#underWay.give({ delivery: id, webhook, fence: 1, until: leaseUntil, number, due: now });
      return state.version;
    }
    this.#underWay.wait(webhook, now);
    return 0;
  }

  #stateOf(webhook: TargetId): WebhookState {
    const state = this.#webhooks.live(webhook);
    if (state === undefined) throw new Error(`${isHandlerId(webhook) ? "handler" : "webhook"} ${webhook} is not there`);
    return state;
  }
}

/** How many leases one call may still get. */
export class LimitedHandOver {
  readonly now: number;
  readonly leaseUntil: number;
  left: number;

  constructor({ now, leaseUntil, limit }: HandOver) {
    this.now = now;
    this.leaseUntil = leaseUntil;
    this.left = limit;
  }
}
