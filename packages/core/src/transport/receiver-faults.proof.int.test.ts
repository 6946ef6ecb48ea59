import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { afterEach, describe, expect, onTestFinished, test } from "vitest";
import { SteppedClock } from "../foundation/stepped-clock.test.support.js";
import type { DeliveryDetail } from "../store/attempt-log.js";
import { createMemoryStore } from "../store/memory-store.js";
import { createWebhooks, type Webhooks } from "../webhooks.js";
import type { Lookup } from "./lookup.js";
import type { RawReceiver } from "./raw-receiver.test.support.js";
import type { FaultOutcome, ReceiverFault } from "./receiver-faults/receiver-fault.test.support.js";
import { receiverFaults } from "./receiver-faults/receiver-faults.test.support.js";
import { TransportRig } from "./transport-rig.test.support.js";
import type { UndiciTransport } from "./undici-transport.js";

const rig = new TransportRig();
afterEach(() => rig.close());

const timeout = 1_000;
const minute = 60_000;

describe("Receivers that misbehave", () => {
  test.for(receiverFaults.map((fault) => [titleOf(fault), fault] as const))("%s", async ([, fault], { signal }) => {
    const before = sockets();
    const scene = await FaultScene.open(fault, signal);
    const seen = await scene.deliver();
    expect(seen).toEqual(expected(fault.outcome));
    await scene.leavesNothing(fault.outcome.connection);
    await rig.close();
    await until(() => sockets() <= before, signal);
  });
});

function titleOf({ name, outcome }: ReceiverFault): string {
  const { status, code, fate, error } = outcome;
  const what = status === null ? code : status;
  const note = fate === "delivered" && error !== undefined ? ", noted" : "";
  const wait = outcome.wait === undefined ? "" : ` after ${outcome.wait / 1_000} s`;
  return `${name}: ${what}, ${fate}${wait}${note}, connection ${outcome.connection}`;
}

/** What became of the last delivery, in the words of the table. */
interface Seen extends Omit<FaultOutcome, "error" | "excerpt"> {
  readonly error: string | null;
  readonly excerpt: string;
}

function expected({ error, excerpt, wait, fate, ...outcome }: FaultOutcome): unknown {
  const text = error === undefined ? (outcome.code === null ? null : expect.any(String)) : expect.stringMatching(error);
  return {
    ...outcome,
    fate,
    wait: fate === "delivered" ? 0 : (wait ?? minute),
    error: text,
    excerpt: excerpt ?? expect.any(String),
  };
}

/** A host over a memory store that sends to one receiver through its own transport, with time that stands still. */
class FaultScene {
  readonly #fault: ReceiverFault;
  readonly #signal: AbortSignal;
  readonly #receiver: RawReceiver;
  readonly #transport: UndiciTransport;
  readonly #hooks: Webhooks;
  readonly #clock: SteppedClock;
  #recorded = 0;
  #heads = 0;

