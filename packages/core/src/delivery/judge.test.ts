import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ReceiverEffect } from "./attempt.js";
import { type JudgeInput, type Judgement, judge } from "./judge.js";
import { isSuccess, type Outcome, senderFailed } from "./outcome.js";
import type { Verdict } from "./verdict.js";

const now = 1_767_225_600_000;
const day = 86_400_000;

function answered(status: number, retryAfter?: string): Outcome {
  return { kind: "answered", status, retryAfter, excerpt: "", bodyError: undefined };
}

const unreachable: Outcome = { kind: "unreachable", code: "timeout", reason: "late", cause: undefined };
const interrupted: Outcome = { kind: "interrupted" };
const broken: Outcome = senderFailed("billing/sign", new Error("no key"));

function inputOf(changes: Partial<JudgeInput> = {}): JudgeInput {
  return {
    now,
    failures: 0,
    attempt: 1,
    afterFailure: false,
    schedule: [],
    disableAfter: 50,
    random: 0.5,
    incomplete: false,
    test: false,
    ...changes,
  };
}

function judged(verdict: Verdict, effect: ReceiverEffect): Judgement {
  return { verdict, effect };
}

const none: ReceiverEffect = { kind: "none" };
const healthy: ReceiverEffect = { kind: "healthy" };
const counted: ReceiverEffect = { kind: "failed", disableAfter: 50 };
const narrowed: ReceiverEffect = { ...counted, strain: "narrow" };
const rested: ReceiverEffect = { ...counted, strain: "rest" };
const paused = (wait: number, effect: ReceiverEffect = rested): ReceiverEffect => ({
  ...effect,
  kind: "failed",
  disableAfter: 50,
  pauseUntil: now + wait,
});
const gone: ReceiverEffect = { kind: "gone" };
const delivered: Verdict = { kind: "delivered" };
const release: Verdict = { kind: "release" };
const failed = (failures: number): Verdict => ({ kind: "failed", failures });
const retry = (wait: number, failures: number): Verdict => ({ kind: "retry", at: now + wait, failures });

