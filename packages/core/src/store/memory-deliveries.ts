import type { ReceiverEffect } from "../delivery/attempt.js";
import type { DeliveryStatus, Lease } from "../delivery/delivery.js";
import { type DeliveryId, isHandlerId, type TargetId } from "../foundation/ids.js";
import type { ClaimOptions } from "./delivery-queue.js";
import { IndexedHeap } from "./indexed-heap.js";
import { type LaneSettings, LaneTable, type TakenTurn } from "./lanes.js";
import { LeaseTable } from "./leases.js";
import type { DeliveryRow } from "./memory-delivery-row.js";
import { MemoryHistory } from "./memory-history.js";
import type { MemoryWebhooks } from "./memory-webhooks.js";

/** The waiting deliveries of one webhook, or of one handler. */
interface Backlog {
  readonly ordered: boolean;
  /** Those first that go first. */
  readonly rows: IndexedHeap<DeliveryRow>;
}

/**
 * Owns the deliveries of the memory store. Each that is not finished is in exactly one place: it waits in its webhook's
 * backlog, or it is under way with a running lease.
 */
export class MemoryDeliveries {
  readonly history = new MemoryHistory();
  readonly #webhooks: MemoryWebhooks;
  readonly #backlogs = new Map<TargetId, Backlog>();
  readonly #lanes = new LaneTable();
  readonly #leases = new LeaseTable();

  constructor(webhooks: MemoryWebhooks) {
    this.#webhooks = webhooks;
  }

  /** Follows a webhook or a handler that was created or changed. */
  configure(target: LaneSettings): void {
    this.#lanes.configure(target);
    const before = this.#backlogs.get(target.id);
    if (before?.ordered === target.ordered) return;
    const rows = new IndexedHeap(target.ordered ? byAcceptance : byDue);
    for (const row of before?.rows.values() ?? []) rows.put(row);
    this.#backlogs.set(target.id, { ordered: target.ordered, rows });
    this.#lanes.setNextDue(target.id, rows.first?.due);
  }

  /** Whether deliveries can wait for it: a webhook that was not deleted, or a handler that was registered once. */
  knows(target: TargetId): boolean {
    return this.#backlogs.has(target);
  }

  /** Cancels what waits for a webhook that was deleted. What is under way goes on. */
  cancelWaiting(webhook: TargetId, now: number): void {
    const backlog = this.#backlogs.get(webhook);
    this.#backlogs.delete(webhook);
    this.#lanes.remove(webhook);
    for (const row of backlog?.rows.values() ?? []) this.finish(row, "cancelled", now);
  }

  /** Stores a new delivery; answers its lease when it may leave at once. */
  add(
    row: DeliveryRow,
    handOver: { readonly now: number; readonly leaseUntil: number; readonly allowed: boolean },
  ): Lease | undefined {
    this.history.add(row);
    if (handOver.allowed && this.#lanes.admit(row.webhook, handOver.now)) return this.#lease(row, handOver.leaseUntil);
    this.wait(row, handOver.now);
    return undefined;
  }

  /** Leases due deliveries in turns. */
  claim({ now, leaseUntil, limit }: ClaimOptions): readonly Lease[] {
    const leases: Lease[] = [];
    this.#lanes.takeTurns(now, limit, (webhook, offer): TakenTurn => {
      const rows = this.#backlogs.get(webhook)?.rows;
      const due = rows === undefined ? [] : takeDue(rows, offer, now);
      for (const row of due) leases.push(this.#lease(row, leaseUntil));
      return { count: due.length, nextDue: rows?.first?.due };
    });
    return leases;
  }

  /** Puts deliveries whose lease ran out where they belong: back to those that wait, or, without a webhook, to the cancelled ones. */
  returnRunOut(now: number): void {
    for (const { delivery, webhook } of this.#leases.runOut(now)) {
      this.#lanes.leave(webhook);
      const row = this.history.find(delivery);
      if (row !== undefined) this.#returnRow(row, now);
    }
  }

