import type { Database } from "../database/database.js";

/**
 * Owns the number of deaths that the database has seen. Leases are in memory only: after an open that followed no clean
 * close, any delivery may have been given once more than is written, so its fences are counted on from the new number.
 */
export class Generation {
  readonly number: number;
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
    database.prepare("UPDATE state SET generation = generation + 1 - clean, clean = 0").run();
    this.number = database.query<readonly [number]>("SELECT generation FROM state").get()?.[0] ?? 0;
  }

  /** Only where nobody holds a lease that is not written down. */
  endCleanly(): void {
    this.#database.prepare("UPDATE state SET clean = 1").run();
  }
}
