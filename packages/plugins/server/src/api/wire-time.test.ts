import { describe, expect, test } from "vitest";
import { readTime, wireTime, wireTimeOrNull } from "./wire-time.js";

describe("times on the wire", () => {
  test("are ISO 8601 in UTC with six fraction digits", () => {
    expect(wireTime(0)).toBe("1970-01-01T00:00:00.000000Z");
    expect(wireTime(Date.UTC(2026, 6, 20, 10, 11, 12, 345))).toBe("2026-07-20T10:11:12.345000Z");
    expect(wireTimeOrNull(null)).toBeNull();
  });

  test.each([
    ["2026-07-20", Date.UTC(2026, 6, 20)],
    ["2026-07-20T10:11Z", Date.UTC(2026, 6, 20, 10, 11)],
    ["2026-07-20 10:11:12", Date.UTC(2026, 6, 20, 10, 11, 12)],
    ["2026-07-20T10:11:12.345678Z", Date.UTC(2026, 6, 20, 10, 11, 12, 345)],
    ["2026-07-20t10:11:12z", Date.UTC(2026, 6, 20, 10, 11, 12)],
    ["2026-07-20T10:11:12+02:00", Date.UTC(2026, 6, 20, 8, 11, 12)],
    ["2026-07-20T10:11:12 02:00", Date.UTC(2026, 6, 20, 8, 11, 12)],
    ["2026-07-20T10:11:12-0530", Date.UTC(2026, 6, 20, 15, 41, 12)],
  ])("%s is read", (text, time) => {
    expect(readTime(text)).toBe(time);
  });

  test.each([
    "",
    "yesterday",
    "1767225600000",
    "2026-7-2",
    "2026-13-01",
    "2026-07-20T25:00",
    "2026-07-20T10:11:12 Z x",
  ])("%j is no time", (text) => {
    expect(readTime(text)).toBeUndefined();
  });
});
