import type { StatementSync } from "node:sqlite";
import type {
  NewWebhook,
  OrganizationId,
  Reseal,
  SealableWebhook,
  StoredSecret,
  StoredTarget,
  SubscriptionChanges,
  Webhook,
  WebhookChange,
  WebhookFilter,
  WebhookId,
  WebhookPage,
  WebhookSubscription,
} from "@hookwright/core";
import type { Database, Query } from "../database/database.js";
import { toRow, toSubscription, toTarget, toWebhook, type WebhookRow, webhookColumns } from "./webhook-row.js";
import { readSecrets, WebhookSecretTable } from "./webhook-secret-table.js";

/** When something changes, and the organization's number for it. */
export interface Moment {
  readonly now: number;
  readonly version: number;
}

/** To SQLite a negative limit is none. */
const noLimit = -1;

type SealableRow = readonly [id: WebhookId, organization: OrganizationId, headers: string, secrets: string | null];

/** Owns the webhooks' records and their secrets. Deleted ones stay as tombstones, so that every reader of changes hears of them. */
export class WebhookTable {
  readonly #database: Database;
  readonly #put: StatementSync;
  readonly #bury: StatementSync;
  readonly #nextId: Query<readonly [WebhookId]>;
  readonly #byId: Query<WebhookRow>;
  readonly #secrets: WebhookSecretTable;
  readonly #sealable: Query<SealableRow>;
  readonly #reseal: StatementSync;
  readonly #changed: Query<readonly [version: number, deletedAt: number | null, ...webhook: WebhookRow]>;

