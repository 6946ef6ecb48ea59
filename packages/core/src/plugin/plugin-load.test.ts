import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { beforeEach, describe, expect, test } from "vitest";
import { HookwrightError } from "../foundation/hookwright-error.js";
import type { OrganizationId } from "../foundation/ids.js";
import { settled } from "../foundation/stepped-clock.test.support.js";
import { BootError } from "./boot-error.js";
import { definePlugin, type PluginContext } from "./plugin.js";
import { addAll, eventOf, noted, nothingAdded, PluginScene, problemsOf } from "./plugin-scene.test.support.js";
import { defineService } from "./token.js";

let scene: PluginScene;
let log: string[];

beforeEach(() => {
  scene = new PluginScene();
  log = [];
});

describe("load", () => {
  test("adds everything of a plugin to the running host, and tells where it stands", async () => {
    const host = await scene.started(noted("billing", log));
    const status = await host.load(noted("reports", log, { requires: { billing: "^1.0.0" } }));
    expect(status).toMatchObject({ name: "reports", state: "started", events: ["REPORTS_DONE"] });
    expect(log).toEqual(["+billing", "+reports"]);
    expect(scene.added).toMatchObject({
      actions: ["BILLING_DONE", "REPORTS_DONE"],
      layers: ["billing/layer", "reports/layer"],
    });
    await host.stop();
    expect(log.slice(2)).toEqual(["-reports", "-billing"]);
  });

  test("refuses with all problems before any code of the plugin runs, and leaves nothing", async () => {
    const host = await scene.started(noted("billing", log));
    const before = scene.added;
    const problems = await problemsOf(() =>
      host.load(
        definePlugin({
          name: "reports",
          version: "1.0.0",
          requires: { biling: "*", billing: "^2.0.0" },
          events: [eventOf("FINE"), eventOf("OTHER", ["BILLING_DONE"])],
          config: { type: "object", required: ["key"], properties: { key: { type: "string" } } },
          setup: () => void log.push("ran"),
        }),
      ),
    );
    expect(problems.map(({ code }) => code)).toEqual([
      "configuration_invalid",
      "plugin_missing",
      "plugin_version",
      "action_taken",
    ]);
    expect(problems[1]).toMatchObject({ fix: expect.stringContaining("Did you mean billing?") });
    expect(problems[3]).toMatchObject({ found: "event BILLING_DONE of billing@1.0.0 under this name" });
    expect(log).toEqual(["+billing"]);
    expect(scene.added).toEqual(before);
    expect(host.status().map(({ name }) => name)).toEqual(["billing"]);
  });

  test.each([undefined, null, 5, "billing", {}, { manifest: {} }])("refuses %o, which is no plugin", async (none) => {
    const host = await scene.started();
    await expect(host.load(none as never)).rejects.toBeInstanceOf(BootError);
    expect(host.status()).toEqual([]);
  });

  test("refuses a name that is loaded, whatever the state of its plugin", async () => {
    const host = await scene.started(noted("broken", log, { fails: () => true }));
    await expect(problemsOf(() => host.load(noted("broken", log, { version: "2.0.0" })))).resolves.toMatchObject([
      { code: "plugin_name_taken", plugin: "broken@2.0.0", found: "broken@1.0.0 under the same name" },
    ]);
  });

  test("of a plugin that fails leaves nothing of it, and it can be loaded again", async () => {
    const host = await scene.started();
    let fails = true;
    const broken = noted("broken", log, { fails: () => fails });
    await expect(host.load(broken)).rejects.toMatchObject({
      code: "plugin_failed",
      message: "Plugin broken@1.0.0 failed in setup: broken is broken",
    });
    expect(scene.added).toEqual(nothingAdded);
    expect(host.status()).toEqual([]);
    fails = false;
    await expect(host.load(broken)).resolves.toMatchObject({ state: "started" });
  });

  test("of a plugin that never ends its setup is given up", async () => {
    const host = await scene.started();
    const loading = host.load(
      definePlugin({ name: "slow", version: "1.0.0", setup: () => new Promise(() => undefined) }),
    );
    await settled();
    scene.clock.advance(10_000);
    await expect(loading).rejects.toMatchObject({ code: "plugin_timeout" });
    expect(host.status()).toEqual([]);
  });

  test("of a plugin that requires one that failed makes it wait", async () => {
    const host = await scene.started(noted("broken", log, { fails: () => true }));
    await expect(host.load(noted("reports", log, { requires: { broken: "*" } }))).resolves.toMatchObject({
      state: "waiting",
      waitingOn: [{ plugin: "broken", reason: "it failed with plugin_failed" }],
    });
    expect(scene.added).toEqual(nothingAdded);
  });

  test("refuses a version that does not fit what waits for it", async () => {
    const host = await scene.started(noted("billing", log), noted("reports", log, { requires: { billing: "^1.0.0" } }));
    await host.unload("billing", { dependents: true });
    await expect(problemsOf(() => host.load(noted("billing", log, { version: "2.0.0" })))).resolves.toMatchObject([
      { code: "plugin_version", plugin: "reports@1.0.0", found: "billing@2.0.0" },
    ]);
  });

  test("refuses a circle with what waits", async () => {
    const host = await scene.started(noted("a", log), noted("b", log, { requires: { a: "*" } }));
    await host.unload("a", { dependents: true });
    await expect(problemsOf(() => host.load(noted("a", log, { requires: { b: "*" } })))).resolves.toMatchObject([
      { code: "plugin_cycle", found: "b → a → b" },
    ]);
  });
});

