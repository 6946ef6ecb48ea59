import type { Deactivation, DisabledFact, ReceiverEffect, WebhookId } from "@hookwright/core";
import { isHandlerId } from "@hookwright/core/internal";
import { type SettleColumns, type SettledColumns, type SettleRow, settleRow } from "../thread/settle-columns.js";
import { type Conclusion, cancelled, delivered, failed, pending } from "./delivery-table.js";
import type { Tables } from "./tables.js";
import type { RowLease, UnderWay } from "./under-way.js";
import type { WebhookState, WebhookStates } from "./webhook-states.js";

/** What one settlement came to. */
interface SettledOne {
  readonly deactivated: Deactivation | undefined;
  /** Whether notes were written. */
  readonly noted: boolean;
}

const nothing: SettledOne = { deactivated: undefined, noted: false };

/** Records attempts and what follows from them. */
export class DeliverySettler {
  readonly #tables: Tables;
  readonly #webhooks: WebhookStates;
  readonly #underWay: UnderWay;

  constructor(tables: Tables, webhooks: WebhookStates, underWay: UnderWay) {
    this.#tables = tables;
    this.#webhooks = webhooks;
    this.#underWay = underWay;
  }

  /** The answer without its `nextDue`, which is known once the transaction is over. */
  settle(columns: SettleColumns): Omit<SettledColumns, "nextDue"> {
    const settled: boolean[] = [];
    const deactivated: Deactivation[] = [];
    let noted = false;
    for (let index = 0; index < columns.delivery.length; index += 1) {
      const one = this.settleOne(settleRow(columns, index), columns.now);
      settled.push(one !== undefined);
      if (one === undefined) continue;
      if (one.deactivated !== undefined) deactivated.push(one.deactivated);
      noted ||= one.noted;
    }
    return { settled, deactivated, noted };
  }

  /** Settles one lease and tells what came of it; `undefined` when the lease was lost. */
  settleOne(row: SettleRow, now: number): SettledOne | undefined {
    const lease = this.#underWay.surrender(row.delivery, row.fence);
    if (lease === undefined) return undefined;
    this.#conclude(lease, row, now);
    return this.#affect(row, now);
  }

  /** Whether a settle of it would count. */
  accepts({ delivery, fence }: SettleRow): boolean {
    return this.#underWay.lastLease(delivery)?.fence === fence;
  }

  #conclude(lease: RowLease, row: SettleRow, now: number): void {
    const webhook = this.#webhooks.live(lease.webhook);
    if (row.attempt === null) {
      this.#release(lease, webhook, now);
      return;
    }
    const conclusion = conclusionOf(row, webhook !== undefined, now);
    this.#takeOff(lease);
    this.#tables.deliveries.conclude(lease.number, conclusion);
    this.#tables.deliveries.insertAttempt(lease.number, lease.fence, row.attempt);
    if (conclusion.due === null || webhook === undefined) return;
    this.#tables.due.insert({ ...lease, due: conclusion.due }, webhook);
    this.#wait(webhook, conclusion.due);
  }

  /** Nothing is recorded but that this fence was given; the row never left the hot table. */
  #release(lease: RowLease, webhook: WebhookState | undefined, now: number): void {
    this.#tables.deliveries.setFence(lease.number, lease.fence);
    if (webhook !== undefined) {
      this.#wait(webhook, lease.due);
      return;
    }
    this.#takeOff(lease);
    this.#tables.deliveries.cancel(lease.number, now);
  }

  /** A lease that ran out may name a due time that a retry has changed since; the record has the one of the row. */
  #takeOff(lease: RowLease): void {
    if (this.#tables.due.delete(lease)) return;
    const due = this.#tables.deliveries.dueOf(lease.number);
    if (due !== undefined) this.#tables.due.delete({ ...lease, due });
  }

  /** In an ordered lane, who is the next depends on who else waits. */
  #wait({ id, ordered }: WebhookState, due: number): void {
    if (ordered) this.#underWay.tellOnCommit(id);
    else this.#underWay.onCommit(() => this.#underWay.lanes.wait(id, due));
  }

  /** What the attempt means for its webhook. A release has no attempt, and so means nothing. */
  #affect(row: SettleRow, now: number): SettledOne {
    const { webhook: id, attempt, effect, disableAfter, pauseUntil } = row;
    if (attempt === null || isHandlerId(id)) return nothing;
    const webhook = this.#webhooks.live(id);
    if (webhook === undefined) return nothing;
    this.#tellLane(row, now);
    const deactivated = this.#count({ ...webhook, id }, { effect, disableAfter, now });
    if (pauseUntil !== null) this.#webhooks.pause(id, pauseUntil);
    if (row.silent || (row.note === null && deactivated === undefined)) return { deactivated, noted: false };
    const { organization } = webhook;
    const about = { organization, webhook: id, at: now };
    if (row.note !== null) this.#tables.notes.write({ ...about, fact: row.note });
    if (deactivated !== undefined) this.#tables.notes.write({ ...about, fact: JSON.stringify(factOf(deactivated)) });
    return { deactivated, noted: true };
  }

  #tellLane({ webhook, effect, strain }: SettleRow, now: number): void {
    if (strain !== null) this.#underWay.strain(webhook, strain, now);
    else if (effect === "healthy" || effect === "failed") this.#underWay.ease(webhook);
  }

  #count(
    webhook: WebhookState & { readonly id: WebhookId },
    of: { readonly effect: ReceiverEffect["kind"]; readonly disableAfter: number; readonly now: number },
  ): Deactivation | undefined {
    switch (of.effect) {
      case "none":
        return undefined;
      case "healthy":
        this.#webhooks.countFailures(webhook, 0);
        return undefined;
      case "failed": {
        if (of.disableAfter === 0) return undefined;
        const failures = webhook.consecutiveFailures + 1;
        this.#webhooks.countFailures(webhook, failures);
        return failures < of.disableAfter ? undefined : this.#deactivate(webhook.id, "failures", of.now);
      }
      case "gone":
        return this.#deactivate(webhook.id, "gone", of.now);
      default:
        return of.effect satisfies never;
    }
  }

  #deactivate(id: WebhookId, reason: "failures" | "gone", now: number): Deactivation | undefined {
    const webhook = this.#webhooks.live(id);
    if (webhook === undefined || !webhook.isActive) return undefined;
    this.#webhooks.deactivate(webhook, reason, now);
    const { organization, consecutiveFailures } = webhook;
    return { organization, webhook: id, reason, consecutiveFailures };
  }
}

function factOf({ reason, consecutiveFailures }: Deactivation): DisabledFact {
  return { kind: "disabled", reason, consecutiveFailures };
}

/** A deleted webhook's deliveries end as cancelled, unless they were delivered. */
function conclusionOf(row: SettleRow, hasWebhook: boolean, now: number): Conclusion {
  const { fence, failures, status: lastStatus, code: lastCode } = row;
  const common = { fence, failures, lastStatus, lastCode };
  if (row.verdict === "delivered") return { ...common, status: delivered, finishedAt: now, due: null };
  if (!hasWebhook) return { ...common, status: cancelled, finishedAt: now, due: null };
  if (row.verdict === "retry") return { ...common, status: pending, finishedAt: null, due: row.retryAt };
  return { ...common, status: failed, finishedAt: now, due: null };
}
