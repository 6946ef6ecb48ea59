import type { AccessStore } from "./access-store.js";
import type { AttemptLog } from "./attempt-log.js";
import type { DeliveryQueue } from "./delivery-queue.js";
import type { JobStore } from "./job-store.js";
import type { MessageLog } from "./message-log.js";
import type { NoteLog } from "./note-log.js";
import type { PluginStateStore } from "./plugin-state-store.js";
import type { WebhookStore } from "./webhook-store.js";

/** What a store can do beyond its ports. */
export interface StoreCapabilities {
  /** Whether what it answered survives the end of the process. */
  readonly durable: boolean;
  /** Whether several processes may have it open. */
  readonly shared: boolean;
}

/**
 * Everything that Hookwright keeps, as narrow ports over one database. The same contract suite (`storeContract` of
 * @hookwright/testing) is the law of every implementation.
 */
export interface Store {
  readonly name: string;
  readonly capabilities: StoreCapabilities;
  readonly messages: MessageLog;
  readonly webhooks: WebhookStore;
  readonly queue: DeliveryQueue;
  readonly notes: NoteLog;
  readonly attempts: AttemptLog;
  readonly access: AccessStore;
  readonly state: PluginStateStore;
  readonly jobs: JobStore;

  /**
   * Makes the database ready: creates or migrates it, voids the leases of a process that died.
   *
   * @throws HookwrightError `storage_foreign` when the database is another program's or a newer version's, `storage_failed` when it cannot be opened.
   */
  open(): Promise<void>;

  /** Waits for what was called, then lets go of the database. May be called twice. */
  close(): Promise<void>;
}
