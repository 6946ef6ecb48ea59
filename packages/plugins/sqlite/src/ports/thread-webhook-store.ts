import type {
  NewWebhook,
  OrganizationId,
  Reseal,
  SealableWebhook,
  SecretsChange,
  StoredTarget,
  SubscriptionChanges,
  Webhook,
  WebhookChange,
  WebhookFilter,
  WebhookId,
  WebhookPage,
  WebhookStore,
} from "@hookwright/core";
import type { CallThread } from "../thread/store-thread.js";

/** Webhooks, in the database thread. */
export class ThreadWebhookStore implements WebhookStore {
  readonly #call: CallThread;

  constructor(call: CallThread) {
    this.#call = call;
  }

  async create(webhook: NewWebhook, now: number): Promise<Webhook> {
    return this.#call("createWebhook", { webhook, now });
  }

  async get(organization: OrganizationId, id: WebhookId): Promise<Webhook | undefined> {
    return this.#call("getWebhook", { organization, id });
  }

  async list(organization: OrganizationId, filter: WebhookFilter, page: WebhookPage): Promise<readonly Webhook[]> {
    return this.#call("listWebhooks", { organization, filter, page });
  }

  async update(
    organization: OrganizationId,
    id: WebhookId,
    change: WebhookChange,
    now: number,
  ): Promise<Webhook | undefined> {
    return this.#call("updateWebhook", { organization, id, change, now });
  }

  async delete(organization: OrganizationId, id: WebhookId, now: number): Promise<boolean> {
    return this.#call("deleteWebhook", { organization, id, now });
  }

  async changes(organization: OrganizationId, since: number, limit: number): Promise<SubscriptionChanges> {
    return this.#call("webhookChanges", { organization, since, limit });
  }

  async targets(ids: readonly WebhookId[]): Promise<readonly StoredTarget[]> {
    return this.#call("webhookTargets", ids);
  }

  async setSecrets(
    organization: OrganizationId,
    id: WebhookId,
    change: SecretsChange,
    now: number,
  ): Promise<Webhook | "stale" | undefined> {
    return this.#call("setSecrets", { organization, id, change, now });
  }

  async sealable(after: WebhookId | 0, limit: number): Promise<readonly SealableWebhook[]> {
    return this.#call("sealableWebhooks", { after, limit });
  }

  async reseal(values: readonly Reseal[]): Promise<readonly boolean[]> {
    return this.#call("resealWebhooks", values);
  }
}
