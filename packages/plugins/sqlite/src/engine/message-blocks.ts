import type { StatementSync } from "node:sqlite";
import type { OrganizationId } from "@hookwright/core";
import type { Database, Query } from "../database/database.js";
import { blockOf, blockSize, holdsSql, numbersOf } from "./number-blocks.js";
import type { OldRows } from "./old-rows.js";

/** Which messages a walk is about. */
export interface MessageRange {
  readonly organization: OrganizationId;
  readonly since: number;
  readonly until: number;
}

/** One message, as far as a block knows of it. */
interface Noted {
  readonly number: number;
  readonly organization: OrganizationId;
  readonly createdAt: number;
}

/** The block that is being filled. */
interface OpenBlock {
  firstCreated: number;
  lastCreated: number;
  readonly organizations: Set<OrganizationId>;
}

/**
 * Owns what is known of each 256 messages in a row: who walks over an organization's messages of some time passes over the
 * others' and over all other times. The last, which is not full, is in memory.
 */
export class MessageBlocks {
  readonly #put: StatementSync;
  readonly #remove: StatementSync;
  readonly #read: Query<readonly [first: number | null, last: number | null, organizations: string]>;
  readonly #next: Query<readonly [number]>;
  #open: OpenBlock | undefined;

  constructor(database: Database) {
    this.#put = database.prepare(
      "INSERT OR REPLACE INTO message_blocks (block, first_created, last_created, organizations) VALUES (?, ?, ?, ?)",
    );
    this.#remove = database.prepare(
      `DELETE FROM message_blocks WHERE block >= ? AND block <= ? AND NOT EXISTS (SELECT 1 FROM messages
         WHERE number > block * ${blockSize} AND number <= (block + 1) * ${blockSize})`,
    );
    this.#read = database.query(
      `SELECT min(created_at), max(created_at), coalesce(group_concat(DISTINCT organization), '')
       FROM messages WHERE number > ? AND number < ?`,
    );
    this.#next = database.query(
      `SELECT block FROM message_blocks WHERE block >= ? AND last_created >= ? AND first_created < ?
         AND ${holdsSql("organizations")} ORDER BY block LIMIT 1`,
    );
  }

  /** Hears of every message before it is stored, in the order of their numbers. */
  note({ number, organization, createdAt }: Noted): void {
    this.#open ??= this.#reopen(number);
    const open = this.#open;
    open.firstCreated = Math.min(open.firstCreated, createdAt);
    open.lastCreated = Math.max(open.lastCreated, createdAt);
    open.organizations.add(organization);
    if (number % blockSize !== 0) return;
    this.#put.run(blockOf(number), open.firstCreated, open.lastCreated, `,${[...open.organizations].join()},`);
    this.#open = undefined;
  }

  /** A transaction failed: what it noted is read again. */
  reload(): void {
    this.#open = undefined;
  }

  /** The next full block, from this one on, that may hold such messages. */
  next(from: number, { organization, since, until }: MessageRange): number | undefined {
    return this.#next.get(from, since, until, `,${organization},`)?.[0];
  }

  /** Removes the blocks of these messages that hold none any more. */
  remove({ after, upTo }: OldRows): void {
    this.#remove.run(blockOf(after + 1), blockOf(upTo));
  }

  /** What stands before this message in its block. */
  #reopen(number: number): OpenBlock {
    const { after } = numbersOf(blockOf(number));
    const [first, last, organizations = ""] = this.#read.get(after, number) ?? [];
    return {
      firstCreated: first ?? Number.POSITIVE_INFINITY,
      lastCreated: last ?? Number.NEGATIVE_INFINITY,
      // What the statement lists are organizations' numbers.
      organizations: new Set(
        organizations
          .split(",")
          .filter(Boolean)
          .map((text) => Number(text) as OrganizationId),
      ),
    };
  }
}
