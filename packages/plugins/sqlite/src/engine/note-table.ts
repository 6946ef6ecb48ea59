import type { StatementSync } from "node:sqlite";
import type { Note, OrganizationId, WebhookId } from "@hookwright/core";
import type { Database, Query } from "../database/database.js";

type NoteRow = readonly [id: number, organization: OrganizationId, webhook: WebhookId, at: number, fact: string];

/** A note to be written; `fact` is JSON. */
export interface NewNote extends Pick<Note, "organization" | "webhook" | "at"> {
  readonly fact: string;
}

/** Owns the notes of what is to be told. */
export class NoteTable {
  readonly #insert: StatementSync;
  readonly #remove: StatementSync;
  readonly #forget: StatementSync;
  readonly #exists: Query<readonly [number]>;
  readonly #after: Query<NoteRow>;

  constructor(database: Database) {
    this.#insert = database.prepare("INSERT INTO notes (organization, webhook, at, fact) VALUES (?, ?, ?, ?)");
    this.#remove = database.prepare("DELETE FROM notes WHERE id = ?");
    this.#forget = database.prepare(
      "DELETE FROM notes WHERE at < ? AND id IN (SELECT id FROM notes ORDER BY id LIMIT ?)",
    );
    this.#exists = database.query("SELECT 1 FROM notes WHERE id = ?");
    this.#after = database.query(
      "SELECT id, organization, webhook, at, fact FROM notes WHERE id > ? ORDER BY id LIMIT ?",
    );
  }

  write({ organization, webhook, at, fact }: NewNote): void {
    this.#insert.run(organization, webhook, at, fact);
  }

  has(id: number): boolean {
    return this.#exists.get(id) !== undefined;
  }

  take(id: number): void {
    this.#remove.run(id);
  }

  /** Removes those written before `before` among the first `limit`; how many. They stand in the order in which they came. */
  forget(before: number, limit: number): number {
    return Number(this.#forget.run(before, limit).changes);
  }

  list(after: number, limit: number): readonly Note[] {
    return this.#after.all(after, limit).map(([id, organization, webhook, at, fact]) => {
      // Written by a settle, from a fact.
      return { id, organization, webhook, at, fact: JSON.parse(fact) as Note["fact"] };
    });
  }
}
