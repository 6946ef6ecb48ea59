import {
  type ConfiguredPlugin,
  definePlugin,
  type HandlerCall,
  type HandlerOptions,
  type HandlerState,
  type PluginStates,
} from "@hookwright/core";
import { describe, expect, test } from "vitest";
import { FaultyStore, failing, holding } from "./faulty-store.test.support.js";
import { HostScene, successor } from "./host-scene.test.support.js";

type Call = HandlerCall<{ readonly tasks: readonly { readonly id: number }[] }>;

function counting(handler: (call: Call) => unknown, options: HandlerOptions = {}): ConfiguredPlugin {
  return definePlugin({
    name: "counting",
    version: "1.0.0",
    setup(ctx) {
      ctx.handle("TASKS_CREATED", handler, options);
    },
  });
}

async function count({ state }: Call): Promise<void> {
  state.set("count", ((await state.get<number>("count")) ?? 0) + 1);
}

async function countOf({ store }: HostScene): Promise<number> {
  // The number is the id.
  const [entry] = await store.state.read({ plugin: "counting", organization: 1 as never }, ["count"]);
  return Number(entry?.value ?? 0);
}

/** Runs one handler once and gives back what it found out. */
async function inHandler(run: (state: HandlerState) => unknown): Promise<unknown> {
  let found: unknown;
  const scene = await HostScene.start({
    plugins: [
      counting(async ({ state }) => {
        found = await run(state);
      }),
    ],
  });
  await scene.emit();
  await scene.settled();
  expect(scene.linesAt("error")).toEqual([]);
  await scene.hooks.stop();
  return found;
}

async function errorOf(run: () => unknown): Promise<unknown> {
  try {
    await run();
    return undefined;
  } catch (error) {
    return error;
  }
}

/** The plugin's own way to its state. */
async function statesOf(store: FaultyStore = new FaultyStore()): Promise<{ states: PluginStates; scene: HostScene }> {
  const given = Promise.withResolvers<PluginStates>();
  const plugin = definePlugin({ name: "counting", version: "1.0.0", setup: (ctx) => given.resolve(ctx.state) });
  const scene = await HostScene.start({ plugins: [plugin], store });
  return { states: await given.promise, scene };
}

describe("the state in a handler", () => {
  test("is read back as it was set in the same call, and as a copy", async () => {
    expect(
      await inHandler(async (state) => {
        const value = { list: [1] };
        state.set("a", value);
        value.list.push(2);
        const first = await state.get<{ list: number[] }>("a");
        first?.list.push(3);
        state.set("b", 1);
        state.delete("b");
        return [await state.get("a"), await state.get("b"), await state.get("c")];
      }),
    ).toEqual([{ list: [1] }, undefined, undefined]);
  });

  test.each<[string, (state: HandlerState) => unknown]>([
    ["an empty key", (state) => state.set("", 1)],
    ["a key of 201 characters", (state) => state.get("k".repeat(201))],
    ["a key that is no text", (state) => state.delete(7 as never)],
    ["a key that is half a character", (state) => state.set("\ud800", 1)],
    ["a value larger than 64 kB", (state) => state.set("a", "x".repeat(65_535))],
    ["a value of umlauts larger than 64 kB", (state) => state.set("a", "ü".repeat(32_768))],
    ["undefined", (state) => state.set("a", undefined as never)],
    ["a function", (state) => state.set("a", (() => 1) as never)],
    ["a BigInt", (state) => state.set("a", 1n as never)],
    [
      "a circle",
      (state) => {
        const circle: Record<string, unknown> = {};
        circle["self"] = circle;
        state.set("a", circle as never);
      },
    ],
  ])("refuses %s", async (_what, use) => {
    expect(await inHandler((state) => errorOf(() => use(state)))).toMatchObject({ code: "state_invalid" });
  });

  test("takes a value of just 64 kB", async () => {
    expect(await inHandler((state) => errorOf(() => state.set("a", "x".repeat(65_534))))).toBeUndefined();
  });

  test("refuses the key after the thousandth of one call", async () => {
    expect(
      await inHandler(async (state) => {
        for (let key = 0; key < 1_000; key += 1) state.set(`${key}`, key);
        state.set("7", 8);
        return errorOf(() => state.set("1000", 1));
      }),
    ).toMatchObject({ code: "state_invalid" });
  });
});

