import type { ReceiverEffect } from "../delivery/attempt.js";
import type { OrganizationId, WebhookId } from "../foundation/ids.js";
import type { DisabledReason, Webhook } from "../webhook/webhook.js";
import type { Deactivation } from "./delivery-queue.js";
import type {
  NewWebhook,
  Reseal,
  SealableValues,
  SealableWebhook,
  StoredSecret,
  WebhookChange,
} from "./webhook-store.js";

/** One organization's webhooks. */
class OrganizationWebhooks {
  changeNumber = 0;
  /** By rising id, since ids rise. */
  readonly webhooks = new Map<WebhookId, Webhook>();
  /** The version of each, rising: a changed webhook moves to the end. Deleted ones stay, so that every reader hears of it. */
  readonly versions = new Map<WebhookId, number>();

  /** Counts one more change, that of this webhook. */
  change(id: WebhookId): number {
    this.changeNumber += 1;
    this.versions.delete(id);
    this.versions.set(id, this.changeNumber);
    return this.changeNumber;
  }
}

const noSecrets: readonly StoredSecret[] = [];

/** Owns the webhook records of the memory store, their secrets, their change numbers and their failure counters. */
export class MemoryWebhooks {
  /** By rising id, since ids rise. */
  readonly #all = new Map<WebhookId, Webhook>();
  /** Of those that have some. */
  readonly #secrets = new Map<WebhookId, readonly StoredSecret[]>();
  readonly #organizations = new Map<OrganizationId, OrganizationWebhooks>();
  #lastId = 0;

  find(id: WebhookId): Webhook | undefined {
    return this.#all.get(id);
  }

  of(organization: OrganizationId): Iterable<Webhook> {
    return this.#organizations.get(organization)?.webhooks.values() ?? [];
  }

  changeNumber(organization: OrganizationId): number {
    return this.#organizations.get(organization)?.changeNumber ?? 0;
  }

  /** Every webhook that the organization ever had, with the number of its last change, rising. */
  versionsOf(organization: OrganizationId): Iterable<readonly [WebhookId, number]> {
    return this.#organizations.get(organization)?.versions ?? [];
  }

  add(webhook: NewWebhook, now: number): Webhook {
    this.#lastId += 1;
    return this.#change({
      ...webhook,
      // The counter is the one maker of webhook ids here.
      id: this.#lastId as WebhookId,
      consecutiveFailures: 0,
      disabledAt: webhook.isActive ? null : now,
      disabledReason: webhook.isActive ? null : "user",
      secretSet: false,
      createdAt: now,
      updatedAt: now,
    });
  }

  edit(before: Webhook, change: WebhookChange, now: number): Webhook {
    const after = { ...before, ...change, updatedAt: now };
    const reactivated = after.isActive && !before.isActive;
    const deactivated = before.isActive && !after.isActive;
    const moved = after.url !== before.url || !equalHeaders(after.headers, before.headers);
    return this.#change({
      ...after,
      consecutiveFailures: reactivated || moved ? 0 : before.consecutiveFailures,
      ...(reactivated ? { disabledAt: null, disabledReason: null } : {}),
      ...(deactivated ? { disabledAt: now, disabledReason: "user" as const } : {}),
    });
  }

  secretsOf(id: WebhookId): readonly StoredSecret[] {
    return this.#secrets.get(id) ?? noSecrets;
  }

  setSecrets(before: Webhook, secrets: readonly StoredSecret[], now: number): Webhook {
    this.#keepSecrets(before.id, secrets);
    return this.#change({ ...before, secretSet: secrets.length > 0, updatedAt: now });
  }

  sealable(after: number, limit: number): readonly SealableWebhook[] {
    const found: SealableWebhook[] = [];
    for (const { id, organization, headers } of this.#all.values()) {
      if (found.length >= limit) break;
      const secrets = this.secretsOf(id);
      const isEmpty = secrets.length === 0 && Object.keys(headers).length === 0;
      if (id > after && !isEmpty) found.push({ id, organization, headers, secrets });
    }
    return found;
  }

  reseal({ id, from, to }: Reseal): boolean {
    const webhook = this.#all.get(id);
    if (webhook === undefined || !isEqual({ headers: webhook.headers, secrets: this.secretsOf(id) }, from))
      return false;
    this.#keepSecrets(id, to.secrets);
    this.#put({ ...webhook, headers: to.headers });
    return true;
  }

  remove(webhook: Webhook): void {
    const organization = this.#organizationOf(webhook.organization);
    organization.change(webhook.id);
    organization.webhooks.delete(webhook.id);
    this.#all.delete(webhook.id);
    this.#secrets.delete(webhook.id);
  }

  /** Applies what an attempt means for its webhook. Only a deactivation is a change that readers hear of. */
  apply(effect: ReceiverEffect, id: WebhookId, now: number): Deactivation | undefined {
    const webhook = this.#all.get(id);
    if (webhook === undefined) return undefined;
    switch (effect.kind) {
      case "none":
        return undefined;
      case "healthy":
        this.#count(webhook, 0);
        return undefined;
      case "failed": {
        if (effect.disableAfter === 0) return undefined;
        const counted = this.#count(webhook, webhook.consecutiveFailures + 1);
        return counted.consecutiveFailures >= effect.disableAfter
          ? this.#deactivate(counted, "failures", now)
          : undefined;
      }
      case "gone":
        return this.#deactivate(webhook, "gone", now);
      default:
        return effect satisfies never;
    }
  }

  #keepSecrets(id: WebhookId, secrets: readonly StoredSecret[]): void {
    if (secrets.length > 0) this.#secrets.set(id, secrets);
    else this.#secrets.delete(id);
  }

  #count(webhook: Webhook, consecutiveFailures: number): Webhook {
    return this.#put({ ...webhook, consecutiveFailures });
  }

  #deactivate(webhook: Webhook, reason: DisabledReason, now: number): Deactivation | undefined {
    if (!webhook.isActive) return undefined;
    const { organization, id, consecutiveFailures } = webhook;
    this.#change({ ...webhook, isActive: false, disabledAt: now, disabledReason: reason });
    return { organization, webhook: id, reason, consecutiveFailures };
  }

  /** Stores a webhook as the organization's next change. */
  #change(webhook: Omit<Webhook, "version">): Webhook {
    return this.#put({ ...webhook, version: this.#organizationOf(webhook.organization).change(webhook.id) });
  }

  #put(webhook: Webhook): Webhook {
    this.#all.set(webhook.id, webhook);
    this.#organizationOf(webhook.organization).webhooks.set(webhook.id, webhook);
    return webhook;
  }

  #organizationOf(id: OrganizationId): OrganizationWebhooks {
    const known = this.#organizations.get(id);
    if (known !== undefined) return known;
    const made = new OrganizationWebhooks();
    this.#organizations.set(id, made);
    return made;
  }
}

function equalHeaders(left: Readonly<Record<string, string>>, right: Readonly<Record<string, string>>): boolean {
  const names = Object.keys(left);
  return names.length === Object.keys(right).length && names.every((name) => left[name] === right[name]);
}

/** Both are made by code, never by hand: equal values have their keys in the same order. */
function isEqual(left: SealableValues, right: SealableValues): boolean {
  return JSON.stringify([left.headers, left.secrets]) === JSON.stringify([right.headers, right.secrets]);
}
