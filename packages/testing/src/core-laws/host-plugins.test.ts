import { defineEvent, definePlugin, type PluginStatus } from "@hookwright/core";
import { describe, expect, test } from "vitest";
import { HostScene } from "./host-scene.test.support.js";

const invoicePaid = defineEvent({
  action: "INVOICE_PAID",
  summary: "An invoice was settled.",
  schema: { type: "object", required: ["invoice_id"], properties: { invoice_id: { type: "integer" } } },
  example: { invoice_id: 1 },
});

const billing = definePlugin({
  name: "billing",
  version: "1.0.0",
  events: [invoicePaid],
  setup(ctx) {
    ctx.use("prepare", (request, next) => next(request.withHeader("x-billing", "yes")), { name: "mark" });
    ctx.transform({
      variant: "rounded",
      appliesTo: (_webhook, { action }) => action === "INVOICE_PAID",
      apply: ({ payload }) => ({ ...payload, invoice_id: 0 }),
    });
  },
});

/** Where a plugin's code stands still until it is let through. */
class ManualGates {
  #at: { readonly place: string; readonly open: () => void } | undefined;

  pass(place: string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#at = { place, open: resolve };
    return promise;
  }

  isAt(place: string): boolean {
    return this.#at?.place === place;
  }

  open(): void {
    this.#at?.open();
    this.#at = undefined;
  }
}

function stateOf(scene: HostScene, name: string): PluginStatus | undefined {
  return scene.hooks.plugins.status().find((status) => status.name === name);
}

function bodies(scene: HostScene): readonly unknown[] {
  return scene.transport.requests.map(({ body }) => JSON.parse(new TextDecoder().decode(body)));
}

describe("a plugin that is loaded into a running host", () => {
  test("brings its events, and takes them along when it is unloaded", async () => {
    const scene = await HostScene.start();
    await scene.webhook();
    const emitting = () => scene.hooks.emit(invoicePaid, { invoice_id: 7 }, { project: 12 });
    await expect(emitting()).rejects.toMatchObject({ code: "action_unknown" });
    await scene.hooks.plugins.load(billing);
    expect(scene.hooks.events.get("INVOICE_PAID").owner).toEqual({ name: "billing", version: "1.0.0" });
    await emitting();
    await scene.sent(1);
    expect(bodies(scene)).toEqual([{ action: "INVOICE_PAID", invoice_id: 0, project: { id: 12 } }]);
    expect(scene.transport.requests[0]?.headers["x-billing"]).toBe("yes");
    await scene.hooks.plugins.unload("billing");
    await expect(emitting()).rejects.toMatchObject({ code: "action_unknown" });
    expect(scene.hooks.events.list().map(({ definition }) => definition.action)).not.toContain("INVOICE_PAID");
    await scene.emit(1);
    await scene.sent(2);
    expect(scene.transport.requests[1]?.headers["x-billing"]).toBeUndefined();
  });

  test("leaves its deliveries behind when it is unloaded: they go on with the bytes that were stored", async () => {
    const scene = await HostScene.start({ plugins: [billing], settings: { retrySchedule: "5s" } });
    await scene.webhook({ actions: ["INVOICE_PAID"] });
    scene.transport.script({ kind: "answered", status: 500, retryAfter: undefined, excerpt: "", bodyError: undefined });
    await scene.hooks.emit(invoicePaid, { invoice_id: 7 }, { project: 12 });
    await scene.sent(1);
    await scene.hooks.plugins.unload("billing");
    await scene.run(() => scene.allFinished());
    expect(bodies(scene)).toEqual([bodies(scene)[0], bodies(scene)[0]]);
    expect(bodies(scene)[1]).toEqual({ action: "INVOICE_PAID", invoice_id: 0, project: { id: 12 } });
    expect(await scene.deliveries()).toMatchObject([{ status: "delivered", attempts: 2, action: "INVOICE_PAID" }]);
  });

  test("lets nothing of its events leave while not all that changes them is there", async () => {
    const gate = new ManualGates();
    const slow = definePlugin({
      ...billing.manifest,
      async setup(ctx) {
        ctx.own(() => gate.pass("undone"));
        await gate.pass("setup");
        await billing.manifest.setup?.(ctx as never);
      },
      stop: () => gate.pass("stop"),
    });
    const scene = await HostScene.start();
    await scene.webhook();
    const emitting = () => scene.hooks.emit(invoicePaid, { invoice_id: 7 }, { project: 12 });
    const loading = scene.hooks.plugins.load(slow);
    await scene.until(() => gate.isAt("setup"));
    await expect(emitting()).rejects.toMatchObject({ code: "action_unknown" });
    gate.open();
    await loading;
    await emitting();
    const unloading = scene.hooks.plugins.unload("billing");
    for (const place of ["stop", "undone"]) {
      await scene.until(() => gate.isAt(place));
      await expect(emitting()).rejects.toMatchObject({ code: "action_unknown" });
      gate.open();
    }
    await unloading;
    await scene.settled();
    expect(bodies(scene)).toEqual([{ action: "INVOICE_PAID", invoice_id: 0, project: { id: 12 } }]);
  });

  test("has handlers that emit its own events, from their first call on and until their last one has ended", async () => {
    const gate = new ManualGates();
    let isHeld = true;
    const echo = definePlugin({
      name: "echo",
      version: "1.0.0",
      events: [invoicePaid],
      setup(ctx) {
        ctx.handle("TASKS_CREATED", async ({ emit }) => {
          if (isHeld) await gate.pass("handler");
          emit(invoicePaid, { invoice_id: 1 });
        });
      },
    });
    const scene = await HostScene.start({ plugins: [echo] });
    const recorded = scene.heard("handler.recorded");
    const ended = { code: null, verdict: { kind: "delivered" } };
    await scene.emit(1);
    await scene.until(() => gate.isAt("handler"));
    let unloading = scene.hooks.plugins.unload("echo");
    await scene.settled();
    gate.open();
    await unloading;
    await scene.until(() => recorded.length === 1);
    await scene.hooks.plugins.load(echo);
    await scene.emit(1);
    await scene.until(() => gate.isAt("handler"));
    unloading = scene.hooks.plugins.unload("echo");
    await scene.settled();
    await scene.pass(8_000);
    await unloading;
    // What waits for it now is claimed the moment that its handlers are there.
    isHeld = false;
    await scene.hooks.plugins.load(echo);
    await scene.until(() => recorded.length >= 2);
    expect(recorded).toMatchObject([ended, ended]);
    await scene.hooks.stop();
  });

  test("needs a started host", async () => {
    const scene = await HostScene.create();
    const calls = () => [scene.hooks.plugins.load(billing), scene.hooks.plugins.unload("billing")];
    for (const call of calls()) await expect(call).rejects.toMatchObject({ code: "lifecycle_invalid" });
    await scene.hooks.start();
    await scene.hooks.stop();
    for (const call of calls()) await expect(call).rejects.toMatchObject({ code: "lifecycle_invalid" });
    expect(scene.hooks.plugins.status()).toEqual([]);
  });
});

