import { isHandlerId } from "@hookwright/core/internal";
import type { DeliveryPlace } from "./delivery-table.js";
import type { OldRows } from "./old-rows.js";
import type { Tables } from "./tables.js";
import type { UnderWay } from "./under-way.js";
import type { WebhookStates } from "./webhook-states.js";

/** Rows looked at in one step: what comes meanwhile waits for all of it, and a delivery must not feel that. */
const stepSize = 100;

/** Where a pass over the history stands: first all deliveries, then all messages. It goes on while `before` moves with time. */
interface Pass {
  readonly table: "deliveries" | "messages";
  /** The last number that was looked at. */
  readonly at: number;
}

/**
 * Removes what is old, a step at a time, from the beginning of the history on. Rows stand in the order in which they came,
 * so a step that finds only young ones ends a pass; an old one that stands behind so many young ones, because a clock was
 * set back, goes when these do.
 */
export class Purge {
  readonly #tables: Tables;
  readonly #webhooks: WebhookStates;
  readonly #underWay: UnderWay;
  #pass: Pass | undefined;

  constructor(tables: Tables, webhooks: WebhookStates, underWay: UnderWay) {
    this.#tables = tables;
    this.#webhooks = webhooks;
    this.#underWay = underWay;
  }

  /** Whether more may be left. */
  step(before: number, now: number): boolean {
    const { keys, jobs, notes } = this.#tables;
    const forgotten = Math.max(
      keys.forgetExpired(now, stepSize),
      jobs.forgetEnded(before, stepSize),
      notes.forget(before, stepSize),
    );
    const next = this.#advance(this.#pass ?? { table: "deliveries", at: 0 }, before);
    this.#underWay.onCommit(() => {
      this.#pass = next;
    });
    return next !== undefined || forgotten === stepSize;
  }

  /** `undefined` at the end of the pass. */
  #advance({ table, at }: Pass, before: number): Pass | undefined {
    const [last, old] = this.#tables[table].window(before, at, stepSize);
    if (last === null || old === 0) {
      return table === "deliveries" ? this.#advance({ table: "messages", at: 0 }, before) : undefined;
    }
    const rows: OldRows = { after: at, upTo: last, before };
    if (table === "messages") this.#removeMessages(rows);
    else this.#removeDeliveries(rows);
    return { table, at: last };
  }

  #removeMessages(rows: OldRows): void {
    const { messages, messageBlocks, added } = this.#tables;
    messages.remove(rows);
    messageBlocks.remove(rows);
    added.forget(rows);
  }

  /** What is held is cancelled, as if it had been long ago, and goes with the rest that is finished. */
  #removeDeliveries(rows: OldRows): void {
    const { deliveries, lists, added, blocks } = this.#tables;
    for (const place of deliveries.pendingAmong(rows)) if (this.#isHeld(place)) this.#cancel(place, rows.before - 1);
    lists.remove(rows);
    added.remove(rows);
    deliveries.remove(rows);
    blocks.remove(rows);
  }

  #isHeld([, id, , webhook]: DeliveryPlace): boolean {
    if (this.#underWay.isRunning(id)) return false;
    return isHandlerId(webhook) ? this.#webhooks.isAbsent(webhook) : this.#webhooks.live(webhook)?.isActive !== true;
  }

  #cancel([number, delivery, , webhook, , due]: DeliveryPlace, now: number): void {
    if (due !== null) this.#tables.due.delete({ webhook, delivery, due });
    this.#tables.deliveries.cancel(number, now);
    this.#underWay.forget(delivery);
    this.#underWay.tellOnCommit(webhook);
  }
}
