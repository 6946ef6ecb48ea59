import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";

import type { FilePlace } from "./file-place.js";

/** A prepared read whose rows come as arrays, in the order of its columns. */
export interface Query<Row extends readonly unknown[]> {
  get(...values: SQLInputValue[]): Row | undefined;
  all(...values: SQLInputValue[]): readonly Row[];
  /** For a text with many parameters, each by its name. */
  all(values: Readonly<Record<string, SQLInputValue>>): readonly Row[];
  iterate(...values: SQLInputValue[]): IterableIterator<Row>;
}

/** Owns one connection: its statements and its transactions. */
export class Database {
  readonly #connection: DatabaseSync;
  readonly #place: FilePlace | undefined;
  readonly #queries = new Map<string, Query<readonly unknown[]>>();
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  readonly #rollback: StatementSync;

  /** `place` is looked at before each commit: what is answered must be found again. */
  constructor(connection: DatabaseSync, place?: FilePlace) {
    this.#place = place;
    this.#connection = connection;
    // Not when the first row is written: SQLite waits for another program's lock only where nothing was read before.
    this.#begin = connection.prepare("BEGIN IMMEDIATE");
    this.#commit = connection.prepare("COMMIT");
    this.#rollback = connection.prepare("ROLLBACK");
  }

  /** A statement that writes. */
  prepare(sql: string): StatementSync {
    return this.#connection.prepare(sql);
  }

  /** A statement that reads. `Row` is what the text selects: the two stand side by side at every call. */
  query<Row extends readonly unknown[]>(sql: string): Query<Row> {
    const statement = this.#connection.prepare(sql);
    statement.setReturnArrays(true);
    // node:sqlite types every row as an object, and cannot know the columns of a text.
    return statement as unknown as Query<Row>;
  }

  /** The same for texts that are put together at run time: each is prepared once. */
  cachedQuery<Row extends readonly unknown[]>(sql: string): Query<Row> {
    const known = this.#queries.get(sql) ?? this.query(sql);
    this.#queries.set(sql, known);
    // What was stored under this text was made for it.
    return known as Query<Row>;
  }

  /** Whether what is deleted is overwritten with zeros as well: for secrets, since it costs pages that would not be written otherwise. */
  overwriteDeleted(wanted: boolean): void {
    this.#connection.exec(`PRAGMA secure_delete = ${wanted ? "ON" : "OFF"}`);
  }

  begin(): void {
    this.#begin.run();
  }

  commit(): void {
    this.#place?.check();
    this.#commit.run();
  }

  /** After a full disk SQLite has rolled back by itself already. */
  rollback(): void {
    if (this.#connection.isTransaction) this.#rollback.run();
  }

  close(): void {
    this.#connection.close();
  }
}
