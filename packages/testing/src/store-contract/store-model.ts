import type { DeliveryId, DeliveryStatus, Lease, Settlement, TargetId, Webhook, WebhookId } from "@hookwright/core";

/** What the model knows of one webhook. */
export interface ModelWebhook {
  readonly id: WebhookId;
  readonly organization: Webhook["organization"];
  isActive: boolean;
  isDeleted: boolean;
  capacity: number;
  ordered: boolean;
  failures: number;
}

interface ModelDelivery {
  readonly id: DeliveryId;
  readonly webhook: ModelWebhook;
  status: DeliveryStatus;
  due: number;
  failures: number;
  /** The last lease that was given, as long as it was neither settled nor voided. */
  lease: Lease | undefined;
  highestFence: number;
  /** Nobody promised how it ends: its webhook was deleted and its lease had run out when it was settled. */
  endsAnyhow: boolean;
}

/**
 * A store as a person would think of it: a list of deliveries that is searched from end to end. Every answer of the real
 * store is told to it; an answer that breaks a promise throws.
 */
export class StoreModel {
  readonly webhooks: ModelWebhook[] = [];
  readonly #deliveries = new Map<DeliveryId, ModelDelivery>();
  /** Every lease that was given in this life of the store, the lost and the settled ones too. */
  leases: Lease[] = [];

  get deliveryIds(): readonly DeliveryId[] {
    return [...this.#deliveries.keys()];
  }

  organizationOf(id: DeliveryId): Webhook["organization"] {
    return this.#get(id).webhook.organization;
  }

  /** What a delivery's status should be; `undefined` where the promises leave it open. */
  statusOf(id: DeliveryId): DeliveryStatus | undefined {
    const { status, webhook, endsAnyhow } = this.#get(id);
    return endsAnyhow || (status === "pending" && webhook.isDeleted) ? undefined : status;
  }

  created(webhook: Webhook): void {
    const { id, organization, isActive, maxConcurrency, ordered } = webhook;
    this.webhooks.push({
      id,
      organization,
      isActive,
      isDeleted: false,
      capacity: maxConcurrency ?? 32,
      ordered,
      failures: 0,
    });
  }

  updated(webhook: ModelWebhook, after: Webhook): void {
    if (after.isActive && !webhook.isActive) webhook.failures = 0;
    webhook.isActive = after.isActive;
    webhook.capacity = after.maxConcurrency ?? 32;
    webhook.ordered = after.ordered;
    check(
      after.consecutiveFailures === webhook.failures,
      `webhook ${webhook.id} counts ${after.consecutiveFailures} failures, not ${webhook.failures}`,
    );
  }

  deleted(webhook: ModelWebhook, now: number): void {
    webhook.isDeleted = true;
    for (const delivery of this.#open(webhook)) if (!isRunning(delivery, now)) delivery.status = "cancelled";
  }

  appended(delivery: { readonly id: DeliveryId; readonly webhook: TargetId }, now: number): void {
    const webhook = this.#webhook(delivery.webhook);
    this.#deliveries.set(delivery.id, {
      id: delivery.id,
      webhook,
      status: "pending",
      due: now,
      failures: 0,
      lease: undefined,
      highestFence: 0,
      endsAnyhow: false,
    });
  }

  /** A lease was given, by a claim or at an append. */
  leased(lease: Lease, now: number): void {
    const delivery = this.#get(lease.id);
    const problem = this.#problemWithClaiming(delivery, now);
    check(problem === undefined, `${lease.id} was leased although ${problem}`);
    check(
      lease.attempt > delivery.highestFence,
      `${lease.id} was leased with fence ${lease.attempt} after ${delivery.highestFence}`,
    );
    check(
      lease.failures === delivery.failures,
      `${lease.id} was leased with ${lease.failures} failures, not ${delivery.failures}`,
    );
    check(lease.webhook === delivery.webhook.id, `${lease.id} was leased for webhook ${lease.webhook}`);
    delivery.lease = lease;
    delivery.highestFence = lease.attempt;
    this.leases.push(lease);
  }

  /** A claim gave fewer than it was asked for, and said when to come again. */
  claimedAllItCould(now: number): void {
    for (const delivery of this.#deliveries.values()) {
      const problem = this.#problemWithClaiming(delivery, now);
      check(problem !== undefined, `${delivery.id} could be claimed and was not`);
    }
  }

  /** A moment that was promised to be no later than the next that matters. */
  promisedNextDue(nextDue: number | undefined, now: number): void {
    const earliest = this.#earliestClaim(now);
    check(
      earliest === undefined || (nextDue !== undefined && nextDue <= earliest),
      `nextDue is ${nextDue}, later than ${earliest}`,
    );
  }

