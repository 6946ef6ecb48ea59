import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { beforeEach, describe, expect, test } from "vitest";
import { defineEvent } from "../event/define-event.js";
import { EventRegistry } from "../event/event-registry.js";
import { HookwrightError } from "../foundation/hookwright-error.js";
import type { DeliveryId } from "../foundation/ids.js";
import { SteppedClock, settled } from "../foundation/stepped-clock.test.support.js";
import { Hub } from "../observe/hub.js";
import type { LogFields, Logger } from "../observe/logger.js";
import { ok } from "../pipeline/onion-scene.test.support.js";
import { Pipeline } from "../pipeline/pipeline.js";
import { Transforms } from "../pipeline/transforms.js";
import { type ConfiguredPlugin, definePlugin, type PluginContext } from "./plugin.js";
import { PluginHost } from "./plugin-host.js";

const clock = new SteppedClock();
let lines: { readonly level: string; readonly message: string; readonly fields: LogFields | undefined }[];
let registry: EventRegistry;
let pipeline: Pipeline;
let transforms: Transforms;
let hub: Hub;

beforeEach(() => {
  lines = [];
  registry = new EventRegistry();
  const send = async () => ok;
  pipeline = new Pipeline({
    clock,
    builtin: [],
    transport: { send },
    middlewareLimit: 1_000,
    onFault: () => undefined,
  });
  transforms = new Transforms();
  hub = new Hub();
});

function hostOf(...plugins: readonly ConfiguredPlugin[]): PluginHost {
  const line =
    (level: string): Logger["info"] =>
    (message, fields) =>
      void lines.push({ level, message, fields });
  const logger: Logger = {
    isEnabled: (level) => level !== "debug",
    debug: line("debug"),
    info: line("info"),
    warn: line("warn"),
    error: line("error"),
  };
  return new PluginHost({ registry, pipeline, transforms, hub, logger, clock }, plugins);
}

function eventOf(action: string, aliases: readonly string[] = []) {
  return defineEvent({
    action,
    aliases,
    summary: "Something happened.",
    schema: { type: "object", properties: { id: { type: "integer" } } },
    example: { id: 1 },
  });
}

/** Everything that plugins can add to, as it is now. */
function added() {
  return {
    actions: registry.list().map(({ definition }) => definition.action),
    layers: pipeline.layers.map(({ name }) => name),
    transforms: !transforms.isEmpty,
  };
}

const nothingAdded = { actions: [], layers: [], transforms: false };

function addAll(ctx: PluginContext<unknown>, suffix = ""): void {
  ctx.use("prepare", (request, next) => next(request), { name: `header${suffix}` });
  ctx.transform({ variant: `redacted${suffix}`, apply: ({ payload }) => payload });
  ctx.event(eventOf(`LATER${suffix.toUpperCase()}`));
}

