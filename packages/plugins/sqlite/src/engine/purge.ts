import { isHandlerId } from "@hookwright/core/internal";
import type { DeliveryPlace } from "./delivery-table.js";
import type { OldRows } from "./old-rows.js";
import type { Tables } from "./tables.js";
import type { UnderWay } from "./under-way.js";
import type { WebhookStates } from "./webhook-states.js";

/** Rows looked at in one step: few enough for some milliseconds, enough that those of one webhook share pages. */
const stepSize = 500;

/** Where a pass over the history stands: first all deliveries, then all messages. It goes on while `before` moves with time. */
interface Pass {
  readonly table: "deliveries" | "messages";
  /** The last number that was looked at. */
  readonly at: number;
}

interface Times {
  readonly before: number;
  readonly now: number;
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
    const forgotten = this.#tables.keys.forgetExpired(now, stepSize);
    const next = this.#advance(this.#pass ?? { table: "deliveries", at: 0 }, { before, now });
    this.#underWay.onCommit(() => {
      this.#pass = next;
    });
    return next !== undefined || forgotten === stepSize;
  }

  /** `undefined` at the end of the pass. */
  #advance({ table, at }: Pass, times: Times): Pass | undefined {
    const { before, now } = times;
    const [last, old] = this.#tables[table].window(before, at, stepSize);
    if (last === null || old === 0) {
      return table === "deliveries" ? this.#advance({ table: "messages", at: 0 }, times) : undefined;
    }
    const rows: OldRows = { after: at, upTo: last, before };
    if (table === "messages") this.#tables.messages.remove(rows);
    else this.#removeDeliveries(rows, now);
    return { table, at: last };
  }

  /** What is held is cancelled, and goes with the rest that is finished. */
  #removeDeliveries(rows: OldRows, now: number): void {
    for (const place of this.#tables.deliveries.pendingAmong(rows)) if (this.#isHeld(place)) this.#cancel(place, now);
    this.#tables.lists.remove(rows);
    this.#tables.deliveries.remove(rows);
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