describe("handlers that change one key at once", () => {
  test("lose no update, and each takes effect once", async () => {
    let calls = 0;
    const scene = await HostScene.start({
      plugins: [
        counting(async (call) => {
          calls += 1;
          await count(call);
        }),
      ],
    });
    await scene.emit(200);
    await scene.until(() => scene.allFinished());
    expect(await countOf(scene)).toBe(200);
    expect((await scene.deliveries()).every(({ attempts }) => attempts === 1)).toBe(true);
    // Each loses the race once or so; without an order each would lose it seven times.
    expect(calls).toBeLessThan(600);
    await scene.hooks.stop();
  });

  test("lose no update in random lives", async () => {
    const seed = Number(process.env["HOOKWRIGHT_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
    console.info(`seed ${seed}`);
    const random = randomFrom(seed);
    for (let life = 0; life < 15; life += 1) await randomLife(random);
  });

  test("are called again with fresh reads, and after too many calls by the schedule", async () => {
    let interfere = true;
    const store = new FaultyStore();
    const { states, scene: other } = await statesOf(store);
    let calls = 0;
    const scene = await HostScene.start({
      store,
      clock: other.clock,
      plugins: [
        counting(
          async (call) => {
            calls += 1;
            await count(call);
            if (interfere) await states.of(1).update<number>("count", (value) => (value ?? 0) + 1_000);
          },
          { retry: "5s" },
        ),
      ],
    });
    await scene.emit();
    await scene.until(() => calls >= 20);
    await scene.settled();
    expect(calls).toBe(20);
    expect(await scene.deliveries()).toMatchObject([{ status: "pending", attempts: 1, lastCode: "state_changed" }]);
    expect(await countOf(scene)).toBe(20_000);
    interfere = false;
    await scene.pass(5_000);
    expect(await countOf(scene)).toBe(20_001);
    await scene.hooks.stop();
    await other.hooks.stop();
  });

  test("do not wait for a slow one that holds the turn, and what they wait does not count as their time", async () => {
    const { states, scene: other } = await statesOf();
    const gate = Promise.withResolvers<void>();
    const calls = { slow: 0, quick: 0 };
    const loseFirst = async (state: HandlerState, call: number): Promise<void> => {
      await state.get("count");
      if (call === 1) await states.of(1).update<number>("count", (value) => (value ?? 0) + 1);
    };
    const plugin = definePlugin({
      name: "counting",
      version: "1.0.0",
      setup(ctx) {
        ctx.handle("TASKS_DELETED", async ({ state }) => {
          calls.slow += 1;
          await loseFirst(state, calls.slow);
          if (calls.slow > 1) await gate.promise;
        });
        const quick = async ({ state }: Call): Promise<void> => {
          calls.quick += 1;
          await loseFirst(state, calls.quick);
        };
        ctx.handle("TASKS_CREATED", quick, { timeout: 50, retry: "" });
      },
    });
    const scene = await HostScene.start({ store: other.store, clock: other.clock, plugins: [plugin] });
    const heard = scene.heard("handler.recorded");
    await scene.hooks.emit("TASKS_DELETED", { tasks: [] }, { project: 12 });
    await scene.until(() => calls.slow === 2);
    await scene.emit();
    await scene.settled();
    expect([calls.quick, heard]).toEqual([1, []]);
    await scene.pass(100);
    expect(calls.quick).toBe(2);
    expect(heard).toMatchObject([{ action: "TASKS_CREATED", code: null, verdict: { kind: "delivered" } }]);
    gate.resolve();
    await scene.until(() => scene.allFinished());
    expect(calls.quick).toBe(2);
    await scene.hooks.stop();
    await other.hooks.stop();
  });

  test("match what they emitted anew where a webhook is made in the moment of the commit", async () => {
    const store = new FaultyStore();
    const scene = await HostScene.start({
      store,
      plugins: [counting(({ emit }) => emit("TASKS_DELETED", { tasks: [] }))],
    });
    const webhook = await scene.webhook({ actions: ["TASKS_DELETED"], sendForAllActions: false });
    let isMade = false;
    store.before = async (call) => {
      if (call !== "state.commit" || isMade) return;
      isMade = true;
      // As another process would: this one hears of it by the store's answer alone.
      await store.webhooks.create({ ...webhook }, scene.clock.now());
    };
    await scene.emit();
    await scene.until(() => scene.transport.requests.length === 2);
    expect(store.countOf("state.commit")).toBe(2);
    await scene.hooks.stop();
  });

  test("see a webhook that was made while they ran", async () => {
    const scene = await HostScene.start({
      plugins: [
        counting(async ({ emit }) => {
          emit("TASKS_DELETED", { tasks: [] });
          await scene.webhook({ actions: ["TASKS_DELETED"], sendForAllActions: false });
        }),
      ],
    });
    await scene.webhook({ actions: ["TASKS_DELETED"], sendForAllActions: false });
    await scene.emit();
    await scene.run(() => scene.allFinished());
    expect(scene.transport.requests).toHaveLength(2);
    await scene.hooks.stop();
  });
});

describe("when the store fails", () => {
  test("a commit is tried again until it is written, and the handler is not called again", async () => {
    let calls = 0;
    const store = new FaultyStore();
    const scene = await HostScene.start({
      store,
      plugins: [
        counting(async (call) => {
          calls += 1;
          await count(call);
        }),
      ],
    });
    store.before = failing(["state.commit"], 3);
    await scene.emit();
    await scene.run(() => scene.allFinished());
    expect([calls, await countOf(scene), store.countOf("state.commit")]).toEqual([1, 1, 4]);
    await scene.hooks.stop();
  });

  test("a commit whose answer is lost takes effect once", async () => {
    const store = new FaultyStore();
    const scene = await HostScene.start({ store, plugins: [counting(count)] });
    store.after = failing(["state.commit"], 1);
    await scene.emit();
    await scene.run(() => scene.allFinished());
    expect(await countOf(scene)).toBe(1);
    await scene.pass(3_600_000);
    expect(scene.linesAt("warn")).toMatchObject([{ fields: { code: "lease_lost", plugin: "counting" } }]);
    expect(await countOf(scene)).toBe(1);
    await scene.hooks.stop();
  });

  test.each<[string, (call: Call) => Promise<void>]>([
    ["passes on", count],
    [
      "catches",
      async (call) => {
        try {
          await count(call);
        } catch {
          // A handler that knows better.
        }
      },
    ],
    [
      "wraps",
      async (call) => {
        try {
          await count(call);
        } catch (cause) {
          throw new Error("could not count", { cause });
        }
      },
    ],
  ])("a read that fails costs no attempt, also of a handler that %s the error", async (_what, handler) => {
    const store = new FaultyStore();
    const scene = await HostScene.start({ store, plugins: [counting(handler, { retry: "" })] });
    const failures = scene.heard("store.failed");
    store.before = failing(["state.read"], 3);
    await scene.emit();
    await scene.run(() => scene.allFinished());
    expect(await scene.deliveries()).toMatchObject([{ status: "delivered", attempts: 1 }]);
    expect(await countOf(scene)).toBe(1);
    expect(failures).toHaveLength(3);
    await scene.hooks.stop();
  });

  test("a handler that reads is called again once a second at most", async () => {
    const store = new FaultyStore();
    const scene = await HostScene.start({ store, plugins: [counting(count)] });
    store.before = failing(["state.read"], Number.POSITIVE_INFINITY);
    await scene.emit();
    for (let step = 0; step < 100; step += 1) await scene.pass(100);
    expect(store.countOf("state.read")).toBeGreaterThanOrEqual(5);
    expect(store.countOf("state.read")).toBeLessThanOrEqual(11);
    // Time stands still: nobody waits for the end of a pause.
    await scene.hooks.stop();
  });

  test("webhooks that cannot be read for an emitted event cost no attempt", async () => {
    const store = new FaultyStore();
    const scene = await HostScene.start({
      store,
      plugins: [counting(({ emit }) => emit("TASKS_DELETED", { tasks: [] }), { retry: "" })],
    });
    const webhook = await scene.webhook({ actions: ["TASKS_DELETED"], sendForAllActions: false });
    let isMade = false;
    store.before = async (call) => {
      if (call !== "state.commit" || isMade) return;
      isMade = true;
      // As another process would: the answer to the commit says so, and what changed cannot be read.
      await store.webhooks.create({ ...webhook }, scene.clock.now());
      store.before = failing(["webhooks.changes"], 1);
    };
    const handled = scene.heard("handler.recorded");
    await scene.emit();
    await scene.run(() => handled.length > 0);
    expect(handled).toMatchObject([{ code: null, verdict: { kind: "delivered" } }]);
    // Refused as stale, refused once more since nothing could be read, and written.
    expect(store.countOf("state.commit")).toBe(3);
    await scene.hooks.stop();
  });
});

describe("a call whose lease ran out", () => {
  test("has no effect when another has made the attempt meanwhile", async () => {
    const store = new FaultyStore();
    const held = holding("state.commit");
    const first = await HostScene.start({ store, plugins: [counting(count)] });
    await first.emit();
    // The first host hangs on its way to the store for longer than its lease.
    store.before = held.fault;
    await held.reached;
    store.before = () => undefined;
    const second = await successor(first, { plugins: [counting(count)] });
    await second.pass(120_000);
    await second.until(async () => (await countOf(second)) === 1);
    held.letGo();
    await first.settled();
    expect(await countOf(second)).toBe(1);
    expect(first.linesAt("warn")).toMatchObject([{ fields: { code: "lease_lost" } }]);
    await first.hooks.stop();
    await second.hooks.stop();
  });
});

describe("the state outside of handlers", () => {
  test("is read, compared and set, for one organization at a time", async () => {
    const { states, scene } = await statesOf();
    const state = states.of(1);
    expect(await state.read("a")).toEqual({ value: undefined, version: 0 });
    expect(await state.compareAndSet("a", 0, { n: 1 })).toBe(true);
    expect(await state.compareAndSet("a", 0, { n: 2 })).toBe(false);
    const { value, version } = await state.read("a");
    expect(value).toEqual({ n: 1 });
    expect(await state.compareAndSet("a", version, undefined)).toBe(true);
    expect(await state.get("a")).toBeUndefined();
    expect(await states.of(2).get("a")).toBeUndefined();
    await scene.hooks.stop();
  });

  test("is updated by many at once without a loss", async () => {
    const { states, scene } = await statesOf();
    const state = states.of(1);
    await Promise.all(Array.from({ length: 50 }, () => state.update<number>("n", (value) => (value ?? 0) + 1)));
    expect(await state.get("n")).toBe(50);
    await scene.hooks.stop();
  });

  test("refuses what is no organization, no key and no value", async () => {
    const { states, scene } = await statesOf();
    expect(() => states.of(0)).toThrow(expect.objectContaining({ code: "scope_invalid" }));
    await expect(states.of(1).get("")).rejects.toMatchObject({ code: "state_invalid" });
    await expect(states.of(1).compareAndSet("a", 0, 1n as never)).rejects.toMatchObject({ code: "state_invalid" });
    await scene.hooks.stop();
  });
});

/** Handlers that read and write keys in any order, fail now and then, and meet a store that does too: each event counts once. */
async function randomLife(random: () => number): Promise<void> {
  const store = new FaultyStore();
  const handler = async ({ state, attempt }: Call): Promise<void> => {
    const key = random() < 0.5 ? "count" : "other";
    const value = (await state.get<number>(key)) ?? 0;
    for (let turns = Math.floor(random() * 4); turns > 0; turns -= 1) await state.get("total");
    state.set(key, value + 1);
    state.set("total", ((await state.get<number>("total")) ?? 0) + 1);
    if (random() < 0.1 && attempt < 4) throw new Error("now and then");
  };
  const options = { concurrency: 1 + Math.floor(random() * 12), ordered: random() < 0.2 };
  const scene = await HostScene.start({ store, plugins: [counting(handler, options)] });
  store.before = (call) => {
    if (call === "state.commit" && random() < 0.05) throw new Error("now and then");
  };
  store.after = (call) => {
    if (call === "state.commit" && random() < 0.05) throw new Error("the answer is lost");
  };
  const events = 20 + Math.floor(random() * 40);
  await scene.emit(events);
  await scene.run(() => scene.allFinished());
  expect((await scene.deliveries()).map(({ status }) => status)).toEqual(
    Array.from({ length: events }, () => "delivered"),
  );
  const entries = await store.state.read({ plugin: "counting", organization: 1 as never }, ["count", "other", "total"]);
  const [one = 0, other = 0, total = 0] = entries.map(({ value }) => Number(value ?? 0));
  expect([one + other, total]).toEqual([events, events]);
  // A commit whose answer was lost is tried once more.
  await scene.run(() => scene.hooks.inFlight === 0);
  await scene.hooks.stop();
}

function randomFrom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
