import {
  type Composition,
  createWebhooks,
  type DeliveryRecord,
  type LogFields,
  type Logger,
  type LogLevel,
  type NotificationName,
  type Settings,
  type StartOptions,
  type Webhook,
  type WebhookCreation,
  type Webhooks,
  type WireRequest,
} from "@hookwright/core";
import { ManualClock } from "../manual-clock.js";
import { ScriptedTransport } from "../scripted-transport.js";
import { FaultyStore } from "./faulty-store.test.support.js";

export interface LogLine {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
}

export interface SceneOptions extends Partial<Omit<Composition, "store" | "transport" | "logger">> {
  readonly store?: FaultyStore;
  readonly transport?: ScriptedTransport;
  readonly settings?: Partial<Settings>;
  readonly clock?: ManualClock;
}

type SceneParts = Pick<HostScene, "clock" | "store" | "transport" | "lines" | "hooks">;

/** More turns of the event loop than any state that is waited for needs. */
const mostTurns = 20_000;

/** A host over a memory store, a scripted transport and a clock that stands still. Project 12, spread off. */
export class HostScene {
  readonly clock: ManualClock;
  readonly store: FaultyStore;
  readonly transport: ScriptedTransport;
  readonly lines: readonly LogLine[];
  readonly hooks: Webhooks;

  private constructor({ clock, store, transport, lines, hooks }: SceneParts) {
    this.clock = clock;
    this.store = store;
    this.transport = transport;
    this.lines = lines;
    this.hooks = hooks;
  }

  /** A host that is not started. */
  static async create(options: SceneOptions = {}): Promise<HostScene> {
    const {
      clock = new ManualClock(),
      store = new FaultyStore(),
      transport = new ScriptedTransport(),
      ...rest
    } = options;
    const lines: LogLine[] = [];
    const hooks = await createWebhooks({
      random: () => 0.5,
      ...rest,
      clock,
      store,
      transport,
      logger: loggerInto(lines),
    });
    return new HostScene({ clock, store, transport, lines, hooks });
  }

  static async start(options: SceneOptions = {}, start: StartOptions = {}): Promise<HostScene> {
    const scene = await HostScene.create(options);
    await scene.hooks.start(start);
    return scene;
  }

  webhook(creation: Partial<WebhookCreation> = {}): Promise<Webhook> {
    return this.hooks.webhooks.create({ url: "https://receiver.example/hook", project: 12, ...creation });
  }

  /** Emits so many events at once; their message ids in order. */
  async emit(count = 1): Promise<readonly string[]> {
    const ids = Array.from({ length: count }, (_, index) => index + 1);
    const receipts = await Promise.all(
      ids.map((id) => this.hooks.emit("TASKS_CREATED", { tasks: [{ id }] }, { project: 12 })),
    );
    return receipts.map((receipt) => receipt.id);
  }

  /** Every delivery, oldest first. */
  async deliveries(): Promise<readonly DeliveryRecord[]> {
    return (await this.hooks.deliveries.list({ limit: 10_000 })).toReversed();
  }

  /** Waits for a state, letting the event loop come round; time stands still. */
  async until(isSo: () => boolean | Promise<boolean>, what = "the state that was waited for"): Promise<void> {
    for (let turn = 0; turn < mostTurns; turn += 1) {
      if (await isSo()) return;
      await nextTurn();
    }
    throw new Error(`${what} did not come`);
  }

  /** Waits until so many requests were sent, and what was answered is recorded. */
  async sent(count: number): Promise<void> {
    await this.until(() => this.transport.requests.length >= count, `request ${count}`);
    await this.settled();
  }

  /** Lets everything happen that needs no time. */
  async settled(): Promise<void> {
    for (let turn = 0; turn < 20; turn += 1) await nextTurn();
  }

  /** Moves time on, and lets everything happen that needs no more of it. */
  async pass(milliseconds: number): Promise<void> {
    this.clock.advance(milliseconds);
    await this.settled();
  }

  /** Lets time run from timer to timer until the state has come. */
  async run(isSo: () => boolean | Promise<boolean>, what = "the state that was waited for"): Promise<void> {
    for (let round = 0; round < mostTurns; round += 1) {
      await this.settled();
      if (await isSo()) return;
      if (!this.clock.next()) throw new Error(`${what} did not come: nothing waits for a later time`);
    }
    throw new Error(`${what} did not come`);
  }

  async allFinished(): Promise<boolean> {
    return (await this.deliveries()).every(({ status }) => status !== "pending");
  }

  /** What is told under this name from now on. */
  heard<Name extends NotificationName>(name: Name): readonly unknown[] {
    const heard: unknown[] = [];
    this.hooks.on(name, (facts) => void heard.push(facts));
    return heard;
  }

  linesAt(...levels: readonly LogLevel[]): readonly LogLine[] {
    return this.lines.filter(({ level }) => levels.includes(level));
  }

  /** `webhook-id` of each request, in order. */
  get messageIds(): readonly (string | undefined)[] {
    return this.transport.requests.map(({ headers }) => headers["webhook-id"]);
  }
}

/** A store in which so many deliveries wait, for a host that is started later. */
export async function backlog(count: number, options: SceneOptions = {}): Promise<HostScene> {
  const scene = await HostScene.start(options, { deliver: false });
  await scene.webhook();
  await scene.emit(count);
  await scene.hooks.stop();
  return scene;
}

/** Another host on the same store, clock and transport. */
export function successor({ store, clock }: HostScene, options: SceneOptions = {}): Promise<HostScene> {
  return HostScene.start({ store, clock, ...options });
}

export function bodyText({ body }: WireRequest): string {
  return new TextDecoder().decode(body);
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function loggerInto(lines: LogLine[]): Logger {
  const line =
    (level: LogLevel): Logger["info"] =>
    (message, fields = {}) =>
      void lines.push({ level, message, fields });
  return {
    isEnabled: () => true,
    debug: line("debug"),
    info: line("info"),
    warn: line("warn"),
    error: line("error"),
  };
}
