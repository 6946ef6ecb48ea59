import type {
  Attempt,
  ClaimedBatch,
  DeliveryDetail,
  DeliveryId,
  DeliveryStatus,
  EmitEntry,
  EmitResult,
  HandlerId,
  HandlerSettings,
  Lease,
  NewWebhook,
  OrganizationId,
  ReceiverEffect,
  Settlement,
  Store,
  TargetId,
  Verdict,
  Webhook,
  WebhookChange,
} from "@hookwright/core";
import { organizationId } from "../builders/ids.js";
import { MessageBuilder } from "../builders/message-builder.js";
import { attempt, settlement } from "../builders/settlement-builder.js";
import { newWebhook } from "../builders/webhook-builder.js";
import { ManualClock } from "../manual-clock.js";
import type { OpenedStore } from "./opened-store.js";

/** How long a lease of {@link StoreScene.claim} lasts. */
export const leaseDuration = 30_000;

/** Receivers that fail for ever in a row do not deactivate anything by this effect. */
const countedFailure: ReceiverEffect = { kind: "failed", disableAfter: 1_000 };

/** A store with a clock and short verbs, so that a law reads as the story that it tells. */
export class StoreScene {
  readonly clock = new ManualClock();
  readonly messages = new MessageBuilder(this.clock);
  readonly organization: OrganizationId = organizationId(1);
  readonly #opened: OpenedStore;
  #store: Store;
  #handlers: readonly HandlerId[] = [];

  constructor(opened: OpenedStore) {
    this.#opened = opened;
    this.#store = opened.store;
  }

  get store(): Store {
    return this.#store;
  }

  get now(): number {
    return this.clock.now();
  }

  get canReopen(): boolean {
    return this.#opened.reopen !== undefined;
  }

