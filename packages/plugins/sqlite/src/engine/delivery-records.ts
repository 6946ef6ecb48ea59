import type { StatementSync } from "node:sqlite";
import type { DeliveryId, OrganizationId } from "@hookwright/core";
import type { Database, Query } from "../database/database.js";
import { type DetailColumns, type RecordRow, statuses, type TestColumns } from "../thread/detail-columns.js";
import { decodeMessages, encodeMessages } from "../thread/message-columns.js";
import type { Cancellations } from "./cancellations.js";
import { cancelled, pending } from "./delivery-table.js";
import type { Tables } from "./tables.js";
import type { UnderWay } from "./under-way.js";

/** The columns of {@link RecordRow}, in order; `d` is the delivery, `m` its message. */
export const recordColumns = `d.id, d.organization, m.id, d.webhook, d.project, d.action, d.form, d.status, d.test, d.created_at,
  d.finished_at, d.due, d.attempts, d.last_status, d.last_code, (SELECT json_array(plugin, name) FROM handlers h WHERE h.id = d.webhook)`;

/** Reads what happened to single deliveries, and stores tests. */
export class DeliveryRecords {
  readonly #tables: Tables;
  readonly #truth: CurrentTruth;
  readonly #byId: Query<readonly [number: number, message: number, ...record: RecordRow]>;
  readonly #insertTest: StatementSync;

  constructor(database: Database, tables: Tables, truth: CurrentTruth) {
    this.#tables = tables;
    this.#truth = truth;
    this.#byId = database.query(
      `SELECT d.number, d.message, ${recordColumns} FROM deliveries d CROSS JOIN messages m ON m.number = d.message
       WHERE d.id = ? AND d.organization = ?`,
    );
    this.#insertTest = database.prepare(
      `INSERT INTO deliveries (number, id, organization, webhook, message, project, action, form, status, test, created_at,
         finished_at, attempts, fence, generation, failures, last_status, last_code)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, ?, ?)`,
    );
  }

  get(organization: OrganizationId, delivery: DeliveryId): DetailColumns | undefined {
    const row = this.#byId.get(delivery, organization);
    if (row === undefined) return undefined;
    const [number, messageNumber, ...record] = row;
    const message = this.#tables.messages.read(messageNumber);
    if (message === undefined) return undefined;
    return {
      delivery: this.#truth.of(record),
      message: encodeMessages([message]),
      attempts: this.#tables.deliveries.attempts(number),
    };
  }

  recordTest({ delivery, message: columns, attempts }: TestColumns): void {
    const [message] = decodeMessages(columns);
    if (message === undefined) throw new Error(`test ${delivery.id} has no message`);
    if (delivery.webhook === null) throw new Error(`test ${delivery.id} goes to no webhook`);
    const number = this.#tables.deliveries.nextNumber();
    const messageNumber = this.#tables.messages.nextNumber();
    this.#tables.messages.insert({ message, number: messageNumber, firstDelivery: number, deliveries: 1 });
    const { id, organization, webhook, project, action, form, status, test, createdAt, finishedAt } = delivery;
    const place = [number, id, organization, webhook, messageNumber, project, action, form] as const;
    const state = [statuses.indexOf(status), Number(test), createdAt, finishedAt] as const;
    const { lastStatus, lastCode } = delivery;
    this.#insertTest.run(...place, ...state, attempts.length, attempts.length, lastStatus, lastCode);
    attempts.forEach((attempt, index) => {
      this.#tables.deliveries.insertAttempt(number, index + 1, attempt);
    });
  }
}

/** Tells what a stored record means while the deliveries of a deleted webhook are being cancelled. */
export class CurrentTruth {
  readonly #cancellations: Cancellations;
  readonly #underWay: UnderWay;

  constructor(cancellations: Cancellations, underWay: UnderWay) {
    this.#cancellations = cancellations;
    this.#underWay = underWay;
  }

  /** Whether every stored status is the true one. */
  get isStored(): boolean {
    return this.#cancellations.isEmpty;
  }

  of(record: RecordRow): RecordRow {
    const [id, organization, message, webhook, project, action, form, status, test, createdAt, ...rest] = record;
    const cancelledAt = status === pending ? this.#cancellations.timeOf(webhook) : undefined;
    if (cancelledAt === undefined || this.#underWay.isRunning(id)) return record;
    const [, , ...last] = rest;
    return [
      id,
      organization,
      message,
      webhook,
      project,
      action,
      form,
      cancelled,
      test,
      createdAt,
      cancelledAt,
      null,
      ...last,
    ];
  }
}
