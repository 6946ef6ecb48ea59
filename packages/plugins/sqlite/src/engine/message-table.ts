import type { StatementSync } from "node:sqlite";
import type { Message, MessageId, OrganizationId, ProjectId } from "@hookwright/core";
import type { Database, Query } from "../database/database.js";
import type { MessageBlocks } from "./message-blocks.js";
import { messageWindowSql, type OldRows, type OldWindow } from "./old-rows.js";

/** A message with its place in the numbering. */
export interface MessageEntry {
  readonly message: Message;
  readonly number: number;
  readonly firstDelivery: number;
  readonly deliveries: number;
}

type MessageRow = readonly [
  number: number,
  id: MessageId,
  organization: OrganizationId,
  project: ProjectId | null,
  action: string,
  createdAt: number,
  variants: number,
  hops: number,
  payload: Uint8Array,
];

const columns = "number, id, organization, project, action, created_at, variants, hops, payload";

/** Owns the messages and their variants. */
export class MessageTable {
  readonly #insert: StatementSync;
  readonly #insertVariant: StatementSync;
  readonly #remove: StatementSync;
  readonly #removeVariants: StatementSync;
  readonly #byNumber: Query<MessageRow>;
  readonly #byId: Query<MessageRow>;
  readonly #variants: Query<readonly [name: string, payload: Uint8Array]>;
  readonly #window: Query<OldWindow>;
  readonly #last: Query<readonly [number]>;
  readonly #blocks: MessageBlocks;
  #lastNumber = 0;

  constructor(database: Database, blocks: MessageBlocks) {
    this.#blocks = blocks;
    this.#insert = database.prepare(
      `INSERT INTO messages (${columns}, first_delivery, deliveries) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#insertVariant = database.prepare("INSERT INTO message_variants (message, name, payload) VALUES (?, ?, ?)");
    const unneeded = `number > :after AND number <= :upTo AND created_at < :before AND NOT EXISTS (SELECT 1 FROM deliveries d
      WHERE d.number >= messages.first_delivery AND d.number < messages.first_delivery + messages.deliveries)
      AND NOT EXISTS (SELECT 1 FROM added_deliveries a WHERE a.message = messages.number AND a.delivery IS NOT NULL)`;
    this.#remove = database.prepare(`DELETE FROM messages WHERE ${unneeded}`);
    this.#removeVariants = database.prepare(
      `DELETE FROM message_variants WHERE message IN (SELECT number FROM messages WHERE variants > 0 AND ${unneeded})`,
    );
    this.#byNumber = database.query(`SELECT ${columns} FROM messages WHERE number = ?`);
    this.#byId = database.query(`SELECT ${columns} FROM messages WHERE id = ? AND organization = ?`);
    this.#variants = database.query("SELECT name, payload FROM message_variants WHERE message = ? ORDER BY rowid");
    this.#window = database.query(messageWindowSql);
    this.#last = database.query("SELECT coalesce(max(number), 0) FROM messages");
    this.recount();
  }

  /** The number of the next message. */
  nextNumber(): number {
    this.#lastNumber += 1;
    return this.#lastNumber;
  }

  get lastNumber(): number {
    return this.#lastNumber;
  }

  /** Takes the numbers of a failed transaction back. */
  recount(): void {
    this.#lastNumber = this.#last.get()?.[0] ?? 0;
  }

  insert({ message, number, firstDelivery, deliveries }: MessageEntry): void {
    const { id, organization, project, action, createdAt, variants, hops, payload } = message;
    this.#blocks.note({ number, organization, createdAt });
    this.#insert.run(
      number,
      id,
      organization,
      project,
      action,
      createdAt,
      variants.size,
      hops,
      payload,
      firstDelivery,
      deliveries,
    );
    for (const [name, bytes] of variants) this.#insertVariant.run(number, name, bytes);
  }

  read(number: number): Message | undefined {
    return this.#toMessage(this.#byNumber.get(number));
  }

  find(organization: OrganizationId, id: MessageId): Message | undefined {
    return this.#toMessage(this.#byId.get(id, organization));
  }

  /** What is old from `after` on, in a part of `limit` rows. */
  window(before: number, after: number, limit: number): OldWindow {
    return this.#window.get(before, after, limit) ?? [null, null];
  }

  /** Removes those among these that no delivery needs any more. */
  remove(rows: OldRows): void {
    this.#removeVariants.run({ ...rows });
    this.#remove.run({ ...rows });
  }

  #toMessage(row: MessageRow | undefined): Message | undefined {
    if (row === undefined) return undefined;
    const [number, id, organization, project, action, createdAt, variants, hops, payload] = row;
    return {
      id,
      organization,
      project,
      action,
      payload,
      variants: new Map(variants === 0 ? [] : this.#variants.all(number)),
      hops,
      createdAt,
    };
  }
}
