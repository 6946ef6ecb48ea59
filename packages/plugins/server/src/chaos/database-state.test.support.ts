import { copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { disableAfter } from "./chaos-settings.test.support.js";

/** One delivery to a webhook, as the database has it. */
export interface DeliveryState {
  readonly id: string;
  /** Counts up in the order in which events were accepted. */
  readonly number: number;
  readonly message: string;
  readonly path: string;
  readonly status: "pending" | "delivered" | "failed" | "cancelled";
  readonly attempts: number;
}

/** One accepted event. */
interface MessageState {
  readonly id: string;
  readonly action: string;
  readonly organization: number;
  readonly createdAt: number;
  /** The number in its payload. */
  readonly event: number;
  /** To webhooks. */
  readonly deliveries: number;
}

/** A database as it stands on the disk, and what is wrong with it. */
export interface DatabaseState {
  readonly faults: readonly string[];
  /** By webhook and message. */
  readonly deliveries: ReadonlyMap<string, DeliveryState>;
  readonly messages: readonly MessageState[];
  /** Operational events: of what kind, and about which delivery or webhook. */
  readonly notices: readonly { readonly kind: string; readonly about: string }[];
  /** How often a webhook that never succeeded before its receiver recovered was deactivated, as its attempts tell. */
  readonly deactivations: ReadonlyMap<string, number>;
  /** What the durable handlers remember, by organization and key. */
  readonly counters: ReadonlyMap<string, number>;
}

/** What must never come out of a crash: each query finds what breaks its law. */
const laws: Readonly<Record<string, string>> = {
  "a delivery without a message":
    "SELECT d.id FROM deliveries d LEFT JOIN messages m ON m.number = d.message WHERE m.number IS NULL",
  "a message without all of its deliveries": `SELECT m.id FROM messages m WHERE m.created_at > (SELECT max(created_at) FROM messages) - 86400000
     AND m.deliveries <> (SELECT count(*) FROM deliveries d WHERE d.message = m.number
       AND d.number BETWEEN m.first_delivery AND m.first_delivery + m.deliveries - 1)`,
  "a waiting delivery that nobody will ever claim":
    "SELECT d.id FROM deliveries d LEFT JOIN due u ON u.number = d.number WHERE d.status = 0 AND u.number IS NULL",
  "a finished delivery that is due still":
    "SELECT d.id FROM due u JOIN deliveries d ON d.number = u.number WHERE d.status <> 0",
  "a due row without its delivery":
    "SELECT u.delivery FROM due u LEFT JOIN deliveries d ON d.number = u.number WHERE d.number IS NULL",
  "a due row that disagrees with its delivery":
    "SELECT d.id FROM due u JOIN deliveries d ON d.number = u.number WHERE u.webhook <> d.webhook OR u.due <> d.due OR u.delivery <> d.id",
  "a delivery that is due twice": "SELECT delivery FROM due GROUP BY number HAVING count(*) > 1",
  "a finished delivery without its time":
    "SELECT id FROM deliveries WHERE status <> 0 AND (finished_at IS NULL OR due IS NOT NULL)",
  "an attempt without its delivery":
    "SELECT a.key FROM attempts a LEFT JOIN deliveries d ON d.number = a.key >> 16 WHERE d.number IS NULL",
  "a delivery whose attempts are not all there": `SELECT d.id FROM deliveries d WHERE d.attempts <>
     (SELECT count(*) FROM attempts a WHERE a.key BETWEEN d.number << 16 AND (d.number << 16) + 65535)`,
  "an attempt that was recorded twice": `SELECT key FROM attempts GROUP BY key >> 16, json_extract(attempt, '$.number') HAVING count(*) > 1`,
  "a delivery that is missing in a list": `SELECT d.id FROM deliveries d, state s WHERE d.number <= s.listed_to
     AND (NOT EXISTS (SELECT 1 FROM deliveries_of_webhook w WHERE w.webhook = d.webhook AND w.id = d.id AND w.number = d.number)
     OR NOT EXISTS (SELECT 1 FROM deliveries_of_organization o WHERE o.organization = d.organization AND o.id = d.id AND o.number = d.number))`,
  "a list entry without its delivery": `SELECT l.id FROM (SELECT id, number FROM deliveries_of_webhook UNION SELECT id, number FROM deliveries_of_organization) l
     LEFT JOIN deliveries d ON d.number = l.number WHERE d.number IS NULL`,
  "a webhook that should be deactivated": `SELECT id FROM webhooks WHERE is_active = 1 AND consecutive_failures >= ${disableAfter}`,
  "a webhook that was deactivated too early": `SELECT id FROM webhooks WHERE url LIKE '%/dead' AND disabled_reason = 'failures' AND consecutive_failures < ${disableAfter}`,
  "a failure that was not counted, or counted twice": `SELECT w.id FROM webhooks w WHERE w.url LIKE '%/dead' AND
     (SELECT count(*) FROM attempts a JOIN deliveries d ON d.number = a.key >> 16 WHERE d.webhook = w.id) % ${disableAfter} <> w.consecutive_failures % ${disableAfter}`,
  "an operational event that is told for ever":
    "SELECT id FROM notes WHERE at < (SELECT max(created_at) FROM messages) - 60000",
  "an added delivery without its message": `SELECT a.delivery FROM added_deliveries a LEFT JOIN messages m ON m.number = a.message
     LEFT JOIN deliveries d ON d.number = a.delivery WHERE m.number IS NULL OR d.number IS NULL`,
  "an idempotency key whose event is not there": `SELECT k.key FROM idempotency_keys k
     LEFT JOIN messages m ON m.id = json_extract(k.answer, '$.id') WHERE m.id IS NULL`,
};

/**
 * Reads the database of a process that is dead. Looks at a copy: to open the file itself would repair it, which is the
 * next child's work.
 */
export function readDatabaseState(file: string, exceptFor: readonly string[] = []): DatabaseState {
  const folder = mkdtempSync(join(tmpdir(), "hookwright-chaos-"));
  const copy = join(folder, "copy.db");
  try {
    copyFileSync(file, copy);
    if (existsSync(`${file}-wal`)) copyFileSync(`${file}-wal`, `${copy}-wal`);
    const database = new DatabaseSync(copy);
    try {
      return {
        faults: faultsOf(database, exceptFor),
        deliveries: deliveriesOf(database),
        messages: messagesOf(database),
        notices: noticesOf(database),
        deactivations: deactivationsOf(database),
        counters: countersOf(database),
      };
    } finally {
      database.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** How many records are left that retention has to take; of a database that is in use. */
export function countOld(file: string, before: number): number {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    return Number(
      database.prepare("SELECT count(*) AS count FROM messages WHERE created_at < ?").get(before)?.["count"],
    );
  } finally {
    database.close();
  }
}

function faultsOf(database: DatabaseSync, exceptFor: readonly string[]): readonly string[] {
  const health = database
    .prepare("PRAGMA integrity_check")
    .all()
    .map((row) => String(row["integrity_check"]));
  const broken = health.filter((text) => text !== "ok").map((text) => `integrity_check: ${text}`);
  const version = Number(database.prepare("PRAGMA user_version").get()?.["user_version"]);
  // Before the first migration went through there is nothing that the laws below know.
  if (version <= 2) return broken;
  return [
    ...broken,
    ...Object.entries(laws).flatMap(([law, sql]) => {
      if (exceptFor.includes(law)) return [];
      const found = database.prepare(sql).all();
      return found.length === 0 ? [] : [`${found.length} × ${law}: ${JSON.stringify(found.slice(0, 3))}`];
    }),
  ];
}

const statuses = ["pending", "delivered", "failed", "cancelled"] as const;

function deliveriesOf(database: DatabaseSync): ReadonlyMap<string, DeliveryState> {
  // A deleted webhook has no URL any more, and cannot be told from another by it.
  const rows = database
    .prepare(
      `SELECT d.id, d.number, m.id AS message, w.url, w.id AS webhook, d.status, d.attempts
       FROM deliveries d JOIN messages m ON m.number = d.message JOIN webhooks w ON w.id = d.webhook`,
    )
    .all();
  return new Map(
    rows.map((row) => {
      const url = String(row["url"]);
      const path = url === "" ? `deleted-${row["webhook"]}` : url.slice(url.lastIndexOf("/") + 1);
      const state: DeliveryState = {
        id: String(row["id"]),
        number: Number(row["number"]),
        message: String(row["message"]),
        path,
        status: statuses[Number(row["status"])] ?? "pending",
        attempts: Number(row["attempts"]),
      };
      return [deliveryKey(path, state.message), state];
    }),
  );
}

export function deliveryKey(path: string, message: string): string {
  return `${path} ${message}`;
}

function messagesOf(database: DatabaseSync): readonly MessageState[] {
  const rows = database
    .prepare(
      `SELECT m.id, m.action, m.organization, m.created_at, CAST(m.payload AS TEXT) AS payload,
         (SELECT count(*) FROM deliveries d WHERE d.number BETWEEN m.first_delivery AND m.first_delivery + m.deliveries - 1
           AND d.webhook > 0) AS deliveries FROM messages m`,
    )
    .all();
  return rows.map((row) => ({
    id: String(row["id"]),
    action: String(row["action"]),
    organization: Number(row["organization"]),
    createdAt: Number(row["created_at"]),
    event: Number(JSON.parse(String(row["payload"])).tasks?.[0]?.id),
    deliveries: Number(row["deliveries"]),
  }));
}

function noticesOf(database: DatabaseSync): DatabaseState["notices"] {
  const rows = database
    .prepare(
      `SELECT action, coalesce(json_extract(CAST(payload AS TEXT), '$.delivery.id'), json_extract(CAST(payload AS TEXT), '$.webhook.id')) AS about
       FROM messages WHERE action IN ('WEBHOOK_DISABLED', 'DELIVERY_EXHAUSTED')`,
    )
    .all();
  return rows.map(({ action, about }) => ({ kind: String(action), about: String(about) }));
}

function deactivationsOf(database: DatabaseSync): DatabaseState["deactivations"] {
  const rows = database
    .prepare(
      `SELECT w.id, count(*) AS failures FROM webhooks w JOIN deliveries d ON d.webhook = w.id
       JOIN attempts a ON a.key >> 16 = d.number WHERE w.url LIKE '%/dead' AND json_extract(a.attempt, '$.status') = 500 GROUP BY w.id`,
    )
    .all();
  return new Map(rows.map((row) => [String(row["id"]), Math.floor(Number(row["failures"]) / disableAfter)]));
}

function countersOf(database: DatabaseSync): ReadonlyMap<string, number> {
  const rows = database.prepare("SELECT organization, key, value FROM plugin_state WHERE plugin = 'counting'").all();
  return new Map(rows.map((row) => [`${row["organization"]} ${row["key"]}`, Number(row["value"])]));
}
