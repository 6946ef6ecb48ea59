import { expect, test } from "vitest";
import { SteppedClock } from "../foundation/stepped-clock.test.support.js";
import { Hub } from "../observe/hub.js";
import { silentLogger } from "../observe/logger.js";
import { StoreHealth } from "../observe/store-health.js";
import type { StateChange } from "../store/plugin-state-store.js";
import { StoreProbe } from "./store-probe.js";

function scene() {
  const clock = new SteppedClock();
  const health = new StoreHealth({ clock, logger: silentLogger, hub: new Hub() });
  const writes: StateChange[] = [];
  const disk = { isFull: true };
  const state = {
    compareAndSet: async (_: unknown, changes: readonly StateChange[]) => {
      writes.push(...changes);
      if (disk.isFull) throw new Error("full");
      return true;
    },
  };
  return { clock, health, writes, disk, probe: new StoreProbe({ state, health, clock }) };
}

test("nothing is written as long as writes go through", async () => {
  const { probe, writes } = scene();
  await probe.check();
  expect(writes).toEqual([]);
});

test("after a failure one write a second is tried, until one goes through; it leaves nothing behind", async () => {
  const { clock, health, writes, disk, probe } = scene();
  health.noted(new Error("full"));
  const asked = await Promise.allSettled(Array.from({ length: 50 }, () => probe.check()));
  expect(asked.filter(({ status }) => status === "fulfilled")).toEqual([]);
  expect(writes).toHaveLength(1);
  await expect(probe.check()).rejects.toThrow("full");
  expect(writes).toHaveLength(1);
  disk.isFull = false;
  // The second is not over.
  await expect(probe.check()).rejects.toThrow("full");
  clock.advance(1_000);
  await probe.check();
  expect(writes.map(({ value }) => value === null)).toEqual([false, false, true]);
  await probe.check();
  expect(writes).toHaveLength(3);
});
