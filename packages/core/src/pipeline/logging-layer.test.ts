import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ClaimedChanges, claimedDelivery } from "../delivery/claimed-delivery.test.support.js";
import { type Outcome, senderFailed } from "../delivery/outcome.js";
import type { DeliveryId, MessageId, WebhookId } from "../foundation/ids.js";
import type { LogFields, Logger, LogLevel } from "../observe/logger.js";
import { loggingLayer } from "./logging-layer.js";
import { OutgoingRequest } from "./outgoing-request.js";

interface Line {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
}

/** The lines of one attempt that ends so. */
async function linesOf(outcome: Outcome, options: { changes?: ClaimedChanges; lowest?: LogLevel } = {}) {
  const lines: Line[] = [];
  const levels: readonly LogLevel[] = ["debug", "info", "warn", "error"];
  const isEnabled = (level: LogLevel): boolean => levels.indexOf(level) >= levels.indexOf(options.lowest ?? "debug");
  const line =
    (level: LogLevel): Logger["info"] =>
    (message, fields = {}) => {
      if (isEnabled(level)) lines.push({ level, message, fields });
    };
  const logger: Logger = {
    isEnabled,
    debug: line("debug"),
    info: line("info"),
    warn: line("warn"),
    error: line("error"),
  };
  const request = OutgoingRequest.of(claimedDelivery(options.changes), 0);
  const returned = await loggingLayer(logger).run(request, async (next) => {
    expect(next).toBe(request);
    return outcome;
  });
  expect(returned).toBe(outcome);
  return lines;
}

function answered(status: number): Outcome {
  return { kind: "answered", status, retryAfter: undefined, excerpt: "an excerpt", bodyError: undefined };
}

const changes: ClaimedChanges = {
  lease: { id: "dlv_7" as DeliveryId, message: "msg_7" as MessageId, webhook: 7 as WebhookId, attempt: 3 },
  target: { id: 7 as WebhookId, url: "http://localhost:8888/hook" },
};
const identity = { webhook: 7, action: "ANNOTATION_UPDATED", message: "msg_7", delivery: "dlv_7", attempt: 3 };
const subject = "Webhook 7 failed for action ANNOTATION_UPDATED";
const url = "http://localhost:8888/hook";

describe("a success", () => {
  test("is two DEBUG lines, in the words that people search for", async () => {
    const [before, after, ...others] = await linesOf(answered(200), { changes });
    expect(others).toEqual([]);
    expect(before).toEqual({
      level: "debug",
      message: "Run webhook 7 for action ANNOTATION_UPDATED",
      fields: identity,
    });
    expect(after?.level).toBe("debug");
    expect(after?.message).toMatch(/^http:\/\/localhost:8888\/hook "POST" 200 in \d+(\.\d)? ms$/);
    expect(after?.fields).toEqual({ ...identity, method: "POST", url, status: 200, duration: expect.any(Number) });
  });

  test("is told to nobody who does not ask for it", async () => {
    expect(await linesOf(answered(204), { changes, lowest: "info" })).toEqual([]);
  });
});

describe("a failure is one ERROR line", () => {
  const cause = new Error("connect ECONNREFUSED");
  const refused: Outcome = { kind: "unreachable", code: "connection_refused", reason: "localhost refused", cause };

  test.each([
    [
      "an answer that is not 2xx",
      answered(500),
      `${subject}: ${url} answered 500`,
      { code: "http_status", status: 500 },
    ],
    ["a 302", answered(302), `${subject}: ${url} answered 302`, { code: "http_status", status: 302 }],
    ["nobody there", refused, `${subject}: localhost refused`, { code: "connection_refused", error: cause }],
    [
      "a broken middleware",
      senderFailed("billing/sign", cause),
      `${subject}: billing/sign: connect ECONNREFUSED`,
      { code: "middleware_failed", middleware: "billing/sign", error: cause },
    ],
  ])("for %s", async (_name, outcome, message, fields) => {
    expect(await linesOf(outcome, { changes, lowest: "info" })).toEqual([
      { level: "error", message, fields: { ...identity, url, ...fields } },
    ]);
  });

  test("after the DEBUG line, where those are kept", async () => {
    const lines = await linesOf(refused, { changes });
    expect(lines.map(({ level }) => level)).toEqual(["debug", "error"]);
  });

  test.each([
    ["a deadline", { kind: "unreachable", code: "timeout", reason: "late", cause: undefined }, "timeout", "late"],
    ["a thrown text", senderFailed("a/b", "sorry"), "middleware_failed", "a/b: sorry"],
  ] satisfies [string, Outcome, string, string][])(
    "%s has no stack of its own and gets one",
    async (_name, outcome, code, message) => {
      const [line] = await linesOf(outcome, { lowest: "info" });
      expect(line?.fields["error"]).toMatchObject({
        name: "HookwrightError",
        code,
        message,
        stack: expect.any(String),
      });
    },
  );
});

