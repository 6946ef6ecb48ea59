// The entry of the database thread.

import { setImmediate } from "node:timers";
import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { failureOf } from "./database/database-failure.js";
import { readMigrations } from "./database/migrations.js";
import { type OpenedDatabase, openDatabase } from "./database/open-database.js";
import { CallGroups } from "./engine/call-groups.js";
import { StoreEngine } from "./engine/store-engine.js";
import type { Call, FromThread, Reply, ThreadData, ToThread } from "./thread/protocol.js";

if (parentPort === null) throw new Error("worker.js is the database thread of a store and nothing else.");
const port = parentPort;
// What sqlite-store.ts starts it with.
const { file, maxBytes } = workerData as ThreadData;

let isWorking = false;

function open(): void {
  try {
    const opened = openDatabase({ file, maxBytes, migrations: readMigrations() });
    serve(opened, openGroups(opened));
    post({ kind: "opened" });
  } catch (error) {
    post({ kind: "failed", failure: failureOf(error, file) });
  }
}

function openGroups({ database, close }: OpenedDatabase): CallGroups {
  try {
    database.begin();
    const engine = new StoreEngine(database);
    database.commit();
    engine.commit();
    return new CallGroups(database, engine, file);
  } catch (error) {
    close();
    throw error;
  }
}

/** Takes everything that has arrived as one group: while it is being committed, the next one gathers. */
function serve(opened: OpenedDatabase, groups: CallGroups): void {
  port.on("message", (first: ToThread) => {
    const messages = [first, ...waitingMessages()];
    reply(groups.run(messages.flatMap((message): readonly Call[] => (message.kind === "calls" ? message.calls : []))));
    if (messages.some((message) => message.kind === "close")) end(opened, groups);
    else workOn(groups);
  });
  workOn(groups);
}

function* waitingMessages(): IterableIterator<ToThread> {
  for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port)) yield next.message;
}

/** A step at a time, so that calls come in between. */
function workOn(groups: CallGroups): void {
  if (isWorking || !groups.hasWork) return;
  isWorking = true;
  setImmediate(() => {
    isWorking = false;
    if (!groups.hasWork) return;
    reply(groups.work());
    workOn(groups);
  });
}

function end(opened: OpenedDatabase, groups: CallGroups): void {
  while (groups.owesLists) reply(groups.work());
  groups.end();
  opened.close();
  port.close();
}

function reply(replies: readonly Reply[]): void {
  if (replies.length > 0) post({ kind: "replies", replies });
}

function post(message: FromThread): void {
  port.postMessage(message);
}

open();
