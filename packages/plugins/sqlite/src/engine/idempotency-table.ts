import type { StatementSync } from "node:sqlite";
import type { IdempotencyClaim, OrganizationId } from "@hookwright/core";
import type { Database, Query } from "../database/database.js";

type KeyRow = readonly [fingerprint: string, answer: string];

/** Owns the callers' keys of their events. */
export class IdempotencyTable {
  readonly #find: Query<KeyRow>;
  readonly #keep: StatementSync;
  readonly #forget: StatementSync;

  constructor(database: Database) {
    this.#find = database.query(
      "SELECT fingerprint, answer FROM idempotency_keys WHERE organization = ? AND key = ? AND expires_at > ?",
    );
    this.#keep = database.prepare(
      "INSERT OR REPLACE INTO idempotency_keys (organization, key, fingerprint, answer, expires_at) VALUES (?, ?, ?, ?, ?)",
    );
    this.#forget = database.prepare(
      "DELETE FROM idempotency_keys WHERE rowid IN (SELECT rowid FROM idempotency_keys WHERE expires_at <= ? LIMIT ?)",
    );
  }

  /** The claim that holds this key at `now`. */
  find(
    organization: OrganizationId,
    key: string,
    now: number,
  ): Pick<IdempotencyClaim, "fingerprint" | "answer"> | undefined {
    const row = this.#find.get(organization, key, now);
    return row === undefined ? undefined : { fingerprint: row[0], answer: row[1] };
  }

  keep(organization: OrganizationId, { key, fingerprint, answer, expiresAt }: IdempotencyClaim): void {
    this.#keep.run(organization, key, fingerprint, answer, expiresAt);
  }

  /** Removes up to `limit` of those that expired by `now`; how many. */
  forgetExpired(now: number, limit: number): number {
    return Number(this.#forget.run(now, limit).changes);
  }
}
