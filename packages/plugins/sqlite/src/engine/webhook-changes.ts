import type { NewWebhook, OrganizationId, StoredSecret, Webhook, WebhookChange, WebhookId } from "@hookwright/core";
import { isWellAgain } from "@hookwright/core/internal";
import type { Cancellations } from "./cancellations.js";
import type { Rearrangements } from "./rearrangements.js";
import type { Tables } from "./tables.js";
import type { WebhookStates } from "./webhook-states.js";

/** What a change of a webhook makes of the deliveries that wait. */
export interface BacklogWork {
  readonly cancellations: Cancellations;
  readonly rearrangements: Rearrangements;
}

/** Creates, changes and deletes webhooks. */
export class WebhookChanges {
  readonly #tables: Tables;
  readonly #states: WebhookStates;
  readonly #work: BacklogWork;

  constructor(tables: Tables, states: WebhookStates, work: BacklogWork) {
    this.#tables = tables;
    this.#states = states;
    this.#work = work;
  }

  create(webhook: NewWebhook, now: number): Webhook {
    const created = this.#tables.webhooks.create(webhook, {
      now,
      version: this.#states.nextChange(webhook.organization),
    });
    this.#states.refresh(created.id);
    this.#states.welcome(created.id);
    return created;
  }

  update(before: Webhook, change: WebhookChange, now: number): Webhook {
    const version = this.#states.nextChange(before.organization);
    const after = this.#tables.webhooks.update(before, change, { now, version });
    this.#states.refresh(after.id);
    if (isWellAgain(before, after)) this.#states.renew(after.id);
    if (after.ordered !== before.ordered) this.#work.rearrangements.begin(after.id);
    return after;
  }

  setSecrets(before: Webhook, secrets: readonly StoredSecret[], now: number): Webhook {
    const version = this.#states.nextChange(before.organization);
    const after = this.#tables.webhooks.setSecrets(before, secrets, { now, version });
    this.#states.refresh(after.id);
    return after;
  }

  delete(organization: OrganizationId, id: WebhookId, now: number): boolean {
    if (this.#tables.webhooks.find(organization, id) === undefined) return false;
    this.#tables.webhooks.bury(id, { now, version: this.#states.nextChange(organization) });
    this.#tables.pauses.end(id);
    this.#states.refresh(id);
    this.#work.cancellations.begin(id, now);
    return true;
  }
}
