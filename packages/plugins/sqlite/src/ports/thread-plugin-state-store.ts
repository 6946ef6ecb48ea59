import type {
  CommittedBatch,
  HandlerCommit,
  HandlerId,
  HandlerSettings,
  HandOver,
  PluginStateStore,
  StateChange,
  StateEntry,
  StateOwner,
} from "@hookwright/core";
import { decodeCommitted, encodeCommits } from "../thread/commit-columns.js";
import type { CallThread } from "../thread/store-thread.js";

/** What plugins remember, in the database thread. */
export class ThreadPluginStateStore implements PluginStateStore {
  readonly #call: CallThread;

  constructor(call: CallThread) {
    this.#call = call;
  }

  async register(handlers: readonly HandlerSettings[]): Promise<readonly HandlerId[]> {
    return this.#call("registerHandlers", handlers);
  }

  async read(owner: StateOwner, keys: readonly string[]): Promise<readonly StateEntry[]> {
    return this.#call("readState", { owner, keys });
  }

  async compareAndSet(owner: StateOwner, changes: readonly StateChange[]): Promise<boolean> {
    return this.#call("changeState", { owner, changes });
  }

  async commit(commits: readonly HandlerCommit[], handOver: HandOver): Promise<CommittedBatch> {
    const columns = encodeCommits(commits, handOver);
    const committed = await this.#call("commitHandlers", columns, columns.emits.messages.bytes.buffer);
    return decodeCommitted(committed, commits, handOver);
  }
}