describe("a plugin that waits", () => {
  test("starts by itself, with everything that belongs to it, once all that it requires is there", async () => {
    let fails = true;
    const broken = noted("broken", log, { fails: () => fails });
    const host = await scene.started(
      noted("far", log, { requires: { near: "*" } }),
      noted("near", log, { requires: { broken: "*", other: "*" } }),
      noted("other", log),
      broken,
    );
    expect(log).toEqual(["+other"]);
    await host.unload("broken");
    expect(host.status()).toMatchObject([
      { name: "other", state: "started" },
      { name: "near", waitingOn: [{ plugin: "broken", reason: "it is not loaded" }] },
      { name: "far", waitingOn: [{ plugin: "near", reason: "it is waiting itself" }] },
    ]);
    fails = false;
    await host.load(broken);
    expect(log).toEqual(["+other", "+broken", "+near", "+far"]);
    expect(host.status().map(({ state }) => state)).toEqual(["started", "started", "started", "started"]);
    expect(scene.added.actions).toEqual(["OTHER_DONE", "BROKEN_DONE", "NEAR_DONE", "FAR_DONE"]);
    await host.stop();
    expect(log.slice(4)).toEqual(["-far", "-near", "-broken", "-other"]);
  });

  test("and finds its action taken has failed, and says by whom", async () => {
    const needy = noted("needy", log, { requires: { base: "*" } });
    const host = await scene.started(noted("base", log), needy);
    await host.unload("base", { dependents: true });
    await host.load(definePlugin({ name: "thief", version: "1.0.0", events: [eventOf("NEEDY_DONE")] }));
    await host.load(noted("base", log));
    expect(host.status()).toMatchObject([
      {
        name: "needy",
        state: "failed",
        error: { code: "action_taken", message: expect.stringMatching(/needy@.*thief@/) },
      },
      { name: "thief", state: "started" },
      { name: "base", state: "started" },
    ]);
    expect(scene.added.actions).toEqual(["NEEDY_DONE", "BASE_DONE"]);
  });

  test("and fails when it starts leaves the load that it waited for a success", async () => {
    let fails = false;
    const host = await scene.started(
      noted("base", log),
      noted("needy", log, { requires: { base: "*" }, fails: () => fails }),
    );
    await host.unload("base", { dependents: true });
    fails = true;
    await expect(host.load(noted("base", log))).resolves.toMatchObject({ state: "started" });
    expect(host.status()).toMatchObject([
      { name: "needy", state: "failed", error: { code: "plugin_failed" } },
      { name: "base" },
    ]);
    expect(scene.linesAt("error")).toEqual(["Plugin needy@1.0.0 failed in setup: needy is broken"]);
  });
});

