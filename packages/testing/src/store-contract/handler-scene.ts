import type {
  CommitResult,
  DeliveryId,
  HandlerCommit,
  HandlerId,
  HandlerLease,
  OrganizationId,
  StateChange,
  StateEntry,
} from "@hookwright/core";
import { handlerCommit } from "../builders/handler-commit-builder.js";
import { exactly, type Tuples } from "./exactly.js";
import { leaseDuration, type StoreScene } from "./store-scene.js";

/** The state of plugin `billing` and the deliveries of its handlers, in short verbs. */
export class HandlerScene {
  readonly #scene: StoreScene;

  constructor(scene: StoreScene) {
    this.#scene = scene;
  }

  /** Stores `count` messages for a handler, all waiting; the deliveries' ids in order. */
  waiting(handler: HandlerId, count = 1, organization = this.#scene.organization): Promise<readonly DeliveryId[]> {
    return this.#scene.waiting({ id: handler, organization }, count);
  }

  /** Claims and expects exactly `count` leases, all of handlers. */
  async leases<Count extends keyof Tuples<HandlerLease>>(count: Count): Promise<Tuples<HandlerLease>[Count]> {
    return exactly(count, await this.allLeases());
  }

  /** Claims, and expects leases of handlers only. */
  async allLeases(): Promise<readonly HandlerLease[]> {
    return (await this.#scene.leases()).map((lease) => {
      if (lease.webhook >= 0) throw new Error(`${lease.id} goes to a webhook.`);
      // The line above is the proof.
      return lease as HandlerLease;
    });
  }

  async lease(): Promise<HandlerLease> {
    const [only] = await this.leases(1);
    return only;
  }

  /** Commits one or more calls, with up to `limit` leases for the caller. */
  async commit(commits: readonly HandlerCommit[], limit = 0): Promise<readonly CommitResult[]> {
    const { now, store } = this.#scene;
    return (await store.state.commit(commits, { now, leaseUntil: now + leaseDuration, limit })).results;
  }

  /** Commits one call; what came of it. */
  async commitOne(lease: HandlerLease, changes: Partial<HandlerCommit> = {}): Promise<CommitResult["kind"]> {
    const [result] = exactly(1, await this.commit([handlerCommit(lease, changes)]));
    return result.kind;
  }

  async read(
    keys: readonly string[],
    organization: OrganizationId = this.#scene.organization,
  ): Promise<readonly StateEntry[]> {
    return this.#scene.store.state.read({ plugin: "billing", organization }, keys);
  }

  async readOne(key: string): Promise<StateEntry> {
    const [entry] = exactly(1, await this.read([key]));
    return entry;
  }

  /** Writes a value whatever it was before. */
  async write(key: string, value: string | null): Promise<boolean> {
    return this.change([{ key, expected: undefined, value }]);
  }

  async change(changes: readonly StateChange[], organization = this.#scene.organization): Promise<boolean> {
    return this.#scene.store.state.compareAndSet({ plugin: "billing", organization }, changes);
  }
}
