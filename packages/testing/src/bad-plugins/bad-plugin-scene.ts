import {
  type ConfiguredPlugin,
  createMemoryStore,
  createWebhooks,
  type NotificationName,
  type Webhooks,
} from "@hookwright/core";
import { currentPlugin } from "@hookwright/core/internal";
import { ManualClock } from "../manual-clock.js";
import { LeakWatch } from "../test-host/leak-watch.js";
import { ReceiverTransport } from "../test-host/receiver-transport.js";
import { RecordedLog } from "../test-host/recorded-log.js";
import { StoreTraffic } from "../test-host/store-traffic.js";
import { TestHost } from "../test-host/test-host.js";
import type { TestReceiver } from "../test-host/test-receiver.js";
import { badThing } from "./bad-thing.js";
import type { Evidence, Heard } from "./evidence.js";
import { Notebook } from "./notebook.js";
import { type Testimony, witness, witnessSeen } from "./witness.js";

/** What a host is opened with. */
export interface SceneOptions {
  /** Beside the witness, and before it: who comes first could do most harm. */
  readonly plugins?: readonly unknown[];
  readonly notebook?: Notebook;
}

const names = Object.keys({
  "message.accepted": true,
  "attempt.recorded": true,
  "handler.recorded": true,
  "webhook.disabled": true,
  "delivery.exhausted": true,
  "delivery.recovered": true,
  "middleware.failed": true,
  "listener.failed": true,
  "plugin.failed": true,
  "plugin.blocked": true,
  "notifications.lost": true,
  "store.failed": true,
  // The names are those of the type, which the compiler has checked.
} satisfies Record<NotificationName, true>) as readonly NotificationName[];

/** No fault of this folder needs more time than this to show, in milliseconds: ten retries of the standard schedule. */
const longest = 36 * 3_600_000;

/** A host in which the witness runs, with bad plugins or without; its clock stands still until somebody moves it. */
export class BadPluginScene {
  readonly notebook: Notebook;
  readonly hooks: Webhooks;
  readonly clock: ManualClock;
  readonly #host: TestHost;
  readonly #log: RecordedLog;
  readonly #heard: Heard[] = [];
  readonly #testimony: Testimony;
  /** Those that the case has made. */
  badPlugins: readonly unknown[] = [];
  #receiver: TestReceiver | undefined;
  #badReceiver: TestReceiver | undefined;
  #isStopped = false;

