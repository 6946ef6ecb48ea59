import { setImmediate } from "node:timers";
import type { Transferable, Worker } from "node:worker_threads";
import { HookwrightError } from "@hookwright/core";
import { messageOf } from "@hookwright/core/internal";
import type { DatabaseFailure } from "../database/database-failure.js";
import type { Call, FromThread, InputOf, OperationName, OutputOf, Reply, ToThread } from "./protocol.js";

/** Makes one call in the database thread. `transfer` gives memory away: the caller cannot use it from then on. */
export type CallThread = <Name extends OperationName>(
  name: Name,
  input: InputOf<Name>,
  transfer?: Transferable,
) => Promise<OutputOf<Name>>;

/** Calls that may wait for the thread. Emits and records arrive in groups and have bounds of their own; this one is for everything else. */
const mostWaiting = 20_000;

interface Waiting {
  readonly resolve: (output: unknown) => void;
  readonly reject: (error: HookwrightError) => void;
}

/**
 * Owns the thread that the database lives in. Calls made in one turn of the event loop travel together, so that they share
 * a message and a transaction. The thread keeps the process alive only while it owes an answer.
 */
export class StoreThread {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  readonly #ended: Promise<void>;
  #outbox: Call[] = [];
  #transfers: Transferable[] = [];
  #lastId = 0;
  #end: DatabaseFailure | undefined;

  private constructor(worker: Worker, file: string) {
    this.#worker = worker;
    this.#ended = new Promise((resolve) => {
      worker.once("exit", () => {
        this.#fail(endOf(file));
        resolve();
      });
    });
    worker.on("error", (error) => this.#fail(endOf(file, error)));
    worker.on("message", (message: FromThread) => {
      if (message.kind === "replies") this.#answer(message.replies);
    });
  }

  /**
   * Waits until the database is open.
   *
   * @throws HookwrightError what stopped it from opening; the thread is gone then.
   */
  static async start(worker: Worker, file: string): Promise<StoreThread> {
    const thread = new StoreThread(worker, file);
    const first = await new Promise<FromThread>((resolve) => {
      worker.once("message", resolve);
      void thread.#ended.then(() => resolve({ kind: "failed", failure: thread.#end ?? endOf(file) }));
    });
    if (first.kind === "failed") {
      await thread.#ended;
      throw toError(first.failure);
    }
    worker.unref();
    return thread;
  }

  readonly call: CallThread = <Name extends OperationName>(
    name: Name,
    input: InputOf<Name>,
    transfer?: Transferable,
  ): Promise<OutputOf<Name>> => {
    if (this.#end !== undefined) return Promise.reject(toError(this.#end));
    if (this.#waiting.size >= mostWaiting) return Promise.reject(tooMany());
    this.#lastId += 1;
    const id = this.#lastId;
    if (this.#outbox.length === 0) setImmediate(() => this.#flush());
    // Name and input belong together by this method's own signature.
    this.#outbox.push({ id, name, input } as Call);
    if (transfer !== undefined) this.#transfers.push(transfer);
    return new Promise((resolve, reject) => {
      if (this.#waiting.size === 0) this.#worker.ref();
      // What the thread answers to this call is this call's output: engine.ts is checked for that.
      this.#waiting.set(id, { resolve: resolve as (output: unknown) => void, reject });
    });
  };

  /** Whether it can answer no more. */
  get hasEnded(): boolean {
    return this.#end !== undefined;
  }

  /** Waits for every answer, then for the end of the thread. */
  async close(): Promise<void> {
    this.#worker.ref();
    this.#flush();
    this.#end ??= { code: "storage_failed", message: "The store is closed: open it again before you call it." };
    this.#post({ kind: "close" }, []);
    await this.#ended;
  }

  #flush(): void {
    const calls = this.#outbox;
    const transfers = this.#transfers;
    this.#outbox = [];
    this.#transfers = [];
    if (calls.length === 0) return;
    try {
      this.#post({ kind: "calls", calls }, transfers);
    } catch {
      for (const call of calls) this.#postAlone(call);
    }
  }

  /** A value that cannot be copied to another thread fails its own call and no other. */
  #postAlone(call: Call): void {
    try {
      this.#post({ kind: "calls", calls: [call] }, []);
    } catch (cause) {
      const message = `The call ${call.name} carries a value that is no plain data: it cannot be stored.`;
      this.#answer([{ id: call.id, failure: { code: "storage_failed", message, cause } }]);
    }
  }

  #post(message: ToThread, transfers: readonly Transferable[]): void {
    this.#worker.postMessage(message, transfers);
  }

  #answer(replies: readonly Reply[]): void {
    for (const { id, output, failure } of replies) {
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (failure === undefined) waiting?.resolve(output);
      else waiting?.reject(toError(failure));
    }
    if (this.#waiting.size === 0) this.#worker.unref();
  }

  #fail(end: DatabaseFailure): void {
    this.#end ??= end;
    const left = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of left) reject(toError(end));
  }
}

function endOf(file: string, cause?: unknown): DatabaseFailure {
  const reason = cause === undefined ? "" : `: ${messageOf(cause)}`;
  const message = `The thread of the database ${file} has ended${reason}. What it answered is stored; open the store again.`;
  return { code: "storage_failed", message, cause };
}

function tooMany(): HookwrightError {
  const message = `${mostWaiting} calls wait for the database. Nothing of this one was done: try again in a second.`;
  return new HookwrightError("overloaded", message);
}

function toError({ code, message, cause }: DatabaseFailure): HookwrightError {
  return new HookwrightError(code, message, { cause });
}