describe("unload", () => {
  test("takes everything of a plugin out of the running host", async () => {
    const host = await scene.started(noted("billing", log), noted("reports", log));
    await host.unload("billing");
    expect(log).toEqual(["+billing", "+reports", "-billing"]);
    expect(scene.added).toEqual({ actions: ["REPORTS_DONE"], layers: ["reports/layer"], transforms: false });
    expect(host.status().map(({ name }) => name)).toEqual(["reports"]);
    await host.stop();
    expect(log.slice(3)).toEqual(["-reports"]);
  });

  test("is refused while started plugins need it, however far removed, and stops nothing", async () => {
    const host = await scene.started(
      noted("far", log, { requires: { near: "*" } }),
      noted("near", log, { requires: { base: "*" } }),
      noted("base", log),
      noted("other", log),
    );
    await expect(host.unload("base")).rejects.toMatchObject({
      code: "plugin_in_use",
      message: expect.stringContaining("Plugin base@1.0.0 is needed by near, far."),
      details: { dependents: ["near", "far"] },
    });
    expect(log).toEqual(["+base", "+near", "+far", "+other"]);
    expect(host.status().every(({ state }) => state === "started")).toBe(true);
  });

  test("with its dependents stops them before it, and they come back with it", async () => {
    const base = noted("base", log);
    const host = await scene.started(
      noted("far", log, { requires: { near: "*" } }),
      noted("near", log, { requires: { base: "*" } }),
      base,
      noted("other", log),
    );
    log.length = 0;
    await host.unload("base", { dependents: true });
    expect(log).toEqual(["-far", "-near", "-base"]);
    expect(scene.added).toMatchObject({ actions: ["OTHER_DONE"], layers: ["other/layer"] });
    log.length = 0;
    await host.load(base);
    expect(log).toEqual(["+base", "+near", "+far"]);
  });

  describe("of a plugin that nothing may leave without", () => {
    const seal = (version = "1.0.0", requires = {}) =>
      definePlugin({ name: "seal", version, essential: true, requires, setup: () => void log.push("+seal") });

    test("is refused, and stops nothing", async () => {
      const host = await scene.started(seal(), noted("user", log, { requires: { seal: "*" } }));
      await expect(host.unload("seal", { dependents: true })).rejects.toMatchObject({
        code: "plugin_in_use",
        message: expect.stringContaining("seal@1.0.0 is not unloaded, since nothing may leave without seal:"),
        details: { essential: ["seal"] },
      });
      await expect(host.unload("seal")).rejects.toMatchObject({ details: { dependents: ["user"] } });
      expect(log).toEqual(["+seal", "+user"]);
      expect(host.status().every(({ state }) => state === "started")).toBe(true);
    });

    test("is refused as well where it would be stopped with another one", async () => {
      const host = await scene.started(noted("keys", log), seal("1.0.0", { keys: "*" }));
      await expect(host.unload("keys", { dependents: true })).rejects.toMatchObject({
        code: "plugin_in_use",
        details: { essential: ["seal"] },
      });
      expect(log).toEqual(["+keys", "+seal"]);
    });

    test("is done where it is asked for by name", async () => {
      const host = await scene.started(noted("keys", log), seal("1.0.0", { keys: "*" }));
      await host.unload("keys", { dependents: true, essential: true });
      expect(host.status()).toMatchObject([{ name: "seal", state: "waiting" }]);
      await host.unload("seal");
      await host.load(noted("keys", log));
      await host.load(seal("1.1.0"));
      expect(log).toEqual(["+keys", "+seal", "-keys", "+keys", "+seal"]);
    });
  });

  test("of a failed or waiting plugin stops nothing", async () => {
    const host = await scene.started(
      noted("broken", log, { fails: () => true }),
      noted("needy", log, { requires: { broken: "*" } }),
    );
    await host.unload("broken");
    await host.unload("needy");
    expect(host.status()).toEqual([]);
    expect(log).toEqual([]);
  });

  test("of a plugin whose service another one has taken is refused, too, and that one comes back with it", async () => {
    const clock = defineService<() => number>("time/now");
    const time = definePlugin({ name: "time", version: "1.0.0", setup: (ctx) => void ctx.provide(clock, () => 7) });
    const user = definePlugin({
      name: "user",
      version: "1.0.0",
      setup: (ctx) => void log.push(`read ${ctx.service(clock)()}`),
    });
    const host = await scene.started(time, user);
    expect(host.status()).toMatchObject([{ provides: ["time/now"] }, { uses: ["time/now"], requires: [] }]);
    await expect(host.unload("time")).rejects.toMatchObject({ details: { dependents: ["user"] } });
    await host.unload("time", { dependents: true });
    expect(host.status()).toMatchObject([
      { name: "user", state: "waiting", waitingOn: [{ plugin: "time", reason: "it is not loaded" }] },
    ]);
    await host.load(time);
    expect(log).toEqual(["read 7", "read 7"]);
  });

  test("of an unknown name suggests the nearest one", async () => {
    const host = await scene.started(noted("billing", log));
    await expect(host.unload("biling")).rejects.toMatchObject({
      code: "plugin_missing",
      message: 'No plugin "biling" is loaded. Did you mean billing?',
    });
    await expect(host.unload(5 as never)).rejects.toMatchObject({ code: "plugin_missing" });
  });

  test("succeeds though the plugin fails while it stops: nothing of it is left, and the fault is logged", async () => {
    const host = await scene.started(
      definePlugin({
        name: "stubborn",
        version: "1.0.0",
        events: [eventOf("STUBBORN")],
        stop: () => Promise.reject(new Error("never")),
      }),
    );
    await host.unload("stubborn");
    expect(scene.added).toEqual(nothingAdded);
    expect(scene.linesAt("error")).toEqual(["Plugin stubborn@1.0.0 failed while it stopped"]);
  });
});

