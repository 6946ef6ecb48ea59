import { MemoryAccessStore } from "./memory-access-store.js";
import { MemoryAttemptLog } from "./memory-attempt-log.js";
import { MemoryDeliveries } from "./memory-deliveries.js";
import { MemoryDeliveryQueue } from "./memory-delivery-queue.js";
import { MemoryHandlers } from "./memory-handlers.js";
import { MemoryJobStore } from "./memory-job-store.js";
import { MemoryJobs } from "./memory-jobs.js";
import { MemoryKeys } from "./memory-keys.js";
import { MemoryMessageLog } from "./memory-message-log.js";
import { MemoryNotes } from "./memory-notes.js";
import { MemoryPluginStateStore } from "./memory-plugin-state-store.js";
import { MemoryWebhookStore } from "./memory-webhook-store.js";
import { MemoryWebhooks } from "./memory-webhooks.js";
import type { Store } from "./store.js";

/**
 * A store that keeps everything in the memory of this process, for tests and for applications that need nothing to last.
 * The reference of the ports: what it does is what they mean.
 *
 * @example
 * ```ts
 * import { createMemoryStore } from "@hookwright/core";
 *
 * const store = createMemoryStore();
 * await store.open();
 * console.log(store.capabilities.durable);
 * await store.close();
 * ```
 */
export function createMemoryStore(): Store {
  const webhooks = new MemoryWebhooks();
  const deliveries = new MemoryDeliveries(webhooks);
  const handlers = new MemoryHandlers(deliveries);
  const keys = new MemoryKeys();
  const jobs = new MemoryJobs();
  const notes = new MemoryNotes();
  const messages = new MemoryMessageLog({ webhooks, deliveries, keys, notes });
  const queue = new MemoryDeliveryQueue({ webhooks, deliveries, handlers, notes });
  return {
    name: "memory",
    capabilities: { durable: false, shared: false },
    messages,
    webhooks: new MemoryWebhookStore(webhooks, deliveries),
    queue,
    notes,
    attempts: new MemoryAttemptLog({ webhooks, deliveries, handlers, keys, jobs, notes }),
    access: new MemoryAccessStore(),
    state: new MemoryPluginStateStore({ messages, queue, deliveries, handlers }),
    jobs: new MemoryJobStore({ jobs, webhooks, deliveries }),
    open: async () => {},
    close: async () => {},
  };
}