  /** Crash and start again on the same data. */
  async crash(): Promise<void> {
    if (this.#opened.reopen === undefined)
      throw new Error("This store cannot be reopened: give reopen() to storeContract, or exempt the law.");
    this.#store = await this.#opened.reopen();
  }

  async webhook(changes: Partial<NewWebhook> = {}): Promise<Webhook> {
    return this.store.webhooks.create(newWebhook(changes), this.now);
  }

  async webhooks(count: number, changes: Partial<NewWebhook> = {}): Promise<readonly Webhook[]> {
    const created: Webhook[] = [];
    for (let number = 0; number < count; number += 1) created.push(await this.webhook(changes));
    return created;
  }

  async update(webhook: Webhook, change: WebhookChange): Promise<Webhook> {
    const updated = await this.store.webhooks.update(webhook.organization, webhook.id, change, this.now);
    if (updated === undefined) throw new Error(`Webhook ${webhook.id} is gone.`);
    return updated;
  }

  /** The webhook as it is now. */
  async read(webhook: Webhook): Promise<Webhook> {
    const found = await this.store.webhooks.get(webhook.organization, webhook.id);
    if (found === undefined) throw new Error(`Webhook ${webhook.id} is gone.`);
    return found;
  }

  /** The organization's change number. */
  async changeNumber(organization: OrganizationId = this.organization): Promise<number> {
    let since = 0;
    for (;;) {
      const changes = await this.store.webhooks.changes(organization, since, 1_000);
      since = changes.upTo;
      if (!changes.more) return since;
    }
  }

  /** Appends entries as they are, with up to `limit` leases for the caller. */
  async append(entries: readonly EmitEntry[], limit = 0): Promise<readonly EmitResult[]> {
    return this.store.messages.append(entries, { now: this.now, leaseUntil: this.now + leaseDuration, limit });
  }

  /** Stores `count` messages for one webhook, all waiting; the deliveries' ids in order. */
  async waiting(
    webhook: Pick<Webhook, "organization"> & { readonly id: TargetId },
    count = 1,
  ): Promise<readonly DeliveryId[]> {
    const { id, organization } = webhook;
    const basedOn = await this.changeNumber(organization);
    const entries = Array.from({ length: count }, () => this.messages.entry([id], { organization, basedOn }));
    const results = await this.append(entries);
    const refused = results.find((result) => result.kind !== "stored");
    if (refused !== undefined) throw new Error(`The store answered ${refused.kind} where "stored" was expected.`);
    return entries.flatMap((entry) => entry.drafts.flatMap((draft) => draft.deliveries.map((delivery) => delivery.id)));
  }

  async claim(limit = 100): Promise<ClaimedBatch> {
    const handlers = this.#handlers;
    return this.store.queue.claim({ now: this.now, leaseUntil: this.now + leaseDuration, limit, handlers });
  }

  /** Registers a handler, and names it in every claim from now on. */
  async handler(changes: Partial<HandlerSettings> = {}): Promise<HandlerId> {
    const settings = { plugin: "billing", handler: "ANNOTATION_CREATED", concurrency: 8, ordered: false, ...changes };
    const [id] = await this.store.state.register([settings]);
    if (id === undefined) throw new Error("A handler was registered without a number.");
    this.#handlers = [...this.#handlers.filter((known) => known !== id), id];
    return id;
  }

  /** Names a handler no more, as a process does that has unloaded its plugin. */
  unload(handler: HandlerId): void {
    this.#handlers = this.#handlers.filter((known) => known !== handler);
  }

  async leases(limit = 100): Promise<readonly Lease[]> {
    return (await this.claim(limit)).leases;
  }

  /** Claims and expects exactly one lease. */
  async lease(): Promise<Lease> {
    const leases = await this.leases();
    const only = leases[0];
    if (only === undefined || leases.length > 1) throw new Error(`Expected one lease, found ${leases.length}.`);
    return only;
  }

  /** Settles one lease; whether it counted. */
  async settle(lease: Lease, changes: Partial<Settlement> = {}): Promise<boolean> {
    const { settled } = await this.store.queue.settle([settlement(lease, changes)], this.now);
    return settled[0] === true;
  }

  async deliver(lease: Lease): Promise<boolean> {
    return this.settle(lease);
  }

  /** The attempt failed at the receiver and goes again after `wait`. */
  async retryAfter(lease: Lease, wait: number, effect: ReceiverEffect = countedFailure): Promise<boolean> {
    const verdict: Verdict = { kind: "retry", at: this.now + wait, failures: lease.failures + 1 };
    return this.settle(lease, { verdict, attempt: failedAttempt(lease), effect });
  }

  /** The attempt failed at the receiver and there is no further one. */
  async fail(lease: Lease, effect: ReceiverEffect = countedFailure): Promise<boolean> {
    return this.settle(lease, {
      verdict: { kind: "failed", failures: lease.failures + 1 },
      attempt: failedAttempt(lease),
      effect,
    });
  }

  async release(lease: Lease): Promise<boolean> {
    return this.settle(lease, { verdict: { kind: "release" }, effect: { kind: "none" } });
  }

  async detail(delivery: DeliveryId, organization: OrganizationId = this.organization): Promise<DeliveryDetail> {
    const found = await this.store.attempts.get(organization, delivery);
    if (found === undefined) throw new Error(`Delivery ${delivery} is gone.`);
    return found;
  }

  async status(delivery: DeliveryId, organization: OrganizationId = this.organization): Promise<DeliveryStatus> {
    return (await this.detail(delivery, organization)).delivery.status;
  }
}

/** What is recorded when the receiver answered 500. */
export function failedAttempt(lease: Lease): Attempt {
  return attempt({
    number: lease.attempt,
    status: 500,
    code: "http_status",
    error: "The receiver answered 500.",
    excerpt: "broken",
  });
}

/** The ids of deliveries, in order. */
export function idsOf(deliveries: readonly { readonly id: DeliveryId }[]): readonly DeliveryId[] {
  return deliveries.map((delivery) => delivery.id);
}

/** How many of these go to each webhook and each handler. */
export function countByWebhook(leases: readonly { readonly webhook: TargetId }[]): ReadonlyMap<TargetId, number> {
  const counts = new Map<TargetId, number>();
  for (const { webhook } of leases) counts.set(webhook, (counts.get(webhook) ?? 0) + 1);
  return counts;
}
