import { expect, test } from "vitest";
import { systemClock } from "./clock.js";

test("a timer fires once, and not before the next turn", async () => {
  const fired: string[] = [];
  await new Promise<void>((resolve) => {
    // Timers of this clock do not keep a process alive; this one only has to fire while the test waits.
    systemClock.setTimer(0, () => {
      fired.push("timer");
      resolve();
    });
    fired.push("turn");
  });
  expect(fired).toEqual(["turn", "timer"]);
});

test("a timer for a moment that is past fires at once", async () => {
  await new Promise<void>((resolve) => {
    systemClock.setTimer(-5_000, resolve);
  });
});

test("a timer that was cancelled does not fire, and neither does one in a hundred years", async () => {
  const fired: string[] = [];
  const cancelled = systemClock.setTimer(0, () => fired.push("cancelled"));
  cancelled.cancel();
  cancelled.cancel();
  const far = systemClock.setTimer(36_500 * 86_400_000, () => fired.push("far"));
  // Node would make a millisecond of a delay beyond 2³¹ - 1, so a later timer shows whether it did.
  await new Promise<void>((resolve) => {
    systemClock.setTimer(20, resolve);
  });
  far.cancel();
  expect(fired).toEqual([]);
});

test("a timer keeps the process alive where it says so, and else does not", () => {
  const waitedFor = (): number => process.getActiveResourcesInfo().filter((resource) => resource === "Timeout").length;
  const before = waitedFor();
  const quiet = systemClock.setTimer(60_000, () => undefined);
  expect(waitedFor()).toBe(before);
  const loud = systemClock.setTimer(60_000, () => undefined, { keepsAlive: true });
  expect(waitedFor()).toBe(before + 1);
  loud.cancel();
  quiet.cancel();
  expect(waitedFor()).toBe(before);
});
