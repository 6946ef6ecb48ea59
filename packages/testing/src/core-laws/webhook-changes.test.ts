import { isDeepStrictEqual } from "node:util";
import { describe, expect, test } from "vitest";
import { answered } from "../scripted-transport.js";
import { holding } from "./faulty-store.test.support.js";
import { backlog, HostScene, successor } from "./host-scene.test.support.js";

describe("a webhook that changes", () => {
  async function waitingForRetry(): Promise<{ scene: HostScene; id: number }> {
    const scene = await HostScene.start({ settings: { retrySchedule: "1m,1m,1m" } });
    const { id } = await scene.webhook({ headers: { "x-team": "old" } });
    scene.transport.script(answered(500));
    await scene.emit(1);
    await scene.sent(1);
    return { scene, id };
  }

  test("has its new URL and headers in the next attempt, and the old body", async () => {
    const { scene, id } = await waitingForRetry();
    await scene.hooks.webhooks.update(id, {
      url: "https://new.example/",
      headers: { "x-team": "new" },
      sendPayload: false,
    });
    await scene.pass(60_000);
    const [first, second] = scene.transport.requests;
    expect(second).toMatchObject({ url: "https://new.example/", headers: { "x-team": "new" } });
    expect(isDeepStrictEqual(first?.body, second?.body)).toBe(true);
  });

  test("has its new schedule from the next failure on", async () => {
    const { scene, id } = await waitingForRetry();
    await scene.hooks.webhooks.update(id, { retrySchedule: "" });
    scene.transport.script(answered(500));
    await scene.pass(60_000);
    expect(await scene.deliveries()).toMatchObject([{ status: "failed", attempts: 2 }]);
  });

  test("is sent nothing while it is not active, and goes on when it is again", async () => {
    const { scene, id } = await waitingForRetry();
    await scene.hooks.webhooks.update(id, { isActive: false });
    for (let minute = 0; minute < 30; minute += 1) await scene.pass(60_000);
    expect(scene.transport.requests).toHaveLength(1);
    expect(await scene.deliveries()).toMatchObject([{ status: "pending" }]);
    await scene.hooks.webhooks.update(id, { isActive: true });
    await scene.settled();
    expect(scene.transport.requests).toHaveLength(2);
    expect(await scene.deliveries()).toMatchObject([{ status: "delivered" }]);
  });

  test("is sent nothing once it is deleted", async () => {
    const { scene, id } = await waitingForRetry();
    await scene.hooks.webhooks.delete(id);
    for (let minute = 0; minute < 5; minute += 1) await scene.pass(60_000);
    expect(scene.transport.requests).toHaveLength(1);
    expect(await scene.deliveries()).toMatchObject([{ status: "cancelled" }]);
  });

  test.each([
    ["is delivered all the same when the receiver took it", answered(200), "delivered"],
    ["is cancelled when the receiver did not", answered(500), "cancelled"],
  ] as const)("and is deleted while an attempt is under way: it %s", async (_what, outcome, status) => {
    const scene = await HostScene.start({ settings: { retrySchedule: "1s" } });
    const { id } = await scene.webhook();
    scene.transport.script("hold");
    await scene.emit(1);
    await scene.sent(1);
    await scene.hooks.webhooks.delete(id);
    scene.transport.release(outcome);
    for (let second = 0; second < 5; second += 1) await scene.pass(1_000);
    expect(await scene.deliveries()).toMatchObject([{ status }]);
    expect(scene.transport.requests).toHaveLength(1);
    expect(scene.hooks.inFlight).toBe(0);
  });

  test("between lease and reading, because it is deleted, is sent nothing", async () => {
    const before = await backlog(1);
    const hold = holding("webhooks.targets");
    before.store.before = hold.fault;
    const scene = await successor(before);
    await hold.reached;
    await scene.hooks.webhooks.delete(1);
    hold.letGo();
    await scene.until(() => scene.allFinished());
    expect(scene.transport.requests).toEqual([]);
    expect(await scene.deliveries()).toMatchObject([{ status: "cancelled", attempts: 0 }]);
    expect(scene.hooks.inFlight).toBe(0);
  });
});

describe("a webhook that is deactivated", () => {
  test("by its failures is told once, in the words that people search for", async () => {
    const scene = await HostScene.start({ settings: { maxConsecutiveFailures: 3 } });
    const { id } = await scene.webhook();
    const disabled = scene.heard("webhook.disabled");
    scene.transport.answerWith(answered(500));
    for (let number = 0; number < 3; number += 1) {
      await scene.emit(1);
      await scene.sent(number + 1);
    }
    expect(scene.linesAt("warn")).toEqual([
      {
        level: "warn",
        message: `Webhook ${id} auto-disabled after 3 consecutive failures`,
        fields: { webhook: id, organization: 1, reason: "failures" },
      },
    ]);
    expect(disabled).toEqual([{ webhook: id, organization: 1, reason: "failures", consecutiveFailures: 3 }]);
    await scene.emit(1);
    await scene.settled();
    expect(scene.transport.requests).toHaveLength(3);
  });

  test("by a 410 is told with that reason, and what waits is held", async () => {
    const scene = await HostScene.start({ settings: { retrySchedule: "1s" } });
    const { id } = await scene.webhook();
    scene.transport.script(answered(410));
    await scene.emit(1);
    await scene.sent(1);
    expect(scene.linesAt("warn").map(({ message }) => message)).toEqual([
      `Webhook ${id} auto-disabled because its receiver answered 410`,
    ]);
    for (let second = 0; second < 10; second += 1) await scene.pass(1_000);
    expect(await scene.deliveries()).toMatchObject([{ status: "pending" }]);
    await scene.hooks.webhooks.update(id, { isActive: true });
    await scene.settled();
    expect(await scene.deliveries()).toMatchObject([{ status: "delivered" }]);
  });
});
