import { expect, test } from "vitest";
import { RateWindow } from "./rate-window.js";

test("allows its rate in each second that begins with a delivery", () => {
  const window = new RateWindow(3);
  window.take(10_400, 2);
  expect(window.room(10_400)).toBe(1);
  window.take(11_000, 1);
  expect([window.room(11_399), window.freeAt]).toEqual([0, 11_400]);
  expect(window.room(11_400)).toBe(3);
});

test("allows one in several seconds when the rate is below one", () => {
  const window = new RateWindow(0.25);
  expect(window.room(0)).toBe(1);
  window.take(0, 1);
  expect([window.room(3_999), window.freeAt, window.room(4_000)]).toEqual([0, 4_000, 1]);
});

test("stretches its window for a rate with a fraction", () => {
  const window = new RateWindow(2.5);
  window.take(0, 2);
  expect([window.room(799), window.room(800)]).toEqual([0, 2]);
});

test("is free before the first delivery and while something is left", () => {
  const window = new RateWindow(2);
  expect(window.freeAt).toBe(Number.NEGATIVE_INFINITY);
  window.take(5, 1);
  expect(window.freeAt).toBe(Number.NEGATIVE_INFINITY);
});

test("a clock that is set back does not prolong a window", () => {
  const window = new RateWindow(1);
  window.take(1_000_000, 1);
  expect(window.room(10)).toBe(1);
});

test("is full from the moment that it is filled", () => {
  const window = new RateWindow(0.5);
  window.fill(100);
  expect([window.room(100), window.room(2_099), window.freeAt, window.room(2_100)]).toEqual([0, 0, 2_100, 1]);
});
