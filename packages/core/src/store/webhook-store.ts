import type { OrganizationId, ProjectId, WebhookId } from "../foundation/ids.js";
import type { Webhook, WebhookSettings, WebhookSubscription, WebhookTarget } from "../webhook/webhook.js";

export interface NewWebhook extends WebhookSettings {
  readonly organization: OrganizationId;
  readonly project: ProjectId | null;
  readonly allowedRate: number | null;
}

/** What can change; an absent field stays as it is. */
export type WebhookChange = Partial<WebhookSettings & Pick<Webhook, "allowedRate">>;

/** A signing secret as it is stored. Times are milliseconds since the Unix epoch. */
export interface StoredSecret {
  /** Sealed, where there are keys. */
  readonly secret: string;
  readonly createdAt: number;
  /** `null`: until it is removed. */
  readonly expiresAt: number | null;
}

/** A target as it is stored: header values and secrets may be sealed. */
export interface StoredTarget extends Omit<WebhookTarget, "signingSecrets"> {
  /** Newest first, run out ones included. */
  readonly secrets: readonly StoredSecret[];
}

/** The signing secrets that a webhook is to have from now on. */
export interface SecretsChange {
  /** The version of the webhook that the change was made from. */
  readonly version: number;
  /** Newest first; none: what it gets is no longer signed. */
  readonly secrets: readonly StoredSecret[];
}

/** Everything of one webhook that may be sealed, as it is stored. */
export interface SealableValues {
  readonly headers: Readonly<Record<string, string>>;
  readonly secrets: readonly StoredSecret[];
}

/** {@link SealableValues} and whose they are. */
export interface SealableWebhook extends SealableValues {
  readonly id: WebhookId;
  readonly organization: OrganizationId;
}

/** One webhook's values in another form. */
export interface Reseal {
  readonly id: WebhookId;
  /** What must stand there, to the letter. */
  readonly from: SealableValues;
  readonly to: SealableValues;
}

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
 * gives the new number to the webhook as its `version`; so does a change of its secrets and a settle that deactivates one. What was answered survives a crash.
 *
 * Header values and secrets are texts that a store keeps to the letter and reads nothing into: they come sealed, where there are keys.
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
  targets(ids: readonly WebhookId[]): Promise<readonly StoredTarget[]>;

  /**
   * Replaces the webhook's signing secrets, sets `secretSet` and `updatedAt`. `"stale"`, and nothing changed, when the webhook's version
   * is another one meanwhile; `undefined` when there is no such webhook. A deleted webhook keeps no secret.
   */
  setSecrets(
    organization: OrganizationId,
    id: WebhookId,
    change: SecretsChange,
    now: number,
  ): Promise<Webhook | "stale" | undefined>;

  /** Every organization's webhooks that have headers or secrets, by rising id, at most `limit` of those after `after`. */
  sealable(after: WebhookId | 0, limit: number): Promise<readonly SealableWebhook[]>;

  /**
   * Puts the values in their other form, each webhook's where exactly `from` stands there still, all in one transaction. Raises no
   * version and leaves `updatedAt` and `consecutiveFailures` as they are: nobody above sees a change. What stood there before is
   * overwritten on the disk too, as far as the database can. Tells for each whether it was replaced.
   */
  reseal(values: readonly Reseal[]): Promise<readonly boolean[]>;
}
