import { describe, expect, test } from "vitest";
import { answered, unreachable } from "../scripted-transport.js";
import { bodyText, HostScene } from "./host-scene.test.support.js";

describe("a retry", () => {
  test("goes out at its due time and not before, the same bytes under the same id with the attempt's own time", async () => {
    const scene = await HostScene.start({ settings: { retrySchedule: "5s,1m" } });
    await scene.webhook();
    scene.transport.script(answered(500), unreachable("timeout"), answered(200));
    const [id] = await scene.emit(1);
    await scene.sent(1);
    await scene.pass(4_999);
    expect(scene.transport.requests).toHaveLength(1);
    await scene.pass(1);
    expect(scene.transport.requests).toHaveLength(2);
    await scene.pass(59_999);
    expect(scene.transport.requests).toHaveLength(2);
    await scene.pass(1);
    expect(scene.transport.requests).toHaveLength(3);
    expect(scene.messageIds).toEqual([id, id, id]);
    expect(new Set(scene.transport.requests.map(bodyText)).size).toBe(1);
    const seconds = scene.transport.requests.map(({ headers }) => Number(headers["webhook-timestamp"]));
    expect(seconds.map((second) => second - (seconds[0] ?? 0))).toEqual([0, 5, 65]);
    expect(await scene.deliveries()).toMatchObject([{ status: "delivered", attempts: 3 }]);
  });

  test.each([
    ["a webhook", {}],
    ["one with little room", { maxConcurrency: 2 }],
    ["one that keeps an order", { ordered: true }],
  ])("that is due at once goes out at once: %s", async (_, settings) => {
    const scene = await HostScene.start({ settings: { maxConsecutiveFailures: 0 } });
    await scene.webhook({ retrySchedule: "0s,0s", ...settings });
    scene.transport.answerWith(answered(404));
    const ids = await scene.emit(20);
    await scene.until(() => scene.allFinished(), "the end of all deliveries");
    expect(scene.messageIds.toSorted()).toEqual(ids.flatMap((id) => [id, id, id]).toSorted());
    expect(await scene.deliveries()).toMatchObject(ids.map(() => ({ status: "failed", attempts: 3 })));
    expect(scene.hooks.inFlight).toBe(0);
  });

  test("ends with the schedule", async () => {
    const scene = await HostScene.start({ settings: { retrySchedule: "5s" } });
    await scene.webhook();
    scene.transport.answerWith(answered(500));
    await scene.emit(1);
    await scene.sent(1);
    for (let minute = 0; minute < 60; minute += 1) await scene.pass(60_000);
    expect(scene.transport.requests).toHaveLength(2);
    expect(await scene.deliveries()).toMatchObject([{ status: "failed", lastStatus: 500 }]);
  });

  test("after the sender's own failure comes by itself, later each time, and blames no receiver", async () => {
    const scene = await HostScene.start({ settings: { maxConsecutiveFailures: 1 } });
    const webhook = await scene.webhook();
    let failures = 3;
    scene.hooks.use("sign", (request, next) => {
      failures -= 1;
      return failures >= 0 ? Promise.reject(new Error("no key")) : next(request);
    });
    await scene.emit(1);
    await scene.settled();
    for (const wait of [5_000, 10_000, 20_000]) {
      await scene.pass(wait - 1);
      expect(scene.transport.requests).toEqual([]);
      await scene.pass(1);
    }
    expect(scene.transport.requests).toHaveLength(1);
    const after = await scene.hooks.webhooks.get(webhook.id);
    expect(after).toMatchObject({ isActive: true, consecutiveFailures: 0 });
    expect(await scene.deliveries()).toMatchObject([{ status: "delivered", attempts: 4 }]);
  });
});
