import { definePlugin, HookwrightError, TasksCreated } from "@hookwright/core";
import { describe, expect, test } from "vitest";
import { ScriptedTransport } from "../scripted-transport.js";
import { FaultyStore, failing, holding } from "./faulty-store.test.support.js";
import { HostScene } from "./host-scene.test.support.js";

const tasks = { tasks: [{ id: 1 }] };

/** What a host asks its store when it starts, to see what another one has left behind. */
const ownLooks: ReadonlySet<string> = new Set(["webhooks.sealable", "notes.list", "jobs.due", "queue.claim"]);

/** A transport that notes when it is closed. */
class NotedTransport extends ScriptedTransport {
  readonly #log: string[];

  constructor(log: string[]) {
    super();
    this.#log = log;
  }

  override async close(): Promise<void> {
    this.#log.push("transport closed");
    await super.close();
  }
}

describe("a call that comes too early or too late is refused", () => {
  const calls: readonly (readonly [name: string, call: (scene: HostScene) => Promise<unknown>])[] = [
    ["emit", ({ hooks }) => hooks.emit(new TasksCreated(tasks), { project: 12 })],
    ["webhooks.create", ({ hooks }) => hooks.webhooks.create({ url: "https://receiver.example/", project: 12 })],
    ["webhooks.list", ({ hooks }) => hooks.webhooks.list()],
    ["webhooks.get", ({ hooks }) => hooks.webhooks.get(1)],
    ["webhooks.update", ({ hooks }) => hooks.webhooks.update(1, {})],
    ["webhooks.delete", ({ hooks }) => hooks.webhooks.delete(1)],
    ["webhooks.test", ({ hooks }) => hooks.webhooks.test(1)],
    ["deliveries.list", ({ hooks }) => hooks.deliveries.list()],
    ["deliveries.get", ({ hooks }) => hooks.deliveries.get("dlv_1")],
    ["deliveries.retry", ({ hooks }) => hooks.deliveries.retry("dlv_1")],
  ];

  test.each(calls)("%s", async (_name, call) => {
    const scene = await HostScene.create();
    await expect(call(scene)).rejects.toMatchObject({
      code: "lifecycle_invalid",
      message: expect.stringContaining("not started yet"),
    });
    await scene.hooks.start();
    await scene.hooks.stop();
    await expect(call(scene)).rejects.toMatchObject({
      code: "lifecycle_invalid",
      message: expect.stringContaining("stopped"),
    });
    expect(scene.store.calls.filter((call) => !ownLooks.has(call))).toEqual(["open", "close"]);
  });

  test("also while the host is being started", async () => {
    const scene = await HostScene.create();
    const hold = holding("open");
    scene.store.before = hold.fault;
    const starting = scene.hooks.start();
    await hold.reached;
    await expect(scene.emit(1)).rejects.toMatchObject({ code: "lifecycle_invalid" });
    hold.letGo();
    await starting;
    await expect(scene.emit(1)).resolves.toHaveLength(1);
  });

  test("also while the host is being stopped", async () => {
    const scene = await HostScene.start();
    await scene.webhook();
    scene.transport.script("hold");
    await scene.emit(1);
    await scene.sent(1);
    const stopping = scene.hooks.stop();
    await expect(scene.emit(1)).rejects.toMatchObject({ code: "lifecycle_invalid" });
    scene.transport.release();
    await stopping;
  });

  test("but what the host is made of can be looked at and added to at any time", async () => {
    const scene = await HostScene.create({ plugins: [definePlugin({ name: "billing", version: "1.0.0" })] });
    expect(scene.hooks.events.get("TASK_CREATED").definition.action).toBe("TASKS_CREATED");
    expect(scene.hooks.plugins.status()).toMatchObject([{ name: "billing", state: "validated" }]);
    expect(scene.hooks.inFlight).toBe(0);
    scene.hooks.use("prepare", (request, next) => next(request));
    scene.hooks.on("message.accepted", () => undefined);
    scene.hooks.transform({ variant: "a", apply: ({ payload }) => payload });
  });
});

