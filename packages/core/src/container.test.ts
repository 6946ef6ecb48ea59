import "reflect-metadata";
import fc from "fast-check";
import { container as globalContainer } from "tsyringe";
import { expect, test } from "vitest";
import type { Composition, Settings } from "./composition.js";
import { compose, tokens } from "./container.js";
import { HookwrightError } from "./foundation/hookwright-error.js";
import { SteppedClock, settled } from "./foundation/stepped-clock.test.support.js";
import { silentLogger } from "./observe/logger.js";
import { definePlugin } from "./plugin/plugin.js";
import { secretScheme } from "./plugin/secret-scheme-token.js";
import { createMemoryStore } from "./store/memory-store.js";
import type { Transport } from "./transport/transport.js";
import { createWebhooks } from "./webhooks.js";

type TokenName = keyof typeof tokens;
const names = Object.keys(tokens) as TokenName[];

function answering(): Transport {
  const outcome = { kind: "answered", status: 200, retryAfter: undefined, excerpt: "", bodyError: undefined } as const;
  return { send: async () => outcome, close: async () => undefined };
}

function composition(changes: Partial<Composition> = {}): Composition {
  return {
    store: createMemoryStore(),
    clock: new SteppedClock(),
    transport: answering(),
    logger: { ...silentLogger },
    ...changes,
  };
}

function signer(): ReturnType<typeof definePlugin> {
  return definePlugin({
    name: "signer",
    version: "1.0.0",
    setup: (ctx) =>
      void ctx.provide(secretScheme, {
        name: "test",
        header: "x-signed",
        generate: () => "made",
        problem: () => undefined,
      }),
  });
}

test("everything has one instance in a host, in whatever order it is asked for", () => {
  fc.assert(
    fc.property(fc.shuffledSubarray(names, { minLength: names.length }), (order) => {
      const get = compose(composition());
      const first = new Map(order.map((name) => [name, get<unknown>(tokens[name])]));
      for (const name of order.toReversed()) expect(get<unknown>(tokens[name])).toBe(first.get(name));
      expect(new Set(first.values()).size).toBe(names.length);
    }),
    { numRuns: 25 },
  );
});

test("two hosts in one process share nothing", () => {
  const [one, two] = [compose(composition()), compose(composition())];
  for (const name of names)
    expect([name, one<unknown>(tokens[name]) === two<unknown>(tokens[name])]).toEqual([name, false]);
});

test("nothing is registered in the process-wide container", () => {
  const get = compose(composition());
  for (const name of names) {
    get<unknown>(tokens[name]);
    expect([name, globalContainer.isRegistered(tokens[name])]).toEqual([name, false]);
  }
});

test("what a stranger registered in the process-wide container changes nothing", () => {
  const own = composition();
  globalContainer.register(tokens.store, { useValue: createMemoryStore() });
  try {
    expect(compose(own)(tokens.store)).toBe(own.store);
  } finally {
    globalContainer.reset();
  }
});

test("store, clock and transport are what the application handed in", () => {
  const own = composition();
  const get = compose(own);
  expect(get(tokens.store)).toBe(own.store);
  expect(get(tokens.clock)).toBe(own.clock);
  expect(get(tokens.transport)).toBe(own.transport);
});

test("a logger that throws breaks nothing", () => {
  const fail = (): never => {
    throw new Error("disk full");
  };
  const get = compose(composition({ logger: { isEnabled: fail, debug: fail, info: fail, warn: fail, error: fail } }));
  expect(() => get(tokens.logger).error("line")).not.toThrow();
});

test("events and deliveries make no work for the container", async () => {
  const prototype: { resolve: (...parameters: unknown[]) => unknown } = Object.getPrototypeOf(globalContainer);
  const original = prototype.resolve;
  let resolved = 0;
  prototype.resolve = function counted(...parameters) {
    resolved += 1;
    return Reflect.apply(original, this, parameters);
  };
  try {
    const hooks = await createWebhooks(composition({ plugins: [signer()] }));
    let delivered = 0;
    hooks.on("attempt.recorded", () => {
      delivered += 1;
    });
    await hooks.start();
    const { id } = await hooks.webhooks.create({ url: "https://receiver.example/", project: 12 });
    await hooks.webhooks.secret.set(id);
    const before = resolved;
    for (let number = 0; number < 100; number += 1)
      await hooks.emit("TASKS_CREATED", { tasks: [{ id: number + 1 }] }, { project: 12 });
    while (delivered < 100) await settled();
    expect(resolved - before).toBe(0);
    expect(before).toBeGreaterThan(0);
    await hooks.stop();
  } finally {
    prototype.resolve = original;
  }
});