  /** Takes the lease with this fence back, so that its attempt can be recorded; `undefined` when it is another's or nobody's. */
  surrender(delivery: DeliveryId, fence: number): DeliveryRow | undefined {
    const row = this.history.find(delivery);
    if (row === undefined || !this.#leases.accepts(delivery, fence)) return undefined;
    if (this.#leases.end(delivery)) this.#lanes.leave(row.webhook);
    else this.#leaveBacklog(row);
    return row;
  }

  /** Whether a settle with this fence counts. */
  accepts(delivery: DeliveryId, fence: number): boolean {
    return this.#leases.accepts(delivery, fence);
  }

  isRunning(row: DeliveryRow): boolean {
    return this.#leases.isRunning(row.id);
  }

  /** Lets a delivery that is not under way wait until `due`. */
  wait(row: DeliveryRow, due: number): void {
    const backlog = this.#backlogs.get(row.webhook);
    if (backlog === undefined) throw new Error(`Delivery ${row.id} cannot wait: its webhook ${row.webhook} is gone.`);
    row.status = "pending";
    row.finishedAt = null;
    row.due = due;
    backlog.rows.put(row);
    this.#lanes.setNextDue(row.webhook, backlog.rows.first?.due);
  }

  finish(row: DeliveryRow, status: Exclude<DeliveryStatus, "pending">, now: number): void {
    row.status = status;
    row.finishedAt = now;
  }

  /** Removes a delivery that is not under way. */
  remove(row: DeliveryRow): void {
    this.#leases.end(row.id);
    this.#leaveBacklog(row);
    this.history.remove(row);
  }

  /** What an attempt means for the lane of its webhook. */
  affect(webhook: TargetId, effect: ReceiverEffect, now: number): void {
    if (effect.kind === "none" || effect.kind === "gone") return;
    if (effect.kind === "failed" && effect.pauseUntil !== undefined) this.#lanes.pause(webhook, effect.pauseUntil);
    if (effect.kind === "failed" && effect.strain !== undefined) this.#lanes.strain(webhook, effect.strain, now);
    else this.#lanes.ease(webhook);
  }

  /** Somebody wants an attempt now: a rest of the receiver ends. */
  rouse(webhook: TargetId): void {
    this.#lanes.rouse(webhook);
  }

  /** The webhook has another receiver now, or one that is well again: pause, rest and narrowing are over. */
  renew(webhook: TargetId): void {
    this.#lanes.renew(webhook);
  }

  /** When a claim can find something: work that becomes due, or a lease that runs out. */
  nextDue(now: number): number | undefined {
    const moments = [this.#lanes.nextDue(now), this.#leases.nextEnd].filter((moment) => moment !== undefined);
    return moments.length === 0 ? undefined : Math.max(now, Math.min(...moments));
  }

  /** Ends the wait of a delivery that is settled late or removed. */
  #leaveBacklog(row: DeliveryRow): void {
    const rows = this.#backlogs.get(row.webhook)?.rows;
    if (rows?.delete(row)) this.#lanes.setNextDue(row.webhook, rows.first?.due);
  }

  #returnRow(row: DeliveryRow, now: number): void {
    if (this.#backlogs.has(row.webhook)) {
      this.wait(row, row.due);
    } else {
      this.#leases.end(row.id);
      this.finish(row, "cancelled", now);
    }
  }

  #lease(row: DeliveryRow, leaseUntil: number): Lease {
    row.fence += 1;
    this.#leases.give({ delivery: row.id, webhook: row.webhook, fence: row.fence, until: leaseUntil });
    const { id, webhook, action, form, organization, message, fence, failures, due } = row;
    const webhookVersion = isHandlerId(webhook) ? 1 : (this.#webhooks.find(webhook)?.version ?? 0);
    return {
      id,
      webhook,
      action,
      form,
      organization,
      message: message.id,
      webhookVersion,
      attempt: fence,
      failures,
      due,
      leaseUntil,
      ...(isAfterFailure(row) ? { afterFailure: true } : {}),
    };
  }
}

/** A release is no attempt, and so leaves what the last one came to. */
function isAfterFailure({ attempts }: DeliveryRow): boolean {
  const code = attempts.at(-1)?.code;
  return code !== undefined && code !== null;
}

function takeDue(rows: Backlog["rows"], offer: number, now: number): readonly DeliveryRow[] {
  const due: DeliveryRow[] = [];
  for (let row = rows.first; row !== undefined && row.due <= now && due.length < offer; row = rows.first) {
    rows.delete(row);
    due.push(row);
  }
  return due;
}

function byDue(left: DeliveryRow, right: DeliveryRow): boolean {
  return left.due < right.due || (left.due === right.due && left.id < right.id);
}

/** Ids rise in the order of acceptance. */
function byAcceptance(left: DeliveryRow, right: DeliveryRow): boolean {
  return left.id < right.id;
}