  constructor(database: Database) {
    this.#database = database;
    const marks = webhookColumns.replace(/\w+/g, "?");
    this.#put = database.prepare(`INSERT OR REPLACE INTO webhooks (${webhookColumns}) VALUES (${marks})`);
    this.#bury = database.prepare(
      `UPDATE webhooks SET url = '', headers = '{}', is_active = 0, updated_at = ?, deleted_at = ?, version = ? WHERE id = ?`,
    );
    this.#nextId = database.query("SELECT coalesce(max(id), 0) + 1 FROM webhooks");
    this.#byId = database.query(`SELECT ${webhookColumns} FROM webhooks WHERE id = ? AND deleted_at IS NULL`);
    this.#secrets = new WebhookSecretTable(database);
    this.#sealable = database.query(
      `SELECT id, organization, headers, secrets FROM webhooks LEFT JOIN webhook_secrets ON webhook = id
       WHERE id > ? AND deleted_at IS NULL AND (headers <> '{}' OR secrets IS NOT NULL) ORDER BY id LIMIT ?`,
    );
    this.#reseal = database.prepare("UPDATE webhooks SET headers = ? WHERE id = ?");
    this.#changed = database.query(
      `SELECT version, deleted_at, ${webhookColumns} FROM webhooks WHERE organization = ? AND version > ? ORDER BY version LIMIT ?`,
    );
  }

  create(webhook: NewWebhook, { now, version }: Moment): Webhook {
    const id = this.#nextId.get()?.[0];
    if (id === undefined) throw new Error("the next webhook's id is not known");
    return this.#write({
      ...webhook,
      id,
      consecutiveFailures: 0,
      disabledAt: webhook.isActive ? null : now,
      disabledReason: webhook.isActive ? null : "user",
      secretSet: false,
      createdAt: now,
      updatedAt: now,
      version,
    });
  }

  update(before: Webhook, change: WebhookChange, { now, version }: Moment): Webhook {
    const after = { ...before, ...change, updatedAt: now, version };
    const reactivated = after.isActive && !before.isActive;
    const deactivated = before.isActive && !after.isActive;
    const moved = after.url !== before.url || !equalHeaders(after.headers, before.headers);
    return this.#write({
      ...after,
      consecutiveFailures: reactivated || moved ? 0 : before.consecutiveFailures,
      ...(reactivated ? { disabledAt: null, disabledReason: null } : {}),
      ...(deactivated ? { disabledAt: now, disabledReason: "user" as const } : {}),
    });
  }

  setSecrets(before: Webhook, secrets: readonly StoredSecret[], { now, version }: Moment): Webhook {
    this.#overwriting(() => this.#secrets.set(before.id, secrets));
    return this.#write({ ...before, secretSet: secrets.length > 0, updatedAt: now, version });
  }

  sealable(after: number, limit: number): readonly SealableWebhook[] {
    return this.#sealable.all(after, limit).map(([id, organization, headers, secrets]) => ({
      id,
      organization,
      // Written by toRow and by nobody else.
      headers: JSON.parse(headers) as Webhook["headers"],
      secrets: secrets === null ? [] : readSecrets(secrets),
    }));
  }

  /** `false` when something else stands there meanwhile. */
  reseal({ id, from, to }: Reseal): boolean {
    const row = this.#byId.get(id);
    const now = row === undefined ? undefined : { headers: toWebhook(row).headers, secrets: this.#secrets.of(id) };
    if (JSON.stringify(now) !== JSON.stringify({ headers: from.headers, secrets: from.secrets })) return false;
    this.#overwriting(() => {
      this.#reseal.run(JSON.stringify(to.headers), id);
      this.#secrets.set(id, to.secrets);
    });
    return true;
  }

  /** Whether there never was one. */
  get isEmpty(): boolean {
    return this.#nextId.get()?.[0] === 1;
  }

  /** What may be secret goes at once. */
  bury(id: WebhookId, { now, version }: Moment): void {
    this.#overwriting(() => {
      this.#bury.run(now, now, version, id);
      this.#secrets.set(id, []);
    });
  }

  find(organization: OrganizationId, id: WebhookId): Webhook | undefined {
    const row = this.#byId.get(id);
    const webhook = row === undefined ? undefined : toWebhook(row);
    return webhook?.organization === organization ? webhook : undefined;
  }

  list(organization: OrganizationId, { project }: WebhookFilter, { limit, after }: WebhookPage): readonly Webhook[] {
    const ofProject = project === undefined ? "" : "AND project IS ?";
    const query = this.#database.cachedQuery<WebhookRow>(
      `SELECT ${webhookColumns} FROM webhooks WHERE organization = ? AND deleted_at IS NULL AND id > ? ${ofProject} ORDER BY id LIMIT ?`,
    );
    const scope = [organization, after ?? 0, ...(project === undefined ? [] : [project])];
    return query.all(...scope, limit ?? noLimit).map(toWebhook);
  }

  /** `upTo` is that of the last one given: whoever has them all is up to the organization's change number. */
  changes(organization: OrganizationId, since: number, limit: number): SubscriptionChanges {
    const rows = this.#changed.all(organization, since, limit + 1);
    const changed: WebhookSubscription[] = [];
    const deleted: WebhookId[] = [];
    let upTo = since;
    for (const [version, deletedAt, ...row] of rows.slice(0, limit)) {
      if (deletedAt === null) changed.push(toSubscription(row));
      else deleted.push(row[0]);
      upTo = version;
    }
    return { changed, deleted, upTo, more: rows.length > limit };
  }

  targets(ids: readonly WebhookId[]): readonly StoredTarget[] {
    return ids.flatMap((id) => {
      const row = this.#byId.get(id);
      return row === undefined ? [] : [toTarget(row, this.#secrets.of(id))];
    });
  }

  #write(webhook: Webhook): Webhook {
    const row = toRow(webhook);
    this.#overwriting(() => this.#put.run(...row));
    return toWebhook(row);
  }

  /** What is replaced may be a secret from before there was a key. */
  #overwriting(write: () => void): void {
    this.#database.overwriteDeleted(true);
    try {
      write();
    } finally {
      this.#database.overwriteDeleted(false);
    }
  }
}

function equalHeaders(left: Readonly<Record<string, string>>, right: Readonly<Record<string, string>>): boolean {
  const names = Object.keys(left);
  return names.length === Object.keys(right).length && names.every((name) => left[name] === right[name]);
}
