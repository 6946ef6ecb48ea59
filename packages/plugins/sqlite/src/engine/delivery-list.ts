import type { DeliveryId } from "@hookwright/core";
import type { Database } from "../database/database.js";
import { type RecordRow, statuses } from "../thread/detail-columns.js";
import type { InputOf } from "../thread/protocol.js";
import { conditionsOf, type ListPlan, planOf, type SqlPart } from "./delivery-list-plan.js";
import { type CurrentTruth, recordColumns } from "./delivery-records.js";
import type { ListIndex } from "./list-index.js";

/** So many entries of a list are looked at in one step: a few milliseconds. */
const stepSize = 2_000;

/** Up to so many that wait are read at once when the pending are asked for; more are found soon on the way down a list. */
const fewPending = 4_000;

/** Greater than every id. */
const afterAll = "~";

/** To SQLite a negative limit is none. */
const noLimit = -1;

/** What every question for a list reads. */
export interface ListSources {
  readonly database: Database;
  readonly lists: ListIndex;
  readonly truth: CurrentTruth;
}

/**
 * One question for a list, answered in steps: first what is in no list yet, then down the list that fits the filter best,
 * until the page is full or the list ends.
 */
export class DeliveryList {
  readonly #sources: ListSources;
  readonly #question: InputOf<"listDeliveries">;
  readonly #plan: ListPlan;
  readonly #conditions: SqlPart;
  readonly #found = new Map<DeliveryId, RecordRow>();
  /** Nothing of the list from here on is left to be read; the empty text is its end. */
  #before: string;

  constructor(sources: ListSources, question: InputOf<"listDeliveries">) {
    this.#sources = sources;
    this.#question = question;
    this.#plan = planOf(question, sources.truth.isStored);
    this.#conditions = conditionsOf(question, sources.truth.isStored);
    this.#before = question.page.before ?? afterAll;
    if (question.filter.status === "pending" && this.#fewAreWaiting()) this.#readWaiting();
    else if (this.#plan.hasTail) this.#readTail();
  }

  /** Reads on; the answer once it is complete. */
  step(): readonly RecordRow[] | undefined {
    if (!this.#isComplete()) this.#walkOn();
    return this.#isComplete() ? this.#page() : undefined;
  }

  /** Whether nothing that is left can be on the page. */
  #isComplete(): boolean {
    const { limit } = this.#question.page;
    const last = this.#page()[limit - 1];
    return this.#before === "" || limit === 0 || (last !== undefined && last[0] >= this.#before);
  }

  #page(): readonly RecordRow[] {
    const newestFirst = [...this.#found.values()].sort(([left], [right]) => (left < right ? 1 : -1));
    return newestFirst.slice(0, this.#question.page.limit);
  }

  #fewAreWaiting(): boolean {
    const sql = `SELECT count(*) FROM (SELECT 1 FROM due LIMIT ${fewPending + 1})`;
    const [count = 0] = this.#sources.database.cachedQuery<readonly [number]>(sql).get() ?? [];
    return count <= fewPending;
  }

  /** Whatever is pending stands in the hot table. */
  #readWaiting(): void {
    this.#read("due l", { sql: "l.delivery < ?", values: [this.#before] }, "l.delivery");
    this.#before = "";
  }

  /** The plus signs keep SQLite from walking down all ids instead of the tail's numbers. */
  #readTail(): void {
    const where = { sql: "l.number > ? AND +l.id < ?", values: [this.#sources.lists.listedTo, this.#before] };
    this.#read("deliveries l", where, "+l.id");
  }

  #walkOn(): void {
    const { from, where } = this.#plan;
    const range = "l.id < ? AND l.id >= ?";
    const [boundary] =
      this.#sources.database
        .cachedQuery<readonly [string]>(
          `SELECT l.id FROM ${from} WHERE ${where.sql} AND ${range} ORDER BY l.id DESC LIMIT 1 OFFSET ${stepSize - 1}`,
        )
        .get(...where.values, this.#before, this.#question.oldest) ?? [];
    const end = boundary ?? this.#question.oldest;
    const part = { sql: `${where.sql} AND ${range}`, values: [...where.values, this.#before, end] };
    this.#read(from, part, "l.id");
    this.#before = boundary ?? "";
  }

  /** Keeps what meets the conditions, newest first and no more than a page. */
  #read(from: string, { sql, values }: SqlPart, order: string): void {
    const query = this.#sources.database.cachedQuery<RecordRow>(
      `SELECT ${recordColumns} FROM ${from} CROSS JOIN deliveries d ON d.number = l.number
       CROSS JOIN messages m ON m.number = d.message WHERE ${sql} AND ${this.#conditions.sql} ORDER BY ${order} DESC LIMIT ?`,
    );
    // Where a stored status may not be the true one, a page's worth of rows may leave less than a page.
    const limit = this.#sources.truth.isStored ? this.#question.page.limit : noLimit;
    for (const row of query.all(...values, ...this.#conditions.values, limit)) this.#keep(this.#sources.truth.of(row));
  }

  #keep(row: RecordRow): void {
    const { status } = this.#question.filter;
    if (status === undefined || statuses[row[7]] === status) this.#found.set(row[0], row);
  }
}
