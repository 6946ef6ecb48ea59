import type { StatementSync } from "node:sqlite";
import type { BodyForm, DeliveryId, MessageId, OrganizationId, ProjectId, TargetId } from "@hookwright/core";
import type { Database, Query } from "../database/database.js";
import { deliveryWindowSql, finishedAmong, type OldRows, type OldWindow } from "./old-rows.js";

/** The column `status`. */
export const pending = 0;
export const delivered = 1;
export const failed = 2;
export const cancelled = 3;

/** A delivery as it is stored first. */
export interface NewDelivery {
  readonly number: number;
  readonly id: DeliveryId;
  readonly organization: OrganizationId;
  readonly webhook: TargetId;
  readonly message: number;
  readonly project: ProjectId | null;
  readonly action: string;
  readonly form: string;
  readonly createdAt: number;
  readonly due: number;
}

/** What an attempt changes. `due` is where it waits for another, else it is finished. */
export interface Conclusion {
  readonly status: number;
  readonly finishedAt: number | null;
  readonly due: number | null;
  readonly fence: number;
  /** `null` leaves them as they are. */
  readonly failures: number | null;
  readonly lastStatus: number | null;
  readonly lastCode: string | null;
}

/** What a lease says of a delivery. */
export type LeaseRow = readonly [
  organization: OrganizationId,
  message: number,
  messageId: MessageId,
  action: string,
  form: BodyForm,
  fence: number,
  generation: number,
  failures: number,
  lastCode: string | null,
];

/** Where a delivery stands, for whoever changes it. */
export type DeliveryPlace = readonly [
  number: number,
  id: DeliveryId,
  organization: OrganizationId,
  webhook: TargetId,
  status: number,
  due: number | null,
  test: number,
];

const place = "SELECT number, id, organization, webhook, status, due, test FROM deliveries";

/** An attempt's place among a delivery's: 16 bits, and a fence beyond them takes the last one. */
const attemptBits = 16;
const lastAttempt = 2 ** attemptBits - 1;

/** Owns the deliveries' records and their attempts. */
export class DeliveryTable {
  readonly #generation: number;
  readonly #insert: StatementSync;
  readonly #conclude: StatementSync;
  readonly #setFence: StatementSync;
  readonly #finish: StatementSync;
  readonly #requeue: StatementSync;
  readonly #remove: StatementSync;
  readonly #insertAttempt: StatementSync;
  readonly #removeAttempts: StatementSync;
  readonly #attempts: Query<readonly [string]>;
  readonly #lease: Query<LeaseRow>;
  readonly #byId: Query<DeliveryPlace>;
  readonly #due: Query<readonly [number | null]>;
  readonly #window: Query<OldWindow>;
  readonly #pendingAmong: Query<DeliveryPlace>;
  readonly #last: Query<readonly [number]>;
  #lastNumber = 0;

