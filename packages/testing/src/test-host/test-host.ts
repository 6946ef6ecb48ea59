import {
  type ConfiguredPlugin,
  type DeliveryDetail,
  type EmitOptions,
  type EmitReceipt,
  type EventDefinition,
  type EventInstance,
  type KnownAction,
  type PluginStatus,
  type UnloadOptions,
  type Webhook,
  type WebhookCreation,
  type WebhookEventMap,
  type Webhooks,
} from "@hookwright/core";
import { readEmit } from "@hookwright/core/internal";
import type { ManualClock } from "../manual-clock.js";
import { type AcceptedEvent, reportOf } from "./delivery-report.js";
import { HostTime } from "./host-time.js";
import type { LeakWatch } from "./leak-watch.js";
import { startReceiver } from "./real-receiver.js";
import type { ReceiverScript } from "./received-request.js";
import { ReceiverRecord } from "./receiver-record.js";
import type { ReceiverTransport } from "./receiver-transport.js";
import type { LogLine, RecordedLog } from "./recorded-log.js";
import { refuseUnstarted } from "./refuse-unstarted.js";
import type { StoreTraffic } from "./store-traffic.js";
import type { TestReceiver } from "./test-receiver.js";

/** A webhook with its receiver: what is absent is as for any webhook, and the project is the host's. */
export interface ReceiverOptions extends Omit<WebhookCreation, "url"> {
  /** What it answers, in order; 200 to every further request. */
  readonly answers?: readonly ReceiverScript[];
}

/** How much is waited for. */
export interface WaitOptions {
  /** So many deliveries; absent: every one that there is, and at least one. */
  readonly count?: number;
}

/** What a test host is made of. */
export interface TestHostParts {
  readonly hooks: Webhooks;
  readonly clock: ManualClock;
  readonly transport: ReceiverTransport;
  readonly traffic: StoreTraffic;
  readonly log: RecordedLog;
  readonly leaks: LeakWatch;
  readonly organization: number;
  readonly project: number;
}

/**
 * A host for tests, as `createTestHost` makes it. Its clock stands still until something is waited for, and then jumps from
 * one moment for which something waits to the next.
 */
export class TestHost implements AsyncDisposable {
  /** The host itself, with all that it can do. */
  readonly hooks: Webhooks;
  readonly clock: ManualClock;
  readonly #parts: TestHostParts;
  readonly #time: HostTime;
  readonly #accepted: AcceptedEvent[] = [];
  readonly #closing: (() => Promise<void>)[] = [];
  #receivers = 0;

