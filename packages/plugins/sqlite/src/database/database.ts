import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";

/** A prepared read whose rows come as arrays, in the order of its columns. */
export interface Query<Row extends readonly unknown[]> {
  get(...values: SQLInputValue[]): Row | undefined;
  all(...values: SQLInputValue[]): readonly Row[];
  iterate(...values: SQLInputValue[]): IterableIterator<Row>;
}

/** Owns one connection: its statements and its transactions. */
export class Database {
  readonly #connection: DatabaseSync;
  readonly #queries = new Map<string, Query<readonly unknown[]>>();
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  readonly #rollback: StatementSync;

  constructor(connection: DatabaseSync) {
    this.#connection = connection;
    this.#begin = connection.prepare("BEGIN");
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

  begin(): void {
    this.#begin.run();
  }

  commit(): void {
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