  constructor(database: Database, generation: number) {
    this.#generation = generation;
    this.#insert = database.prepare(
      `INSERT INTO deliveries (number, id, organization, webhook, message, project, action, form, created_at, due, generation,
         status, test, attempts, fence, failures)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0, 0, 0)`,
    );
    this.#conclude = database.prepare(
      `UPDATE deliveries SET status = ?, finished_at = ?, due = ?, fence = ?, generation = ?,
         failures = coalesce(?, failures), last_status = ?, last_code = ?, attempts = attempts + 1 WHERE number = ?`,
    );
    this.#setFence = database.prepare("UPDATE deliveries SET fence = ?, generation = ? WHERE number = ?");
    this.#finish = database.prepare("UPDATE deliveries SET status = ?, finished_at = ?, due = NULL WHERE number = ?");
    this.#requeue = database.prepare(
      `UPDATE deliveries SET due = ?, failures = CASE status WHEN ${pending} THEN failures ELSE 0 END,
         status = ${pending}, finished_at = NULL WHERE number = ?`,
    );
    this.#remove = database.prepare(`DELETE FROM deliveries WHERE ${finishedAmong}`);
    this.#insertAttempt = database.prepare(
      `INSERT OR REPLACE INTO attempts (key, attempt) VALUES ((? << ${attemptBits}) | ?, ?)`,
    );
    this.#removeAttempts = database.prepare(
      `DELETE FROM attempts WHERE key > ((:after << ${attemptBits}) | ${lastAttempt}) AND key <= ((:upTo << ${attemptBits}) | ${lastAttempt})
         AND key >> ${attemptBits} IN (SELECT number FROM deliveries WHERE ${finishedAmong})`,
    );
    this.#attempts = database.query(
      `SELECT attempt FROM attempts WHERE key BETWEEN (? << ${attemptBits}) AND (? << ${attemptBits}) + ${lastAttempt} ORDER BY key`,
    );
    this.#lease = database.query(
      `SELECT d.organization, d.message, m.id, d.action, d.form, d.fence, d.generation, d.failures, d.last_code
       FROM deliveries d CROSS JOIN messages m ON m.number = d.message WHERE d.number = ?`,
    );
    this.#byId = database.query(`${place} WHERE id = ? AND organization = ?`);
    this.#due = database.query("SELECT due FROM deliveries WHERE number = ?");
    this.#window = database.query(deliveryWindowSql);
    this.#pendingAmong = database.query(
      `${place} WHERE number > ? AND number <= ? AND created_at < ? AND status = ${pending}`,
    );
    // A number below `listed_to` would count as listed, so none is given twice, whatever retention removed.
    this.#last = database.query("SELECT max(coalesce((SELECT max(number) FROM deliveries), 0), listed_to) FROM state");
    this.recount();
  }

  /** The number of the next delivery. */
  nextNumber(): number {
    this.#lastNumber += 1;
    return this.#lastNumber;
  }

  /** Takes the numbers of a failed transaction back. */
  recount(): void {
    this.#lastNumber = this.#last.get()?.[0] ?? 0;
  }

  get lastNumber(): number {
    return this.#lastNumber;
  }

  insert({ number, id, organization, webhook, message, project, action, form, createdAt, due }: NewDelivery): void {
    this.#insert.run(
      number,
      id,
      organization,
      webhook,
      message,
      project,
      action,
      form,
      createdAt,
      due,
      this.#generation,
    );
  }

  conclude(number: number, { status, finishedAt, due, fence, failures, lastStatus, lastCode }: Conclusion): void {
    this.#conclude.run(status, finishedAt, due, fence, this.#generation, failures, lastStatus, lastCode, number);
  }

  insertAttempt(number: number, fence: number, attempt: string): void {
    this.#insertAttempt.run(number, Math.min(fence, lastAttempt), attempt);
  }

  /** Oldest first, as JSON. */
  attempts(number: number): readonly string[] {
    return this.#attempts.all(number, number).map(([attempt]) => attempt);
  }

  /** Makes sure that no later lease gets this fence again. */
  setFence(number: number, fence: number): void {
    this.#setFence.run(fence, this.#generation, number);
  }

  cancel(number: number, now: number): void {
    this.#finish.run(cancelled, now, number);
  }

  requeue(number: number, due: number): void {
    this.#requeue.run(due, number);
  }

  /** What a lease says, and the greatest fence that may have been given, by this process or by one that died. */
  leaseRow(number: number): { readonly row: LeaseRow; readonly lastFence: number } | undefined {
    const row = this.#lease.get(number);
    if (row === undefined) return undefined;
    const [, , , , , fence, generation] = row;
    // Each process that died had given at most one lease of it that was not written down.
    return { row, lastFence: fence + this.#generation - generation };
  }

  find(organization: OrganizationId, id: DeliveryId): DeliveryPlace | undefined {
    return this.#byId.get(id, organization);
  }

  /** When a delivery that waits is due, whatever its lease says. */
  dueOf(number: number): number | undefined {
    return this.#due.get(number)?.[0] ?? undefined;
  }

  /** What is old from `after` on, in a part of `limit` rows. */
  window(before: number, after: number, limit: number): OldWindow {
    return this.#window.get(before, after, limit) ?? [null, null];
  }

  pendingAmong({ after, upTo, before }: OldRows): readonly DeliveryPlace[] {
    return this.#pendingAmong.all(after, upTo, before);
  }

  /** Removes the finished ones among these, and their attempts. */
  remove(rows: OldRows): void {
    this.#removeAttempts.run({ ...rows });
    this.#remove.run({ ...rows });
  }
}