  private constructor(
    fault: ReceiverFault,
    parts: {
      signal: AbortSignal;
      receiver: RawReceiver;
      transport: UndiciTransport;
      hooks: Webhooks;
      clock: SteppedClock;
    },
  ) {
    this.#fault = fault;
    this.#signal = parts.signal;
    this.#receiver = parts.receiver;
    this.#transport = parts.transport;
    this.#hooks = parts.hooks;
    this.#clock = parts.clock;
    this.#hooks.on("attempt.recorded", () => {
      this.#recorded += 1;
    });
    const noteHead = (message: unknown): void => {
      const { request, response } = message as { request: { origin: string }; response: { statusCode: number } };
      if (request.origin.endsWith(`:${this.#receiver.port}`) && response.statusCode >= 200) this.#heads += 1;
    };
    subscribe("undici:request:headers", noteHead);
    onTestFinished(() => void unsubscribe("undici:request:headers", noteHead));
  }

  static async open(fault: ReceiverFault, signal: AbortSignal): Promise<FaultScene> {
    const options = fault.receiver();
    const receiver = await rig.receiver(options);
    const clock = new SteppedClock();
    const lookup: Lookup = (_, callback) => callback(null, [{ address: "127.0.0.1", family: 4 }]);
    const authorities = fault.trusted === true && options.certificate !== undefined ? [options.certificate.cert] : [];
    const transport = rig.transport({ clock, lookup, certificateAuthorities: authorities });
    const hooks = await createWebhooks({
      store: createMemoryStore(),
      transport,
      clock: { now: () => clock.now(), setTimer: () => ({ cancel: () => {} }) },
      random: () => 0.5,
      settings: { timeout, retrySchedule: "1m", allowTargets: "loopback" },
    });
    await hooks.start();
    onTestFinished(() => hooks.stop({ timeout: 0 }));
    const url = new URL(receiver.url(fault.host));
    if (fault.scheme !== undefined) url.protocol = fault.scheme;
    await hooks.webhooks.create({ url: url.href, project: 1 });
    if (fault.gone === true) await receiver.close();
    return new FaultScene(fault, { signal, receiver, transport, hooks, clock });
  }

  async deliver(): Promise<Seen> {
    const { before = 0, stuckAt, payload = 10 } = this.#fault;
    for (let count = 1; count <= before; count += 1) {
      await this.#emit(10);
      await until(() => this.#recorded === count, this.#signal);
    }
    await this.#emit(payload);
    if (stuckAt !== undefined) {
      await until(() => this.#isStuck(stuckAt, before), this.#signal);
      this.#clock.advance(timeout);
    }
    await until(() => this.#recorded === before + 1, this.#signal);
    return this.#last();
  }

  async leavesNothing(connection: FaultOutcome["connection"]): Promise<void> {
    this.#receiver.resume();
    if (connection === "closed") await this.#receiver.allClosed();
    const kept = connection === "kept" ? 1 : 0;
    await until(() => this.#transport.size.connections === kept && this.#transport.size.idle === kept, this.#signal);
    expect(this.#clock.pendingTimers).toBe(0);
    await this.#transport.close();
    await this.#receiver.allClosed();
    expect(this.#transport.size).toEqual({ origins: 0, connections: 0, idle: 0 });
  }

  async #emit(bytes: number): Promise<void> {
    await this.#hooks.emit("TASKS_CREATED", { tasks: [{ id: 1, data: "x".repeat(bytes) }] }, { project: 1 });
  }

  #isStuck(stuckAt: NonNullable<ReceiverFault["stuckAt"]>, before: number): boolean {
    switch (stuckAt) {
      case "accepted":
        return this.#receiver.connections > 0;
      case "requested":
        return this.#receiver.requests.length > before;
      case "dripping":
        return this.#receiver.bytesWritten > 100;
      case "head":
        return this.#heads > before;
      case "recorded":
        return this.#recorded > before;
    }
  }

  async #last(): Promise<Seen> {
    const [record] = await this.#hooks.deliveries.list({ limit: 1 });
    const detail: DeliveryDetail = await this.#hooks.deliveries.get(record?.id ?? "");
    const attempt = detail.attempts.at(-1);
    const [webhook] = await this.#hooks.webhooks.list();
    const { status, nextAttemptAt } = detail.delivery;
    return {
      status: attempt?.status ?? null,
      code: attempt?.code ?? null,
      fate: status === "delivered" ? "delivered" : webhook?.isActive === false ? "held" : "retried",
      wait: nextAttemptAt === null ? 0 : nextAttemptAt - this.#clock.now(),
      error: attempt?.error ?? null,
      excerpt: attempt?.excerpt ?? "",
      connection: this.#fault.outcome.connection,
      requests: this.#receiver.requests.length,
    };
  }
}

/** Open sockets of this process, listening ones not among them. */
function sockets(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === "TCPSocketWrap" || kind === "TLSWrap").length;
}

async function until(isSo: () => boolean, signal: AbortSignal): Promise<void> {
  while (!isSo()) {
    signal.throwIfAborted();
    await new Promise(setImmediate);
  }
}
