import { describe, expect, test, vi } from "vitest";
import { errorCodes } from "./error-codes.js";
import { HookwrightError, messageOf } from "./hookwright-error.js";

describe("an error", () => {
  test("carries code, message, cause and details", () => {
    const cause = new Error("below");
    const error = new HookwrightError("storage_full", "The disk is full.", { cause, details: { free: 0 } });
    expect(error).toMatchObject({ name: "HookwrightError", code: "storage_full", message: "The disk is full.", cause });
    expect(error.details).toEqual({ free: 0 });
    expect(String(error)).toBe("HookwrightError: The disk is full.");
  });

  test("has no cause unless one was given", () => {
    expect(new HookwrightError("timeout", "Late.")).not.toHaveProperty("cause");
  });

  test("is recognised across two copies of the package, and shows no trace of how", async () => {
    vi.resetModules();
    const other = await import("./hookwright-error.js");
    expect(other.HookwrightError).not.toBe(HookwrightError);
    const foreign = new other.HookwrightError("timeout", "Late.");
    expect(foreign).toBeInstanceOf(HookwrightError);
    expect(new HookwrightError("timeout", "Late.")).toBeInstanceOf(other.HookwrightError);
    expect(Object.keys(foreign).toSorted()).toEqual(["code", "details", "name"]);
  });

  test.each([[new Error("plain")], [{ code: "timeout" }], ["timeout"], [null], [undefined]])("is not %o", (value) => {
    expect(value).not.toBeInstanceOf(HookwrightError);
  });

  test("of a class below it is told from one that is not", () => {
    class StoreError extends HookwrightError {}
    expect(new StoreError("timeout", "Late.")).toBeInstanceOf(HookwrightError);
    expect(new HookwrightError("timeout", "Late.")).not.toBeInstanceOf(StoreError);
  });
});

test.each([
  [new Error("text"), "text"],
  ["text", "text"],
  [undefined, "a value of type undefined was thrown"],
  [{ message: "secret" }, "a value of type object was thrown"],
])("the message of %o is %j", (thrown, expected) => {
  expect(messageOf(thrown)).toBe(expected);
});

test("what refuses to be read is no error of ours, and has a message all the same", () => {
  const refuse = (): never => {
    throw new Error("not to be read");
  };
  const hostile = new Proxy({}, { get: refuse, has: refuse, getPrototypeOf: refuse });
  const unreadable = Object.defineProperty(new Error("hidden"), "message", { get: refuse });
  expect(hostile instanceof HookwrightError).toBe(false);
  expect(messageOf(hostile)).toBe("an error was thrown that cannot be read");
  expect(messageOf(unreadable)).toBe("an error was thrown that cannot be read");
});

test.each(Object.entries(errorCodes))("code %s says when, what, why, what to do and where it shows", (code, entry) => {
  expect(code).toMatch(/^[a-z]+(?:_[a-z]+)*$/);
  expect(["before", "during", "after"]).toContain(entry.stage);
  for (const text of [entry.meaning, entry.cause, entry.remedy, entry.shows]) expect(text).toMatch(/^[A-Z`].*\.$/);
  expect(entry.meaning).not.toMatch(/\.\s/);
  expect(new Set([entry.meaning, entry.cause, entry.remedy, entry.shows]).size).toBe(4);
});
