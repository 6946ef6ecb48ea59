import { answered } from "@hookwright/testing";
import { describe, expect, test } from "vitest";
import { ClockScene } from "./clock-scene.test.support.js";

const hour = 3_600_000;
const day = 24 * hour;

const jumps = [
  { name: "an hour forward", by: hour },
  { name: "a day forward", by: day },
  { name: "an hour back", by: -hour },
  { name: "a day back", by: -day },
] as const;

/** What was due at a moment that a clock showed is due when it shows it again: a step back delays it by as much, no more. */
const delayOf = (by: number): number => Math.max(0, -by);

describe.each(jumps.map(({ name, by }) => [name, by] as const))("Clock jumps: %s", (_, by) => {
  test("while a request is under way: it is sent once, and recorded", async () => {
    const scene = await ClockScene.start();
    await scene.webhook();
    scene.transport.answerWith("hold");
    const [held] = await scene.emit(1);
    await scene.settled();
    scene.clock.jump(by);
    scene.transport.answerWith(answered(200));
    // More work makes the store look at its leases.
    const later = await scene.emit(3);
    await scene.settled();
    scene.clock.next();
    await scene.settled();
    scene.transport.release(answered(200));
    await scene.untilFinished(delayOf(by) + 120_000);
    expect(scene.sent.toSorted()).toEqual([held, ...later].toSorted());
    expect((await scene.deliveries()).map(({ status, attempts }) => `${status} ${attempts}`)).toEqual(
      Array.from({ length: 4 }, () => "delivered 1"),
    );
  });

  test("while deliveries wait for room: each goes out once, in order where that is asked for", async () => {
    const scene = await ClockScene.start();
    await scene.webhook({ ordered: true });
    scene.transport.answerWith("hold");
    const ids = await scene.emit(5);
    await scene.settled();
    scene.clock.jump(by);
    const later = await scene.emit(2);
    scene.transport.answerWith(answered(200));
    scene.transport.release(answered(200));
    await scene.untilFinished(delayOf(by) + 120_000);
    expect(scene.sent).toEqual([...ids, ...later]);
  });

  test("while a delivery waits for its retry: it comes, once", async () => {
    const scene = await ClockScene.start();
    await scene.webhook({ retrySchedule: "30s,1m" });
    scene.transport.script(answered(500));
    await scene.emit(1);
    await scene.settled();
    scene.clock.jump(by);
    await scene.untilFinished(delayOf(by) + 40_000);
    expect(scene.sent).toHaveLength(2);
  });

  test("while a webhook is paused by Retry-After: what waits goes out, once", async () => {
    const scene = await ClockScene.start();
    await scene.webhook({ retrySchedule: "1s,1s" });
    scene.transport.script(answered(503, { retryAfter: "60" }));
    await scene.emit(1);
    await scene.settled();
    const later = await scene.emit(2);
    scene.clock.jump(by);
    await scene.untilFinished(delayOf(by) + 70_000);
    expect(scene.sent).toHaveLength(4);
    expect(scene.sent).toEqual(expect.arrayContaining([...later]));
  });

  test("while a rate limit is used up: what is emitted afterwards does not wait for the old time to come again", async () => {
    const scene = await ClockScene.start();
    await scene.webhook({ rateLimit: 2 });
    await scene.emit(2);
    await scene.settled();
    scene.clock.jump(by);
    await scene.emit(4);
    expect(await scene.untilFinished(60_000)).toBeLessThan(10_000);
    expect(new Set(scene.sent).size).toBe(6);
    expect(scene.sent).toHaveLength(6);
  });

  test("while the store is left alone because it failed: what is emitted afterwards does not wait for the old time to come again", async () => {
    const scene = await ClockScene.start();
    await scene.webhook({ maxConcurrency: 1 });
    scene.failClaims(1);
    await scene.emit(2);
    await scene.settled();
    scene.clock.jump(by);
    await scene.untilSent(await scene.emit(2), 10_000);
    expect(await scene.untilFinished(delayOf(by) + 10_000)).toBeLessThanOrEqual(delayOf(by) + 10_000);
    expect(scene.sent).toHaveLength(4);
  });

  test("between two calls with one idempotency key: the key holds for a day of the clock", async () => {
    const scene = await ClockScene.start();
    await scene.webhook();
    const [first] = await scene.emit(1, "key");
    scene.clock.jump(by);
    const [second] = await scene.emit(1, "key");
    if (by < day) expect(second).toBe(first);
    else expect(second).not.toBe(first);
  });

  test("between events: ids are unique and lists are in the order of acceptance", async () => {
    const scene = await ClockScene.start();
    await scene.webhook();
    const before = await scene.emit(3);
    scene.clock.jump(by);
    const ids = [...before, ...(await scene.emit(3))];
    await scene.untilFinished(delayOf(by) + 1_000);
    expect(new Set(ids).size).toBe(6);
    expect((await scene.deliveries()).map(({ message }) => message)).toEqual(ids);
  });

  test("while the process is down: what waits goes out once, and new events have ids of their own", async () => {
    const scene = await ClockScene.start();
    await scene.webhook({ retrySchedule: "30s" });
    scene.transport.script(answered(500), answered(500));
    const before = await scene.emit(2);
    await scene.settled();
    scene.clock.jump(by);
    await scene.restart();
    const after = await scene.emit(2);
    await scene.untilFinished(delayOf(by) + 70_000);
    expect(scene.sent.toSorted()).toEqual([...before, ...after].toSorted());
    expect(new Set([...before, ...after]).size).toBe(4);
  });
});
