import type { StatementSync } from "node:sqlite";
import type { TargetId } from "@hookwright/core";
import type { Database, Query } from "../database/database.js";

/** Owns until when webhooks are paused. */
export class PauseTable {
  readonly #put: StatementSync;
  readonly #remove: StatementSync;
  readonly #byWebhook: Query<readonly [number]>;

  constructor(database: Database) {
    this.#put = database.prepare("INSERT OR REPLACE INTO webhook_pauses (webhook, until) VALUES (?, ?)");
    this.#remove = database.prepare("DELETE FROM webhook_pauses WHERE webhook = ?");
    this.#byWebhook = database.query("SELECT until FROM webhook_pauses WHERE webhook = ?");
  }

  of(webhook: TargetId): number | undefined {
    return this.#byWebhook.get(webhook)?.[0];
  }

  put(webhook: TargetId, until: number): void {
    this.#put.run(webhook, until);
  }

  end(webhook: TargetId): void {
    this.#remove.run(webhook);
  }
}
