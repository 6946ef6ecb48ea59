import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, describe, expect, onTestFinished, test } from "vitest";
import { SteppedClock } from "../foundation/stepped-clock.test.support.js";
import { okAnswer, type RawReceiver } from "./raw-receiver.test.support.js";
import type { FaultOutcome, ReceiverFault } from "./receiver-faults/receiver-fault.test.support.js";
import { receiverFaults } from "./receiver-faults/receiver-faults.test.support.js";
import { TransportRig, wireRequest } from "./transport-rig.test.support.js";

const rig = new TransportRig();
afterEach(() => rig.close());

const worst = receiverFaults.filter((fault) => fault.worst === true);
const megabyte = 1_048_576;

describe("Receivers that misbehave, over and over", () => {
  test.for(worst.map((fault) => [fault.name, fault] as const))(
    "100 times a receiver that %s: nothing stays open, nothing grows",
    async ([, fault], { signal }) => {
      const scene = await Repeated.open(fault, signal);
      // The first ones fill caches and compile code.
      await scene.send(20);
      const before = heapUsed();
      await scene.send(80);
      await scene.expectNothingLeft(fault.outcome.connection);
      expect(heapUsed() - before).toBeLessThan(megabyte);
    },
  );

  test("50 receivers with endless or exploding answers add less than 50 MB to the process", async () => {
    const kinds = worst.filter(({ trusted, stuckAt }) => trusted === undefined && stuckAt === undefined);
    const bad = await Promise.all(
      Array.from({ length: 50 }, (_, index) => rig.receiver(kinds[index % kinds.length]?.receiver() ?? {})),
    );
    const well = await Promise.all(Array.from({ length: 50 }, () => rig.answering(okAnswer("x".repeat(1_000)))));
    const host = await HostProcess.start();
    await host.deliver(well, 1);
    const before = await host.deliver(well, 2);
    const after = await host.deliver(bad, 3);
    console.info(`${Math.round((after.highest - before.resident) / megabyte)} MB more, of ${kinds.length} kinds`);
    expect(after.highest - before.resident).toBeLessThan(50 * megabyte);
    expect(after.recorded).toBe(500);
    for (const receiver of bad) receiver.resume();
    await Promise.all(bad.map((receiver) => receiver.allClosed()));
  });
});

/** One receiver, and one transport that sends to it again and again, ten at once, with time that stands still. */
class Repeated {
  readonly #fault: ReceiverFault;
  readonly #receiver: RawReceiver;
  readonly #clock = new SteppedClock();
  readonly #transport: ReturnType<TransportRig["transport"]>;
  readonly #url: string;
  readonly #signal: AbortSignal;
  #sent = 0;

  private constructor(fault: ReceiverFault, receiver: RawReceiver, { signal, authority }: RepeatedOptions) {
    this.#fault = fault;
    this.#receiver = receiver;
    this.#signal = signal;
    this.#transport = rig.transport({ clock: this.#clock, certificateAuthorities: authority });
    this.#url = receiver.url().replace(/^https?/, fault.scheme ?? (authority.length === 0 ? "http" : "https"));
  }

  static async open(fault: ReceiverFault, signal: AbortSignal): Promise<Repeated> {
    const options = fault.receiver();
    const authority = options.certificate === undefined ? [] : [options.certificate.cert];
    return new Repeated(fault, await rig.receiver(options), { signal, authority });
  }

  async send(times: number): Promise<void> {
    const body = Buffer.alloc(this.#fault.payload ?? 10, "x");
    for (let sent = 0; sent < times; sent += 10) {
      const sends = Array.from({ length: 10 }, () => this.#transport.send(wireRequest(this.#url, { body })));
      this.#sent += sends.length;
      if (this.#fault.stuckAt !== undefined) {
        await this.#until(() => this.#receiver.connections >= this.#sent);
        this.#clock.advance(10_000);
      }
      await Promise.all(sends);
    }
  }

  async expectNothingLeft(connection: FaultOutcome["connection"]): Promise<void> {
    this.#receiver.resume();
    // As many as were used at once may be kept.
    await this.#until(() => this.#transport.size.connections <= (connection === "kept" ? 10 : 0));
    await this.#transport.close();
    await this.#receiver.allClosed();
    expect(this.#transport.size).toEqual({ origins: 0, connections: 0, idle: 0 });
    expect(this.#clock.pendingTimers).toBe(0);
  }

  async #until(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      this.#signal.throwIfAborted();
      await new Promise(setImmediate);
    }
  }
}

interface RepeatedOptions {
  readonly signal: AbortSignal;
  readonly authority: readonly string[];
}

/** Bytes of memory of a process, and what it was asked to do. */
interface Usage {
  readonly resident: number;
  readonly highest: number;
  readonly recorded: number;
}

/** A host in a process of its own, so that nothing but it is measured. It runs what is shipped. */
class HostProcess {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async start(): Promise<HostProcess> {
    const core = new URL("../../dist/index.js", import.meta.url);
    const child = spawn(process.execPath, ["--input-type=module", "--eval", program, core.href], {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    onTestFinished(async () => {
      const gone = once(child, "exit");
      child.kill("SIGKILL");
      await gone;
    });
    await once(child, "message");
    return new HostProcess(child);
  }

  /** Sends ten deliveries to each receiver, to all at once each time, and tells what the process came to. */
  async deliver(receivers: readonly RawReceiver[], project: number): Promise<Usage> {
    this.#child.send({ project, urls: receivers.map((receiver) => receiver.url()) });
    const [usage] = (await once(this.#child, "message")) as [Usage];
    return usage;
  }
}

const program = `
  const { createMemoryStore, createWebhooks } = await import(process.argv[1]);
  const settings = { allowTargets: "loopback", maxConsecutiveFailures: 0 };
  const hooks = await createWebhooks({ store: createMemoryStore(), settings });
  await hooks.start();
  process.on("message", async ({ project, urls }) => {
    for (const url of urls) await hooks.webhooks.create({ url, project });
    let recorded = 0;
    let told = () => {};
    hooks.on("attempt.recorded", () => (recorded += 1) % urls.length === 0 && told());
    for (let event = 0; event < 10; event += 1) {
      const all = new Promise((resolve) => (told = resolve));
      await hooks.emit("TASKS_CREATED", { tasks: [{ id: event }] }, { project });
      await all;
    }
    process.send({ resident: process.memoryUsage.rss(), highest: process.resourceUsage().maxRSS * 1024, recorded });
  });
  process.send("started");
`;

setFlagsFromString("--expose-gc");
const collect: unknown = runInNewContext("gc");

function heapUsed(): number {
  if (typeof collect !== "function") throw new Error("this Node has no gc()");
  collect();
  return process.memoryUsage().heapUsed;
}
