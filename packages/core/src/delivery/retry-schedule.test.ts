import fc from "fast-check";
import { expect, test } from "vitest";
import { HookwrightError } from "../foundation/hookwright-error.js";
import { nextAttempt, parseRetrySchedule } from "./retry-schedule.js";

const minute = 60_000;
const hour = 60 * minute;

test.each([
  ["", []],
  ["  ", []],
  ["standard", [5_000, 5 * minute, 30 * minute, 2 * hour, 5 * hour, 10 * hour, 10 * hour]],
  [" standard ", [5_000, 5 * minute, 30 * minute, 2 * hour, 5 * hour, 10 * hour, 10 * hour]],
  ["5s,1m,10m", [5_000, minute, 10 * minute]],
  [" 0s , 1.5m ", [0, 90_000]],
  ["30d", [720 * hour]],
])("reads %j", (text, waits) => {
  expect(parseRetrySchedule(text, "WEBHOOK_RETRY_SCHEDULE")).toEqual(waits);
});

test.each(["5", "5s,", ",5s", "5s;1m", "-5s", "Standard", "soon", "31d"])(
  "refuses %j and names the setting",
  (text) => {
    const reading = () => parseRetrySchedule(text, "WEBHOOK_RETRY_SCHEDULE");
    expect(reading).toThrow(HookwrightError);
    expect(reading).toThrow(/WEBHOOK_RETRY_SCHEDULE/);
  },
);

test("takes fifty waits and not one more", () => {
  const list = (count: number) => Array.from({ length: count }, () => "1s").join(",");
  expect(parseRetrySchedule(list(50), "It")).toHaveLength(50);
  expect(() => parseRetrySchedule(list(51), "It")).toThrow("It must list at most 50 waits, found 51.");
});

test("refuses a wait without end", () => {
  expect(() => parseRetrySchedule(`${"9".repeat(400)}s`, "It")).toThrow(HookwrightError);
});

test("what was refused is not repeated at length", () => {
  const text = `${"9".repeat(4_000)}d`;
  expect(() => parseRetrySchedule(text, "It")).toThrow(/^.{0,200}$/);
});

test("each wait is spread by a fifth to either side, and the list ends", () => {
  const schedules = fc.array(fc.nat(10 * hour), { maxLength: 10 });
  const randoms = fc.double({ min: 0, max: 0.999_999, noNaN: true });
  fc.assert(
    fc.property(schedules, fc.integer({ min: 1, max: 12 }), randoms, (schedule, failures, random) => {
      const wait = nextAttempt(schedule, failures, random);
      const planned = schedule[failures - 1];
      expect(wait === undefined).toBe(planned === undefined);
      if (planned === undefined) return;
      expect(wait).toBeGreaterThanOrEqual(Math.floor(planned * 0.8));
      expect(wait).toBeLessThanOrEqual(Math.ceil(planned * 1.2));
    }),
  );
});

test("the spread uses its whole width", () => {
  expect([nextAttempt([1_000], 1, 0), nextAttempt([1_000], 1, 0.5), nextAttempt([1_000], 1, 0.999_9)]).toEqual([
    800, 1_000, 1_200,
  ]);
});
