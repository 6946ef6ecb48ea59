import { readFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { IdSource } from "@hookwright/core/internal";

/** Deliveries that are finished and older than any retention, and some that wait since yesterday. */
const finished = 4_000;
const waiting = 40;

const day = 86_400_000;

/** What is left to be done of an aged database. */
export interface AgedFacts {
  /** Created before: retention takes them. */
  readonly oldBefore: number;
  /** The events that wait. */
  readonly waiting: readonly number[];
}

/**
 * Makes a database as the second version of the schema left it, by a process that was killed: old records for the
 * retention, deliveries that wait, and lists that are behind.
 */
export function createAgedDatabase(file: string, url: string): AgedFacts {
  const database = new DatabaseSync(file);
  // As in the store: the mark of whose file it is.
  database.exec(`PRAGMA application_id = ${0x686f6f6b}; PRAGMA journal_mode = WAL; BEGIN`);
  for (const name of ["0001-first-schema", "0002-handlers-and-state"]) database.exec(migration(name));
  database.exec("PRAGMA user_version = 2; UPDATE state SET generation = 3, clean = 0");
  const now = Date.now();
  database
    .prepare(
      `INSERT INTO webhooks VALUES (1, 1, 12, ?, 1, 0, '["ANNOTATION_CREATED"]', '{}', 1, NULL, NULL, NULL, 0, 0, NULL, NULL, 0, ?, ?, 1, NULL)`,
    )
    .run(url, now - 50 * day, now - 50 * day);
  const numbers = Array.from({ length: finished + waiting }, (_, index) => index + 1);
  let time = now - 45 * day;
  const ids = new IdSource({ now: () => time, setTimer: () => ({ cancel: () => undefined }) });
  const rows = new AgedRows(database);
  for (const number of numbers) {
    const isWaiting = number > finished;
    time = isWaiting ? now - day : now - 45 * day + number;
    rows.insert({ number, message: ids.messageId(), delivery: ids.deliveryId(), time, isWaiting });
  }
  database.exec("COMMIT");
  database.close();
  return { oldBefore: now - 40 * day, waiting: numbers.slice(finished).map((number) => -number) };
}

class AgedRows {
  readonly #message;
  readonly #delivery;
  readonly #attempt;
  readonly #due;

  constructor(database: DatabaseSync) {
    this.#message = database.prepare(
      "INSERT INTO messages VALUES (:number, :id, 1, 12, 'ANNOTATION_CREATED', :time, :number, 1, 0, :payload, 0)",
    );
    this.#delivery = database.prepare(
      `INSERT INTO deliveries VALUES (:number, :id, 1, 1, :number, 12, 'ANNOTATION_CREATED', 'full', :status, 0, :time, :finished,
         :due, :attempts, :attempts, 0, 0, :last, NULL)`,
    );
    this.#attempt = database.prepare("INSERT INTO attempts VALUES (?, ?)");
    this.#due = database.prepare("INSERT INTO due VALUES (1, ?, ?, ?, ?)");
  }

  insert(row: { number: number; message: string; delivery: string; time: number; isWaiting: boolean }): void {
    const { number, message, delivery, time, isWaiting } = row;
    // Negative, so that none is taken for an event of the load.
    const payload = new TextEncoder().encode(`{"tasks":[{"id":${-number}}],"annotation":{"id":${number}}}`);
    this.#message.run({ number, id: message, time, payload });
    const end = isWaiting
      ? { status: 0, finished: null, due: time, attempts: 0, last: null }
      : { status: 1, finished: time, due: null, attempts: 1, last: 200 };
    this.#delivery.run({ number, id: delivery, time, ...end });
    if (isWaiting) this.#due.run(time, delivery, time, number);
    else this.#attempt.run(number * 65_536 + 1, attemptAt(time));
  }
}

function attemptAt(startedAt: number): string {
  const nothing = { code: null, error: null, excerpt: "", middleware: null, changedBy: [], slowedBy: [], headers: {} };
  return JSON.stringify({ number: 1, startedAt, duration: 1, status: 200, ...nothing });
}

/** The files of the store, which stand beside this package in the repository. */
function migration(name: string): string {
  return readFileSync(new URL(`../../../sqlite/src/migrations/${name}.sql`, import.meta.url), "utf8");
}
