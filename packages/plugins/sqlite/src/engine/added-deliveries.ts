import type { StatementSync } from "node:sqlite";
import type { TargetId } from "@hookwright/core";
import type { Database, Query } from "../database/database.js";
import { finishedAmong, type OldRows } from "./old-rows.js";

/** A message's number, and those of the deliveries that came with it: so many, from the first on. */
export interface MessagePlace {
  readonly message: number;
  readonly first: number;
  readonly deliveries: number;
}

/**
 * Owns which deliveries came later than their message's others, whose numbers the message knows. Decides with that whether
 * a webhook never had a message.
 */
export class AddedDeliveries {
  readonly #add: StatementSync;
  readonly #remove: StatementSync;
  readonly #forget: StatementSync;
  readonly #sent: Query<readonly [found: number, tests: number | null, same: number | null]>;
  readonly #find: Query<readonly [number]>;

  constructor(database: Database) {
    this.#add = database.prepare("INSERT INTO added_deliveries (message, webhook, delivery) VALUES (?, ?, ?)");
    this.#remove = database.prepare(
      `UPDATE added_deliveries SET delivery = NULL WHERE delivery > :after AND delivery <= :upTo
         AND delivery IN (SELECT number FROM deliveries WHERE ${finishedAmong})`,
    );
    this.#forget = database.prepare(
      `DELETE FROM added_deliveries WHERE message > ? AND message <= ?
         AND NOT EXISTS (SELECT 1 FROM messages WHERE number = message)`,
    );
    this.#sent = database.query(
      "SELECT count(*), sum(test), sum(webhook = ?) FROM deliveries WHERE number >= ? AND number < ?",
    );
    this.#find = database.query(
      "SELECT 1 FROM added_deliveries WHERE message = ? AND (webhook = ? OR delivery IS NULL) LIMIT 1",
    );
  }

  add(message: number, webhook: TargetId, delivery: number): void {
    this.#add.run(message, webhook, delivery);
  }

  /** A test's message is nobody's, and of one that has lost deliveries nobody knows any more who had it: retention takes it soon. */
  isMissing({ message, first, deliveries }: MessagePlace, webhook: TargetId): boolean {
    const [found = 0, tests, same] = this.#sent.get(webhook, first, first + deliveries) ?? [];
    if (found < deliveries || (tests ?? 0) > 0 || (same ?? 0) > 0) return false;
    return this.#find.get(message, webhook) === undefined;
  }

  /** The finished ones among these deliveries, which must be there still, are about to be removed. */
  remove(rows: OldRows): void {
    this.#remove.run({ ...rows });
  }

  /** Some of these messages were removed. */
  forget({ after, upTo }: OldRows): void {
    this.#forget.run(after, upTo);
  }
}
