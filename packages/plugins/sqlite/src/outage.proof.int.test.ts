import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createWebhooks, type Webhook, type Webhooks } from "@hookwright/core";
import { organizationId, projectId } from "@hookwright/testing";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { SqliteRig, Trial } from "./sqlite-rig.test.support.js";

vi.setConfig({ testTimeout: 120_000 });

setFlagsFromString("--expose-gc");
// What the flag adds is there in contexts that are made from then on.
const collectGarbage = runInNewContext("gc") as () => void;

/** How many deliveries an outage has left, over so many webhooks of one organization. */
const backlog = 100_000;
const webhooks = 20;

/** Emitted by another organization when the backlog has begun to go out. */
const fresh = 50;

describe("After an outage", () => {
  test(`${backlog} deliveries are due at once: each is delivered once, memory stays bounded, and another organization's events do not wait behind them`, async () => {
    const rig = SqliteRig.forTest();
    await storeBacklog(rig);
    const receiver = await CountingReceiver.start();
    const hooks = await createWebhooks({ store: rig.make(), settings: { allowTargets: "loopback", timeout: 30_000 } });
    onTestFinished(() => hooks.stop({ timeout: 0 }));
    await hooks.start();
    for (const { id } of await hooks.webhooks.list())
      await hooks.webhooks.update(id, { url: receiver.url(`old/${id}`), isActive: true });
    await hooks.webhooks.create({ url: receiver.url("fresh"), project: 12 }, { organization: 2 });
    const before = memoryInUse();
    await receiver.count("old", 2_000);

    const behind = receiver.total("old");
    await emitFresh(hooks);
    await receiver.count("fresh", fresh);
    // Turns, not time: while so many of the one organization went out, all of the other's did, though they came last.
    expect(receiver.total("old") - behind).toBeLessThan(backlog / 10);

    await receiver.count("old", backlog / 2);
    // In the middle of it; what the receiver remembers of each request is part of it.
    const grown = (memoryInUse() - before) / 2 ** 20;
    expect(grown).toBeLessThan(50);
    await receiver.count("old", backlog);
    await vi.waitUntil(async () => (await hooks.deliveries.list({ status: "pending", limit: 1 })).length === 0, {
      timeout: 60_000,
    });
    expect(receiver.total("old")).toBe(backlog);
    expect(receiver.distinct("old")).toBe(backlog);
  });
});

/** Bytes that cannot be given back. */
function memoryInUse(): number {
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** The webhooks were deactivated while their receivers were down: all is due, and held until they are active again. */
async function storeBacklog(rig: SqliteRig): Promise<void> {
  const trial = new Trial(rig, await rig.open());
  const made: Webhook[] = [];
  for (let count = 0; count < webhooks; count += 1) {
    const webhook = await trial.webhook({
      organization: organizationId(1),
      project: projectId(12),
      isActive: false,
      maxConcurrency: 32,
    });
    made.push(webhook);
  }
  const basedOn = made.at(-1)?.version ?? 0;
  const each = 50;
  for (let stored = 0; stored < backlog; stored += each * webhooks) {
    const entries = Array.from({ length: each }, () =>
      trial.messages.entry(
        made.map(({ id }) => id),
        { basedOn },
      ),
    );
    await trial.append(entries);
  }
  await trial.store.close();
}

async function emitFresh(hooks: Webhooks): Promise<void> {
  for (let id = 1; id <= fresh; id += 1) {
    await hooks.emit("TASKS_CREATED", { tasks: [{ id }] }, { project: 12, organization: 2 });
  }
}

/** Counts requests by path, and knows how many had an id of their own. */
class CountingReceiver {
  readonly #base: string;
  readonly #ids = new Map<string, Set<string>>();
  readonly #totals = new Map<string, number>();
  #waiting: { readonly path: string; readonly count: number; readonly resolve: () => void }[] = [];

  private constructor(base: string) {
    this.#base = base;
  }

  static async start(): Promise<CountingReceiver> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    // It listens on TCP: that is its form of address.
    const { port } = server.address() as AddressInfo;
    const receiver = new CountingReceiver(`http://127.0.0.1:${port}`);
    server.on("request", (request, response) => {
      receiver.#note(request.url?.split("/")[1] ?? "", `${request.url} ${request.headers["webhook-id"]}`);
      request.resume();
      response.end();
    });
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    return receiver;
  }

  url(path: string): string {
    return `${this.#base}/${path}/`;
  }

  total(path: string): number {
    return this.#totals.get(path) ?? 0;
  }

  distinct(path: string): number {
    return this.#ids.get(path)?.size ?? 0;
  }

  count(path: string, count: number): Promise<void> {
    if (this.total(path) >= count) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ path, count, resolve }));
  }

  #note(path: string, id: string): void {
    const ids = this.#ids.get(path) ?? new Set();
    this.#ids.set(path, ids.add(id));
    this.#totals.set(path, this.total(path) + 1);
    const ready = this.#waiting.filter((one) => this.total(one.path) >= one.count);
    if (ready.length === 0) return;
    this.#waiting = this.#waiting.filter((one) => !ready.includes(one));
    for (const { resolve } of ready) resolve();
  }
}
