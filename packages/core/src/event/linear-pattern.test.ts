import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { CheckSteps, StepsExhausted } from "./check-steps.js";
import { LinearPatterns } from "./linear-pattern.js";

test("a text costs its length, and a pattern that branches many times that", () => {
  const cost = (pattern: string, length: number): number => {
    const steps = new CheckSteps();
    const compiled = new LinearPatterns(steps).compile(pattern);
    steps.begin();
    const before = steps.left;
    compiled.test("a".repeat(length));
    return before - steps.left;
  };
  expect(cost("^[a-z]+$", 2_000)).toBeLessThan(2.1 * cost("^[a-z]+$", 1_000));
  expect(cost("^(?:a|ab)*[ab]{20}$", 1_000)).toBeGreaterThan(5 * cost("^[a-z]+$", 1_000));
});

test("a pattern is not tried when too few steps are left", () => {
  const steps = new CheckSteps();
  const compiled = new LinearPatterns(steps).compile("^[a-z]+$");
  expect(() => compiled.test("a")).toThrow(StepsExhausted);
});

test("one pattern of two schemas is compiled once", () => {
  const patterns = new LinearPatterns(new CheckSteps());
  expect(patterns.compile("^a$")).toBe(patterns.compile("^a$"));
});

test("a pattern remembers little of the texts that it saw", () => {
  const steps = new CheckSteps();
  const compiled = new LinearPatterns(steps).compile("^[ab]*a[ab]{16}$");
  let state = 1;
  const letter = (): string => {
    // A linear congruential generator: the same texts each time.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 31 === 0 ? "a" : "b";
  };
  const before = usedHeap();
  for (let text = 0; text < 200; text += 1) {
    steps.begin();
    // Every text leads through other states: without a bound there are megabytes of them.
    compiled.test(Array.from({ length: 2_000 }, letter).join(""));
  }
  expect(usedHeap() - before).toBeLessThan(500_000);
});

function usedHeap(): number {
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("gc");
  if (typeof collect === "function") collect();
  return process.memoryUsage().heapUsed;
}
