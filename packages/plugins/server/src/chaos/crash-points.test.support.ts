/** In what a point of the database thread's is: a transaction that holds a statement like this. */
export interface ThreadPlace {
  readonly statement: RegExp;
  /** After such a statement, while the transaction is committed, when it is, or while the log is copied into the database. */
  readonly moment: "statement" | "commit" | "committed" | "checkpoint";
}

/** Where a process can be ended by name: between each pair of stages of an event's way. */
export interface CrashPoint {
  /** What {@link CrashSwitch} is told. Those of the database thread stand in {@link threadPlaces}. */
  readonly name: string;
  /** What has happened by then, and what has not. */
  readonly title: string;
  /** A life comes by so often at least: which time is the last one is drawn. */
  readonly times: number;
}

/** In the order of the flow. */
export const crashPoints: readonly CrashPoint[] = [
  point("migration: statement", "the schema is half migrated", 1),
  point("migration: commit", "the migration is being committed", 1),
  point("open: committed", "the database is open, the host does not know", 1),
  point("before messages.append", "an event is matched, the store has not been called"),
  point("during messages.append", "an event is on its way to the database"),
  point("append: statement", "a message is written, its transaction is open"),
  point("append: commit", "an append is being committed"),
  point("append: committed", "an append is committed, nobody was told"),
  point("append: checkpoint", "the log is being copied into the database"),
  point("after messages.append", "the store has answered an append, the caller does not know"),
  point("before queue.claim", "deliveries are due, nothing is claimed"),
  point("after queue.claim", "deliveries are claimed, nothing is built"),
  point("request built", "a request is built, not sent"),
  point("before transport.send", "a request is through the middleware, not sent"),
  point("during transport.send", "a request is on the wire"),
  point("after transport.send", "an answer is in, nothing is judged"),
  point("answered", "an answer is on its way back through the middleware"),
  point("before queue.settle", "an attempt is judged, not recorded"),
  point("during queue.settle", "a record is on its way to the database"),
  point("settle: statement", "an attempt is written, its transaction is open"),
  point("settle: commit", "a record is being committed"),
  point("settle: committed", "a record is committed, nobody was told"),
  point("after queue.settle", "the store has answered a record, no listener was told"),
  point("told", "a listener is told of an attempt"),
  point("handler called", "a durable handler is called"),
  point("handler done", "a durable handler has done its work, nothing is committed"),
  point("before state.commit", "a handler's commit is ready, the store has not been called"),
  point("commit: statement", "a handler's state is written, its transaction is open"),
  point("commit: commit", "a handler's commit is being committed"),
  point("commit: committed", "a handler's commit is committed, nobody was told"),
  point("after state.commit", "the store has answered a handler's commit"),
  point("webhook: committed", "a changed webhook is committed, nobody was told", 3),
  point("after webhooks.delete", "a webhook is deleted, its deliveries are not all cancelled", 1),
  point("after queue.retry", "a retry is stored, the caller does not know", 2),
  point("note: statement", "an operational event is noted, its transaction is open", 3),
  point("told: committed", "an operational event is stored and its note taken away, nobody was told", 3),
  point("replay: statement", "a step of a replay is written, its transaction is open", 2),
  point("after jobs.advance", "a step of a replay is stored, the runner does not know", 1),
  point("purge: statement", "old deliveries are removed, the transaction is open", 2),
  point("after attempts.purge", "a step of the retention is done, more is left", 3),
  point("lists: statement", "deliveries are added to the lists, the transaction is open", 1),
];

/** Those that a plugin, or the database thread, can reach: in a service that is started as a user starts it. */
export const servicePoints: readonly CrashPoint[] = crashPoints.filter(({ name }) =>
  ["append: committed", "request built", "settle: commit", "handler done"].includes(name),
);

/** The transactions of the points of the database thread, by the first half of their names. */
const statements: Readonly<Record<string, RegExp>> = {
  open: /^UPDATE state SET generation/,
  append: /^INSERT INTO messages /,
  settle: /^INSERT OR REPLACE INTO attempts /,
  commit: /^INSERT OR REPLACE INTO plugin_state /,
  webhook: /^(INSERT OR REPLACE INTO|UPDATE) webhooks /,
  note: /^INSERT INTO notes /,
  told: /^DELETE FROM notes /,
  replay: /^INSERT OR REPLACE INTO jobs /,
  purge: /^DELETE FROM deliveries WHERE/,
  lists: /^INSERT INTO deliveries_of_webhook /,
};

/** Where in the database thread a point is; `undefined`: elsewhere, or in the migration. */
export function threadPlace(name: string): ThreadPlace | undefined {
  const [transaction = "", moment] = name.split(": ");
  const statement = statements[transaction];
  if (statement === undefined) return undefined;
  // The table above is the only source of such names.
  return { statement, moment: moment as ThreadPlace["moment"] };
}

function point(name: string, title: string, times = 25): CrashPoint {
  return { name, title, times };
}
