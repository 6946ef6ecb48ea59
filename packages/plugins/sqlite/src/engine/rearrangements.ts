import type { TargetId } from "@hookwright/core";
import type { Tables } from "./tables.js";
import type { UnderWay } from "./under-way.js";
import type { WebhookStates } from "./webhook-states.js";

/** So many at a time: a step takes some milliseconds. */
const stepSize = 250;

/**
 * Owns the work that a change of `ordered` makes: the webhook's waiting deliveries get the rank that the new order asks
 * for, in small steps. Until it is done, nothing of the webhook leaves.
 */
export class Rearrangements {
  readonly #tables: Tables;
  readonly #webhooks: WebhookStates;
  readonly #underWay: UnderWay;
  readonly #left = new Set<TargetId>();

  constructor(tables: Tables, webhooks: WebhookStates, underWay: UnderWay) {
    this.#tables = tables;
    this.#webhooks = webhooks;
    this.#underWay = underWay;
  }

  get isEmpty(): boolean {
    return this.#left.size === 0;
  }

  /** The first step, in the transaction that changes the order, or at the open of a database that was left on the way. */
  begin(webhook: TargetId): void {
    const isDone = this.#rearrangeSome(webhook);
    if (!isDone) this.#left.add(webhook);
    this.#webhooks.setResting(webhook, !isDone);
    this.#underWay.tellOnCommit(webhook);
  }

  /** One more step, in a transaction of its own. */
  step(): void {
    const [webhook] = this.#left;
    if (webhook === undefined || !this.#rearrangeSome(webhook)) return;
    this.#underWay.onCommit(() => {
      this.#left.delete(webhook);
      this.#webhooks.setResting(webhook, false);
    });
    this.#underWay.tellOnCommit(webhook);
  }

  /** Whether all stand where they belong. A deleted webhook's need no order. */
  #rearrangeSome(id: TargetId): boolean {
    const webhook = this.#webhooks.live(id);
    return webhook === undefined || this.#tables.due.rearrange(id, webhook.ordered, stepSize) < stepSize;
  }
}