// Every kind of outcome, against every place in a schedule.
const law: readonly (readonly [name: string, outcome: Outcome, input: Partial<JudgeInput>, judgement: Judgement])[] = [
  ["a 200", answered(200), {}, judged(delivered, healthy)],
  ["a 200 after failures", answered(200), { failures: 3, schedule: [1, 2, 3, 4] }, judged(delivered, healthy)],
  ["a 204", answered(204), {}, judged(delivered, healthy)],
  ["a 299", answered(299), {}, judged(delivered, healthy)],
  ["a 300 without a schedule", answered(300), {}, judged(failed(1), counted)],
  ["a 302 with a schedule", answered(302), { schedule: [1_000] }, judged(retry(1_000, 1), counted)],
  ["a 199", answered(199), {}, judged(failed(1), counted)],
  ["a 404 without a schedule", answered(404), {}, judged(failed(1), counted)],
  ["a 500, first of two waits", answered(500), { schedule: [1_000, 5_000] }, judged(retry(1_000, 1), rested)],
  ["a 500, last wait", answered(500), { failures: 1, schedule: [1_000, 5_000] }, judged(retry(5_000, 2), rested)],
  ["a 500, no wait left", answered(500), { failures: 2, schedule: [1_000, 5_000] }, judged(failed(3), rested)],
  ["a 500 without a schedule", answered(500), {}, judged(failed(1), narrowed)],
  ["a 429 without a schedule", answered(429), {}, judged(failed(1), narrowed)],
  ["a 408 without a schedule", answered(408), {}, judged(failed(1), narrowed)],
  ["a 425 with a schedule", answered(425), { schedule: [1_000] }, judged(retry(1_000, 1), rested)],
  ["a 599", answered(599), {}, judged(failed(1), narrowed)],
  ["a 499", answered(499), {}, judged(failed(1), counted)],
  ["a 410 without a schedule", answered(410), {}, judged(failed(1), gone)],
  ["a 410 with a schedule: held", answered(410), { schedule: [1_000] }, judged(retry(1_000, 1), gone)],
  ["a 410 where nothing is counted", answered(410), { disableAfter: 0 }, judged(failed(1), gone)],
  ["nobody there, without a schedule", unreachable, {}, judged(failed(1), narrowed)],
  ["nobody there, with one", unreachable, { schedule: [2_000] }, judged(retry(2_000, 1), rested)],
  ["nobody there, used up", unreachable, { failures: 1, schedule: [2_000] }, judged(failed(2), rested)],
  ["a wish within the wait", answered(503, "1"), { schedule: [5_000] }, judged(retry(5_000, 1), paused(1_000))],
  ["a wish beyond the wait", answered(503, "60"), { schedule: [5_000] }, judged(retry(60_000, 1), paused(60_000))],
  ["a wish of a 429", answered(429, "120.1"), { schedule: [5_000] }, judged(retry(121_000, 1), paused(121_000))],
  ["a wish of a 404", answered(404, "60"), { schedule: [5_000] }, judged(retry(60_000, 1), paused(60_000, counted))],
  [
    "a wish after the last wait",
    answered(503, "60"),
    { failures: 1, schedule: [1] },
    judged(failed(2), paused(60_000)),
  ],
  ["a wish without a schedule", answered(503, "60"), {}, judged(failed(1), narrowed)],
  ["a wish for a week", answered(503, "604800"), { schedule: [1] }, judged(retry(day, 1), paused(day))],
  [
    "a wish within a longer wait",
    answered(503, "60"),
    { schedule: [3 * day] },
    judged(retry(3 * day, 1), paused(60_000)),
  ],
  ["a wish that is garbage", answered(503, "soon"), { schedule: [1_000] }, judged(retry(1_000, 1), rested)],
  ["a wish of a 410", answered(410, "60"), { schedule: [1_000] }, judged(retry(1_000, 1), gone)],
  ["a wish of a 200", answered(200, "60"), { schedule: [1_000] }, judged(delivered, healthy)],
  ["a stop", interrupted, {}, judged(release, none)],
  ["a stop amid a schedule", interrupted, { failures: 2, schedule: [1, 2] }, judged(release, none)],
  ["a broken middleware", broken, {}, judged(retry(5_000, 0), none)],
  [
    "one amid a schedule",
    broken,
    { failures: 2, attempt: 3, afterFailure: true, schedule: [1, 2] },
    judged(retry(5_000, 2), none),
  ],
  ["one for the second time", broken, { attempt: 2, afterFailure: true }, judged(retry(10_000, 0), none)],
  ["one for the seventh time", broken, { attempt: 7, afterFailure: true }, judged(retry(300_000, 0), none)],
  ["one for ever", broken, { attempt: 5_000, afterFailure: true }, judged(retry(300_000, 0), none)],
  [
    "a 401 to what lacked something",
    answered(401),
    { attempt: 2, afterFailure: true, incomplete: true },
    judged(retry(10_000, 0), none),
  ],
  [
    "a 410 to what lacked something",
    answered(410),
    { attempt: 2, afterFailure: true, incomplete: true },
    judged(retry(10_000, 0), none),
  ],
  [
    "nobody there for it",
    unreachable,
    { attempt: 2, afterFailure: true, incomplete: true },
    judged(retry(10_000, 0), none),
  ],
  ["a 200 to what lacked something", answered(200), { attempt: 2, incomplete: true }, judged(delivered, healthy)],
  ["one after claims that were given back", broken, { attempt: 7 }, judged(retry(5_000, 0), none)],
  ["one whose attempts were counted anew", broken, { attempt: 1, failures: 4 }, judged(retry(5_000, 4), none)],
];

