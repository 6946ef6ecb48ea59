import type { Database } from "../database/database.js";
import { afterAll } from "./delivery-blocks.js";
import { blockConditionsOf, type IndexPlan, type ListQuestion, type SqlPart } from "./delivery-list-plan.js";
import { numbersOf } from "./number-blocks.js";

/** What is to be read next. */
export interface WalkStep {
  /** Where deliveries, as `l`, are read from, each with its conditions. */
  readonly parts: readonly { readonly from: string; readonly where: SqlPart }[];
  /** Nothing that is left behind this step has an id above it; the empty text: nothing is left. */
  readonly leftUpTo: string;
}

/** Goes over deliveries from the newest down, in steps of a few milliseconds. */
export interface DeliveryWalk {
  next(): WalkStep;
}

/** So many entries of a list are looked at in one step. */
const entriesOfStep = 2_000;

/** Down an index, entry by entry. */
export class IndexWalk implements DeliveryWalk {
  readonly #database: Database;
  readonly #plan: IndexPlan;
  readonly #oldest: string;
  #before: string;

  /** Only ids below `before` and from `oldest` on. */
  constructor(database: Database, plan: IndexPlan, range: { readonly before: string; readonly oldest: string }) {
    this.#database = database;
    this.#plan = plan;
    this.#oldest = range.oldest;
    this.#before = range.before;
  }

  next(): WalkStep {
    const { from, where } = this.#plan;
    const sql = `${where.sql} AND l.id < ? AND l.id >= ?`;
    const [boundary] =
      this.#database
        .cachedQuery<readonly [string]>(
          `SELECT l.id FROM ${from} WHERE ${sql} ORDER BY l.id DESC LIMIT 1 OFFSET ${entriesOfStep - 1}`,
        )
        .get(...where.values, this.#before, this.#oldest) ?? [];
    const part = { from, where: { sql, values: [...where.values, this.#before, boundary ?? this.#oldest] } };
    this.#before = boundary ?? "";
    return { parts: [part], leftUpTo: this.#before };
  }
}

/** Blocks whose summaries are looked at in one step, and how many of them are read. */
const summariesOfStep = 1_024;
const blocksOfStep = 8;

/** Up to so many blocks are read rather than an index that holds more than what is looked for. */
const fewBlocks = 64;

/** From block to block, passing over those that hold nothing that is looked for. */
export class BlockWalk implements DeliveryWalk {
  readonly #database: Database;
  readonly #conditions: SqlPart;
  readonly #before: string;
  #from = afterAll;

  /** Only ids below `before`. */
  constructor(database: Database, question: ListQuestion, before: string) {
    this.#database = database;
    const { sql, values } = blockConditionsOf(question);
    this.#conditions = {
      sql: `first_id < ? AND last_id >= ? AND ${sql}`,
      values: [before, question.oldest, ...values],
    };
    this.#before = before;
  }

  /** Whether no more than a few blocks have to be read, as far as the newest summaries tell. */
  get isShort(): boolean {
    const sql = `SELECT count(*) FROM (SELECT 1 FROM
      (SELECT * FROM delivery_blocks ORDER BY last_id DESC LIMIT ${2 * summariesOfStep}) WHERE ${this.#conditions.sql} LIMIT ${fewBlocks + 1})`;
    const [count = 0] = this.#database.cachedQuery<readonly [number]>(sql).get(...this.#conditions.values) ?? [];
    return count <= fewBlocks;
  }

  next(): WalkStep {
    const boundary = this.#boundary();
    const found = this.#database
      .cachedQuery<readonly [block: number, lastId: string]>(
        `SELECT block, last_id FROM delivery_blocks WHERE last_id < ? AND last_id >= ? AND ${this.#conditions.sql}
         ORDER BY last_id DESC LIMIT ${blocksOfStep + 1}`,
      )
      .all(this.#from, boundary, ...this.#conditions.values);
    const blocks = found.slice(0, blocksOfStep);
    const further = found[blocksOfStep];
    this.#from = further === undefined ? boundary : (blocks.at(-1)?.[1] ?? boundary);
    return { parts: blocks.map(([block]) => this.#partOf(block)), leftUpTo: further?.[1] ?? boundary };
  }

  /** Down to where this step looks; the empty text: to the end. */
  #boundary(): string {
    const sql = `SELECT last_id FROM delivery_blocks WHERE last_id < ? ORDER BY last_id DESC LIMIT 1 OFFSET ${summariesOfStep - 1}`;
    return this.#database.cachedQuery<readonly [string]>(sql).get(this.#from)?.[0] ?? "";
  }

  #partOf(block: number): WalkStep["parts"][number] {
    const { after, upTo } = numbersOf(block);
    // The plus sign keeps SQLite from walking down all ids instead of the block's numbers.
    return {
      from: "deliveries l",
      where: { sql: "l.number > ? AND l.number <= ? AND +l.id < ?", values: [after, upTo, this.#before] },
    };
  }
}
