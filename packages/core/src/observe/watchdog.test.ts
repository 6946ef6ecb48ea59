import { beforeEach, describe, expect, test } from "vitest";
import { type Block, blockLimit, Watchdog } from "./watchdog.js";

let blocks: Block[];
let watchdog: Watchdog;

beforeEach(() => {
  blocks = [];
  watchdog = new Watchdog((block) => blocks.push(block));
});

const billing = { owner: "billing", name: "middleware billing/slow" };
const other = { owner: "other", name: "setup" };

/** Holds the thread, as a loop without an await does. */
function block(milliseconds: number): void {
  const until = performance.now() + milliseconds;
  while (performance.now() < until);
}

describe("a callback that holds up the event loop", () => {
  test("is named, with the time that it took", () => {
    watchdog.run(billing, () => block(blockLimit + 20));
    expect(blocks).toEqual([
      { owner: "billing", callback: "middleware billing/slow", milliseconds: expect.any(Number), times: 1 },
    ]);
    expect(blocks[0]?.milliseconds).toBeGreaterThanOrEqual(blockLimit + 20);
    expect(watchdog.blockedTime).toBeGreaterThanOrEqual(blockLimit + 20);
  });

  test("is named when it throws as well", () => {
    expect(() =>
      watchdog.run(billing, () => {
        block(blockLimit);
        throw new Error("late");
      }),
    ).toThrow("late");
    expect(blocks).toHaveLength(1);
  });

  test("is told of once for as long as it goes on", () => {
    for (const _ of [1, 2, 3]) watchdog.note(billing, 300);
    watchdog.note(other, 300);
    expect(blocks.map(({ owner, times }) => [owner, times])).toEqual([
      ["billing", 1],
      ["other", 1],
    ]);
    expect(watchdog.blockedTime).toBe(1_200);
  });

  test("is the one below, where one callback calls another one", () => {
    watchdog.run(billing, () => watchdog.run(other, () => block(blockLimit + 20)));
    expect(blocks.map(({ owner }) => owner)).toEqual(["other"]);
  });

  test("is not the one that called core, which then took long", () => {
    watchdog.run(billing, () => watchdog.apart(() => block(blockLimit + 20)));
    expect(blocks).toEqual([]);
  });

  test("is charged for both sides of what it called", () => {
    watchdog.run(billing, () => {
      block(blockLimit / 2 + 20);
      watchdog.run(other, () => undefined);
      block(blockLimit / 2 + 20);
    });
    expect(blocks.map(({ owner }) => owner)).toEqual(["billing"]);
  });
});

test("waiting is not blocking", async () => {
  const answer = Promise.withResolvers<void>();
  const waiting = watchdog.run(billing, () => answer.promise);
  block(blockLimit + 20);
  answer.resolve();
  await waiting;
  expect(blocks).toEqual([]);
});

test("callbacks without end do not fill the memory", () => {
  for (let index = 0; index < 5_000; index += 1) watchdog.note({ owner: "billing", name: `timer ${index}` }, 300);
  expect(blocks).toHaveLength(5_000);
  watchdog.note({ owner: "billing", name: "timer 0" }, 300);
  expect(blocks).toHaveLength(5_001);
});
