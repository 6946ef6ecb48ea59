import { resolve } from "node:path";
import { Worker, type WorkerOptions } from "node:worker_threads";
import { HookwrightError, type Store, type StoreCapabilities } from "@hookwright/core";
import { ThreadAccessStore } from "./ports/thread-access-store.js";
import { ThreadAttemptLog } from "./ports/thread-attempt-log.js";
import { ThreadDeliveryQueue } from "./ports/thread-delivery-queue.js";
import { ThreadJobStore } from "./ports/thread-job-store.js";
import { ThreadMessageLog } from "./ports/thread-message-log.js";
import { ThreadNoteLog } from "./ports/thread-note-log.js";
import { ThreadPluginStateStore } from "./ports/thread-plugin-state-store.js";
import { ThreadWebhookStore } from "./ports/thread-webhook-store.js";
import type { ThreadData } from "./thread/protocol.js";
import { type CallThread, StoreThread } from "./thread/store-thread.js";

/** Where the database is and how large it may grow. */
export interface SqliteOptions {
  /** The database file; its folder is created when it is missing. `-wal`, `-shm` and `.lock` files stand beside it. */
  readonly file: string;
  /** The size in bytes that the file may grow to; beyond it, calls fail with `storage_full` as on a full disk. Default: the disk's. */
  readonly maxBytes?: number;
}

/**
 * A store in one SQLite file, for one process. What it answered survives a crash of the machine.
 *
 * @example
 * ```ts
 * import { sqlite } from "@hookwright/plugin-sqlite";
 *
 * const store = sqlite({ file: "data/hooks.db" });
 * await store.open();
 * console.log(store.capabilities.durable);
 * await store.close();
 * ```
 */
export function sqlite(options: SqliteOptions): Store {
  return new SqliteStore(options, startThread);
}

/** Starts the thread that the database lives in. */
export type StartThread = (data: ThreadData) => Worker;

export class SqliteStore implements Store {
  readonly name = "sqlite";
  readonly capabilities: StoreCapabilities = { durable: true, shared: false };
  readonly messages: ThreadMessageLog;
  readonly webhooks: ThreadWebhookStore;
  readonly queue: ThreadDeliveryQueue;
  readonly notes: ThreadNoteLog;
  readonly attempts: ThreadAttemptLog;
  readonly access: ThreadAccessStore;
  readonly state: ThreadPluginStateStore;
  readonly jobs: ThreadJobStore;
  readonly #data: ThreadData;
  readonly #startThread: StartThread;
  #opening: Promise<void> | undefined;
  #closing: Promise<void> = Promise.resolve();
  #thread: StoreThread | undefined;

  constructor({ file, maxBytes }: SqliteOptions, start: StartThread) {
    this.#data = { file: resolve(file), maxBytes };
    this.#startThread = start;
    const call: CallThread = (name, input, transfer) =>
      this.#thread === undefined ? Promise.reject(notOpen()) : this.#thread.call(name, input, transfer);
    this.messages = new ThreadMessageLog(call);
    this.webhooks = new ThreadWebhookStore(call);
    this.queue = new ThreadDeliveryQueue(call);
    this.notes = new ThreadNoteLog(call);
    this.attempts = new ThreadAttemptLog(call);
    this.access = new ThreadAccessStore(call);
    this.state = new ThreadPluginStateStore(call);
    this.jobs = new ThreadJobStore(call);
  }

  open(): Promise<void> {
    if (this.#thread?.hasEnded) this.#opening = undefined;
    this.#opening ??= this.#open();
    return this.#opening;
  }

  async close(): Promise<void> {
    const opening = this.#opening;
    this.#opening = undefined;
    this.#closing = this.#close(opening, this.#closing);
    await this.#closing;
  }

  async #open(): Promise<void> {
    await this.#closing;
    try {
      this.#thread = await StoreThread.start(this.#startThread(this.#data), this.#data.file);
    } catch (error) {
      this.#opening = undefined;
      throw error;
    }
  }

  /** One open and one close at a time, in the order of the calls. */
  async #close(opening: Promise<void> | undefined, closing: Promise<void>): Promise<void> {
    await closing;
    // Whoever called open() hears of a failure there.
    await opening?.catch(() => undefined);
    const thread = this.#thread;
    this.#thread = undefined;
    await thread?.close();
  }
}

// Always the compiled file: a thread is plain Node, which cannot load these sources, and so also the tests run what is
// shipped. This path is right from the sources and from dist alike.
const workerFile = new URL("../dist/worker.js", import.meta.url);

/** The thread keeps little and makes much garbage: a large young generation would only be memory that is never given back. */
const resourceLimits = { maxYoungGenerationSizeMb: 8 };

/** Starts it as applications have it. */
export function startThread(workerData: ThreadData): Worker {
  // Loaders, conditions and inspector flags of the main thread are not meant for the database. To Node 22, node:sqlite is
  // an experiment that it warns of.
  const execArgv = ["--disable-warning=ExperimentalWarning"];
  const options: WorkerOptions = { name: "hookwright-sqlite", workerData, execArgv, resourceLimits };
  return new Worker(workerFile, options);
}

function notOpen(): HookwrightError {
  return new HookwrightError("storage_failed", "The store is not open: call open() first.");
}
