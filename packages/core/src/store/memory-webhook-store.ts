import type { OrganizationId, WebhookId } from "../foundation/ids.js";
import type { Webhook, WebhookSubscription } from "../webhook/webhook.js";
import { isWellAgain } from "./lanes.js";
import type { MemoryDeliveries } from "./memory-deliveries.js";
import type { MemoryWebhooks } from "./memory-webhooks.js";
import type {
  NewWebhook,
  Reseal,
  SealableWebhook,
  SecretsChange,
  StoredTarget,
  SubscriptionChanges,
  WebhookChange,
  WebhookFilter,
  WebhookPage,
  WebhookStore,
} from "./webhook-store.js";

/** Webhooks, in memory. */
export class MemoryWebhookStore implements WebhookStore {
  readonly #webhooks: MemoryWebhooks;
  readonly #deliveries: MemoryDeliveries;

  constructor(webhooks: MemoryWebhooks, deliveries: MemoryDeliveries) {
    this.#webhooks = webhooks;
    this.#deliveries = deliveries;
  }

  async create(webhook: NewWebhook, now: number): Promise<Webhook> {
    const created = this.#webhooks.add(webhook, now);
    this.#deliveries.configure(created);
    return created;
  }

  async get(organization: OrganizationId, id: WebhookId): Promise<Webhook | undefined> {
    return this.#find(organization, id);
  }

  async list(organization: OrganizationId, filter: WebhookFilter, page: WebhookPage): Promise<readonly Webhook[]> {
    const { limit = Number.POSITIVE_INFINITY, after = 0 } = page;
    const found: Webhook[] = [];
    for (const webhook of this.#webhooks.of(organization)) {
      if (found.length >= limit) break;
      const wanted = filter.project === undefined || filter.project === webhook.project;
      if (wanted && webhook.id > after) found.push(webhook);
    }
    return found;
  }

  async update(
    organization: OrganizationId,
    id: WebhookId,
    change: WebhookChange,
    now: number,
  ): Promise<Webhook | undefined> {
    const before = this.#find(organization, id);
    if (before === undefined) return undefined;
    const after = this.#webhooks.edit(before, change, now);
    this.#deliveries.configure(after);
    if (isWellAgain(before, after)) this.#deliveries.renew(id);
    return after;
  }

  async delete(organization: OrganizationId, id: WebhookId, now: number): Promise<boolean> {
    const webhook = this.#find(organization, id);
    if (webhook === undefined) return false;
    this.#webhooks.remove(webhook);
    this.#deliveries.cancelWaiting(id, now);
    return true;
  }

  async changes(organization: OrganizationId, since: number, limit: number): Promise<SubscriptionChanges> {
    const changed: WebhookSubscription[] = [];
    const deleted: WebhookId[] = [];
    let upTo = since;
    for (const [id, version] of this.#webhooks.versionsOf(organization)) {
      if (version <= since) continue;
      if (changed.length + deleted.length === limit) return { changed, deleted, upTo, more: true };
      const webhook = this.#webhooks.find(id);
      if (webhook === undefined) deleted.push(id);
      else changed.push(toSubscription(webhook));
      upTo = version;
    }
    return { changed, deleted, upTo: this.#webhooks.changeNumber(organization), more: false };
  }

  async targets(ids: readonly WebhookId[]): Promise<readonly StoredTarget[]> {
    return ids.flatMap((id) => {
      const webhook = this.#webhooks.find(id);
      return webhook === undefined ? [] : [this.#toTarget(webhook)];
    });
  }

  async setSecrets(
    organization: OrganizationId,
    id: WebhookId,
    { version, secrets }: SecretsChange,
    now: number,
  ): Promise<Webhook | "stale" | undefined> {
    const before = this.#find(organization, id);
    if (before === undefined) return undefined;
    return before.version === version ? this.#webhooks.setSecrets(before, secrets, now) : "stale";
  }

  async sealable(after: WebhookId | 0, limit: number): Promise<readonly SealableWebhook[]> {
    return this.#webhooks.sealable(after, limit);
  }

  async reseal(values: readonly Reseal[]): Promise<readonly boolean[]> {
    return values.map((value) => this.#webhooks.reseal(value));
  }

  #toTarget(webhook: Webhook): StoredTarget {
    const { id, organization, project, url, headers, retrySchedule, ordered, handshake, version } = webhook;
    const secrets = this.#webhooks.secretsOf(id);
    return { id, organization, project, url, headers, retrySchedule, ordered, handshake, version, secrets };
  }

  #find(organization: OrganizationId, id: WebhookId): Webhook | undefined {
    const webhook = this.#webhooks.find(id);
    return webhook?.organization === organization ? webhook : undefined;
  }
}

function toSubscription({
  id,
  organization,
  project,
  sendPayload,
  sendForAllActions,
  actions,
  isActive,
}: Webhook): WebhookSubscription {
  return { id, organization, project, sendPayload, sendForAllActions, actions, isActive };
}