  settled(settlement: Settlement, counted: boolean, now: number): void {
    const delivery = this.#get(settlement.delivery);
    const { webhook, lease } = delivery;
    if (webhook.isDeleted && !isRunning(delivery, now)) return this.#settledTooLate(delivery, counted);
    const expected = lease?.attempt === settlement.fence;
    check(
      counted === expected,
      `a settle of ${delivery.id} with fence ${settlement.fence} ${counted ? "counted" : "did not count"}`,
    );
    if (!counted) return;
    delivery.lease = undefined;
    this.#applyEffect(webhook, settlement);
    applyVerdict(delivery, settlement);
  }

  retried(id: DeliveryId, result: string, now: number): void {
    const delivery = this.#get(id);
    const { webhook } = delivery;
    check(result === (webhook.isDeleted ? "webhook_deleted" : "queued"), `a retry of ${id} answered ${result}`);
    if (webhook.isDeleted || isRunning(delivery, now)) return;
    if (delivery.status !== "pending") delivery.failures = 0;
    delivery.status = "pending";
    delivery.due = now;
  }

  /** Every lease is void; what was under way to a deleted webhook has ended. */
  crashed(): void {
    this.leases = [];
    for (const delivery of this.#deliveries.values()) {
      delivery.lease = undefined;
      delivery.highestFence = 0;
      if (delivery.webhook.isDeleted && delivery.status === "pending") delivery.status = "cancelled";
    }
  }

  /** Why a delivery may not be claimed now; `undefined` when it may. */
  #problemWithClaiming(delivery: ModelDelivery, now: number): string | undefined {
    const { webhook } = delivery;
    if (webhook.isDeleted) return "its webhook is deleted";
    if (delivery.status !== "pending") return `it is ${delivery.status}`;
    if (isRunning(delivery, now)) return "it is under way";
    if (!webhook.isActive) return "its webhook is not active";
    if (delivery.due > now) return "it is not due";
    if (this.#running(webhook, now) >= capacityOf(webhook)) return "its webhook has no room";
    if (webhook.ordered && this.#open(webhook).some((other) => other.id < delivery.id))
      return "it waits behind another";
    return undefined;
  }

  #earliestClaim(now: number): number | undefined {
    const moments: number[] = [];
    for (const delivery of this.#deliveries.values()) {
      const { webhook, lease } = delivery;
      if (webhook.isDeleted || !webhook.isActive || delivery.status !== "pending") continue;
      if (lease !== undefined && isRunning(delivery, now)) moments.push(lease.leaseUntil);
      else if (this.#problemWithClaiming({ ...delivery, due: now }, now) === undefined)
        moments.push(Math.max(now, delivery.due));
    }
    return moments.length === 0 ? undefined : Math.min(...moments);
  }

  #settledTooLate(delivery: ModelDelivery, counted: boolean): void {
    if (!counted) return;
    check(delivery.lease !== undefined, `a settle of ${delivery.id} counted twice`);
    delivery.lease = undefined;
    delivery.endsAnyhow = true;
  }

  #applyEffect(webhook: ModelWebhook, { effect, attempt }: Settlement): void {
    if (webhook.isDeleted || attempt === null) return;
    if (effect.kind === "healthy") webhook.failures = 0;
    if (effect.kind === "failed" && effect.disableAfter > 0) {
      webhook.failures += 1;
      if (webhook.failures >= effect.disableAfter) webhook.isActive = false;
    }
    if (effect.kind === "gone") webhook.isActive = false;
  }

  #open(webhook: ModelWebhook): readonly ModelDelivery[] {
    return [...this.#deliveries.values()].filter(
      (delivery) => delivery.webhook === webhook && delivery.status === "pending",
    );
  }

  #running(webhook: ModelWebhook, now: number): number {
    return this.#open(webhook).filter((delivery) => isRunning(delivery, now)).length;
  }

  #get(id: DeliveryId): ModelDelivery {
    const delivery = this.#deliveries.get(id);
    if (delivery === undefined) throw new Error(`The store speaks of ${id}, which was never stored.`);
    return delivery;
  }

  #webhook(id: TargetId): ModelWebhook {
    const webhook = this.webhooks.find((candidate) => candidate.id === id);
    if (webhook === undefined) throw new Error(`The store speaks of webhook ${id}, which was never created.`);
    return webhook;
  }
}

function applyVerdict(delivery: ModelDelivery, { verdict }: Settlement): void {
  if (verdict.kind === "retry" || verdict.kind === "failed") delivery.failures = verdict.failures;
  if (verdict.kind === "retry") delivery.due = verdict.at;
  if (verdict.kind === "delivered") delivery.status = "delivered";
  else if (delivery.webhook.isDeleted) delivery.status = "cancelled";
  else if (verdict.kind === "failed") delivery.status = "failed";
}

function isRunning({ lease }: ModelDelivery, now: number): boolean {
  return lease !== undefined && now < lease.leaseUntil;
}

function capacityOf({ ordered, capacity }: ModelWebhook): number {
  return ordered ? 1 : capacity;
}

function check(holds: boolean, complaint: string): void {
  if (!holds) throw new Error(`Broken promise: ${complaint}.`);
}
