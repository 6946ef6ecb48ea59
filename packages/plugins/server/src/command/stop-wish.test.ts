import { expect, test } from "vitest";
import { StopWishes } from "./stop-wish.js";

test("signals that come together are one wish, a later one cuts the stop short", () => {
  const wishes = new StopWishes();
  const times = [1_000, 1_000, 1_249.9, 1_250, 60_000];
  expect(times.map((now) => wishes.take(now))).toEqual(["stop", "repeated", "repeated", "cut-short", "cut-short"]);
});
