import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Worker } from "node:worker_threads";
import type {
  ClaimedBatch,
  DeliveryId,
  DeliveryStatus,
  EmitEntry,
  EmitResult,
  Lease,
  NewWebhook,
  Webhook,
} from "@hookwright/core";
import { ManualClock, MessageBuilder, newWebhook, organizationId, settlement } from "@hookwright/testing";
import { onTestFinished } from "vitest";
import { type SqliteOptions, SqliteStore, startThread } from "./sqlite-store.js";

/** Owns a folder with a database, every store that was opened on it, and their threads. */
export class SqliteRig {
  readonly folder = mkdtempSync(join(tmpdir(), "hookwright-sqlite-"));
  readonly file = join(this.folder, "hooks.db");
  readonly #stores: SqliteStore[] = [];
  readonly #threads: Worker[] = [];

  /** One that is disposed of when the test is over. */
  static forTest(): SqliteRig {
    const rig = new SqliteRig();
    onTestFinished(() => rig.dispose());
    return rig;
  }

  /** A store that is not open. */
  make(options: Partial<SqliteOptions> = {}): SqliteStore {
    const store = new SqliteStore({ file: this.file, ...options }, (data) => {
      const thread = startThread(data);
      this.#threads.push(thread);
      return thread;
    });
    this.#stores.push(store);
    return store;
  }

  async open(options: Partial<SqliteOptions> = {}): Promise<SqliteStore> {
    const store = this.make(options);
    await store.open();
    return store;
  }

  /** Ends every thread in the middle of whatever it does. */
  async kill(): Promise<void> {
    await Promise.all(this.#threads.splice(0).map((thread) => thread.terminate()));
  }

  async dispose(): Promise<void> {
    await Promise.all(this.#stores.map((store) => store.close()));
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A store with a clock of its own, and the few verbs that most tests need. */
export class Trial {
  readonly rig: SqliteRig;
  readonly clock = new ManualClock();
  readonly messages = new MessageBuilder(this.clock);
  store: SqliteStore;

  constructor(rig: SqliteRig, store: SqliteStore) {
    this.rig = rig;
    this.store = store;
  }

  get now(): number {
    return this.clock.now();
  }

  async webhook(changes: Partial<NewWebhook> = {}): Promise<Webhook> {
    return this.store.webhooks.create(newWebhook({ maxConcurrency: 100_000, ...changes }), this.now);
  }

  /** Entries of one message and one delivery each. */
  entries(webhook: Webhook, count: number): readonly EmitEntry[] {
    return Array.from({ length: count }, () => this.messages.entry([webhook.id], { basedOn: webhook.version }));
  }

  async append(entries: readonly EmitEntry[], limit = 0): Promise<readonly EmitResult[]> {
    return this.store.messages.append(entries, { now: this.now, leaseUntil: this.now + 30_000, limit });
  }

  async claim(limit = 100_000): Promise<ClaimedBatch> {
    return this.store.queue.claim({ now: this.now, leaseUntil: this.now + 30_000, limit });
  }

  async deliver(leases: readonly Lease[]): Promise<readonly boolean[]> {
    const settlements = leases.map((lease) => settlement(lease));
    return (await this.store.queue.settle(settlements, this.now)).settled;
  }

  async statusOf(delivery: DeliveryId): Promise<DeliveryStatus | undefined> {
    return (await this.store.attempts.get(organizationId(1), delivery))?.delivery.status;
  }

  /** Ends the thread as a crash would, and opens the database again. */
  async crash(options: Partial<SqliteOptions> = {}): Promise<void> {
    await this.rig.kill();
    this.store = await this.rig.open(options);
  }
}

/** A store that is open for this test. */
export async function trial(options: Partial<SqliteOptions> = {}): Promise<Trial> {
  const rig = SqliteRig.forTest();
  return new Trial(rig, await rig.open(options));
}

/** The ids of all deliveries of these entries, in order. */
export function deliveriesOf(entries: readonly EmitEntry[]): readonly DeliveryId[] {
  return entries.flatMap(({ drafts }) => drafts.flatMap(({ deliveries }) => deliveries.map(({ id }) => id)));
}