test("an attempt that the stop interrupts is no failure", async () => {
  expect(await linesOf({ kind: "interrupted" }, { lowest: "info" })).toEqual([]);
  const lines = await linesOf({ kind: "interrupted" }, { changes });
  expect(lines[1]).toMatchObject({ level: "debug", message: `${subject}: given up because the service stops` });
});

test("an attempt goes by the alias that its webhook listed", async () => {
  const [before] = await linesOf(answered(200), { changes: { lease: { action: "TASK_CREATED" } } });
  expect(before?.message).toBe("Run webhook 1 for action TASK_CREATED");
});

test("a URL that cannot be read is not repeated", async () => {
  const lines = await linesOf(answered(500), { changes: { target: { url: "s3cr3t://%%" } } });
  expect(JSON.stringify(lines)).not.toContain("s3cr3t");
  const [, line] = await linesOf(answered(500), { changes: { target: { url: "no URL s3cr3t" } } });
  expect(line?.message).toContain("(an invalid URL) answered 500");
});

test("a middleware's error that holds a header value is logged without it, its causes and stack included", async () => {
  const cause = new Error("inner s3cr3t-credential");
  const error = Object.assign(new Error("no: Bearer s3cr3t-credential", { cause }), { sent: "s3cr3t-credential" });
  const target = { ...changes.target, headers: { Authorization: "Bearer s3cr3t-credential" } };
  const [line] = await linesOf(senderFailed("a/b", error), { changes: { ...changes, target }, lowest: "info" });
  expect(inspect(line, { depth: 9 })).not.toContain("s3cr3t-credential");
  expect(line?.message).toBe(`${subject}: a/b: no: ***`);
  expect(line?.fields["error"]).toMatchObject({ message: "no: ***", cause: { message: "inner ***" } });
  expect(line?.fields["error"]).toHaveProperty("stack", expect.stringContaining("logging-layer.test"));
});

test("no line of any attempt holds a secret", async () => {
  const secret = "s3cr3t";
  const outcomes = fc.oneof(
    fc.integer({ min: 100, max: 599 }).map((status): Outcome => ({ ...answered(status), excerpt: secret }) as Outcome),
    fc.constantFrom<Outcome>(
      { kind: "unreachable", code: "timeout", reason: "late", cause: undefined },
      { kind: "unreachable", code: "tls_failed", reason: "bad certificate", cause: new Error("bad certificate") },
      senderFailed("a/b", new Error("broken")),
      { kind: "interrupted" },
    ),
  );
  const places = fc.record({
    scheme: fc.constantFrom("http", "https"),
    userinfo: fc.constantFrom("", `${secret}@`, `user:${secret}@`, `${secret}:${secret}@`),
    query: fc.constantFrom("", `?token=${secret}`, `?${secret}`),
    fragment: fc.constantFrom("", `#${secret}`),
    header: fc.constantFrom("Authorization", "X-Anything", "User-Agent"),
    payload: fc.constantFrom(`{"a":"${secret}"}`, "{}"),
  });
  await fc.assert(
    fc.asyncProperty(outcomes, places, async (outcome, place) => {
      const lines = await linesOf(outcome, {
        changes: {
          target: {
            url: `${place.scheme}://${place.userinfo}receiver.example:81/hook${place.query}${place.fragment}`,
            headers: { [place.header]: secret },
          },
          message: { payload: new TextEncoder().encode(place.payload) },
        },
      });
      for (const line of lines) expect(textOf(line)).not.toContain(secret);
    }),
  );
});

/** All that a logger could print of a line: errors with their messages, stacks and causes. */
function textOf({ message, fields }: Line): string {
  const withErrors = (_key: string, value: unknown): unknown =>
    value instanceof Error ? { ...value, message: value.message, stack: value.stack, cause: value.cause } : value;
  return `${message} ${JSON.stringify(fields, withErrors)}`;
}
