import { describe, expect, test } from "vitest";
import type { Evidence } from "./evidence.js";
import { isLike, misplacedBlame } from "./judge-signs.js";

const nothing: Evidence = { lines: [], heard: [], attempts: [], statuses: [], notes: [], caught: [], received: [] };

function line(fields: Readonly<Record<string, unknown>>, level: "info" | "warn" | "error" = "error"): Evidence {
  return { ...nothing, lines: [{ level, message: "It failed", fields }] };
}

function told(name: string, facts: Readonly<Record<string, unknown>>): Evidence {
  return { ...nothing, heard: [{ name, facts }] };
}

function attempted(middleware: string | null): Evidence {
  return { ...nothing, attempts: [{ action: "BAD_THING", status: "pending", facts: { middleware } }] };
}

describe("the blame is right", () => {
  test.each<readonly [string, Evidence]>([
    ["in a line with the plugin's name", line({ plugin: "bad" })],
    ["in a line with the middleware's name", line({ middleware: "bad/layer" })],
    ["in a line that tells of no trouble", line({ plugin: "witness" }, "info")],
    ["in a notification", told("middleware.failed", { middleware: "bad/layer" })],
    ["in a handler that succeeded", told("handler.recorded", { plugin: "witness", code: null })],
    ["in an attempt that nobody has stopped", attempted(null)],
    ["in an attempt", attempted("bad/layer")],
  ])("%s", (_where, evidence) => {
    expect(misplacedBlame(["bad"], evidence)).toEqual([]);
  });
});

describe("the blame is misplaced", () => {
  test.each<readonly [string, Evidence]>([
    ["in a line that names another plugin", line({ plugin: "witness" })],
    ["in a warning that names nobody", line({}, "warn")],
    ["in a line that names a plugin whose name begins alike", line({ plugin: "bad-2" })],
    ["in a notification of a middleware", told("middleware.failed", { middleware: "witness/stamp" })],
    ["in a notification of a listener", told("listener.failed", { listener: "application" })],
    ["in a handler that failed", told("handler.recorded", { plugin: "witness", code: "handler_failed" })],
    ["in a blocked loop", told("plugin.blocked", { plugin: "witness" })],
    ["in an attempt", attempted("witness/stamp")],
    ["in the store", told("store.failed", { operation: "claim" })],
  ])("%s", (_where, evidence) => {
    expect(misplacedBlame(["bad"], evidence)).toHaveLength(1);
  });
});

test("a value is like another one that says less of it", () => {
  expect(isLike({ a: 1, b: ["x"], error: new Error("boom") }, { a: 1, b: [/x/], error: /^boom$/ })).toBe(true);
  expect(isLike({ a: 1 }, { a: 1, b: undefined })).toBe(true);
  expect(isLike({ a: 1 }, { a: 2 })).toBe(false);
  expect(isLike({ a: [1, 2] }, { a: [1] })).toBe(false);
  expect(isLike(null, {})).toBe(false);
});
