import { afterEach, beforeEach, expect, test } from "vitest";
import { runAs } from "./blame.js";
import { LoopMonitor } from "./loop-monitor.js";
import { type Block, blockLimit, Watchdog } from "./watchdog.js";

let blocks: Block[];
let watchdog: Watchdog;
let monitor: LoopMonitor;
let told = Promise.withResolvers<void>();

beforeEach(() => {
  blocks = [];
  told = Promise.withResolvers();
  watchdog = new Watchdog((block) => {
    blocks.push(block);
    told.resolve();
  });
  monitor = new LoopMonitor(watchdog);
  monitor.start();
});

afterEach(() => monitor.stop());

function block(milliseconds: number): void {
  const until = performance.now() + milliseconds;
  while (performance.now() < until);
}

/** Until the monitor has seen that the loop did not come round. */
async function alerted(): Promise<void> {
  while (!watchdog.isAlert) await new Promise((resolve) => setImmediate(resolve));
}

test("a timer of a plugin that blocks again after nobody was seen to is named", async () => {
  const timer = runAs("billing", () => setInterval(() => block(blockLimit + 150), 20));
  await told.promise;
  clearInterval(timer);
  expect(blocks[0]).toMatchObject({ owner: "billing", callback: "timer, event or continuation" });
  expect(blocks[0]?.milliseconds).toBeGreaterThanOrEqual(blockLimit + 150);
});

test("code after an await is named as well", async () => {
  block(blockLimit + 150);
  await alerted();
  runAs("billing", async () => {
    await new Promise((resolve) => setImmediate(resolve));
    block(blockLimit + 20);
  });
  await told.promise;
  expect(blocks).toHaveLength(1);
  expect(blocks[0]).toMatchObject({ owner: "billing" });
});

test("what is nobody's is not told, and what the watchdog saw is told once", async () => {
  block(blockLimit + 150);
  await alerted();
  await new Promise<void>((resolve) => {
    setImmediate(() => {
      block(blockLimit + 20);
      watchdog.run({ owner: "billing", name: "listener" }, () => runAs("billing", () => block(blockLimit + 20)));
      resolve();
    });
  });
  await new Promise((resolve) => setImmediate(resolve));
  expect(blocks.map(({ callback }) => callback)).toEqual(["listener"]);
});

test("a block whose callback was seen raises no alert", async () => {
  watchdog.run({ owner: "billing", name: "setup" }, () => block(blockLimit + 200));
  await new Promise((resolve) => setTimeout(resolve, 250));
  expect(watchdog.isAlert).toBe(false);
});

test("stopping ends the watch", async () => {
  block(blockLimit + 150);
  await alerted();
  monitor.stop();
  expect(watchdog.isAlert).toBe(false);
});
