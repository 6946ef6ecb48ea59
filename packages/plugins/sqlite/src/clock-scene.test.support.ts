import {
  type Clock,
  createWebhooks,
  type DeliveryRecord,
  type Store,
  type Timer,
  type WebhookCreation,
  type Webhooks,
} from "@hookwright/core";
import { ManualClock, ScriptedTransport } from "@hookwright/testing";
import { onTestFinished } from "vitest";
import { SqliteRig } from "./sqlite-rig.test.support.js";

/** A machine's clock: what it shows can be set, while its timers run on undisturbed. */
export class JumpingClock implements Clock {
  readonly #steady = new ManualClock();
  #offset = 0;

  now(): number {
    return this.#steady.now() + this.#offset;
  }

  setTimer(delay: number, callback: () => void): Timer {
    return this.#steady.setTimer(delay, callback);
  }

  /** Somebody sets it. */
  jump(by: number): void {
    this.#offset += by;
  }

  /** Time that has passed, whatever the clock shows. */
  get passed(): number {
    return this.#steady.now();
  }

  /** Passes on to the next timer. */
  next(): void {
    if (!this.#steady.next()) this.#steady.advance(1_000);
  }
}

interface Started {
  readonly rig: SqliteRig;
  readonly store: Store;
  readonly hooks: Webhooks;
}

/** A host on the SQLite store with such a clock, and a receiver that answers by script. */
export class ClockScene {
  readonly clock: JumpingClock;
  readonly transport: ScriptedTransport;
  readonly #rig: SqliteRig;
  #store: Store;
  hooks: Webhooks;

  private constructor(parts: Pick<ClockScene, "clock" | "transport">, { rig, store, hooks }: Started) {
    this.clock = parts.clock;
    this.transport = parts.transport;
    this.#rig = rig;
    this.#store = store;
    this.hooks = hooks;
  }

  static async start(): Promise<ClockScene> {
    const rig = SqliteRig.forTest();
    const parts = { clock: new JumpingClock(), transport: new ScriptedTransport() };
    return new ClockScene(parts, await startHost(rig, parts));
  }

  /** Another process goes on with the database. */
  async restart(): Promise<void> {
    await this.hooks.stop();
    await this.#rig.kill();
    const parts = { clock: this.clock, transport: new ScriptedTransport() };
    const { hooks, store } = await startHost(this.#rig, parts);
    this.hooks = hooks;
    this.#store = store;
    Object.assign(this, { transport: parts.transport });
  }

  /** The next claims fail, so many. */
  failClaims(times: number): void {
    let left = times;
    const { queue } = this.#store;
    const claim = queue.claim.bind(queue);
    queue.claim = (options) => {
      left -= 1;
      return left < 0 ? claim(options) : Promise.reject(new Error("no claim"));
    };
  }

  async webhook(settings: Partial<WebhookCreation> = {}): Promise<number> {
    return (await this.hooks.webhooks.create({ url: "https://receiver.example/hook", project: 12, ...settings })).id;
  }

  /** One event after the other; the ids of their messages. */
  async emit(count: number, key?: string): Promise<readonly string[]> {
    const ids: string[] = [];
    for (let id = 0; id < count; id += 1) {
      const options = { project: 12, ...(key === undefined ? {} : { id: key }) };
      ids.push((await this.hooks.emit("TASKS_CREATED", { tasks: [{ id: 1 }] }, options)).id);
    }
    return ids;
  }

  /** What was sent, by `webhook-id`. */
  get sent(): readonly string[] {
    return this.transport.requests.map(({ headers }) => headers["webhook-id"] ?? "");
  }

  /** Oldest first. */
  async deliveries(): Promise<readonly DeliveryRecord[]> {
    return (await this.hooks.deliveries.list({ limit: 1_000 })).toReversed();
  }

  /** Lets everything happen that needs no time: each question waits for what was asked of the database before it. */
  async settled(): Promise<void> {
    for (let turn = 0; turn < 8; turn += 1) {
      await this.hooks.deliveries.list({ limit: 1 });
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Lets time pass, at most so much, until all of these were sent. */
  async untilSent(ids: readonly string[], atMost: number): Promise<void> {
    const begun = this.clock.passed;
    for (;;) {
      await this.settled();
      const missing = ids.filter((id) => !this.sent.includes(id));
      if (missing.length === 0) return;
      if (this.clock.passed - begun > atMost) throw new Error(`${missing.length} were not sent after ${atMost} ms`);
      this.clock.next();
    }
  }

  /** Lets time pass, at most so much, until every delivery has come to its end; how long it took. */
  async untilFinished(atMost: number): Promise<number> {
    const begun = this.clock.passed;
    for (;;) {
      await this.settled();
      const waiting = await this.hooks.deliveries.list({ status: "pending", limit: 1 });
      if (waiting.length === 0) return this.clock.passed - begun;
      if (this.clock.passed - begun > atMost) throw new Error(`something waits still after ${atMost} ms`);
      this.clock.next();
    }
  }
}

async function startHost(
  rig: SqliteRig,
  { clock, transport }: Pick<ClockScene, "clock" | "transport">,
): Promise<Started> {
  const store = rig.make();
  const hooks = await createWebhooks({ store, clock, transport, random: () => 0.5 });
  await hooks.start();
  onTestFinished(async () => {
    transport.answerWith({ kind: "interrupted" });
    await hooks.stop({ timeout: 0 });
  });
  return { rig, store, hooks };
}