describe("start", () => {
  test("a second time is refused, and the host goes on", async () => {
    const scene = await HostScene.create();
    const [first, second] = await Promise.allSettled([scene.hooks.start(), scene.hooks.start()]);
    expect([first.status, second.status]).toEqual(["fulfilled", "rejected"]);
    await expect(scene.hooks.start()).rejects.toMatchObject({
      code: "lifecycle_invalid",
      message: "start() was called on a host that is started.",
    });
    await expect(scene.emit(1)).resolves.toHaveLength(1);
    expect(scene.store.calls.filter((call) => call === "open")).toHaveLength(1);
  });

  test("after a stop is refused, and opens nothing", async () => {
    const scene = await HostScene.create();
    await scene.hooks.stop();
    await expect(scene.hooks.start()).rejects.toMatchObject({ code: "lifecycle_invalid" });
    expect(scene.store.calls).toEqual([]);
  });

  test("without delivering accepts and stores, and sends nothing", async () => {
    const scene = await HostScene.start({}, { deliver: false });
    await scene.webhook();
    await scene.emit(3);
    await scene.pass(60_000);
    expect(scene.transport.requests).toEqual([]);
    expect((await scene.deliveries()).map(({ status }) => status)).toEqual(["pending", "pending", "pending"]);
  });

  test("that fails to open the store leaves nothing open", async () => {
    const log: string[] = [];
    const store = new FaultyStore();
    store.before = failing(["open"], 1);
    const plugins = [definePlugin({ name: "billing", version: "1.0.0", setup: () => void log.push("setup") })];
    const scene = await HostScene.create({ store, transport: new NotedTransport(log), plugins });
    await expect(scene.hooks.start()).rejects.toThrow("open failed");
    expect(log).toEqual([]);
    expect(store.calls).toEqual(["open"]);
    await expect(scene.hooks.start()).rejects.toMatchObject({ code: "lifecycle_invalid" });
    await scene.hooks.stop();
    expect(scene.clock.pendingTimers).toBe(0);
  });

  test("that fails in a plugin closes what was opened, in the reverse order", async () => {
    const log: string[] = [];
    const store = new FaultyStore();
    store.before = (call) => void (ownLooks.has(call) || log.push(`store ${call}`));
    const plugins = [
      definePlugin({
        name: "first",
        version: "1.0.0",
        setup: () => void log.push("first set up"),
        stop: () => void log.push("first stopped"),
      }),
      definePlugin({
        name: "second",
        version: "1.0.0",
        setup() {
          throw new Error("no database");
        },
      }),
    ];
    const settings = { onPluginFailure: "refuse" } as const;
    const scene = await HostScene.create({ store, transport: new NotedTransport(log), plugins, settings });
    await expect(scene.hooks.start()).rejects.toThrow("Plugin second@1.0.0 failed in setup: no database");
    expect(log).toEqual(["store open", "first set up", "first stopped", "transport closed", "store close"]);
    expect(scene.clock.pendingTimers).toBe(0);
    await scene.hooks.stop();
    expect(log).toHaveLength(5);
  });
});

describe("stop", () => {
  test("goes backwards through what start did", async () => {
    const log: string[] = [];
    const store = new FaultyStore();
    store.before = (call) => void (ownLooks.has(call) || log.push(`store ${call}`));
    const plugins = ["a", "b"].map((name) =>
      definePlugin({
        name,
        version: "1.0.0",
        setup: () => void log.push(`${name} set up`),
        stop: () => void log.push(`${name} stopped`),
      }),
    );
    const scene = await HostScene.start({ store, transport: new NotedTransport(log), plugins });
    await scene.settled();
    await scene.hooks.stop();
    expect(log).toEqual([
      "store open",
      "a set up",
      "b set up",
      "b stopped",
      "a stopped",
      "transport closed",
      "store close",
    ]);
    expect(scene.clock.pendingTimers).toBe(0);
  });

  test("called several times is one stop, and every caller waits for its end", async () => {
    const scene = await HostScene.start();
    await scene.webhook();
    scene.transport.script("hold");
    await scene.emit(1);
    await scene.sent(1);
    const stopped: number[] = [];
    const stopping = [1, 2].map((caller) => scene.hooks.stop().then(() => stopped.push(caller)));
    await scene.settled();
    expect(stopped).toEqual([]);
    scene.transport.release();
    await Promise.all(stopping);
    await scene.hooks.stop();
    expect(stopped).toEqual([1, 2]);
    expect(scene.store.countOf("close")).toBe(1);
  });

  test("called again while a part is being stopped does not stop the next one before its time", async () => {
    const gate = Promise.withResolvers<void>();
    const plugin = definePlugin({ name: "slow", version: "1.0.0", stop: () => gate.promise });
    const scene = await HostScene.start({ plugins: [plugin] });
    const stopping = [scene.hooks.stop(), scene.hooks.stop()];
    await scene.settled();
    expect(scene.store.countOf("close")).toBe(0);
    gate.resolve();
    await Promise.all(stopping);
    expect(scene.store.countOf("close")).toBe(1);
  });

  test("while the host is being started waits for that, then stops it", async () => {
    const scene = await HostScene.create();
    const hold = holding("open");
    scene.store.before = hold.fault;
    const starting = scene.hooks.start();
    await hold.reached;
    const stopping = scene.hooks.stop();
    hold.letGo();
    await Promise.all([starting, stopping]);
    expect(scene.store.calls.filter((call) => !ownLooks.has(call))).toEqual(["open", "close"]);
    await expect(scene.emit(1)).rejects.toThrow(HookwrightError);
    expect(scene.clock.pendingTimers).toBe(0);
  });

  test("goes on past a part that cannot be stopped, and tells of it", async () => {
    const scene = await HostScene.start({ plugins: [definePlugin({ name: "billing", version: "1.0.0" })] });
    scene.store.before = failing(["close"], 1);
    await scene.hooks.stop();
    expect(scene.linesAt("error")).toMatchObject([
      { message: "Could not stop store", fields: { error: { message: "close failed" } } },
    ]);
    expect(scene.hooks.plugins.status()).toMatchObject([{ state: "stopped" }]);
  });
});

test("two hosts in one process have nothing to do with each other", async () => {
  const [one, two] = [await HostScene.start(), await HostScene.start()];
  one.hooks.use("prepare", (request, next) => next(request.withHeader("x-one", "1")));
  one.hooks.transform({ variant: "one", apply: () => ({ tasks: [{ id: 99 }] }) });
  const heard = one.heard("attempt.recorded");
  await two.webhook();
  await two.emit(1);
  await two.sent(1);
  expect(one.transport.requests).toEqual([]);
  expect(two.transport.requests[0]?.headers).not.toHaveProperty("x-one");
  expect((await two.deliveries())[0]?.form).toBe("full");
  expect(heard).toEqual([]);
  await one.hooks.stop();
  await two.emit(1);
  await two.sent(2);
});
