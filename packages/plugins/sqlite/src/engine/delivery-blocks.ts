import type { StatementSync } from "node:sqlite";
import type { Database, Query } from "../database/database.js";
import { blockOf, blockSize, blockSql, valuesSql } from "./number-blocks.js";
import type { OldRows } from "./old-rows.js";

/** Greater than every id. */
export const afterAll = "~";

/**
 * Owns what is known of each 256 deliveries in a row, once they are in the lists: their greatest and smallest id and time,
 * whether one may wait, and which actions and projects of which organizations occur. What is rare is found without a look
 * at the rest. Costs one row for 256 deliveries; a list by action and one by project would cost two rows for each.
 */
export class DeliveryBlocks {
  readonly #add: StatementSync;
  readonly #wait: StatementSync;
  readonly #remove: StatementSync;
  readonly #lastBefore: Query<readonly [string | null]>;

  constructor(database: Database) {
    this.#add = database.prepare(
      `INSERT INTO delivery_blocks (block, first_id, last_id, first_created, last_created, waits, scopes)
       SELECT ${blockSql}, min(id), max(id), min(created_at), max(created_at), max(status = 0),
         ${valuesSql("organization || ' ' || coalesce(project, '') || '/' || action || '@' || organization")}
       FROM deliveries WHERE number > ? AND number <= ? GROUP BY 1`,
    );
    this.#wait = database.prepare("UPDATE delivery_blocks SET waits = 1 WHERE block = ? AND waits = 0");
    this.#remove = database.prepare(
      `DELETE FROM delivery_blocks WHERE block >= ? AND block <= ? AND NOT EXISTS (SELECT 1 FROM deliveries
         WHERE number > block * ${blockSize} AND number <= (block + 1) * ${blockSize})`,
    );
    this.#lastBefore = database.query("SELECT max(last_id) FROM delivery_blocks WHERE first_created < ?");
  }

  /** Sums up the deliveries behind a number, up to another: whole blocks. */
  add(after: number, upTo: number): void {
    this.#add.run(after, upTo);
  }

  /** A finished delivery waits again. */
  wait(number: number): void {
    this.#wait.run(blockOf(number));
  }

  /** The greatest id that a listed delivery created before `until` can have; the empty text: there is none. */
  lastIdBefore(until: number): string {
    return this.#lastBefore.get(until)?.[0] ?? "";
  }

  /** Removes the blocks of these deliveries that hold none any more. */
  remove({ after, upTo }: OldRows): void {
    this.#remove.run(blockOf(after + 1), blockOf(upTo));
  }
}
