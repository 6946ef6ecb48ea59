import { type ConfiguredPlugin, createMemoryStore, createWebhooks, type Settings, type Store } from "@hookwright/core";
import { currentPlugin } from "@hookwright/core/internal";
import { ManualClock } from "../manual-clock.js";
import { LeakWatch } from "./leak-watch.js";
import { ReceiverTransport } from "./receiver-transport.js";
import { RecordedLog } from "./recorded-log.js";
import { StoreTraffic } from "./store-traffic.js";
import { TestHost } from "./test-host.js";

/** What a test host is to be. */
export interface TestHostOptions {
  /** As in `createWebhooks`. */
  readonly plugins?: readonly ConfiguredPlugin[];
  /**
   * As in `createWebhooks`, but with retries (`standard`), organization webhooks and loopback targets unless set otherwise, so that each can be
   * tested without a word.
   */
  readonly settings?: Partial<Settings>;
  /** Where events are emitted and receivers added; 1. */
  readonly project?: number;
  /** 1. */
  readonly organization?: number;
  /** Milliseconds since the Unix epoch at which its clock stands; 2026-01-01T00:00:00Z. */
  readonly now?: number;
  /**
   * A new memory store unless given. The host opens and closes it. The next host over one that lasts needs a later `now`: ids are made
   * of the time.
   */
  readonly store?: Store;
}

const settingsOfTests: Partial<Settings> = {
  retrySchedule: "standard",
  organizationWebhooks: true,
  allowTargets: "loopback",
};

/**
 * Starts a host for the test of a plugin: in this process, over a memory store, with a clock that jumps to where something
 * waits, with ids that are the same each time, and receivers that need no network. Bind it with `await using`: it is stopped
 * with the test, and what a plugin leaves behind fails it.
 *
 * @throws HookwrightError as `createWebhooks` and its `start`; Error when a plugin does not get started.
 *
 * @example
 * ```ts
 * import { defineEvent, definePlugin } from "@hookwright/core";
 * import { createTestHost } from "@hookwright/testing";
 *
 * const invoicePaid = defineEvent({
 *   action: "INVOICE_PAID",
 *   summary: "An invoice was settled.",
 *   schema: { type: "object", required: ["invoice_id"], properties: { invoice_id: { type: "integer" } } },
 *   example: { invoice_id: 1 },
 * });
 * const billing = definePlugin({ name: "billing", version: "1.0.0", events: [invoicePaid] });
 *
 * await using host = await createTestHost({ plugins: [billing] });
 * const shop = await host.receiver({ actions: ["INVOICE_PAID"], answers: [500, 200] });
 * await host.emit(invoicePaid, { invoice_id: 7 });
 * const [delivery] = await host.delivered("INVOICE_PAID");
 * console.log(shop.received[0]?.payload, delivery?.attempts.length);
 * ```
 */
export async function createTestHost(options: TestHostOptions = {}): Promise<TestHost> {
  const { plugins = [], settings, project = 1, organization = 1, store = createMemoryStore() } = options;
  const clock = new ManualClock(options.now);
  const transport = new ReceiverTransport(clock);
  const log = new RecordedLog();
  const traffic = new StoreTraffic();
  const hooks = await createWebhooks({
    store: traffic.watch(store),
    plugins,
    settings: { ...settingsOfTests, ...settings },
    logger: log,
    clock,
    transport,
    // The middle of the spread: a pause is what the schedule says.
    random: () => 0.5,
    randomBytes: (bytes) => bytes.fill(0),
  });
  const host = new TestHost({
    hooks,
    clock,
    transport,
    traffic,
    log,
    leaks: new LeakWatch(currentPlugin),
    organization,
    project,
  });
  try {
    await host.start();
    return host;
  } catch (error) {
    // What it leaves behind is not the news.
    await host[Symbol.asyncDispose]().catch(() => undefined);
    throw error;
  }
}
