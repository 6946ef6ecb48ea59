import type { DeliveryId, MessageHead, ReplayPage, ReplayScope } from "@hookwright/core";
import { idBound } from "@hookwright/core/internal";
import type { Database, Query } from "../database/database.js";
import { delivered } from "./delivery-table.js";
import { blockOf, numbersOf } from "./number-blocks.js";
import type { Tables } from "./tables.js";

/** What a cursor into the messages begins with; a cursor without it is a delivery's id. */
const messageMark = "@";

/** Rows that one page reads at most, deliveries of its messages included: some milliseconds. */
const mostRows = 10_000;

type EntryRow = readonly [id: DeliveryId, isWanted: number];
type HeadRow = readonly [
  number: number,
  id: MessageHead["id"],
  project: MessageHead["project"],
  action: string,
  createdAt: number,
  firstDelivery: number,
  deliveries: number,
];

/** Finds what a replay is about, a page at a time. */
export class ReplaySearch {
  readonly #tables: Tables;
  readonly #endedBadly: Query<EntryRow>;
  readonly #listed: Query<EntryRow>;
  readonly #tail: Query<EntryRow>;
  readonly #heads: Query<HeadRow>;

  constructor(database: Database, tables: Tables) {
    this.#tables = tables;
    const wanted =
      "d.organization = :organization AND d.status = :status AND d.test = 0 AND d.created_at >= :since AND d.created_at < :until";
    this.#endedBadly = database.query(
      `SELECT d.id, ${wanted} FROM deliveries d INDEXED BY deliveries_of_webhook_that_ended_badly
       WHERE d.webhook = :webhook AND d.status IN (2, 3) AND d.id > :after ORDER BY d.id LIMIT :limit`,
    );
    this.#listed = database.query(
      `SELECT d.id, ${wanted} FROM (SELECT number, id FROM deliveries_of_webhook
         WHERE webhook = :webhook AND id > :after AND id <= :last ORDER BY id LIMIT :limit) l
       CROSS JOIN deliveries d ON d.number = l.number ORDER BY l.id`,
    );
    // The plus signs keep SQLite from walking down all ids instead of the tail's numbers.
    this.#tail = database.query(
      `SELECT d.id, ${wanted} FROM deliveries d
       WHERE d.number > :listedTo AND +d.webhook = :webhook AND +d.id > :after ORDER BY +d.id LIMIT :limit`,
    );
    this.#heads = database.query(
      `SELECT number, id, project, action, created_at, first_delivery, deliveries FROM messages
       WHERE number > ? AND number <= ? AND organization = ? AND created_at >= ? AND created_at < ? ORDER BY number LIMIT ?`,
    );
  }

  find(scope: ReplayScope, cursor: string, limit: number): ReplayPage {
    const { status, missing } = scope.request;
    const most = Math.min(limit, mostRows);
    if (status !== null && !cursor.startsWith(messageMark)) return this.#findDeliveries(scope, cursor, most);
    return missing ? this.#findMessages(scope, Number(cursor.slice(1)), most) : nothing;
  }

  #findDeliveries(scope: ReplayScope, cursor: string, limit: number): ReplayPage {
    const { entries, read } = this.#entriesAfter(scope, cursor, limit);
    const deliveries = entries.filter(([, isWanted]) => isWanted === 1).map(([id]) => id);
    const last = entries.at(-1)?.[0];
    const atEnd = scope.request.missing ? `${messageMark}0` : null;
    const next = entries.length < limit || last === undefined ? atEnd : last;
    return { deliveries, messages: [], examined: entries.length, read, next };
  }

  #entriesAfter({ organization, webhook, request }: ReplayScope, cursor: string, limit: number): Entries {
    const { since, until } = request;
    const status = statusCodes[request.status ?? "failed"];
    // A delivery's id is made when it is, or later: none below this bound is young enough.
    const bound = idBound("dlv", since);
    const range = { organization, webhook, status, since, until, limit, after: cursor > bound ? cursor : bound };
    if (status !== delivered) {
      const entries = this.#endedBadly.all(range);
      return { entries, read: entries.length };
    }
    const { blocks, lists, deliveries } = this.#tables;
    const listed = this.#listed.all({ ...range, last: blocks.lastIdBefore(until) });
    const last = listed.at(-1)?.[0];
    // A clock that was set back may have given the tail ids that stand before those of the list.
    if (listed.length === limit && last !== undefined && lists.isTailBehind(last))
      return { entries: listed, read: listed.length };
    const tail = this.#tail.all({ ...range, listedTo: lists.listedTo });
    const entries = [...listed, ...tail].sort(([left], [right]) => (left < right ? -1 : 1)).slice(0, limit);
    return { entries, read: listed.length + deliveries.lastNumber - lists.listedTo };
  }

  /** Goes from block to block, then over the messages that are in none, until the page is full or enough was read. */
  #findMessages(scope: ReplayScope, after: number, limit: number): ReplayPage {
    const page: OpenPage = { messages: [], examined: 0, rows: 0 };
    let at = after;
    while (page.examined < limit && page.rows < mostRows) {
      const part = this.#partAfter(at, scope);
      if (part === undefined) return closed(page, null);
      at = this.#readPart({ ...part, after: Math.max(at, part.after) }, { scope, page, limit });
    }
    return closed(page, `${messageMark}${at}`);
  }

  /** The next numbers that may hold such messages. */
  #partAfter(at: number, { organization, request }: ReplayScope): NumberRange | undefined {
    const { messages, messageBlocks } = this.#tables;
    const block = messageBlocks.next(blockOf(at + 1), { organization, ...request });
    if (block !== undefined) return numbersOf(block);
    // Of the last messages no block tells.
    const tail = { after: numbersOf(blockOf(messages.lastNumber + 1)).after, upTo: messages.lastNumber };
    return Math.max(at, tail.after) < tail.upTo ? tail : undefined;
  }

  /** Reads on in these numbers; the last one that was looked at. */
  #readPart({ after, upTo }: NumberRange, { scope, page, limit }: Reading): number {
    const { organization, request } = scope;
    const left = limit - page.examined;
    const rows = this.#heads.all(after, upTo, organization, request.since, request.until, left);
    // Where the page was full before the end, what stands behind its last row was not read.
    const end = rows.length < left ? upTo : (rows.at(-1)?.[0] ?? upTo);
    page.rows += end - after;
    for (const [message, id, project, action, createdAt, first, deliveries] of rows) {
      page.examined += 1;
      page.rows += deliveries;
      const isMissing = this.#tables.added.isMissing({ message, first, deliveries }, scope.webhook);
      if (isMissing) page.messages.push({ id, project, action, createdAt });
      if (page.rows >= mostRows) return message;
    }
    return end;
  }
}

interface Entries {
  readonly entries: readonly EntryRow[];
  /** Rows. */
  readonly read: number;
}

interface OpenPage {
  readonly messages: MessageHead[];
  examined: number;
  rows: number;
}

interface NumberRange {
  readonly after: number;
  readonly upTo: number;
}

interface Reading {
  readonly scope: ReplayScope;
  readonly page: OpenPage;
  readonly limit: number;
}

function closed({ messages, examined, rows: read }: OpenPage, next: string | null): ReplayPage {
  return { deliveries: [], messages, examined, read, next };
}

const nothing: ReplayPage = { deliveries: [], messages: [], examined: 0, read: 0, next: null };

/** The column `status`. */
const statusCodes = { delivered: 1, failed: 2, cancelled: 3 } as const;