  /** @internal Made by `createTestHost`. */
  constructor(parts: TestHostParts) {
    const { hooks, clock, transport, traffic } = parts;
    this.hooks = hooks;
    this.clock = clock;
    this.#parts = parts;
    this.#time = new HostTime({
      clock,
      isInFlight: () => hooks.inFlight > 0,
      isAtWork: () => transport.realUnderWay > 0 || traffic.isUnderWay,
    });
    hooks.on("message.accepted", ({ message: id, action, deliveries }) =>
      this.#accepted.push({ id, action, deliveries }),
    );
  }

  /**
   * Emits an event, in the host's project unless `options` or the event's scope say otherwise.
   *
   * @throws HookwrightError as `Webhooks.emit`.
   */
  emit(event: EventInstance, options?: EmitOptions): Promise<EmitReceipt>;
  emit<Payload>(
    event: EventDefinition<string, Payload>,
    payload: NoInfer<Payload>,
    options?: EmitOptions,
  ): Promise<EmitReceipt>;
  emit<Action extends KnownAction>(
    action: Action,
    payload: WebhookEventMap[Action],
    options?: EmitOptions,
  ): Promise<EmitReceipt>;
  async emit(...given: readonly unknown[]): Promise<EmitReceipt> {
    const { action, payload, options } = readEmit<EmitOptions>(given);
    // The overloads above saw to it that the payload is the action's.
    return this.hooks.emit(action as KnownAction, payload as never, { ...this.#scopeOf(action), ...options });
  }

  /** Adds a webhook with a scripted receiver: no network, and it is answered at once. */
  async receiver({ answers = [], ...creation }: ReceiverOptions = {}): Promise<TestReceiver> {
    this.#receivers += 1;
    const url = `https://receiver-${this.#receivers}.test/hook`;
    const record = new ReceiverRecord(answers);
    this.#parts.transport.add(url, record);
    const webhook = await this.#addWebhook(url, creation);
    return {
      webhook,
      url,
      received: record.received,
      answer: (...more) => record.answer(...more),
    };
  }

  /** Adds a webhook with a real HTTP server on a free loopback port, which is closed with the host. */
  async realReceiver({ answers = [], ...creation }: ReceiverOptions = {}): Promise<TestReceiver> {
    const receiver = await startReceiver({ answers });
    this.#closing.push(() => receiver.close());
    const { url, received } = receiver;
    const webhook = await this.#addWebhook(url, creation);
    return { webhook, url, received, answer: (...more) => receiver.answer(...more) };
  }

  /**
   * Waits until the deliveries of an action have arrived: its receivers answered 2xx, its durable handlers are done.
   *
   * @returns them, oldest first, with their attempts
   * @throws Error when one of them has failed for good, or nothing is left to do; it says what happened instead.
   */
  delivered(action: string, options: WaitOptions = {}): Promise<readonly DeliveryDetail[]> {
    return this.#finished(action, "delivered", options);
  }

  /** As {@link TestHost.delivered}, for deliveries that fail for good. */
  failed(action: string, options: WaitOptions = {}): Promise<readonly DeliveryDetail[]> {
    return this.#finished(action, "failed", options);
  }

  /** Waits until nothing is under way and nothing waits for a later time. */
  async idle(): Promise<void> {
    await this.until(async () => !(await this.#mayGoOn()), "everything to come to its end");
  }

  /**
   * Waits for a state of the test's own, moving time while anything waits for it.
   *
   * @throws Error when nothing is left to do and it has not come.
   */
  async until(isSo: () => boolean | Promise<boolean>, what = "the state of the test"): Promise<void> {
    if (await this.#time.until({ isSo, mayCome: () => this.#mayGoOn() })) return;
    throw await this.#nothingLeft(what);
  }

  /** Moves time on, and lets everything happen that needs no more of it. */
  async pass(milliseconds: number): Promise<void> {
    await this.#time.settle();
    this.clock.advance(milliseconds);
    await this.#time.settle();
  }

  /** What was sent, or is to be, oldest first, with the attempts so far: to webhooks and to durable handlers. */
  async deliveries(): Promise<readonly DeliveryDetail[]> {
    const { organization } = this.#parts;
    const records = await this.hooks.deliveries.list({ organization, limit: 10_000 });
    const details = records.map(({ id }) => this.hooks.deliveries.get(id, { organization }));
    return (await Promise.all(details)).toReversed();
  }

  /** Every event that was accepted so far, in order. */
  get accepted(): readonly AcceptedEvent[] {
    return this.#accepted;
  }

  /** Every line of the log so far, debug lines included. */
  get logs(): readonly LogLine[] {
    return this.#parts.log.lines;
  }

  /** @internal Called by `createTestHost`. */
  async start(): Promise<void> {
    await this.#time.during(this.hooks.start(), "The start");
    refuseUnstarted(this.hooks.plugins.status());
  }

  /**
   * Loads a plugin into the running host.
   *
   * @throws HookwrightError as `PluginApi.load`; also when the plugin does not get started.
   */
  async load(plugin: ConfiguredPlugin): Promise<PluginStatus> {
    const status = await this.#time.during(this.hooks.plugins.load(plugin), "The load");
    refuseUnstarted([status]);
    return status;
  }

  /**
   * Unloads a plugin.
   *
   * @throws HookwrightError as `PluginApi.unload`; Error that names what the plugin left behind.
   */
  async unload(name: string, options?: UnloadOptions): Promise<void> {
    await this.#time.during(this.hooks.plugins.unload(name, options), "The unload");
    await this.#time.settle();
    refuseLeaks(this.#parts.leaks.tell(name));
  }

  /**
   * Stops the host and its receivers.
   *
   * @throws Error that names every timer, listener, socket and registration that a plugin left behind, and what went wrong in its stop.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    const { leaks } = this.#parts;
    await this.#time.settle();
    await this.#time.during(this.hooks.stop({ timeout: 0 }), "The stop");
    for (const close of this.#closing.splice(0)) await close();
    await this.#time.settle();
    leaks.end();
    refuseLeaks([...leaks.tell(), ...this.hooks.plugins.status().flatMap(leftoversOf)]);
  }

  async #finished(
    action: string,
    status: "delivered" | "failed",
    { count }: WaitOptions,
  ): Promise<readonly DeliveryDetail[]> {
    let found: readonly DeliveryDetail[] = [];
    const isSo = async (): Promise<boolean> => {
      const all = (await this.deliveries()).filter((detail) => isOf(detail, action));
      found = all.filter(({ delivery }) => delivery.status === status);
      return count === undefined ? found.length > 0 && found.length === all.length : found.length >= count;
    };
    const what = count === undefined ? "every delivery" : `${count} ${count === 1 ? "delivery" : "deliveries"}`;
    await this.until(isSo, `${what} of ${action} to be ${status}`);
    return found;
  }

  #addWebhook(url: string, creation: Omit<WebhookCreation, "url">): Promise<Webhook> {
    const { organization, project } = this.#parts;
    return this.hooks.webhooks.create({ project, ...creation, url }, { organization });
  }

  /** An action that is unknown is the host's to refuse. */
  #scopeOf(action: string): EmitOptions {
    const { organization, project } = this.#parts;
    const event = this.hooks.events.list().find(({ names }) => names.includes(action));
    return event?.definition.scope === "organization" ? { organization } : { organization, project };
  }

  /** Whether a delivery is under way or waits; one that is held, because its webhook is not active, does not. */
  async #mayGoOn(): Promise<boolean> {
    if (this.hooks.inFlight > 0) return true;
    const { organization } = this.#parts;
    const pending = await this.hooks.deliveries.list({ organization, status: "pending", limit: 10_000 });
    if (pending.length === 0) return false;
    const webhooks = await this.hooks.webhooks.list({ organization, limit: 1_000 });
    const active = new Set<number | null>(webhooks.filter(({ isActive }) => isActive).map(({ id }) => id));
    return pending.some(({ webhook, handler }) => handler !== null || active.has(webhook));
  }

  async #nothingLeft(awaited: string): Promise<Error> {
    const deliveries = await this.deliveries();
    return new Error(reportOf(awaited, { accepted: this.#accepted, deliveries, lines: this.logs }));
  }
}

function refuseLeaks(leaks: readonly string[]): void {
  if (leaks.length === 0) return;
  const lines = leaks.map((leak) => `  ${leak}`).join("\n");
  throw new Error(`Left behind after the stop:\n${lines}\nGive each to ctx.own, or end it in the plugin's stop.`);
}

/** What a stopped plugin should not have any more. */
function leftoversOf({ name, error, ...status }: PluginStatus): readonly string[] {
  const kinds = [
    "events",
    "middlewares",
    "transforms",
    "listeners",
    "handlers",
    "offers",
    "contributes",
    "provides",
  ] as const;
  const left = kinds
    .filter((kind) => status[kind].length > 0)
    .map((kind) => `${name}: ${kind} that are still registered`);
  return error === undefined ? left : [...left, `${name}: ${error.message}`];
}

function isOf({ delivery, message }: DeliveryDetail, action: string): boolean {
  return delivery.action === action || message.action === action;
}
