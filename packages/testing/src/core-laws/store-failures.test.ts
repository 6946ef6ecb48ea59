import { definePlugin } from "@hookwright/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { answered } from "../scripted-transport.js";
import { allOf, failing } from "./faulty-store.test.support.js";
import { backlog, HostScene, successor } from "./host-scene.test.support.js";

describe("while the store fails, nothing is lost", () => {
  test.each([["queue.claim"], ["queue.settle"], ["webhooks.targets"]])(
    "in %s: once it works again everything goes out, each message once",
    async (call) => {
      const before = await backlog(20);
      before.store.before = failing([call], 3);
      const scene = await HostScene.create({ store: before.store, clock: before.clock });
      const failures = scene.heard("store.failed");
      await scene.hooks.start();
      const started = scene.clock.now();
      await scene.run(() => scene.allFinished(), "the end of all deliveries");
      expect(scene.clock.now() - started).toBeLessThan(10_000);
      expect(scene.transport.requests).toHaveLength(20);
      expect(new Set(scene.messageIds).size).toBe(20);
      expect(await scene.deliveries()).toMatchObject(Array.from({ length: 20 }, () => ({ attempts: 1 })));
      const operation = call.split(".")[1];
      expect(failures).toHaveLength(3);
      expect(failures[0]).toMatchObject({ operation, error: { message: `${call} failed` } });
      // One line for the three failures of three seconds.
      expect(scene.linesAt("error").map(({ message }) => message)).toEqual([
        `The store failed during ${operation}; it is tried again`,
      ]);
    },
  );

  test.each([["queue.claim"], ["queue.settle"], ["webhooks.targets"]])(
    "in %s: it is left alone for a second between two tries",
    async (call) => {
      const before = await backlog(5);
      before.store.before = failing([call], Number.POSITIVE_INFINITY);
      const scene = await successor(before);
      await scene.settled();
      const first = scene.store.countOf(call);
      for (let step = 0; step < 100; step += 1) await scene.pass(100);
      expect(scene.store.countOf(call) - first).toBeGreaterThanOrEqual(5);
      expect(scene.store.countOf(call) - first).toBeLessThanOrEqual(11);
    },
  );

  test("and while records cannot be written nothing is sent a second time, nor anything new beyond the window", async () => {
    const before = await backlog(20);
    before.store.before = failing(["queue.settle"], 30);
    const scene = await successor(before, { settings: { window: 4 } });
    for (let second = 0; second < 10; second += 1) await scene.pass(1_000);
    expect(scene.transport.requests).toHaveLength(4);
    await scene.run(() => scene.allFinished(), "the end of all deliveries");
    expect(new Set(scene.messageIds).size).toBe(20);
    expect(scene.transport.requests).toHaveLength(20);
  });

  test("though it recorded what it says it did not: nothing is sent again, and what was lost is told", async () => {
    const scene = await HostScene.start();
    await scene.webhook();
    scene.store.after = failing(["queue.settle"], 1);
    await scene.emit(1);
    await scene.sent(1);
    await scene.pass(1_000);
    expect(await scene.deliveries()).toMatchObject([{ status: "delivered", attempts: 1 }]);
    for (let minute = 0; minute < 5; minute += 1) await scene.pass(60_000);
    expect(scene.transport.requests).toHaveLength(1);
    expect(scene.linesAt("warn")).toMatchObject([{ fields: { code: "lease_lost" } }]);
    expect(scene.hooks.inFlight).toBe(0);
  });

  test("though it recorded a failure that it says it did not: it counts once, and its retry goes out", async () => {
    const scene = await HostScene.start();
    await scene.webhook({ retrySchedule: "0s,0s" });
    scene.transport.script(answered(404), answered(200));
    scene.store.after = failing(["queue.settle"], 1);
    await scene.emit(1);
    await scene.sent(1);
    const [delivery] = await scene.deliveries();
    // Whoever asks for it has the store asked for what is due as soon as it is not left alone any more.
    await scene.hooks.deliveries.retry(delivery?.id ?? "");
    await scene.pass(1_000);
    await scene.run(() => scene.allFinished(), "the end of the delivery");
    expect(scene.transport.requests).toHaveLength(2);
    const { attempts } = await scene.hooks.deliveries.get(delivery?.id ?? "");
    expect(attempts.map(({ status }) => status)).toEqual([404, 200]);
    expect(scene.hooks.inFlight).toBe(0);
  });

  test("for longer than a lease: what could not be recorded is sent again, under the same id", async () => {
    const scene = await HostScene.start();
    await scene.webhook();
    scene.store.before = failing(["queue.settle"], 65);
    const [id] = await scene.emit(1);
    await scene.run(() => scene.allFinished(), "the end of the delivery");
    expect(scene.messageIds).toEqual([id, id]);
    expect(scene.hooks.inFlight).toBe(0);
  });

  test("for longer than a webhook's lease, beside a handler with a long one: everything goes out once it works", async () => {
    const patient = definePlugin({
      name: "patient",
      version: "1.0.0",
      setup: (ctx) => void ctx.handle("TASKS_DELETED", () => undefined, { timeout: 3_600_000 }),
    });
    const scene = await HostScene.start({ plugins: [patient] });
    await scene.webhook({ ordered: true });
    scene.store.before = failing(["queue.settle"], Number.POSITIVE_INFINITY);
    await scene.emit(2);
    for (let second = 0; second < 300; second += 1) await scene.pass(1_000);
    scene.store.before = () => undefined;
    await scene.hooks.plugins.unload("patient");
    for (let second = 0; second < 3; second += 1) await scene.pass(1_000);
    expect((await scene.deliveries()).map(({ status }) => status)).toEqual(["delivered", "delivered"]);
    expect(new Set(scene.messageIds).size).toBe(2);
    expect(scene.hooks.inFlight).toBe(0);
    await scene.hooks.stop();
  });

  test("at random, in any of its calls, before or after the work is done", async () => {
    const calls = ["queue.claim", "queue.settle", "webhooks.targets"];
    const plan = fc.array(fc.record({ call: fc.constantFrom(...calls), when: fc.boolean(), times: fc.nat(4) }), {
      maxLength: 5,
    });
    await fc.assert(
      fc.asyncProperty(plan, fc.integer({ min: 1, max: 6 }), async (plan, window) => {
        const before = await backlog(12);
        const faults = (when: boolean) =>
          plan.filter((fault) => fault.when === when).map(({ call, times }) => failing([call], times));
        before.store.before = allOf(faults(true));
        before.store.after = allOf(faults(false));
        const scene = await successor(before, { settings: { window } });
        // A record whose answer was lost is in the store while the worker still tries to write it.
        const atRest = async () => (await scene.allFinished()) && scene.hooks.inFlight === 0;
        await scene.run(atRest, "the end of all deliveries");
        expect(new Set(scene.messageIds).size).toBe(12);
        expect((await scene.deliveries()).map(({ status }) => status)).toEqual(
          Array.from({ length: 12 }, () => "delivered"),
        );
      }),
      { numRuns: 20 },
    );
  });
});
