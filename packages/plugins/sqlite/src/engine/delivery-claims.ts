import type { DeliveryId, Message, TargetId } from "@hookwright/core";
import type { TakenTurn } from "@hookwright/core/internal";
import type { ClaimColumns, ClaimedColumns } from "../thread/claim-columns.js";
import { encodeMessages } from "../thread/message-columns.js";
import type { DueEntry } from "./due-table.js";
import type { Tables } from "./tables.js";
import type { RowLease, UnderWay } from "./under-way.js";
import type { WebhookStates } from "./webhook-states.js";

/** One claim gives out no more payload than this, so that a backlog of large messages does not fill the memory. */
const largestBatch = 32 * 2 ** 20;

/** Leases due deliveries in the turns that the lanes give. Writes nothing, but for a delivery whose last lease ran out. */
export class DeliveryClaims {
  readonly #tables: Tables;
  readonly #webhooks: WebhookStates;
  readonly #underWay: UnderWay;

  constructor(tables: Tables, webhooks: WebhookStates, underWay: UnderWay) {
    this.#tables = tables;
    this.#webhooks = webhooks;
    this.#underWay = underWay;
  }

  /** The answer without its `nextDue`, which is known once the transaction is over. */
  claim({ now, leaseUntil, limit }: ClaimColumns): Omit<ClaimedColumns, "nextDue"> {
    const batch = new Batch();
    this.#underWay.lanes.takeTurns(now, limit, (webhook, offer): TakenTurn => {
      const taken: RowLease[] = [];
      let nextDue: number | undefined;
      for (const entry of this.#tables.due.of(webhook)) {
        if (this.#underWay.isRunning(entry.delivery)) continue;
        if (taken.length === offer || entry.due > now || batch.bytes >= largestBatch) {
          nextDue = entry.due;
          break;
        }
        taken.push(this.#take(entry, leaseUntil, batch));
      }
      // All or none: a lane counts what a turn took only when the turn comes to its end.
      for (const lease of taken) this.#underWay.give(lease);
      return { count: taken.length, nextDue };
    });
    return batch.toColumns();
  }

  #take(entry: DueEntry, until: number, batch: Batch): RowLease {
    const { delivery, webhook, number, due } = entry;
    const found = this.#tables.deliveries.leaseRow(number);
    if (found === undefined) throw new Error(`delivery ${delivery} is due and has no record`);
    const [organization, message, messageId, action, form, , , failures, lastCode] = found.row;
    const before = this.#underWay.lastLease(delivery);
    if (before !== undefined) this.#tables.deliveries.setFence(number, before.fence);
    const fence = Math.max(found.lastFence, before?.fence ?? 0) + 1;
    batch.columns.delivery.push(delivery);
    batch.columns.organization.push(organization);
    batch.columns.webhook.push(webhook);
    batch.columns.message.push(messageId);
    batch.columns.action.push(action);
    batch.columns.form.push(form);
    batch.columns.version.push(this.#versionOf(webhook));
    batch.columns.fence.push(fence);
    batch.columns.failures.push(failures);
    batch.columns.afterFailure.push(lastCode !== null);
    batch.columns.due.push(due);
    batch.carry(message, () => this.#readMessage(message, delivery));
    return { delivery, webhook, fence, until, number, due };
  }

  #versionOf(webhook: TargetId): number {
    return this.#webhooks.find(webhook)?.version ?? 0;
  }

  #readMessage(number: number, delivery: DeliveryId): Message {
    const message = this.#tables.messages.read(number);
    if (message === undefined) throw new Error(`the message of delivery ${delivery} is gone`);
    return message;
  }
}

/** What one claim gives out, with each message once. */
class Batch {
  readonly columns: Omit<ClaimedColumns, "nextDue" | "messages"> = {
    delivery: [],
    organization: [],
    webhook: [],
    message: [],
    action: [],
    form: [],
    version: [],
    fence: [],
    failures: [],
    afterFailure: [],
    due: [],
  };
  readonly #messages = new Map<number, Message>();
  bytes = 0;

  carry(number: number, read: () => Message): void {
    if (this.#messages.has(number)) return;
    const message = read();
    this.#messages.set(number, message);
    this.bytes += message.payload.length;
    for (const variant of message.variants.values()) this.bytes += variant.length;
  }

  toColumns(): Omit<ClaimedColumns, "nextDue"> {
    return { ...this.columns, messages: encodeMessages([...this.#messages.values()]) };
  }
}