test.each(law)("%s", (_name, outcome, input, judgement) => {
  expect(judge(outcome, inputOf(input))).toEqual(judgement);
});

test.each([
  ["a 200", answered(200), delivered],
  ["a 500", answered(500), failed(0)],
  ["a 410", answered(410), failed(0)],
  ["nobody there", unreachable, failed(0)],
  ["a stop", interrupted, failed(0)],
  ["a broken middleware", broken, failed(0)],
] as const)("a test with %s counts for nothing and is not repeated", (_name, outcome, verdict) => {
  expect(judge(outcome, inputOf({ test: true, schedule: [1_000] }))).toEqual(judged(verdict, none));
});

describe("whatever happened", () => {
  const outcomes = fc.oneof(
    fc.integer({ min: 100, max: 999 }).map((status) => answered(status)),
    fc.constantFrom(unreachable, interrupted, broken),
  );
  const inputs = fc.record({
    now: fc.constant(now),
    failures: fc.nat(60),
    attempt: fc.integer({ min: 1, max: 2_000 }),
    afterFailure: fc.boolean(),
    schedule: fc.array(fc.nat(36_000_000), { maxLength: 50 }),
    disableAfter: fc.nat(100),
    random: fc.double({ min: 0, max: 0.999_999, noNaN: true }),
    incomplete: fc.boolean(),
    test: fc.boolean(),
  });

  test("the receiver is blamed for what it did, and for nothing else", () => {
    fc.assert(
      fc.property(outcomes, inputs, (outcome, input) => {
        const { effect, verdict } = judge(outcome, input);
        const isReceivers = outcome.kind === "answered" || outcome.kind === "unreachable";
        const receiverActed = !input.test && isReceivers && (isSuccess(outcome) || !input.incomplete);
        expect(effect.kind !== "none").toBe(receiverActed);
        if ("failures" in verdict)
          expect(verdict.failures - input.failures).toBe(receiverActed && effect.kind !== "healthy" ? 1 : 0);
      }),
    );
  });

  test("a retry is due within a fifth of the schedule's wait, and there is one exactly while a wait is left", () => {
    fc.assert(
      fc.property(inputs, (input) => {
        const { verdict } = judge(unreachable, { ...input, incomplete: false, test: false });
        const wait = input.schedule[input.failures];
        expect(verdict.kind).toBe(wait === undefined ? "failed" : "retry");
        if (verdict.kind !== "retry" || wait === undefined) return;
        expect(Math.abs(verdict.at - now - wait)).toBeLessThanOrEqual(wait * 0.2 + 0.5);
      }),
    );
  });

  test("the sender's own failures are repeated without end, between 4 seconds and 6 minutes later", () => {
    fc.assert(
      fc.property(inputs, (input) => {
        const { verdict } = judge(broken, { ...input, test: false });
        expect(verdict).toMatchObject({ kind: "retry", failures: input.failures });
        if (verdict.kind !== "retry") return;
        expect(verdict.at - now).toBeGreaterThanOrEqual(4_000);
        expect(verdict.at - now).toBeLessThanOrEqual(360_000);
      }),
    );
  });

  test("spread or not, no retry comes before the receiver's wish, and the webhook is paused until then", () => {
    const wishes = fc.integer({ min: 1, max: 200_000 });
    fc.assert(
      fc.property(inputs, wishes, fc.constantFrom(429, 503, 404, 301), (input, seconds, status) => {
        const { verdict, effect } = judge(answered(status, String(seconds)), {
          ...input,
          incomplete: false,
          test: false,
        });
        const until = now + Math.min(seconds * 1_000, day);
        expect(effect).toMatchObject(input.schedule.length === 0 ? { kind: "failed" } : { pauseUntil: until });
        if (input.schedule.length === 0) expect(effect).not.toHaveProperty("pauseUntil");
        if (verdict.kind === "retry") expect(verdict.at).toBeGreaterThanOrEqual(until);
      }),
    );
  });
});