  private constructor({ host, log, notebook, testimony }: SceneParts) {
    this.notebook = notebook;
    this.hooks = host.hooks;
    this.clock = host.clock;
    this.#host = host;
    this.#log = log;
    this.#testimony = testimony;
    for (const name of names) this.hooks.on(name, (facts) => void this.#heard.push({ name, facts: { ...facts } }));
  }

  /** @throws BootError when plugins are refused; the store was not opened then. */
  static async open({ plugins = [], notebook = new Notebook() }: SceneOptions = {}): Promise<BadPluginScene> {
    const testimony: Testimony = { heard: [] };
    const clock = new ManualClock();
    const transport = new ReceiverTransport(clock);
    const log = new RecordedLog();
    const leaks = new LeakWatch(currentPlugin);
    const traffic = new StoreTraffic();
    try {
      // What is no plugin is among what is tried.
      const bad = plugins as readonly ConfiguredPlugin[];
      const hooks = await createWebhooks({
        store: traffic.watch(createMemoryStore()),
        plugins: [...bad, witness(testimony)],
        settings: { retrySchedule: "standard", allowTargets: "loopback" },
        logger: log,
        clock,
        transport,
        random: () => 0.5,
        randomBytes: (bytes) => bytes.fill(0),
      });
      const host = new TestHost({ hooks, clock, transport, traffic, log, leaks, organization: 1, project: 1 });
      const scene = new BadPluginScene({ host, log, notebook, testimony });
      await scene.whileTimePasses(hooks.start());
      await scene.#addReceivers();
      return scene;
    } catch (error) {
      leaks.end();
      throw error;
    }
  }

  /** Calls upon the witness. */
  async round(round: number): Promise<void> {
    await this.#host.emit(witnessSeen, { round });
    await this.settled();
  }

  /** Emits the event of the bad plugin, which its receiver wants. */
  async emitBad(payload: { readonly n?: number; readonly text?: string } = {}): Promise<void> {
    await this.#host.emit(badThing, { n: 1, ...payload });
  }

  /** Emits an event that the types know nothing of. */
  readonly emitOther = async (action: string, payload: unknown): Promise<void> => {
    await this.hooks.emit(action as "TASKS_CREATED", payload as never, { project: 1 });
  };

  /** Lets everything happen that needs no time. */
  settled(): Promise<void> {
    return this.#host.pass(0);
  }

  pass(milliseconds: number): Promise<void> {
    return this.#host.pass(milliseconds);
  }

  /** Moves time until the state has come; `false` when it does not come. */
  async comes(isSo: () => boolean | Promise<boolean>): Promise<boolean> {
    const end = this.clock.now() + longest;
    for (;;) {
      await this.settled();
      if (await isSo()) return true;
      if (this.clock.now() > end || !this.clock.next()) return false;
    }
  }

  /** What a promise comes to that may need time. */
  async whileTimePasses<Result>(promise: Promise<Result>): Promise<Result> {
    let isSettled = false;
    const settle = (): void => {
      isSettled = true;
    };
    promise.then(settle, settle);
    if (!(await this.comes(() => isSettled))) throw new Error("a promise of the host never settled");
    return promise;
  }

  async load(plugin: unknown): Promise<void> {
    // What is no plugin is among what is tried.
    await this.whileTimePasses(this.hooks.plugins.load(plugin as ConfiguredPlugin));
    await this.#addBadReceiver();
  }

  async unload(name: string): Promise<void> {
    await this.whileTimePasses(this.hooks.plugins.unload(name, { dependents: true }));
  }

  /** What the witness's receiver got: bodies with the headers that do not depend on ids and time. In the order of the bodies. */
  get testimony(): readonly string[] {
    const requests = (this.#receiver?.received ?? []).map(({ body, headers }) => {
      const { "webhook-id": id = "", "webhook-timestamp": time = "", ...rest } = headers;
      const isDated = id.startsWith("msg_") && /^\d{10}$/.test(time);
      return `${Buffer.from(body).toString()} ${JSON.stringify(Object.entries(rest).sort())} ${isDated ? "dated" : `id ${id}, time ${time}`}`;
    });
    return requests.sort();
  }

  /** Actions of the witness's events whose attempts the witness itself heard of, sorted. */
  get heardByWitness(): readonly string[] {
    return this.#testimony.heard.toSorted();
  }

  /** What can be registered and looked at from outside. */
  get registrations(): readonly string[] {
    const events = this.hooks.events.list().map(({ names: own, owner }) => `event ${own.join("=")} of ${owner.name}`);
    const parts = this.hooks.plugins.status().map((status) => JSON.stringify(status));
    return [...events, ...parts];
  }

  async evidence(): Promise<Evidence> {
    // A host that was stopped tells of no delivery any more.
    const deliveries = this.#isStopped ? [] : await this.#host.deliveries();
    return {
      lines: this.#log.lines,
      heard: this.#heard,
      attempts: deliveries.flatMap(({ delivery, attempts }) =>
        attempts.map((attempt) => ({ action: delivery.action, status: delivery.status, facts: { ...attempt } })),
      ),
      statuses: this.hooks.plugins.status(),
      notes: this.notebook.notes,
      caught: this.notebook.caught,
      received: (this.#badReceiver?.received ?? []).map(({ body }) => Buffer.from(body).toString()),
    };
  }

  /** Stops the host; what was left behind, one line each. */
  async stop(): Promise<readonly string[]> {
    this.#isStopped = true;
    await this.whileTimePasses(this.hooks.stop({ timeout: 0 }));
    try {
      await this.#host[Symbol.asyncDispose]();
      return [];
    } catch (error) {
      const lines = String(error instanceof Error ? error.message : error).split("\n");
      return lines.filter((line) => line.startsWith("  ")).map((line) => line.trim());
    } finally {
      this.notebook.close();
    }
  }

  async #addReceivers(): Promise<void> {
    this.#receiver = await this.#host.receiver({ actions: ["WITNESS_SEEN", "WITNESS_COUNTED"] });
    await this.#addBadReceiver();
  }

  async #addBadReceiver(): Promise<void> {
    const isThere = this.hooks.events.list().some(({ definition }) => definition.action === badThing.action);
    if (isThere) this.#badReceiver ??= await this.#host.receiver({ actions: [badThing.action] });
  }
}

interface SceneParts {
  readonly host: TestHost;
  readonly log: RecordedLog;
  readonly notebook: Notebook;
  readonly testimony: Testimony;
}
