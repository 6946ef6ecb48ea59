import fc from "fast-check";
import { expect, test } from "vitest";
import { isMadeOutcome, isSuccess, type Outcome, senderFailed } from "./outcome.js";

const answered = { kind: "answered", status: 200, retryAfter: undefined, excerpt: "", bodyError: undefined } as const;
const unreachable = { kind: "unreachable", code: "timeout", reason: "late", cause: undefined } as const;

test("2xx, and nothing else, is a success", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 999 }), (status) => {
      expect(isSuccess({ ...answered, status })).toBe(Math.floor(status / 100) === 2);
    }),
  );
  expect(isSuccess(unreachable)).toBe(false);
});

test.each([
  ["an answer", answered],
  ["an answer with all that it may have", { ...answered, retryAfter: "5", bodyError: "reset" }],
  ["a failure of the network", unreachable],
  ["the sender's own failure", senderFailed("a/b", new Error("c"))],
])("%s is an outcome that can be made", (_name, outcome) => {
  expect(isMadeOutcome(outcome)).toBe(true);
});

test.each([
  ["nothing", undefined],
  ["null", null],
  ["a text", "answered"],
  ["a number", 200],
  ["an object of another kind", { kind: "delivered" }],
  ["an object without a kind", { status: 200 }],
  ["a promise", Promise.resolve(answered)],
  ["an answer without a status", { ...answered, status: undefined }],
  ["an answer with a status in words", { ...answered, status: "200" }],
  ["an answer with half a status", { ...answered, status: 200.5 }],
  ["an answer with status 0", { ...answered, status: 0 }],
  ["an answer without an excerpt", { ...answered, excerpt: undefined }],
  ["an answer with an odd Retry-After", { ...answered, retryAfter: 5 }],
  ["an answer with an odd body error", { ...answered, bodyError: new Error("reset") }],
  ["a failure with an unknown code", { ...unreachable, code: "bad_weather" }],
  ["a failure with a code of the prototype", { ...unreachable, code: "toString" }],
  ["a failure with a code of another stage", { ...unreachable, code: "storage_full" }],
  ["a failure with a code of the sender", { ...unreachable, code: "middleware_failed" }],
  ["a failure without a reason", { ...unreachable, reason: undefined }],
  ["a sender's failure without a name", { kind: "sender-failed", reason: "x" }],
  ["a stop, which only a transport knows of", { kind: "interrupted" } satisfies Outcome],
])("%s is none", (_name, value) => {
  expect(isMadeOutcome(value)).toBe(false);
});

test("the sender's failure names who failed, in one short line, and keeps the cause", () => {
  const cause = new Error(`first line\n\tsecond ${"x".repeat(1_000)}`);
  const outcome = senderFailed("billing/sign", cause);
  expect(outcome.reason).toMatch(/^billing\/sign: first line second x+\.\.\.$/);
  expect(outcome.reason.length).toBeLessThan(330);
  expect(outcome).toMatchObject({ kind: "sender-failed", middleware: "billing/sign", cause });
});

test.each([
  ["a text", "sorry", /^a\/b: sorry$/],
  ["nothing", undefined, /^a\/b: .*undefined was thrown$/],
  ["an object", { secret: 1 }, /^a\/b: .*object was thrown$/],
])("%s can be thrown as well", (_name, thrown, reason) => {
  expect(senderFailed("a/b", thrown).reason).toMatch(reason);
});
