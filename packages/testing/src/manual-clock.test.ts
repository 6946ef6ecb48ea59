import { expect, test } from "vitest";
import { ManualClock, manualClockStart } from "./manual-clock.js";

test("stands still until it is moved", () => {
  const clock = new ManualClock();
  expect(clock.now()).toBe(manualClockStart);
  clock.advance(250);
  expect(clock.now()).toBe(manualClockStart + 250);
});

test("fires timers in order of their moments, those of one moment in the order they were set", () => {
  const clock = new ManualClock(0);
  const fired: [string, number][] = [];
  const note = (name: string) => () => void fired.push([name, clock.now()]);
  clock.setTimer(20, note("c"));
  clock.setTimer(10, note("a"));
  clock.setTimer(10, note("b"));
  clock.setTimer(31, note("later"));
  clock.advance(30);
  expect(fired).toEqual([
    ["a", 10],
    ["b", 10],
    ["c", 20],
  ]);
  expect(clock.now()).toBe(30);
  expect(clock.pendingTimers).toBe(1);
});

test("fires what a callback sets, as soon as its moment is reached", () => {
  const clock = new ManualClock(0);
  const fired: number[] = [];
  const tick = (): void => {
    fired.push(clock.now());
    clock.setTimer(10, tick);
  };
  clock.setTimer(10, tick);
  clock.advance(35);
  expect(fired).toEqual([10, 20, 30]);
});

test("fires no cancelled timer", () => {
  const clock = new ManualClock(0);
  const timer = clock.setTimer(10, () => expect.unreachable("the timer was cancelled"));
  timer.cancel();
  timer.cancel();
  clock.advance(20);
  expect(clock.pendingTimers).toBe(0);
});

test("next() jumps to the next timer and says when there is none", () => {
  const clock = new ManualClock(0);
  const fired: number[] = [];
  clock.setTimer(3_600_000, () => fired.push(clock.now()));
  expect(clock.next()).toBe(true);
  expect(clock.next()).toBe(false);
  expect(fired).toEqual([3_600_000]);
});

test("a step back fires nothing and does not move timers", () => {
  const clock = new ManualClock(1_000);
  const fired: number[] = [];
  clock.setTimer(10, () => fired.push(clock.now()));
  clock.setTime(500);
  expect(fired).toEqual([]);
  clock.setTime(1_010);
  expect(fired).toEqual([1_010]);
});

test("advance() refuses to go back", () => {
  expect(() => new ManualClock().advance(-1)).toThrow("forward only");
});
