import { describe, expect, test } from "vitest";
import { ScriptedTransport } from "../scripted-transport.js";
import { failing, holding } from "./faulty-store.test.support.js";
import { backlog, HostScene, successor } from "./host-scene.test.support.js";

describe("a stop", () => {
  test("waits for what is under way, and for its record", async () => {
    const scene = await HostScene.start();
    await scene.webhook();
    scene.transport.script("hold", "hold");
    await scene.emit(2);
    await scene.sent(2);
    let stopped = false;
    const stopping = scene.hooks.stop().then(() => {
      stopped = true;
    });
    await scene.pass(5_000);
    expect(stopped).toBe(false);
    scene.transport.release();
    await stopping;
    const after = await HostScene.start({ store: scene.store, clock: scene.clock }, { deliver: false });
    expect((await after.deliveries()).map(({ status }) => status)).toEqual(["delivered", "delivered"]);
  });

  test("interrupts after its deadline: what was under way goes back to the store, and out after the next start", async () => {
    const scene = await HostScene.start();
    const webhook = await scene.webhook();
    scene.transport.answerWith("hold");
    const ids = await scene.emit(3);
    await scene.sent(3);
    const stopping = scene.hooks.stop({ timeout: 2_000 });
    await scene.pass(1_999);
    expect(scene.transport.held).toHaveLength(3);
    await scene.pass(1);
    await stopping;
    const next = await successor(scene);
    await next.sent(3);
    expect(next.messageIds.toSorted()).toEqual([...ids].toSorted());
    expect(await next.deliveries()).toMatchObject(Array.from({ length: 3 }, () => ({ attempts: 1 })));
    expect(await next.hooks.webhooks.get(webhook.id)).toMatchObject({ consecutiveFailures: 0 });
    expect(scene.linesAt("error", "warn")).toEqual([]);
  });

  test("waits for a test delivery that is under way, and for its record", async () => {
    const scene = await HostScene.start();
    const { id } = await scene.webhook();
    scene.transport.answerWith("hold");
    const testing = scene.hooks.webhooks.test(id);
    await scene.sent(1);
    const stopping = scene.hooks.stop();
    await scene.pass(5_000);
    scene.transport.release();
    const { delivery } = await testing;
    await stopping;
    const after = await HostScene.start({ store: scene.store, clock: scene.clock }, { deliver: false });
    expect(await after.hooks.deliveries.get(delivery.id)).toMatchObject({
      delivery: { test: true, status: "delivered" },
    });
  });

  test("interrupts a test delivery after its deadline: whoever asked for it is told, and it is recorded", async () => {
    const scene = await HostScene.start();
    const { id } = await scene.webhook();
    scene.transport.answerWith("hold");
    const testing = scene.hooks.webhooks.test(id);
    await scene.sent(1);
    const stopping = scene.hooks.stop({ timeout: 2_000 });
    await scene.pass(2_000);
    const { delivery } = await testing;
    expect(delivery).toMatchObject({ status: "failed", lastCode: "stopped" });
    await stopping;
    const after = await HostScene.start({ store: scene.store, clock: scene.clock }, { deliver: false });
    expect(await after.hooks.deliveries.get(delivery.id)).toMatchObject({ delivery: { lastCode: "stopped" } });
  });

  test("waits for the emits that were called before it", async () => {
    const scene = await HostScene.start();
    await scene.webhook();
    const emits = Array.from({ length: 1_000 }, () => scene.emit(1));
    await scene.hooks.stop();
    const ids = (await Promise.all(emits)).flat();
    const after = await HostScene.start({ store: scene.store, clock: scene.clock }, { deliver: false });
    expect(await after.hooks.deliveries.list({ limit: 2_000 })).toHaveLength(ids.length);
  });

  test("takes nothing more of a backlog", async () => {
    const before = await backlog(10);
    const transport = new ScriptedTransport();
    transport.answerWith("hold");
    const scene = await successor(before, { transport, settings: { window: 2 } });
    await scene.sent(2);
    const claims = scene.store.countOf("queue.claim");
    const stopping = scene.hooks.stop();
    transport.release();
    await stopping;
    await scene.pass(60_000);
    expect(transport.requests).toHaveLength(2);
    expect(scene.store.countOf("queue.claim")).toBe(claims);
  });

  test.each(["queue.claim", "webhooks.targets"])(
    "while %s is under way gives back what it brings, and waits for that",
    async (call) => {
      const before = await backlog(5);
      const hold = holding(call);
      before.store.before = hold.fault;
      const scene = await successor(before);
      await hold.reached;
      let stopped = false;
      const stopping = scene.hooks.stop().then(() => {
        stopped = true;
      });
      await scene.settled();
      expect(stopped).toBe(false);
      hold.letGo();
      await stopping;
      expect(scene.transport.requests).toEqual([]);
      const next = await successor(scene);
      await next.sent(5);
      expect(next.transport.requests).toHaveLength(5);
    },
  );

  test("while an emit is being stored lets it be stored, and sends it after the next start", async () => {
    const scene = await HostScene.start();
    await scene.webhook();
    const hold = holding("messages.append");
    scene.store.before = hold.fault;
    const emitting = scene.emit(1);
    await hold.reached;
    const stopping = scene.hooks.stop();
    await scene.settled();
    hold.letGo();
    const [id] = await emitting;
    await stopping;
    expect(scene.transport.requests).toEqual([]);
    const next = await successor(scene);
    await next.sent(1);
    expect(next.messageIds).toEqual([id]);
  });

  test("ends although the store does not record any more", async () => {
    const scene = await HostScene.start();
    await scene.webhook();
    scene.transport.script("hold");
    const [id] = await scene.emit(1);
    await scene.sent(1);
    scene.store.before = failing(["queue.settle"], Number.POSITIVE_INFINITY);
    let stopped = false;
    const stopping = scene.hooks.stop().then(() => {
      stopped = true;
    });
    scene.transport.release();
    for (let second = 0; second < 4; second += 1) await scene.pass(1_000);
    expect(stopped).toBe(true);
    await stopping;
    scene.store.before = () => undefined;
    const next = await successor(scene);
    await next.run(() => next.allFinished());
    expect(next.messageIds).toEqual([id]);
  });

  test("ends although a middleware hangs", async () => {
    const scene = await HostScene.start();
    await scene.webhook();
    scene.hooks.use("prepare", () => new Promise(() => undefined));
    await scene.emit(1);
    await scene.settled();
    let stopped = false;
    const stopping = scene.hooks.stop({ timeout: 1_000 }).then(() => {
      stopped = true;
    });
    for (let second = 0; second < 6; second += 1) await scene.pass(1_000);
    expect(stopped).toBe(true);
    await stopping;
  });
});
