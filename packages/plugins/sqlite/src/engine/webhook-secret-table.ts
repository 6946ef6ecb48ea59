import type { StatementSync } from "node:sqlite";
import type { StoredSecret, WebhookId } from "@hookwright/core";
import type { Database, Query } from "../database/database.js";

const none: readonly StoredSecret[] = [];

/** Owns the signing secrets, as they were sealed; a webhook without any has no row. */
export class WebhookSecretTable {
  readonly #byWebhook: Query<readonly [secrets: string]>;
  readonly #put: StatementSync;
  readonly #remove: StatementSync;

  constructor(database: Database) {
    this.#byWebhook = database.query("SELECT secrets FROM webhook_secrets WHERE webhook = ?");
    this.#put = database.prepare("INSERT OR REPLACE INTO webhook_secrets (webhook, secrets) VALUES (?, ?)");
    this.#remove = database.prepare("DELETE FROM webhook_secrets WHERE webhook = ?");
  }

  of(webhook: WebhookId): readonly StoredSecret[] {
    const row = this.#byWebhook.get(webhook);
    return row === undefined ? none : readSecrets(row[0]);
  }

  set(webhook: WebhookId, secrets: readonly StoredSecret[]): void {
    if (secrets.length === 0) this.#remove.run(webhook);
    else this.#put.run(webhook, JSON.stringify(secrets));
  }
}

export function readSecrets(text: string): readonly StoredSecret[] {
  // Written by `set` above and by nobody else.
  return JSON.parse(text) as readonly StoredSecret[];
}
