import type { ReceiverEffect, Strain } from "./attempt.js";
import { type Answered, isSuccess, type Outcome, type Unreachable } from "./outcome.js";
import { retryAfterWait } from "./retry-after.js";
import { nextAttempt, type RetrySchedule, spread } from "./retry-schedule.js";
import type { Verdict } from "./verdict.js";

/** What is known when an attempt has ended. */
export interface JudgeInput {
  readonly now: number;
  /** Failed attempts before this one. */
  readonly failures: number;
  /** The number of this attempt. */
  readonly attempt: number;
  /** Whether the last attempt that was recorded failed, whoever's fault it was. */
  readonly afterFailure: boolean;
  readonly schedule: RetrySchedule;
  /** WEBHOOK_MAX_CONSECUTIVE_FAILURES; 0 = never deactivate. */
  readonly disableAfter: number;
  /** In [0, 1). */
  readonly random: number;
  /** What was sent lacked what a middleware was to do to it: what is wrong with it is not the receiver's fault. */
  readonly incomplete: boolean;
  /** A test counts for nothing and is not repeated. */
  readonly test: boolean;
}

export interface Judgement {
  readonly verdict: Verdict;
  readonly effect: ReceiverEffect;
}

/** Waits after the sender's own failures: they double from 5 s to 5 min, and do not end, since the receiver has done nothing wrong. */
const firstSenderWait = 5_000;
const longestSenderWait = 300_000;

const noEffect: ReceiverEffect = { kind: "none" };

/** Request timeout, too early, too many requests. */
const notNow: ReadonlySet<number> = new Set([408, 425, 429]);

/** Decides what an outcome means for the delivery and for its webhook. Pure: the law of what an answer is worth. */
export function judge(outcome: Outcome, input: JudgeInput): Judgement {
  if (input.test) return { verdict: verdictOfTest(outcome, input), effect: noEffect };
  switch (outcome.kind) {
    case "interrupted":
      return { verdict: { kind: "release" }, effect: noEffect };
    case "sender-failed":
      return { verdict: senderRetry(input), effect: noEffect };
    case "answered":
    case "unreachable":
      if (isSuccess(outcome)) return { verdict: { kind: "delivered" }, effect: { kind: "healthy" } };
      if (input.incomplete) return { verdict: senderRetry(input), effect: noEffect };
      return receiverFailure(outcome, input);
    default:
      return outcome satisfies never;
  }
}

function verdictOfTest(outcome: Outcome, { failures }: JudgeInput): Verdict {
  return isSuccess(outcome) ? { kind: "delivered" } : { kind: "failed", failures };
}

function senderRetry({ now, attempt, failures, afterFailure, random }: JudgeInput): Verdict {
  // Nobody counts the sender's own failures. After any failure they are at most the claims that the receiver did not fail; claims
  // that were given back, and what came before a retry by hand, are among these, so a wait may be longer than it need be: five minutes at most.
  const own = afterFailure ? Math.max(1, attempt - failures) : 1;
  const wait = Math.min(longestSenderWait, firstSenderWait * 2 ** (own - 1));
  return { kind: "retry", at: now + spread(wait, random), failures };
}

function receiverFailure(outcome: Answered | Unreachable, input: JudgeInput): Judgement {
  const hint = wishOf(outcome, input);
  return { verdict: verdictOfFailure(hint, input), effect: effectOfFailure(outcome, hint, input) };
}

/** For how long the receiver wants to be left alone, in milliseconds; without a schedule its wish is only recorded. */
function wishOf(outcome: Answered | Unreachable, { schedule, now }: JudgeInput): number | undefined {
  if (outcome.kind !== "answered" || isGone(outcome) || schedule.length === 0) return undefined;
  return retryAfterWait(outcome.retryAfter, now);
}

/** The spread is that of the schedule's wait: it brings nothing forward that the receiver asked to be put off. */
function verdictOfFailure(hint: number | undefined, input: JudgeInput): Verdict {
  const failures = input.failures + 1;
  const wait = nextAttempt(input.schedule, failures, input.random);
  if (wait === undefined) return { kind: "failed", failures };
  return { kind: "retry", at: input.now + Math.max(wait, hint ?? 0), failures };
}

/** 410 holds what waits as any deactivation does, so the schedule goes on where somebody activates the webhook again. */
function effectOfFailure(
  outcome: Answered | Unreachable,
  hint: number | undefined,
  { now, disableAfter, schedule }: JudgeInput,
): ReceiverEffect {
  if (isGone(outcome)) return { kind: "gone" };
  const strain: Strain = schedule.length === 0 ? "narrow" : "rest";
  return {
    kind: "failed",
    disableAfter,
    ...(hint === undefined ? {} : { pauseUntil: now + hint }),
    ...(seemsDown(outcome) ? { strain } : {}),
  };
}

function isGone(outcome: Answered | Unreachable): boolean {
  return outcome.kind === "answered" && outcome.status === 410;
}

/** No answer, or one that says "not now". Who answers anything else is there, and the next delivery costs no more than this one. */
function seemsDown(outcome: Answered | Unreachable): boolean {
  return outcome.kind === "unreachable" || outcome.status >= 500 || notNow.has(outcome.status);
}
