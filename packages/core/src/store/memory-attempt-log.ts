import { type DeliveryId, isHandlerId, type OrganizationId } from "../foundation/ids.js";
import type { AttemptLog, DeliveryDetail, DeliveryFilter, DeliveryPage, DeliveryRecord } from "./attempt-log.js";
import type { MemoryDeliveries } from "./memory-deliveries.js";
import { type DeliveryRow, newRow } from "./memory-delivery-row.js";
import type { MemoryHandlers } from "./memory-handlers.js";
import type { MemoryJobs } from "./memory-jobs.js";
import type { MemoryKeys } from "./memory-keys.js";
import type { MemoryNotes } from "./memory-notes.js";
import type { MemoryWebhooks } from "./memory-webhooks.js";

/** What the log reads from. */
export interface MemoryAttemptLogParts {
  readonly webhooks: MemoryWebhooks;
  readonly deliveries: MemoryDeliveries;
  readonly handlers: MemoryHandlers;
  readonly keys: MemoryKeys;
  readonly jobs: MemoryJobs;
  readonly notes: MemoryNotes;
}

/** Deliveries and their attempts, in memory. */
export class MemoryAttemptLog implements AttemptLog {
  readonly #webhooks: MemoryWebhooks;
  readonly #deliveries: MemoryDeliveries;
  readonly #handlers: MemoryHandlers;
  readonly #keys: MemoryKeys;
  readonly #jobs: MemoryJobs;
  readonly #notes: MemoryNotes;

  constructor({ webhooks, deliveries, handlers, keys, jobs, notes }: MemoryAttemptLogParts) {
    this.#webhooks = webhooks;
    this.#deliveries = deliveries;
    this.#handlers = handlers;
    this.#keys = keys;
    this.#jobs = jobs;
    this.#notes = notes;
  }

  async list(
    organization: OrganizationId,
    filter: DeliveryFilter,
    page: DeliveryPage,
  ): Promise<readonly DeliveryRecord[]> {
    const found: DeliveryRecord[] = [];
    for (const row of this.#deliveries.history.newestFirst(organization, page.before)) {
      if (found.length >= page.limit) break;
      if (passes(row, filter)) found.push(this.#toRecord(row));
    }
    return found;
  }

  async get(organization: OrganizationId, delivery: DeliveryId): Promise<DeliveryDetail | undefined> {
    const row = this.#deliveries.history.find(delivery);
    if (row === undefined || row.organization !== organization) return undefined;
    return { delivery: this.#toRecord(row), message: row.message, attempts: [...row.attempts] };
  }

  async recordTest({ delivery, message, attempts }: DeliveryDetail): Promise<void> {
    const { test, createdAt, status, finishedAt } = delivery;
    const { history } = this.#deliveries;
    history.addMessage(message);
    const { webhook } = delivery;
    if (webhook === null) throw new TypeError(`${delivery.id} goes to a handler, and handlers are not tested`);
    history.add({
      ...newRow({ ...delivery, webhook }, message),
      test,
      createdAt,
      status,
      finishedAt,
      fence: attempts.length,
      attempts: [...attempts],
    });
  }

  async purge(before: number, now: number): Promise<boolean> {
    const { history } = this.#deliveries;
    const over = history.someDeliveries((row) => row.createdAt < before && this.#isOver(row, before));
    for (const row of over) this.#deliveries.remove(row);
    const moreMessages = history.removeMessages(before);
    this.#keys.forgetExpired(now);
    this.#jobs.forgetEnded(before);
    this.#notes.forget(before);
    // A step that found work may have left some; the next one that finds none says that nothing is left.
    return over.length > 0 || moreMessages;
  }

  /** Finished before, or held by a webhook that is not active, or waiting for a handler that nobody has. */
  #isOver(row: DeliveryRow, before: number): boolean {
    if (row.status !== "pending") return row.finishedAt !== null && row.finishedAt < before;
    if (this.#deliveries.isRunning(row)) return false;
    if (isHandlerId(row.webhook)) return this.#handlers.isAbsent(row.webhook);
    return this.#webhooks.find(row.webhook)?.isActive === false;
  }

  #toRecord(row: DeliveryRow): DeliveryRecord {
    const { id, organization, message, webhook, action, form, status, test, createdAt, finishedAt, attempts } = row;
    const last = attempts.at(-1);
    return {
      id,
      organization,
      message: message.id,
      webhook: isHandlerId(webhook) ? null : webhook,
      handler: isHandlerId(webhook) ? this.#handlers.nameOf(webhook) : null,
      project: message.project,
      action,
      form,
      status,
      test,
      createdAt,
      finishedAt,
      nextAttemptAt: status === "pending" ? row.due : null,
      attempts: attempts.length,
      lastStatus: last?.status ?? null,
      lastCode: last?.code ?? null,
    };
  }
}

function passes(row: DeliveryRow, filter: DeliveryFilter): boolean {
  const { webhook, actions, project, status, since, until } = filter;
  return (
    (webhook === undefined || row.webhook === webhook) &&
    (actions === undefined || actions.includes(row.action)) &&
    (project === undefined || row.message.project === project) &&
    (status === undefined || row.status === status) &&
    (since === undefined || row.createdAt >= since) &&
    (until === undefined || row.createdAt < until)
  );
}