describe("a plugin that fails at the start", () => {
  const broken = definePlugin({
    name: "broken",
    version: "1.0.0",
    events: [defineEvent({ action: "BROKEN", summary: "It broke.", schema: { type: "object" }, example: {} })],
    setup(ctx) {
      ctx.use("prepare", (request, next) => next(request.withHeader("x-broken", "yes")), { name: "mark" });
      throw new Error("no database");
    },
  });

  test("takes along only what requires it: the deliveries of the others come through unchanged", async () => {
    const needy = definePlugin({ name: "needy", version: "1.0.0", requires: { broken: "^1.0.0" } });
    const scene = await HostScene.start({ plugins: [needy, broken, billing] });
    await scene.webhook();
    await scene.hooks.emit(invoicePaid, { invoice_id: 7 }, { project: 12 });
    await scene.sent(1);
    expect(bodies(scene)).toEqual([{ action: "INVOICE_PAID", invoice_id: 0, project: { id: 12 } }]);
    expect(scene.transport.requests[0]?.headers["x-broken"]).toBeUndefined();
    expect(stateOf(scene, "billing")).toMatchObject({ state: "started" });
    expect(stateOf(scene, "needy")).toMatchObject({ state: "waiting", waitingOn: [{ plugin: "broken" }] });
    expect(stateOf(scene, "broken")).toMatchObject({ state: "failed", error: { code: "plugin_failed" } });
    expect(scene.hooks.events.list().map(({ definition }) => definition.action)).not.toContain("BROKEN");
  });

  test("stops the start where it is essential, and everything that was opened is closed", async () => {
    const essential = definePlugin({ ...broken.manifest, essential: true });
    const scene = await HostScene.create({ plugins: [essential, billing] });
    await expect(scene.hooks.start()).rejects.toMatchObject({ code: "plugin_failed" });
    expect(scene.store.calls.filter((call) => call === "open" || call === "close")).toEqual(["open", "close"]);
    expect(scene.clock.pendingTimers).toBe(0);
  });

  test("because its setup never ends is given up after the time that is set", async () => {
    const slow = definePlugin({ name: "slow", version: "1.0.0", setup: () => new Promise(() => undefined) });
    const scene = await HostScene.create({ plugins: [slow, billing], settings: { pluginTimeout: 2_000 } });
    const starting = scene.hooks.start();
    await scene.settled();
    expect(stateOf(scene, "slow")).toMatchObject({ state: "validated" });
    await scene.pass(2_000);
    await starting;
    expect(stateOf(scene, "slow")).toMatchObject({ state: "failed", error: { code: "plugin_timeout" } });
    expect(stateOf(scene, "billing")).toMatchObject({ state: "started" });
  });
});

describe("a plugin that emits outside of a handler", () => {
  test("emits as an application does, until it is unloaded", async () => {
    let emit: (id: number) => Promise<unknown> = () => Promise.resolve();
    const scene = await HostScene.start();
    await scene.webhook();
    await scene.hooks.plugins.load(
      definePlugin({
        name: "till",
        version: "1.0.0",
        events: [invoicePaid],
        setup(ctx) {
          emit = (id) => ctx.emit(invoicePaid, { invoice_id: id }, { project: 12 });
        },
      }),
    );
    await expect(emit(3)).resolves.toMatchObject({ action: "INVOICE_PAID", deliveries: 1 });
    await scene.sent(1);
    expect(bodies(scene)).toEqual([{ action: "INVOICE_PAID", invoice_id: 3, project: { id: 12 } }]);
    await scene.hooks.plugins.unload("till");
    await expect(emit(4)).rejects.toMatchObject({ code: "lifecycle_invalid" });
    expect(scene.transport.requests).toHaveLength(1);
  });
});
