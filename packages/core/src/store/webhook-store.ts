import type { OrganizationId, ProjectId, WebhookId } from "../foundation/ids.js";
import type { Webhook, WebhookSettings, WebhookSubscription, WebhookTarget } from "../webhook/webhook.js";

export interface NewWebhook extends WebhookSettings {
  readonly organization: OrganizationId;
  readonly project: ProjectId | null;
}

/** What can change; an absent field stays as it is. */
export type WebhookChange = Partial<WebhookSettings>;

/** One step of catching up. */
export interface SubscriptionChanges {
  /** Changed or new subscriptions. */
  readonly changed: readonly WebhookSubscription[];
  readonly deleted: readonly WebhookId[];
  /** The change number that these bring the reader to. */
  readonly upTo: number;
  /** Whether a further call has more. */
  readonly more: boolean;
}

/** Which webhooks. */
export interface WebhookFilter {
  /** A project's webhooks; `null`: the organization webhooks; absent: all. */
  readonly project?: ProjectId | null;
}

/** Which part of a list. */
export interface WebhookPage {
  readonly limit?: number;
  /** Only ids greater than this. */
  readonly after?: WebhookId;
}

/**
 * Webhooks. Each create, update and delete raises its organization's change number by one in the same transaction and
 * gives the new number to the webhook as its `version`; so does a settle that deactivates one. What was answered survives a crash.
 */
export interface WebhookStore {
  /** `disabledReason` is `user` and `disabledAt` is `now` when it is created inactive. Ids rise and are never used again. */
  create(webhook: NewWebhook, now: number): Promise<Webhook>;

  /** `undefined` when the organization has no such webhook. */
  get(organization: OrganizationId, id: WebhookId): Promise<Webhook | undefined>;

  /** By rising id. */
  list(organization: OrganizationId, filter: WebhookFilter, page: WebhookPage): Promise<readonly Webhook[]>;

  /**
   * Changes what is given; `undefined` when there is no such webhook. Sets `updatedAt`. Sets `consecutiveFailures` to 0 when the webhook is reactivated, or its
   * URL or headers are given other values. Deactivating sets `disabledAt` and `disabledReason: "user"` and holds what waits;
   * reactivating clears both and lets it go on. Waiting deliveries keep the form and the action they were matched with.
   */
  update(organization: OrganizationId, id: WebhookId, change: WebhookChange, now: number): Promise<Webhook | undefined>;

  /**
   * Deletes the webhook and cancels its waiting deliveries (`finishedAt` = `now`); those under way end as `cancelled` unless
   * they are delivered, also when their lease runs out or the process dies. `false` when there is none.
   */
  delete(organization: OrganizationId, id: WebhookId, now: number): Promise<boolean>;

  /** What changed after change number `since` (0: everything), at most `limit` webhooks, each once, in order of its last change. */
  changes(organization: OrganizationId, since: number, limit: number): Promise<SubscriptionChanges>;

  /** The targets of these webhooks as they are now; deleted ones are absent. */
  targets(ids: readonly WebhookId[]): Promise<readonly WebhookTarget[]>;
}