test("hundreds of loads and unloads of a plugin with ten schemas leave nothing in memory", async () => {
  const host = await scene.started();
  const load = async (): Promise<void> => {
    const events = Array.from({ length: 10 }, (_, index) => eventOf(`EVENT_${index}`));
    const config = { type: "object", properties: { currency: { type: "string", default: "EUR" } } } as const;
    await host.load(definePlugin({ name: "ten", version: "1.0.0", events, config, setup: (ctx) => addAll(ctx) }));
    await host.unload("ten");
  };
  for (let round = 0; round < 50; round += 1) await load();
  const before = heapUsed();
  for (let round = 0; round < 200; round += 1) await load();
  // A compiled schema takes 9 kB: were they kept, it would be ten times as much.
  expect(heapUsed() - before).toBeLessThan(1_800_000);
});

describe("an event of a plugin", () => {
  const codeOf = (action: string): string => {
    try {
      scene.registry.requireOpen(action);
      return "open";
    } catch (error) {
      return error instanceof HookwrightError ? error.code : "unknown";
    }
  };

  test("is taken from its first moment on, and can be emitted only once the setup has ended", async () => {
    const [entered, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const host = await scene.started();
    const loading = host.load(
      definePlugin({
        name: "billing",
        version: "1.0.0",
        events: [eventOf("PAID")],
        async setup(ctx) {
          ctx.event(eventOf("SETTLED"));
          ctx.handle(eventOf("PAID"), () => undefined);
          entered.resolve();
          await gate.promise;
        },
      }),
    );
    await entered.promise;
    expect(scene.added.actions).toEqual(["PAID", "SETTLED"]);
    expect([codeOf("PAID"), codeOf("SETTLED")]).toEqual(["action_unknown", "action_unknown"]);
    expect(() => scene.registry.requireOpen("PAID")).toThrow(
      "Event PAID cannot be emitted: its plugin billing@1.0.0 has not started, or is stopped.",
    );
    gate.resolve();
    await loading;
    expect([codeOf("PAID"), codeOf("SETTLED")]).toEqual(["open", "open"]);
  });

  test("cannot be emitted before its turn has come in a start", async () => {
    const seen: string[] = [];
    await scene.started(
      definePlugin({ name: "first", version: "1.0.0", setup: () => void seen.push(codeOf("SECOND_DONE")) }),
      noted("second", log),
    );
    expect([...seen, codeOf("SECOND_DONE")]).toEqual(["action_unknown", "open"]);
  });

  test("goes before anything else of a plugin that stops, and stays taken until all of it has gone", async () => {
    const seen: string[] = [];
    const look = (where: string): void => void seen.push(`${where}: ${codeOf("PAID")}, ${scene.added.actions}`);
    const host = await scene.started(
      definePlugin({
        name: "billing",
        version: "1.0.0",
        events: [eventOf("PAID")],
        setup(ctx) {
          ctx.own(() => look("own"));
          ctx.signal.addEventListener("abort", () => look("signal"));
        },
        stop: () => look("stop"),
      }),
    );
    await host.unload("billing");
    const closed = "action_unknown, PAID";
    expect(seen).toEqual([`signal: ${closed}`, `stop: ${closed}`, `own: ${closed}`]);
    expect(scene.added.actions).toEqual([]);
  });
});

describe("the state of a plugin", () => {
  test("is out of reach once the plugin has stopped", async () => {
    const given = Promise.withResolvers<PluginContext<unknown>>();
    const host = await scene.started(definePlugin({ name: "counter", version: "1.0.0", setup: given.resolve }));
    const { state } = await given.promise;
    const organization = state.of(1);
    await organization.update<number>("count", () => 1);
    await host.unload("counter");
    const refused = { code: "lifecycle_invalid" };
    expect(() => state.of(1)).toThrow(expect.objectContaining(refused));
    await expect(organization.get("count")).rejects.toMatchObject(refused);
    await expect(organization.compareAndSet("count", 1, 2)).rejects.toMatchObject(refused);
    await expect(organization.update<number>("count", () => 2)).rejects.toMatchObject(refused);
    const [entry] = await scene.ports.state.read({ plugin: "counter", organization: 1 as OrganizationId }, ["count"]);
    expect(entry?.value).toBe("1");
  });
});

describe("calls", () => {
  test("are done one at a time, in their order; those whose turn has not come are declared", async () => {
    const gate = Promise.withResolvers<void>();
    const slow = definePlugin({ name: "slow", version: "1.0.0", setup: () => gate.promise });
    const host = await scene.started();
    const calls = Promise.allSettled([
      host.load(slow),
      host.load(noted("fast", log, { requires: { slow: "*" } })),
      host.unload("fast"),
      host.load(noted("fast", log, { version: "2.0.0" })),
    ]);
    await settled();
    expect(host.status().map(({ name, version, state }) => `${name}@${version} ${state}`)).toEqual([
      "slow@1.0.0 validated",
      "fast@1.0.0 declared",
      "fast@2.0.0 declared",
    ]);
    gate.resolve();
    expect((await calls).map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "fulfilled", "fulfilled"]);
    expect(log).toEqual(["+fast", "-fast", "+fast"]);
  });

  test("after the stop are refused, also when they wait for their turn at that moment", async () => {
    const gate = Promise.withResolvers<void>();
    const host = await scene.started();
    const loading = host.load(definePlugin({ name: "slow", version: "1.0.0", setup: () => gate.promise }));
    const waiting = host.load(noted("late", log));
    await settled();
    const stopping = host.stop();
    gate.resolve();
    await expect(loading).resolves.toMatchObject({ name: "slow" });
    await expect(waiting).rejects.toMatchObject({ code: "lifecycle_invalid" });
    await stopping;
    await expect(host.load(noted("later", log))).rejects.toMatchObject({ code: "lifecycle_invalid" });
    await expect(host.unload("slow")).rejects.toMatchObject({ code: "lifecycle_invalid" });
    expect(host.status()).toMatchObject([{ name: "slow", state: "stopped" }]);
    expect(log).toEqual([]);
  });
});

function heapUsed(): number {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
  return process.memoryUsage().heapUsed;
}
