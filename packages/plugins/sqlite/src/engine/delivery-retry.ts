import type { DeliveryId, OrganizationId, RetryResult } from "@hookwright/core";
import { isHandlerId } from "@hookwright/core/internal";
import { delivered, pending } from "./delivery-table.js";
import type { Tables } from "./tables.js";
import type { UnderWay } from "./under-way.js";
import type { WebhookStates } from "./webhook-states.js";

/** Makes single deliveries due again. */
export class DeliveryRetry {
  readonly #tables: Tables;
  readonly #webhooks: WebhookStates;
  readonly #underWay: UnderWay;

  constructor(tables: Tables, webhooks: WebhookStates, underWay: UnderWay) {
    this.#tables = tables;
    this.#webhooks = webhooks;
    this.#underWay = underWay;
  }

  retry(organization: OrganizationId, delivery: DeliveryId, now: number): RetryResult {
    const { deliveries, due: table } = this.#tables;
    const place = deliveries.find(organization, delivery);
    if (place === undefined) return "not_found";
    const [number, , , webhook, status, due, test] = place;
    if (test === 1) return "test";
    const state = this.#webhooks.live(webhook);
    if (state === undefined) return "webhook_deleted";
    if (isHandlerId(webhook) && status === delivered) return "already_handled";
    if (this.#underWay.isRunning(delivery)) return "queued";
    if (status === pending && due !== null) table.delete({ webhook, delivery, due });
    deliveries.requeue(number, now);
    this.#tables.blocks.wait(number);
    table.insert({ webhook, delivery, number, due: now }, state);
    this.#underWay.tellOnCommit(webhook);
    this.#underWay.onCommit(() => this.#underWay.lanes.rouse(webhook));
    return "queued";
  }
}
