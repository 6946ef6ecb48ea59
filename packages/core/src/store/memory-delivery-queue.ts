import type { Settlement } from "../delivery/attempt.js";
import type { Message } from "../delivery/delivery.js";
import type { DisabledFact } from "../delivery/note.js";
import type { Verdict } from "../delivery/verdict.js";
import { type DeliveryId, isHandlerId, type MessageId, type OrganizationId } from "../foundation/ids.js";
import type {
  ClaimedBatch,
  ClaimOptions,
  Deactivation,
  DeliveryQueue,
  RetryResult,
  SettledBatch,
} from "./delivery-queue.js";
import type { MemoryDeliveries } from "./memory-deliveries.js";
import type { DeliveryRow } from "./memory-delivery-row.js";
import type { MemoryHandlers } from "./memory-handlers.js";
import type { MemoryNotes } from "./memory-notes.js";
import type { MemoryWebhooks } from "./memory-webhooks.js";

/** What {@link MemoryDeliveryQueue} works on. */
export interface MemoryQueueParts {
  readonly webhooks: MemoryWebhooks;
  readonly deliveries: MemoryDeliveries;
  readonly handlers: MemoryHandlers;
  readonly notes: MemoryNotes;
}

/** What one settlement came to. */
interface RecordedSettlement {
  readonly deactivated: readonly Deactivation[];
  readonly noted: boolean;
}

/** Deliveries that are due or under way, in memory. */
export class MemoryDeliveryQueue implements DeliveryQueue {
  readonly #webhooks: MemoryWebhooks;
  readonly #deliveries: MemoryDeliveries;
  readonly #handlers: MemoryHandlers;
  readonly #notes: MemoryNotes;

  constructor({ webhooks, deliveries, handlers, notes }: MemoryQueueParts) {
    this.#webhooks = webhooks;
    this.#deliveries = deliveries;
    this.#handlers = handlers;
    this.#notes = notes;
  }

  async claim(options: ClaimOptions): Promise<ClaimedBatch> {
    this.#deliveries.returnRunOut(options.now);
    this.#handlers.offer(options.handlers);
    const leases = this.#deliveries.claim(options);
    const messages = new Map<MessageId, Message>();
    for (const { id } of leases) {
      const message = this.#deliveries.history.find(id)?.message;
      if (message !== undefined) messages.set(message.id, message);
    }
    return { leases, messages, nextDue: this.#deliveries.nextDue(options.now) };
  }

  async settle(settlements: readonly Settlement[], now: number): Promise<SettledBatch> {
    const deactivated: Deactivation[] = [];
    let noted = false;
    const settled = settlements.map((settlement) => {
      const recorded = this.record(settlement, now);
      deactivated.push(...(recorded?.deactivated ?? []));
      noted ||= recorded?.noted === true;
      return recorded !== undefined;
    });
    return { settled, deactivated, noted, nextDue: this.#deliveries.nextDue(now) };
  }

  /** Settles one lease and tells what came of it; `undefined` when the lease was lost. */
  record(settlement: Settlement, now: number): RecordedSettlement | undefined {
    const row = this.#deliveries.surrender(settlement.delivery, settlement.fence);
    if (row === undefined) return undefined;
    const deactivated = this.#record(row, settlement, now);
    this.#conclude(row, settlement.verdict, now);
    return { deactivated, noted: this.#note(settlement, deactivated, now) };
  }

  async retry(organization: OrganizationId, delivery: DeliveryId, now: number): Promise<RetryResult> {
    const row = this.#deliveries.history.find(delivery);
    if (row === undefined || row.organization !== organization) return "not_found";
    if (row.test) return "test";
    if (!this.#deliveries.knows(row.webhook)) return "webhook_deleted";
    if (isHandlerId(row.webhook) && row.status === "delivered") return "already_handled";
    if (this.#deliveries.isRunning(row)) return "queued";
    if (row.status !== "pending") row.failures = 0;
    this.#deliveries.wait(row, now);
    this.#deliveries.rouse(row.webhook);
    return "queued";
  }

  /** The attempt's record, and what it means for the webhook. A release has no attempt, and so means nothing. */
  #record(row: DeliveryRow, { attempt, effect }: Settlement, now: number): readonly Deactivation[] {
    if (attempt === null) return [];
    row.attempts.push(attempt);
    this.#deliveries.affect(row.webhook, effect, now);
    const deactivation = isHandlerId(row.webhook) ? undefined : this.#webhooks.apply(effect, row.webhook, now);
    if (deactivation === undefined) return [];
    const webhook = this.#webhooks.find(deactivation.webhook);
    if (webhook !== undefined) this.#deliveries.configure(webhook);
    return [deactivation];
  }

  /** Writes what is to be told; whether there was anything. */
  #note(
    { webhook, organization, note, silent }: Settlement,
    deactivated: readonly Deactivation[],
    at: number,
  ): boolean {
    if (silent === true || isHandlerId(webhook) || !this.#deliveries.knows(webhook)) return false;
    const disabled = deactivated.map(({ reason, consecutiveFailures }): DisabledFact => {
      return { kind: "disabled", reason, consecutiveFailures };
    });
    const facts = note === undefined ? disabled : [note, ...disabled];
    for (const fact of facts) this.#notes.write({ organization, webhook, at, fact });
    return facts.length > 0;
  }

  #conclude(row: DeliveryRow, verdict: Verdict, now: number): void {
    if (verdict.kind === "retry" || verdict.kind === "failed") row.failures = verdict.failures;
    const isDeleted = !this.#deliveries.knows(row.webhook);
    switch (verdict.kind) {
      case "delivered":
        return this.#deliveries.finish(row, "delivered", now);
      case "failed":
        return this.#deliveries.finish(row, isDeleted ? "cancelled" : "failed", now);
      case "retry":
        return isDeleted ? this.#deliveries.finish(row, "cancelled", now) : this.#deliveries.wait(row, verdict.at);
      case "release":
        return isDeleted ? this.#deliveries.finish(row, "cancelled", now) : this.#deliveries.wait(row, row.due);
      default:
        return verdict satisfies never;
    }
  }
}