function faultOf(run: () => unknown): HookwrightError {
  try {
    run();
  } catch (error) {
    if (error instanceof HookwrightError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("before any plugin's code runs", () => {
  test("every fault of every plugin is told at once, each with its code", () => {
    let ran = false;
    const setup = (): void => {
      ran = true;
    };
    const fault = faultOf(() =>
      hostOf(
        definePlugin({ name: "fine", version: "1.0.0", events: [eventOf("TAKEN")], setup }),
        definePlugin({ name: "Bad Name", version: "x", setup }),
        definePlugin({ name: "late", version: "1.0.0", hookwright: "^99.0.0", setup }),
        definePlugin({ name: "thief", version: "2.0.0", events: [eventOf("OTHER", ["TAKEN"]), eventOf("9")], setup }),
        definePlugin({ name: "fine", version: "3.0.0", setup }),
        definePlugin({
          name: "poor",
          version: "1.0.0",
          config: { type: "object", required: ["key"], properties: { key: { type: "string" } } },
          setup,
        }),
        undefined as unknown as ConfiguredPlugin,
      ),
    );
    expect(ran).toBe(false);
    expect(fault.code).toBe("plugin_invalid");
    expect(fault.message).toMatch(/^The plugins have 8 faults\. /);
    expect(fault.details["faults"]).toEqual([
      { code: "plugin_invalid", message: expect.stringContaining('"Bad Name"@x: name') },
      { code: "plugin_invalid", message: expect.stringContaining('"Bad Name"@x: version') },
      { code: "plugin_invalid", message: expect.stringContaining('"late"@1.0.0: it works with') },
      { code: "action_taken", message: expect.stringMatching(/thief@2\.0\.0.*TAKEN.*fine@1\.0\.0/) },
      { code: "definition_invalid", message: expect.stringContaining("thief@2.0.0") },
      { code: "plugin_invalid", message: expect.stringMatching(/Two plugins are named fine.*1\.0\.0 and 3\.0\.0/) },
      { code: "configuration_invalid", message: expect.stringContaining("poor@1.0.0") },
      { code: "plugin_invalid", message: expect.stringContaining("definePlugin") },
    ]);
  });

  test("a single fault is told as itself", () => {
    const plugins = [
      definePlugin({ name: "one", version: "1.0.0", events: [eventOf("SAME")] }),
      definePlugin({ name: "two", version: "1.0.0", events: [eventOf("SAME")] }),
    ];
    const fault = faultOf(() => hostOf(...plugins));
    expect(fault.code).toBe("action_taken");
    expect(fault.message).toMatch(/two@1\.0\.0.*one@1\.0\.0/);
  });

  test("an event that is none is refused by its plugin's name", () => {
    const notAnEvent = { name: "INVOICE_PAID" } as unknown as ReturnType<typeof eventOf>;
    const fault = faultOf(() => hostOf(definePlugin({ name: "billing", version: "1.0.0", events: [notAnEvent] })));
    expect(fault).toMatchObject({ code: "definition_invalid" });
    expect(fault.message).toContain("Plugin billing@1.0.0 lists an event that is neither");
  });

  test("the events of all plugins are there, so that the order of the list does not matter to a setup", async () => {
    const seen: string[][] = [];
    const look = (): void => void seen.push(registry.list().map(({ definition }) => definition.action));
    const host = hostOf(
      definePlugin({ name: "one", version: "1.0.0", events: [eventOf("A")], setup: look }),
      definePlugin({ name: "two", version: "1.0.0", events: [eventOf("B")], setup: look }),
    );
    await host.start();
    expect(seen).toEqual([
      ["A", "B"],
      ["A", "B"],
    ]);
  });
});

describe("start and stop", () => {
  test("plugins start in the order given, and stop in the reverse one, each with all that it added", async () => {
    const log: string[] = [];
    const plugins = ["a", "b", "c"].map((name) =>
      definePlugin({
        name,
        version: "1.0.0",
        async setup(ctx) {
          await settled(1);
          log.push(`setup ${name}`);
          ctx.own(() => void log.push(`undo first of ${name}`));
          ctx.own(async () => {
            await settled(1);
            log.push(`undo second of ${name}`);
          });
        },
        async stop() {
          log.push(`stop ${name}`);
        },
      }),
    );
    const host = hostOf(...plugins);
    await host.start();
    await host.stop();
    const undone = ["c", "b", "a"].flatMap((name) => [
      `stop ${name}`,
      `undo second of ${name}`,
      `undo first of ${name}`,
    ]);
    expect(log).toEqual(["setup a", "setup b", "setup c", ...undone]);
  });

  test("what a plugin added is undone with it, without its doing", async () => {
    const heard: unknown[] = [];
    const host = hostOf(
      definePlugin({
        name: "billing",
        version: "1.0.0",
        events: [eventOf("INVOICE_PAID")],
        setup(ctx) {
          addAll(ctx);
          ctx.on("store.failed", (facts) => heard.push(facts));
        },
      }),
    );
    await host.start();
    expect(added()).toEqual({ actions: ["INVOICE_PAID", "LATER"], layers: ["billing/header"], transforms: true });
    hub.notify("store.failed", { operation: "claim", error: undefined });
    await settled();
    expect(heard).toHaveLength(1);
    await host.stop();
    expect(added()).toEqual(nothingAdded);
    hub.notify("store.failed", { operation: "claim", error: undefined });
    await settled();
    expect(heard).toHaveLength(1);
  });

  test("what a plugin took out itself is gone at once, and is not undone again", async () => {
    const disposers: (() => void)[] = [];
    const host = hostOf(
      definePlugin({
        name: "billing",
        version: "1.0.0",
        setup(ctx) {
          disposers.push(ctx.transform({ variant: "a", apply: ({ payload }) => payload }));
        },
      }),
    );
    await host.start();
    for (const dispose of disposers) dispose();
    expect(transforms.isEmpty).toBe(true);
    transforms.add("other", { variant: "a", apply: ({ payload }) => payload });
    await host.stop();
    expect(transforms.isEmpty).toBe(false);
  });

  test("a status per plugin says where it stands and which events are its", async () => {
    const host = hostOf(
      definePlugin({ name: "one", version: "1.0.0", events: [eventOf("A")] }),
      definePlugin({ name: "two", version: "2.0.0", setup: (ctx) => void ctx.event(eventOf("B")) }),
    );
    const states = () => host.status().map(({ name, state, events }) => [name, state, ...events]);
    expect(states()).toEqual([
      ["one", "declared", "A"],
      ["two", "declared"],
    ]);
    await host.start();
    expect(states()).toEqual([
      ["one", "started", "A"],
      ["two", "started", "B"],
    ]);
    await host.stop();
    expect(states()).toEqual([
      ["one", "stopped"],
      ["two", "stopped"],
    ]);
  });

  test("a host that was never started is stopped without running anything", async () => {
    let ran = false;
    const stop = (): void => {
      ran = true;
    };
    const host = hostOf(definePlugin({ name: "billing", version: "1.0.0", events: [eventOf("A")], stop }));
    await host.stop();
    expect(ran).toBe(false);
    expect(added()).toEqual(nothingAdded);
  });
});

describe("a setup that fails", () => {
  const error = new Error("no database");

  test.each([
    [
      "throws",
      () => {
        throw error;
      },
    ],
    ["rejects", () => Promise.reject(error)],
    [
      "throws an error of ours",
      () => {
        throw new HookwrightError("configuration_invalid", "no database", { cause: error });
      },
    ],
  ])("and %s is blamed by name, and everything is undone in reverse", async (_how, fail) => {
    const log: string[] = [];
    const host = hostOf(
      definePlugin({
        name: "first",
        version: "1.0.0",
        setup: (ctx) => addAll(ctx, "-a"),
        stop: () => void log.push("stop first"),
      }),
      definePlugin({
        name: "second",
        version: "2.0.0",
        setup(ctx) {
          addAll(ctx, "-b");
          ctx.own(() => void log.push("undo second"));
          return fail();
        },
        stop: () => void log.push("stop second"),
      }),
      definePlugin({
        name: "third",
        version: "3.0.0",
        events: [eventOf("THIRD")],
        setup: () => void log.push("setup third"),
      }),
    );
    const failing = host.start();
    await expect(failing).rejects.toMatchObject({
      code: "plugin_failed",
      message: "Plugin second@2.0.0 failed in setup: no database",
      cause: expect.any(Error),
    });
    expect(log).toEqual(["undo second", "stop first"]);
    expect(added()).toEqual(nothingAdded);
    expect(host.status().map(({ state }) => state)).toEqual(["stopped", "failed", "stopped"]);
  });

  test("because of what it adds names the plugin, too", async () => {
    const host = hostOf(
      definePlugin({
        name: "billing",
        version: "1.0.0",
        setup(ctx) {
          ctx.on("attempt.recrded" as "attempt.recorded", () => undefined);
        },
      }),
    );
    await expect(host.start()).rejects.toThrow(/billing@1\.0\.0 failed in setup: A listener of billing asks for/);
  });
});

describe("a stop that fails", () => {
  const error = new Error("busy");

  test.each([
    [
      "throws",
      () => {
        throw error;
      },
    ],
    ["rejects", () => Promise.reject(error)],
  ])("and %s is logged by name; all the rest is stopped", async (_how, stop) => {
    const log: string[] = [];
    const host = hostOf(
      definePlugin({ name: "first", version: "1.0.0", stop: () => void log.push("stop first") }),
      definePlugin({ name: "second", version: "2.0.0", setup: (ctx) => addAll(ctx), stop }),
    );
    await host.start();
    await host.stop();
    expect(log).toEqual(["stop first"]);
    expect(added()).toEqual(nothingAdded);
    expect(lines).toEqual([
      {
        level: "error",
        message: "Plugin second@2.0.0 failed while it stopped",
        fields: { plugin: "second", error },
      },
    ]);
  });

  test("because something handed over to undo throws stops the rest as well", async () => {
    const log: string[] = [];
    const host = hostOf(
      definePlugin({
        name: "billing",
        version: "1.0.0",
        setup(ctx) {
          ctx.own(() => void log.push("first"));
          ctx.own(() => {
            throw error;
          });
          ctx.own(() => Promise.reject(error));
        },
      }),
    );
    await host.start();
    await host.stop();
    expect(log).toEqual(["first"]);
    expect(lines).toHaveLength(2);
  });

  test("because it never ends is not waited for longer than its deadline", async () => {
    const log: string[] = [];
    const host = hostOf(
      definePlugin({ name: "first", version: "1.0.0", stop: () => void log.push("stop first") }),
      definePlugin({
        name: "second",
        version: "2.0.0",
        setup: (ctx) => addAll(ctx),
        stop: () => new Promise(() => undefined),
      }),
    );
    await host.start();
    const stopping = host.stop();
    await settled();
    expect(log).toEqual([]);
    clock.advance(10_000);
    await stopping;
    expect(log).toEqual(["stop first"]);
    expect(added()).toEqual(nothingAdded);
    expect(lines).toMatchObject([{ fields: { plugin: "second" } }]);
  });
});

describe("the context", () => {
  test("has the completed configuration, the plugin's name, and a log whose lines carry it", async () => {
    const seen: unknown[] = [];
    const billing = definePlugin({
      name: "billing",
      version: "1.0.0",
      config: { type: "object", properties: { currency: { type: "string", default: "EUR" } }, required: ["currency"] },
      setup(ctx) {
        seen.push(ctx.plugin, ctx.config, ctx.log.isEnabled("debug"), ctx.log.isEnabled("info"));
        ctx.log.info("ready", { plugin: "forged", a: 1 });
        ctx.log.error("odd");
      },
    });
    await hostOf(billing({ currency: "USD" })).start();
    expect(seen).toEqual(["billing", { currency: "USD" }, false, true]);
    expect(lines).toEqual([
      { level: "info", message: "ready", fields: { plugin: "billing", a: 1 } },
      { level: "error", message: "odd", fields: { plugin: "billing" } },
    ]);
  });

  test("refuses what comes after the stop, since nobody would undo it", async () => {
    const contexts: PluginContext<unknown>[] = [];
    const billing = definePlugin({ name: "billing", version: "1.0.0", setup: (ctx) => void contexts.push(ctx) });
    const host = hostOf(billing);
    await host.start();
    await host.stop();
    for (const ctx of contexts) {
      const attempts: readonly (() => unknown)[] = [
        () => ctx.use("prepare", (request, next) => next(request)),
        () => ctx.transform({ variant: "a", apply: ({ payload }) => payload }),
        () => ctx.on("store.failed", () => undefined),
        () => ctx.event(eventOf("LATE")),
        () => ctx.own(() => undefined),
      ];
      for (const late of attempts) expect(late).toThrow(/Plugin billing@1\.0\.0 used its context after it was stopped/);
    }
    expect(added()).toEqual(nothingAdded);
  });

  test("blames the plugin for its listeners", async () => {
    const blamed: unknown[] = [];
    hub.on("listener.failed", ({ listener }) => blamed.push(listener));
    const host = hostOf(
      definePlugin({
        name: "billing",
        version: "1.0.0",
        setup: (ctx) =>
          void ctx.on("middleware.failed", () => {
            throw new Error("broken");
          }),
      }),
    );
    await host.start();
    hub.notify("middleware.failed", { middleware: "a", delivery: "dlv_1" as DeliveryId, error: undefined });
    await settled();
    expect(blamed).toEqual(["billing"]);
  });
});

test("what a plugin added and took out again is let go of, however often", async () => {
  const contexts: PluginContext<unknown>[] = [];
  const host = hostOf(definePlugin({ name: "busy", version: "1.0.0", setup: (ctx) => void contexts.push(ctx) }));
  await host.start();
  const listeners = contexts.flatMap((ctx) => Array.from({ length: 100 }, () => addedAndRemoved(ctx)));
  await settled();
  collectGarbage();
  expect(listeners).toHaveLength(100);
  expect(listeners.filter((listener) => listener.deref() !== undefined)).toEqual([]);
  await host.stop();
});

/** In a function of its own, so that no variable of the test holds the listener. */
function addedAndRemoved(ctx: PluginContext<unknown>): WeakRef<object> {
  const listener = (): void => undefined;
  ctx.on("store.failed", listener)();
  return new WeakRef(listener);
}

function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
}
