import type { StatementSync } from "node:sqlite";
import type { DeliveryId, TargetId } from "@hookwright/core";
import type { Database, Query } from "../database/database.js";

/** One row: a delivery that waits or is under way. */
export interface DueEntry {
  readonly webhook: TargetId;
  readonly delivery: DeliveryId;
  readonly number: number;
  readonly due: number;
}

type DueRow = readonly [delivery: DeliveryId, number: number, due: number];

/** Owns the hot table. Small as long as receivers answer; the only table whose rows leave it soon. */
export class DueTable {
  readonly #insert: StatementSync;
  readonly #delete: StatementSync;
  readonly #ofWebhook: Query<DueRow>;
  readonly #nextWebhook: Query<readonly [TargetId]>;
  readonly #rankedByDue: Query<DueRow>;
  readonly #rankedById: Query<DueRow>;

  constructor(database: Database) {
    this.#insert = database.prepare("INSERT INTO due (webhook, rank, delivery, due, number) VALUES (?, ?, ?, ?, ?)");
    this.#delete = database.prepare("DELETE FROM due WHERE webhook = ? AND rank = ? AND delivery = ?");
    const ofWebhook = "SELECT delivery, number, due FROM due WHERE webhook = ?";
    this.#ofWebhook = database.query(`${ofWebhook} ORDER BY rank, delivery`);
    this.#rankedByDue = database.query(`${ofWebhook} AND rank > 0 LIMIT ?`);
    this.#rankedById = database.query(`${ofWebhook} AND rank = 0 LIMIT ?`);
    this.#nextWebhook = database.query("SELECT webhook FROM due WHERE webhook > ? ORDER BY webhook LIMIT 1");
  }

  insert({ webhook, delivery, number, due }: DueEntry, { ordered }: { readonly ordered: boolean }): void {
    this.#insert.run(webhook, rankOf(due, ordered), delivery, due, number);
  }

  /** Looks under both ranks that the row can have: it may have been made before the webhook's order was changed. `false`: there is none. */
  delete({ webhook, delivery, due }: Omit<DueEntry, "number">): boolean {
    return (
      this.#delete.run(webhook, due, delivery).changes !== 0 || this.#delete.run(webhook, 0, delivery).changes !== 0
    );
  }

  /** What a webhook has here, in order. */
  *of(webhook: TargetId): IterableIterator<DueEntry> {
    for (const [delivery, number, due] of this.#ofWebhook.iterate(webhook)) yield { webhook, delivery, number, due };
  }

  /** Every webhook that has something here, rising. Handlers, whose numbers are below zero, are not among them. */
  *webhooks(): IterableIterator<TargetId> {
    let row = this.#nextWebhook.get(0);
    while (row !== undefined) {
      yield row[0];
      row = this.#nextWebhook.get(row[0]);
    }
  }

  /** Gives up to `limit` rows the rank that the webhook's order asks for; how many had another. */
  rearrange(webhook: TargetId, ordered: boolean, limit: number): number {
    const rows = (ordered ? this.#rankedByDue : this.#rankedById).all(webhook, limit);
    for (const [delivery, number, due] of rows) {
      this.#delete.run(webhook, rankOf(due, !ordered), delivery);
      this.insert({ webhook, delivery, number, due }, { ordered });
    }
    return rows.length;
  }
}

function rankOf(due: number, ordered: boolean): number {
  return ordered ? 0 : due;
}
