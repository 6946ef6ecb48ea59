// Loaded before everything else in each thread of a child process (NODE_OPTIONS). In the database thread, it watches the
// statements that SQLite is given, and ends the process within the transaction that was ordered.

import { isMainThread, Worker, workerData } from "node:worker_threads";
import { threadPlace } from "./crash-points.test.support.js";
import { crashOrder, end } from "./crash-switch.test.support.js";

const order = crashOrder();
const place = order === undefined ? undefined : threadPlace(order.point);

if (!isMainThread && order !== undefined && typeof Object(workerData).file === "string") await watch();

async function watch(): Promise<void> {
  const { DatabaseSync } = await import("node:sqlite");
  const { prepare, exec } = DatabaseSync.prototype;
  const clock = order?.point.endsWith(": commit") || order?.point.endsWith(": checkpoint") ? endingClock() : undefined;
  let left = order?.occurrence ?? 0;
  let isMeant = false;
  const isTime = (): boolean => {
    left -= 1;
    return left === 0;
  };

  /** The one statement that begins, commits or takes back every transaction of the store. */
  const bracket = (run: () => unknown, connection: InstanceType<typeof DatabaseSync>, sql: string): unknown => {
    const isCommitted = isMeant && sql === "COMMIT";
    isMeant = false;
    if (!isCommitted) return run();
    if (place?.moment === "commit" && isTime()) clock?.();
    const result = run();
    if (place?.moment === "committed" && isTime()) end();
    if (place?.moment === "checkpoint" && isTime()) {
      clock?.();
      exec.call(connection, "PRAGMA wal_checkpoint(TRUNCATE)");
    }
    return result;
  };

  DatabaseSync.prototype.prepare = function (sql) {
    const statement = prepare.call(this, sql);
    const run = statement.run.bind(statement) as (...values: unknown[]) => ReturnType<typeof statement.run>;
    if (["BEGIN IMMEDIATE", "COMMIT", "ROLLBACK"].includes(sql)) {
      Object.assign(statement, { run: () => bracket(() => run(), this, sql) });
    } else if (place?.statement.test(sql)) {
      Object.assign(statement, {
        run: (...values: unknown[]) => {
          const result = run(...values);
          isMeant = true;
          if (place.moment === "statement" && isTime()) end();
          return result;
        },
      });
    }
    return statement;
  };

  // What migrates is the only thing that is executed in pieces within a transaction.
  DatabaseSync.prototype.exec = function (sql) {
    const isCommit = sql.includes("PRAGMA user_version") && sql.includes("COMMIT");
    if (order?.point === "migration: commit" && isCommit) clock?.();
    if (order?.point === "migration: statement" && isCommit) end();
    exec.call(this, sql);
  };
}

/** Ends the process so many microseconds after it was started: from a thread of its own, since this one is inside SQLite then. */
function endingClock(): () => void {
  const shared = new Int32Array(new SharedArrayBuffer(4));
  const program = `
    const { workerData: { shared, delay } } = require("node:worker_threads");
    Atomics.wait(shared, 0, 0);
    const until = process.hrtime.bigint() + BigInt(Math.round(delay * 1000));
    while (process.hrtime.bigint() < until);
    process.kill(process.pid, "SIGKILL");`;
  new Worker(program, { eval: true, workerData: { shared, delay: order?.delay ?? 0 } }).unref();
  return () => {
    Atomics.store(shared, 0, 1);
    Atomics.notify(shared, 0);
  };
}