test("every setting has a default, and undefined is none of the values", () => {
  const get = compose(composition({ settings: { timeout: undefined } as unknown as Partial<Settings> }));
  expect(get(tokens.settings)).toEqual({
    timeout: 1_000,
    retrySchedule: "",
    maxConsecutiveFailures: 50,
    batchSize: 0,
    retention: 2_592_000_000,
    organizationWebhooks: false,
    allowTargets: "",
    egressProxy: "",
    nameServers: "",
    certificateAuthorities: "",
    clientCertificate: "",
    clientKey: "",
    origin: expect.any(String),
    window: 512,
    pluginTimeout: 10_000,
    onPluginFailure: "continue",
  });
});

test.each<[string, Partial<Settings>, RegExp]>([
  ["no time", { timeout: 0 }, /setting timeout/],
  ["time without end", { timeout: Number.POSITIVE_INFINITY }, /setting timeout/],
  ["a time that is none", { timeout: Number.NaN }, /setting timeout/],
  ["no window", { window: 0 }, /setting window/],
  ["half a window", { window: 1.5 }, /setting window/],
  ["a window in words", { window: "512" as unknown as number }, /setting window/],
  ["fewer than no failures", { maxConsecutiveFailures: -1 }, /setting maxConsecutiveFailures/],
  ["fewer than no elements", { batchSize: -1 }, /setting batchSize/],
  ["no retention", { retention: 0 }, /setting retention/],
  ["no time for plugins", { pluginTimeout: 0 }, /setting pluginTimeout/],
  ["no such choice", { onPluginFailure: "ignore" as "refuse" }, /setting onPluginFailure must be continue or refuse/],
  ["a schedule that cannot be read", { retrySchedule: "soon" }, /WEBHOOK_RETRY_SCHEDULE/],
  ["targets that cannot be read", { allowTargets: "10.0.0.0/99" }, /10\.0\.0\.0\/99/],
  [
    "a misspelt name",
    { retryShedule: "5s" } as Partial<Settings>,
    /no setting "retryShedule"\. Did you mean retrySchedule/,
  ],
  ["a name like no other", { zzzzzzzzzzzzzzzzzzzz: 1 } as Partial<Settings>, /Known are timeout, retrySchedule/],
])(
  "settings with %s are refused before anything is opened, in one line that names them",
  async (_what, settings, named) => {
    let opened = false;
    const open = async (): Promise<void> => {
      opened = true;
    };
    const store = { ...createMemoryStore(), open };
    const { transport: _, ...own } = composition({ settings, store });
    const making = createWebhooks(own);
    await expect(making).rejects.toThrow(HookwrightError);
    await expect(making).rejects.toThrow(named);
    await expect(making).rejects.toThrow(/^[^\n]+$/);
    expect(opened).toBe(false);
  },
);

test("an option that there is not is refused with the nearest name, and its value is not told", async () => {
  const misspelt = { ...composition(), secretKey: ["a-key-that-nobody-may-see"] };
  const fault = { code: "configuration_invalid", details: { nearest: "secretKeys" } };
  await expect(createWebhooks(misspelt)).rejects.toMatchObject(fault);
  await expect(createWebhooks(misspelt)).rejects.toThrow(
    /^createWebhooks knows no option "secretKey"\. Did you mean secretKeys\?$/,
  );
});

test("plugins are checked before anything is opened", async () => {
  const plugins = [definePlugin({ name: "core", version: "1.0.0" })];
  await expect(createWebhooks(composition({ plugins }))).rejects.toMatchObject({
    code: "plugins_refused",
    problems: [{ code: "plugin_invalid" }],
  });
});
