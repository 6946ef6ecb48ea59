import type { DeliveryId } from "@hookwright/core";
import type { Database } from "../database/database.js";
import { type RecordRow, statuses } from "../thread/detail-columns.js";
import { afterAll } from "./delivery-blocks.js";
import { conditionsOf, type IndexPlan, indexPlanOf, type ListQuestion, type SqlPart } from "./delivery-list-plan.js";
import { type CurrentTruth, recordColumns } from "./delivery-records.js";
import { BlockWalk, type DeliveryWalk, IndexWalk } from "./delivery-walk.js";
import type { Tables } from "./tables.js";

/** Up to so many that wait are read at once when the pending are asked for. */
const fewPending = 4_000;

/** To SQLite a negative limit is none. */
const noLimit = -1;

/** What every question for a list reads. */
export interface ListSources {
  readonly database: Database;
  readonly tables: Pick<Tables, "lists" | "blocks">;
  readonly truth: CurrentTruth;
}

/**
 * One question for a list, answered in steps: first what is in no list yet, then down what fits the filter best, until the
 * page is full or nothing is left.
 */
export class DeliveryList {
  readonly #sources: ListSources;
  readonly #question: ListQuestion;
  readonly #conditions: SqlPart;
  readonly #found = new Map<DeliveryId, RecordRow>();
  readonly #walk: DeliveryWalk;
  /** Nothing that is left has an id above this; the empty text: nothing is left. */
  #leftUpTo: string;

  constructor(sources: ListSources, question: ListQuestion) {
    this.#sources = sources;
    this.#question = question;
    this.#conditions = conditionsOf(question, sources.truth.isStored);
    this.#leftUpTo = question.page.before ?? afterAll;
    this.#walk = this.#begin();
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
    return this.#leftUpTo === "" || limit === 0 || (last !== undefined && last[0] >= this.#leftUpTo);
  }

  #page(): readonly RecordRow[] {
    const newestFirst = [...this.#found.values()].sort(([left], [right]) => (left < right ? 1 : -1));
    return newestFirst.slice(0, this.#question.page.limit);
  }

  /** Reads what stands in no list, and chooses how to go on. */
  #begin(): DeliveryWalk {
    const { question, before } = { question: this.#question, before: this.#leftUpTo };
    const { status, webhook, actions, project } = question.filter;
    if (status === "pending" && this.#readWaiting()) return nothing;
    const plan = indexPlanOf(question, this.#sources.truth.isStored);
    const blocks = new BlockWalk(this.#sources.database, question, before);
    const isNarrow = webhook !== undefined || !plan.hasTail;
    const isNamed = actions !== undefined || project !== undefined;
    const byBlocks = status === "pending" || (isNamed && (!isNarrow || blocks.isShort));
    if (byBlocks || plan.hasTail) this.#readTail();
    return byBlocks
      ? blocks
      : new IndexWalk(this.#sources.database, plan, { before: this.#bound(plan), oldest: question.oldest });
  }

  /** Ids from here on need not be looked at: what has them was created after the time that is asked for. */
  #bound({ hasTail }: IndexPlan): string {
    const { until } = this.#question.filter;
    const { blocks, lists } = this.#sources.tables;
    if (until === undefined) return this.#leftUpTo;
    const query = "SELECT 1 FROM deliveries WHERE number > ? AND created_at < ? LIMIT 1";
    const isInTail = (): boolean => this.#sources.database.cachedQuery(query).get(lists.listedTo, until) !== undefined;
    if (!hasTail && isInTail()) return this.#leftUpTo;
    const last = blocks.lastIdBefore(until);
    // Right behind that id, and before every other.
    const bound = last === "" ? "" : `${last}${afterAll}`;
    if (bound < this.#leftUpTo) return bound;
    return this.#leftUpTo;
  }

  /** Whatever is pending stands in the hot table: reads it there where the webhook, the organization or everybody has few of them. */
  #readWaiting(): boolean {
    const { filter, organization } = this.#question;
    const places: readonly SqlPart[] =
      filter.webhook === undefined
        ? [
            { sql: "l.webhook IS NOT NULL", values: [] },
            {
              sql: "l.webhook IN (SELECT id FROM webhooks WHERE organization = ?) OR l.webhook < 0",
              values: [organization],
            },
          ]
        : [{ sql: "l.webhook = ?", values: [filter.webhook] }];
    const place = places.find((candidate) => this.#holdsFew(candidate));
    if (place === undefined) return false;
    const { sql, values } = place;
    this.#read("due l", { sql: `(${sql}) AND l.delivery < ?`, values: [...values, this.#leftUpTo] }, "l.delivery");
    this.#leftUpTo = "";
    return true;
  }

  #holdsFew({ sql, values }: SqlPart): boolean {
    const counted = `SELECT count(*) FROM (SELECT 1 FROM due l WHERE ${sql} LIMIT ${fewPending + 1})`;
    const [count = 0] = this.#sources.database.cachedQuery<readonly [number]>(counted).get(...values) ?? [];
    return count <= fewPending;
  }

  /** The plus signs keep SQLite from walking down all ids instead of the tail's numbers. */
  #readTail(): void {
    const where = { sql: "l.number > ? AND +l.id < ?", values: [this.#sources.tables.lists.listedTo, this.#leftUpTo] };
    this.#read("deliveries l", where, "+l.id");
  }

  #walkOn(): void {
    const { parts, leftUpTo } = this.#walk.next();
    for (const { from, where } of parts) this.#read(from, where, "+l.id");
    this.#leftUpTo = leftUpTo;
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

/** Everything was read at the beginning. */
const nothing: DeliveryWalk = { next: () => ({ parts: [], leftUpTo: "" }) };
