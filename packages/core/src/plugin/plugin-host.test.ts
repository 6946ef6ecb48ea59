import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { HookwrightError } from "../foundation/hookwright-error.js";
import type { DeliveryId } from "../foundation/ids.js";
import { settled } from "../foundation/stepped-clock.test.support.js";
import { BootError } from "./boot-error.js";
import { type ConfiguredPlugin, definePlugin, type PluginContext } from "./plugin.js";
import { addAll, eventOf, noted, nothingAdded, PluginScene, problemsOf } from "./plugin-scene.test.support.js";

let scene: PluginScene;

beforeEach(() => {
  scene = new PluginScene();
});

describe("before any plugin's code runs", () => {
  test("every problem of every plugin is told at once, each with code, plugin, what was expected and what was found", async () => {
    let ran = false;
    const setup = (): void => {
      ran = true;
    };
    const problems = await problemsOf(() =>
      scene.host(
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
        definePlugin({ name: "needy", version: "1.0.0", requires: { fines: "^1.0.0", fine: "^2.0.0" }, setup }),
        definePlugin({ name: "one", version: "1.0.0", requires: { two: "*" }, setup }),
        definePlugin({ name: "two", version: "1.0.0", requires: { one: "*" }, setup }),
        definePlugin({ name: "patient", version: "1.0.0", requires: { late: "*" }, setup }),
      ),
    );
    expect(ran).toBe(false);
    expect(problems.map(({ code, plugin }) => [code, plugin])).toEqual([
      ["plugin_invalid", '"Bad Name"@x'],
      ["plugin_invalid", '"Bad Name"@x'],
      ["plugin_version", "late@1.0.0"],
      ["plugin_name_taken", "fine@3.0.0"],
      ["configuration_invalid", "poor@1.0.0"],
      ["plugin_invalid", "7 of 11"],
      ["plugin_missing", "needy@1.0.0"],
      ["plugin_version", "needy@1.0.0"],
      ["plugin_cycle", "one@1.0.0"],
      ["action_taken", "thief@2.0.0"],
      ["definition_invalid", "thief@2.0.0"],
    ]);
    for (const problem of problems)
      expect(Object.values(problem).every((text) => typeof text === "string" && text !== "")).toBe(true);
  });

  test("a clash names both sides", async () => {
    const [action, name] = await problemsOf(() =>
      scene.host(
        definePlugin({ name: "one", version: "1.0.0", events: [eventOf("SAME")] }),
        definePlugin({ name: "one", version: "1.5.0" }),
        definePlugin({ name: "two", version: "2.0.0", events: [eventOf("OTHER", ["SAME"])] }),
      ),
    ).then((problems) => problems.toReversed());
    expect(action).toMatchObject({
      code: "action_taken",
      plugin: "two@2.0.0",
      expected: '"SAME" of event OTHER to be its alone',
      found: "event SAME of one@1.0.0 under this name",
    });
    expect(name).toMatchObject({
      code: "plugin_name_taken",
      plugin: "one@1.5.0",
      found: "one@1.0.0 under the same name",
    });
  });

  test("the errors behind the problems are kept", () => {
    const host = () => scene.host(definePlugin({ name: "one", version: "1.0.0", events: [eventOf("9")] }));
    expect(host).toThrow(BootError);
    expect(host).toThrow(expect.objectContaining({ cause: expect.any(HookwrightError) }));
  });

  test("an event that is none is refused by its plugin's name", async () => {
    for (const none of [{ name: "INVOICE_PAID" }, null, undefined, 5, "A", class {}, [], Promise.resolve()]) {
      const events = [none as unknown as ReturnType<typeof eventOf>];
      const problems = await problemsOf(() => scene.host(definePlugin({ name: "billing", version: "1.0.0", events })));
      expect(problems).toMatchObject([{ code: "definition_invalid", plugin: "billing@1.0.0" }]);
    }
  });

  test("the events of all plugins are there, so that the order of the list does not matter to a setup", async () => {
    const seen: string[][] = [];
    const look = (): void => void seen.push(scene.added.actions);
    await scene.started(
      definePlugin({ name: "one", version: "1.0.0", events: [eventOf("A")], setup: look }),
      definePlugin({ name: "two", version: "1.0.0", events: [eventOf("B")], setup: look }),
    );
    expect(seen).toEqual([
      ["A", "B"],
      ["A", "B"],
    ]);
  });

  test("a plugin without configuration is listed as it is, or called for one", async () => {
    const seen: unknown[] = [];
    const billing = definePlugin({
      name: "billing",
      version: "1.0.0",
      config: { type: "object", properties: { currency: { type: "string", default: "EUR" } } },
      setup: (ctx) => void seen.push(ctx.config),
    });
    await scene.started(billing);
    await new PluginScene().started(billing({ currency: "USD" }));
    await new PluginScene().started(billing({}));
    expect(seen).toEqual([{ currency: "EUR" }, { currency: "USD" }, { currency: "EUR" }]);
  });
});

