import { expect, test } from "vitest";
import { fields, table, time } from "./table.js";

const columns = [
  { title: "ID", show: (row: Row) => row.id },
  { title: "URL", show: (row: Row) => row.url },
  { title: "ACTIVE", show: (row: Row) => row.active },
];

interface Row {
  readonly id: number;
  readonly url: string | null;
  readonly active: boolean;
}

test("columns are as wide as their widest cell", () => {
  const rows = [
    { id: 1, url: "http://a/", active: true },
    { id: 120, url: null, active: false },
  ];
  expect(table(rows, columns, "none").split("\n")).toEqual([
    "ID   URL        ACTIVE",
    "1    http://a/  yes",
    "120  -          no",
  ]);
});

test("a long cell is cut, so that the next columns stay in sight", () => {
  const [, line = ""] = table([{ id: 1, url: "x".repeat(500), active: true }], columns, "none").split("\n");
  expect(line).toContain("x… ");
  expect(line.length).toBeLessThan(100);
});

test("without rows there is one sentence", () => {
  expect(table([], columns, "There are no webhooks.")).toBe("There are no webhooks.");
});

test("what others wrote cannot move the cursor", () => {
  const shown = table([{ id: 1, url: "\u001b[2J\nhttp://a/", active: true }], columns, "none");
  expect(shown).not.toContain("\u001b");
  expect(shown.split("\n")).toHaveLength(2);
});

test("facts stand under each other", () => {
  expect(fields({ id: 1, actions: ["A", "B"], headers: [] })).toBe("id       1\nactions  A, B\nheaders  -");
});

test("a time is cut to seconds", () => {
  expect(time("2026-07-20T10:11:12.345678Z")).toBe("2026-07-20 10:11:12Z");
  expect(time(null)).toBe("-");
});
