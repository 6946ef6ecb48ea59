import { expect, test } from "vitest";
import { timeOf } from "./time-option.js";

test.each([undefined, "2026-07-20", "2026-07-20T10:00:00Z", "yesterday", "1", "1 h"])(
  "%j goes to the API as it is",
  async (text) => {
    expect(await timeOf(text)).toBe(text);
  },
);

test("a duration is that long ago", async () => {
  const [day, week] = [Date.parse((await timeOf("24h")) ?? ""), Date.parse((await timeOf("1w")) ?? "")];
  // Both are reckoned from nearly the same now; a day is more than any test takes.
  expect(Math.round((day - week) / 86_400_000)).toBe(6);
});

test("one beyond all reason is refused", async () => {
  await expect(timeOf("999999999d")).rejects.toThrow("must be a duration");
});
