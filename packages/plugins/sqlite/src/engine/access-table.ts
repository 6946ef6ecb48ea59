import type { StatementSync } from "node:sqlite";
import type { AccessToken, OrganizationId } from "@hookwright/core";
import type { Database, Query } from "../database/database.js";

type TokenRow = readonly [id: number, organization: OrganizationId, name: string, hash: string, createdAt: number];

/** Owns the access tokens. */
export class AccessTable {
  readonly #insert: StatementSync;
  readonly #delete: StatementSync;
  readonly #byHash: Query<TokenRow>;
  readonly #ofOrganization: Query<TokenRow>;

  constructor(database: Database) {
    this.#insert = database.prepare(
      "INSERT INTO tokens (organization, name, hash, created_at) VALUES (?, ?, ?, ?) ON CONFLICT (hash) DO NOTHING",
    );
    this.#delete = database.prepare("DELETE FROM tokens WHERE organization = ? AND id = ?");
    const select = "SELECT id, organization, name, hash, created_at FROM tokens";
    this.#byHash = database.query(`${select} WHERE hash = ?`);
    this.#ofOrganization = database.query(`${select} WHERE organization = ? ORDER BY id`);
  }

  add({ organization, name, hash, createdAt }: Omit<AccessToken, "id">): AccessToken {
    this.#insert.run(organization, name, hash, createdAt);
    const token = this.find(hash);
    if (token === undefined) throw new Error("the token that was added is not there");
    return token;
  }

  find(hash: string): AccessToken | undefined {
    const row = this.#byHash.get(hash);
    return row === undefined ? undefined : toToken(row);
  }

  list(organization: OrganizationId): readonly AccessToken[] {
    return this.#ofOrganization.all(organization).map(toToken);
  }

  remove(organization: OrganizationId, id: number): boolean {
    return this.#delete.run(organization, id).changes !== 0;
  }
}

function toToken([id, organization, name, hash, createdAt]: TokenRow): AccessToken {
  return { id, organization, name, hash, createdAt };
}
