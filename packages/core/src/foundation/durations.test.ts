import fc from "fast-check";
import { expect, test } from "vitest";
import { parseDuration } from "./durations.js";
import { HookwrightError } from "./hookwright-error.js";

test.each([
  ["250ms", 250],
  ["10s", 10_000],
  ["1.5m", 90_000],
  ["24h", 86_400_000],
  ["30d", 2_592_000_000],
  ["2w", 1_209_600_000],
  [" 5 s ", 5_000],
  ["0s", 0],
])("%j is %i milliseconds", (text, expected) => {
  expect(parseDuration(text, "X")).toBe(expected);
});

test("a duration is a whole number of milliseconds", () => {
  const amount = fc.tuple(fc.nat({ max: 30_000 }), fc.nat({ max: 999_999 }));
  fc.assert(
    fc.property(amount, fc.constantFrom("ms", "s", "m", "h", "d"), ([whole, fraction], unit) => {
      const duration = parseDuration(`${whole}.${fraction}${unit}`, "X");
      expect(Number.isSafeInteger(duration)).toBe(true);
      expect(duration).toBeGreaterThanOrEqual(parseDuration(`${whole}${unit}`, "X"));
    }),
  );
});

test.each([
  "",
  "5",
  "s",
  "-5s",
  "5 years",
  "1e3s",
  "5s5s",
  "0x5s",
  "five s",
  ".5s",
  "5.s",
  "36501d",
  `${"9".repeat(400)}s`,
])("%j is refused by the name of what it is for", (text) => {
  const parse = () => parseDuration(text, "WEBHOOK_RETENTION");
  expect(parse).toThrow(HookwrightError);
  expect(parse).toThrow(/^WEBHOOK_RETENTION must be a duration such as 250ms, 10s, 5m, 24h or 30d, found ".{0,64}"\.$/);
});