describe("start and stop", () => {
  test("what is required starts before, and everything stops in exactly the reverse order", async () => {
    const log: string[] = [];
    const host = await scene.started(
      noted("reports", log, { requires: { billing: "^1.0.0", rates: "*" } }),
      noted("audit", log),
      noted("billing", log, { requires: { rates: "^1.0.0" } }),
      noted("rates", log),
    );
    expect(log).toEqual(["+rates", "+billing", "+reports", "+audit"]);
    expect(host.status().map(({ name }) => name)).toEqual(["rates", "billing", "reports", "audit"]);
    await host.stop();
    expect(log.slice(4)).toEqual(["-audit", "-reports", "-billing", "-rates"]);
  });

  test("whatever plugins require of each other and whichever fail, the stops mirror the starts", async () => {
    const plugins = fc.array(fc.record({ needs: fc.array(fc.nat(12), { maxLength: 3 }), fails: fc.boolean() }), {
      maxLength: 12,
    });
    await fc.assert(
      fc.asyncProperty(plugins, async (drawn) => {
        const log: string[] = [];
        const own = new PluginScene();
        const host = await own.started(
          ...drawn.map(({ needs, fails }, index) => {
            const requires = Object.fromEntries(needs.filter((need) => need < index).map((need) => [`p${need}`, "*"]));
            return noted(`p${index}`, log, { requires, fails: () => fails });
          }),
        );
        const doomed = new Set<number>();
        for (const [index, { needs, fails }] of drawn.entries())
          if (fails || needs.some((need) => need < index && doomed.has(need))) doomed.add(index);
        const started = [...log];
        expect(started.toSorted()).toEqual(drawn.flatMap((_, i) => (doomed.has(i) ? [] : [`+p${i}`])).toSorted());
        expect(own.added.layers).toHaveLength(started.length);
        expect(own.added.actions).toHaveLength(started.length);
        await host.stop();
        expect(log.slice(started.length)).toEqual(started.toReversed().map((line) => line.replace("+", "-")));
        expect(own.added).toEqual(nothingAdded);
      }),
      { numRuns: 60 },
    );
  });

  test("one plugin's stop comes first, then all that it added in reverse, one at a time", async () => {
    const log: string[] = [];
    const plugins = ["a", "b"].map((name) =>
      definePlugin({
        name,
        version: "1.0.0",
        async setup(ctx) {
          await settled(1);
          ctx.signal.addEventListener("abort", () => log.push(`signal of ${name}`));
          ctx.own(() => void log.push(`undo first of ${name}`));
          ctx.own(async () => {
            await settled(1);
            log.push(`undo second of ${name}`);
          });
        },
        async stop() {
          await settled(1);
          log.push(`stop ${name}`);
        },
      }),
    );
    const host = await scene.started(...plugins);
    await host.stop();
    expect(log).toEqual(
      ["b", "a"].flatMap((name) => [
        `signal of ${name}`,
        `stop ${name}`,
        `undo second of ${name}`,
        `undo first of ${name}`,
      ]),
    );
  });

  test("a plugin's handlers come to their end before its signal aborts", async () => {
    const aborted: boolean[] = [];
    let signal: AbortSignal | undefined;
    const close = vi.spyOn(scene.ports.handlers, "close");
    close.mockImplementation(async () => void aborted.push(signal?.aborted ?? true));
    const host = await scene.started(
      definePlugin({
        name: "billing",
        version: "1.0.0",
        setup(ctx) {
          signal = ctx.signal;
        },
      }),
    );
    await host.stop();
    expect(aborted).toEqual([false]);
    expect(signal?.aborted).toBe(true);
  });

  test("what a plugin added is undone with it, without its doing", async () => {
    const heard: unknown[] = [];
    const host = await scene.started(
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
    expect(scene.added).toEqual({ actions: ["INVOICE_PAID", "LATER"], layers: ["billing/header"], transforms: true });
    scene.hub.notify("store.failed", { operation: "claim", error: undefined });
    await settled();
    expect(heard).toHaveLength(1);
    await host.stop();
    expect(scene.added).toEqual(nothingAdded);
    scene.hub.notify("store.failed", { operation: "claim", error: undefined });
    await settled();
    expect(heard).toHaveLength(1);
  });

  test("what a plugin took out itself is gone at once, and is not undone again", async () => {
    const disposers: (() => void)[] = [];
    const undone: number[] = [];
    const host = await scene.started(
      definePlugin({
        name: "billing",
        version: "1.0.0",
        setup(ctx) {
          disposers.push(ctx.transform({ variant: "a", apply: ({ payload }) => payload }));
          disposers.push(ctx.own(() => void undone.push(1)));
        },
      }),
    );
    for (const dispose of [...disposers, ...disposers]) dispose();
    expect(scene.transforms.isEmpty).toBe(true);
    expect(undone).toHaveLength(1);
    expect(host.status()).toMatchObject([{ transforms: [] }]);
    scene.transforms.add("other", { variant: "a", apply: ({ payload }) => payload });
    await host.stop();
    expect(scene.transforms.isEmpty).toBe(false);
    expect(undone).toHaveLength(1);
  });

  test("a host that was never started is stopped without running anything", async () => {
    const log: string[] = [];
    const host = scene.host(noted("billing", log));
    await host.stop();
    expect(log).toEqual([]);
    expect(scene.added).toEqual(nothingAdded);
  });
});

describe("the status", () => {
  test("says where each plugin stands", async () => {
    const log: string[] = [];
    const host = scene.host(
      noted("fine", log),
      noted("broken", log, { fails: () => true }),
      noted("dependent", log, { requires: { broken: "*" } }),
    );
    const states = () => host.status().map(({ name, state }) => `${name} ${state}`);
    expect(states()).toEqual(["fine validated", "broken validated", "dependent validated"]);
    await host.start();
    expect(states()).toEqual(["fine started", "broken failed", "dependent waiting"]);
    await host.stop();
    expect(states()).toEqual(["fine stopped", "broken failed", "dependent stopped"]);
  });

  test("lists all that a plugin has added, and no secret", async () => {
    const host = await scene.started(
      definePlugin({
        name: "billing",
        version: "1.2.3",
        requires: { rates: "*" },
        optional: { audit: "*" },
        events: [eventOf("INVOICE_PAID")],
        config: {
          type: "object",
          properties: { currency: { type: "string" }, key: { type: "string", writeOnly: true } },
        },
        setup(ctx) {
          addAll(ctx);
          ctx.use("sign", function seal(request, next) {
            return next(request);
          });
          ctx.on("store.failed", () => undefined);
          ctx.handle(eventOf("INVOICE_PAID"), () => undefined);
        },
      })({ currency: "EUR", key: "s3cr3t" }),
      definePlugin({ name: "rates", version: "1.0.0" }),
    );
    const [, status] = host.status();
    expect(status).toEqual({
      name: "billing",
      version: "1.2.3",
      state: "started",
      waitingOn: [],
      error: undefined,
      requires: ["rates", "audit"],
      config: { currency: "EUR", key: "***" },
      events: ["INVOICE_PAID", "LATER"],
      middlewares: [
        { name: "header", phase: "prepare" },
        { name: "seal", phase: "sign" },
      ],
      transforms: ["redacted"],
      listeners: ["store.failed"],
      handlers: ["INVOICE_PAID"],
      offers: [],
      contributes: [],
      provides: [],
      uses: [],
    });
    await host.stop();
    expect(host.status()[1]).toMatchObject({
      state: "stopped",
      events: [],
      middlewares: [],
      listeners: [],
      handlers: [],
    });
  });
});

describe("a setup that fails", () => {
  const error = new Error("no database");
  const failures: [string, () => void | Promise<void>][] = [
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
    [
      "throws no error",
      () => {
        throw "no database";
      },
    ],
  ];

  function threeWith(log: string[], fail: () => void | Promise<void>): readonly ConfiguredPlugin[] {
    const broken = definePlugin({
      name: "broken",
      version: "2.0.0",
      events: [eventOf("BROKEN")],
      setup(ctx) {
        addAll(ctx, "-b");
        ctx.signal.addEventListener("abort", () => log.push("abort"));
        ctx.own(() => void log.push("undo broken"));
        return fail();
      },
      stop: () => void log.push("stop broken"),
    });
    return [noted("first", log), broken, noted("needy", log, { requires: { broken: "*" } }), noted("last", log)];
  }

  test.each(failures)("and %s is undone and blamed; what requires it waits, the others start", async (_how, fail) => {
    const log: string[] = [];
    const host = await scene.started(...threeWith(log, fail));
    expect(log).toEqual(["+first", "abort", "undo broken", "+last"]);
    expect(scene.added).toEqual({
      actions: ["FIRST_DONE", "LAST_DONE"],
      layers: ["first/layer", "last/layer"],
      transforms: false,
    });
    expect(host.status()).toMatchObject([
      { name: "first", state: "started" },
      {
        name: "broken",
        state: "failed",
        error: { code: "plugin_failed", message: "Plugin broken@2.0.0 failed in setup: no database" },
        events: [],
      },
      {
        name: "needy",
        state: "waiting",
        waitingOn: [{ plugin: "broken", reason: "it failed with plugin_failed" }],
        error: undefined,
        events: [],
      },
      { name: "last", state: "started" },
    ]);
    expect(scene.linesAt("error")).toEqual(["Plugin broken@2.0.0 failed in setup: no database"]);
    expect(scene.linesAt("warn")).toEqual(["Plugin needy@1.0.0 waits for broken: it failed with plugin_failed"]);
    expect(scene.lines).toMatchObject([{ fields: { plugin: "broken" } }, { fields: { plugin: "needy" } }]);
  });

  test.each(failures)("and %s stops everything again where the host refuses failures", async (_how, fail) => {
    const log: string[] = [];
    scene = new PluginScene({ onPluginFailure: "refuse" });
    const host = scene.host(...threeWith(log, fail));
    await expect(host.start()).rejects.toMatchObject({
      code: "plugin_failed",
      message: "Plugin broken@2.0.0 failed in setup: no database",
      cause: expect.anything(),
    });
    expect(log).toEqual(["+first", "abort", "undo broken", "-first"]);
    expect(scene.added).toEqual(nothingAdded);
    expect(host.status().map(({ state }) => state)).toEqual(["stopped", "failed", "stopped", "stopped"]);
    expect(scene.lines).toEqual([]);
  });

  test("and never ends is given up after its time, and what comes of it later is told and has no effect", async () => {
    const log: string[] = [];
    const hang = Promise.withResolvers<void>();
    const host = scene.host(...threeWith(log, () => hang.promise));
    const starting = host.start();
    await settled();
    scene.clock.advance(9_999);
    await settled();
    expect(log).toEqual(["+first"]);
    scene.clock.advance(1);
    await starting;
    expect(log).toEqual(["+first", "abort", "undo broken", "+last"]);
    expect(host.status()[1]).toMatchObject({
      state: "failed",
      error: { code: "plugin_timeout", message: "Plugin broken@2.0.0 did not finish its setup within 10000 ms." },
    });
    expect(scene.clock.pendingTimers).toBe(0);
    hang.reject(error);
    await settled();
    expect(scene.lines.at(-1)).toEqual({
      level: "error",
      message: "Plugin broken@2.0.0 failed in setup after it had been given up",
      fields: { plugin: "broken", error: expect.objectContaining({ cause: error }) },
    });
  });

  test("of an essential plugin stops everything again, even where others may fail", async () => {
    const log: string[] = [];
    const essential = definePlugin({
      name: "seal",
      version: "1.0.0",
      essential: true,
      setup() {
        throw error;
      },
    });
    const host = scene.host(noted("first", log), noted("broken", log, { fails: () => true }), essential);
    await expect(host.start()).rejects.toMatchObject({ code: "plugin_failed", cause: error });
    expect(log).toEqual(["+first", "-first"]);
    expect(scene.added).toEqual(nothingAdded);
  });

  test("of what an essential plugin requires does as well", async () => {
    const essential = definePlugin({ name: "seal", version: "1.0.0", essential: true, requires: { broken: "*" } });
    const host = scene.host(noted("broken", [], { fails: () => true }), essential);
    await expect(host.start()).rejects.toMatchObject({
      code: "plugin_failed",
      message: "Plugin seal@1.0.0 is essential and waits for broken: it failed with plugin_failed.",
    });
  });

  test("because of what it adds names the plugin, too", async () => {
    const host = await scene.started(
      definePlugin({
        name: "billing",
        version: "1.0.0",
        setup(ctx) {
          ctx.on("attempt.recrded" as "attempt.recorded", () => undefined);
        },
      }),
    );
    expect(host.status()[0]?.error?.message).toMatch(/billing@1\.0\.0 failed in setup: A listener of billing asks for/);
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
  ])("and %s is logged by name and told in the status; all the rest is stopped", async (_how, stop) => {
    const log: string[] = [];
    const host = await scene.started(
      noted("first", log),
      definePlugin({ name: "second", version: "2.0.0", setup: (ctx) => addAll(ctx), stop }),
    );
    await host.stop();
    expect(log).toEqual(["+first", "-first"]);
    expect(scene.added).toEqual(nothingAdded);
    expect(scene.lines).toEqual([
      { level: "error", message: "Plugin second@2.0.0 failed while it stopped", fields: { plugin: "second", error } },
    ]);
    expect(host.status()[1]).toMatchObject({
      state: "stopped",
      error: { code: "plugin_failed", message: "Plugin second@2.0.0 failed while it stopped: busy" },
    });
  });

  test("because something handed over to undo throws stops the rest as well", async () => {
    const log: string[] = [];
    const host = await scene.started(
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
    await host.stop();
    expect(log).toEqual(["first"]);
    expect(scene.lines).toHaveLength(2);
  });

  test("because it never ends is not waited for longer than its deadline", async () => {
    const log: string[] = [];
    const host = await scene.started(
      noted("first", log),
      definePlugin({
        name: "second",
        version: "2.0.0",
        setup: (ctx) => addAll(ctx),
        stop: () => new Promise(() => undefined),
      }),
    );
    const stopping = host.stop();
    await settled();
    expect(log).toEqual(["+first"]);
    scene.clock.advance(10_000);
    await stopping;
    expect(log).toEqual(["+first", "-first"]);
    expect(scene.added).toEqual(nothingAdded);
    expect(scene.lines).toMatchObject([{ fields: { plugin: "second", error: { code: "plugin_timeout" } } }]);
    expect(host.status()[1]).toMatchObject({ error: { code: "plugin_timeout" } });
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
    await scene.started(billing({ currency: "USD" }));
    expect(seen).toEqual(["billing", { currency: "USD" }, false, true]);
    expect(scene.lines).toEqual([
      { level: "info", message: "ready", fields: { plugin: "billing", a: 1 } },
      { level: "error", message: "odd", fields: { plugin: "billing" } },
    ]);
  });

  test("is frozen, and shows nothing of the host's inside: no container, registry or store", async () => {
    const contexts: PluginContext<unknown>[] = [];
    await scene.started(definePlugin({ name: "billing", version: "1.0.0", setup: (ctx) => void contexts.push(ctx) }));
    const [ctx] = contexts;
    expect(Object.isFrozen(ctx)).toBe(true);
    expect(Object.getPrototypeOf(ctx)).toBe(Object.prototype);
    const kinds = Object.entries(ctx ?? {}).map(([key, value]) => `${key}: ${typeof value}`);
    expect(kinds.filter((kind) => !kind.endsWith("function")).toSorted()).toEqual([
      "config: object",
      "log: object",
      "plugin: string",
      "signal: object",
      "state: object",
    ]);
  });

  test("takes what comes after the start, and undoes it with the rest", async () => {
    const contexts: PluginContext<unknown>[] = [];
    const host = await scene.started(
      definePlugin({ name: "billing", version: "1.0.0", setup: (ctx) => void contexts.push(ctx) }),
    );
    for (const ctx of contexts) addAll(ctx);
    expect(scene.added).toEqual({ actions: ["LATER"], layers: ["billing/header"], transforms: true });
    await host.stop();
    expect(scene.added).toEqual(nothingAdded);
  });

  test.each(["stop", "signal", "failed setup"])(
    "refuses what comes after the %s, since nobody would undo it",
    async (when) => {
      const attempts: (() => unknown)[] = [];
      const note = (ctx: PluginContext<unknown>): void => {
        attempts.push(
          () => ctx.use("prepare", (request, next) => next(request)),
          () => ctx.transform({ variant: "a", apply: ({ payload }) => payload }),
          () => ctx.on("store.failed", () => undefined),
          () => ctx.event(eventOf("LATE")),
          () => ctx.handle(eventOf("LATE"), () => undefined),
          () => ctx.own(() => undefined),
        );
      };
      const refused: unknown[] = [];
      const tryAll = (): void => {
        for (const attempt of attempts) expect(attempt).toThrow(expect.objectContaining({ code: "lifecycle_invalid" }));
        for (const attempt of attempts) expect(attempt).toThrow(/Plugin billing@1\.0\.0 used its context after it was/);
        refused.push(...attempts);
      };
      const host = await scene.started(
        definePlugin({
          name: "billing",
          version: "1.0.0",
          setup(ctx) {
            note(ctx);
            if (when === "signal") ctx.signal.addEventListener("abort", tryAll);
            if (when === "failed setup") throw new Error("no");
          },
        }),
      );
      if (when !== "failed setup") await host.stop();
      if (when !== "signal") tryAll();
      expect(refused).toHaveLength(6);
      expect(scene.added).toEqual(nothingAdded);
    },
  );

  test("blames the plugin for its listeners", async () => {
    const blamed: unknown[] = [];
    scene.hub.on("listener.failed", ({ listener }) => blamed.push(listener));
    await scene.started(
      definePlugin({
        name: "billing",
        version: "1.0.0",
        setup: (ctx) =>
          void ctx.on("middleware.failed", () => {
            throw new Error("broken");
          }),
      }),
    );
    scene.hub.notify("middleware.failed", {
      middleware: "a",
      delivery: "dlv_1" as DeliveryId,
      effect: "stopped",
      error: undefined,
    });
    await settled();
    expect(blamed).toEqual(["billing"]);
  });

  test("enters the plugin's own code by the one way there is", async () => {
    const entered: string[] = [];
    scene = new PluginScene({
      scope: {
        run: (owner, callback, code) => {
          entered.push(`${owner.name}: ${callback}`);
          return code();
        },
      },
    });
    const host = await scene.started(
      definePlugin({
        name: "billing",
        version: "1.0.0",
        setup: (ctx) => void ctx.own(() => undefined),
        stop: () => undefined,
      }),
    );
    await host.stop();
    expect(entered).toEqual(["billing: setup", "billing: signal", "billing: stop", "billing: own"]);
  });
});

test("what a plugin added and took out again is let go of, however often", async () => {
  const contexts: PluginContext<unknown>[] = [];
  const host = await scene.started(
    definePlugin({ name: "busy", version: "1.0.0", setup: (ctx) => void contexts.push(ctx) }),
  );
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
