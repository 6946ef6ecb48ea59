import type { ReceiverEffect } from "./attempt.js";
import { isSuccess, type Outcome } from "./outcome.js";
import { nextAttempt, type RetrySchedule, spread } from "./retry-schedule.js";
import type { Verdict } from "./verdict.js";

/** What is known when an attempt has ended. */
export interface JudgeInput {
  readonly now: number;
  /** Failed attempts before this one. */
  readonly failures: number;
  /** The number of this attempt. */
  readonly attempt: number;
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
      return { verdict: receiverFailure(input), effect: effectOfFailure(outcome, input) };
    default:
      return outcome satisfies never;
  }
}

function verdictOfTest(outcome: Outcome, { failures }: JudgeInput): Verdict {
  return isSuccess(outcome) ? { kind: "delivered" } : { kind: "failed", failures };
}

function senderRetry({ now, attempt, failures, random }: JudgeInput): Verdict {
  // Attempts count claims, so what the receiver did not fail was the sender's.
  const own = Math.max(1, attempt - failures);
  const wait = Math.min(longestSenderWait, firstSenderWait * 2 ** (own - 1));
  return { kind: "retry", at: now + spread(wait, random), failures };
}

function receiverFailure(input: JudgeInput): Verdict {
  const failures = input.failures + 1;
  const wait = nextAttempt(input.schedule, failures, input.random);
  return wait === undefined ? { kind: "failed", failures } : { kind: "retry", at: input.now + wait, failures };
}

/** 410 holds what waits as any deactivation does, so the schedule goes on where somebody activates the webhook again. */
function effectOfFailure(outcome: Outcome, { disableAfter }: JudgeInput): ReceiverEffect {
  const isGone = outcome.kind === "answered" && outcome.status === 410;
  return isGone ? { kind: "gone" } : { kind: "failed", disableAfter };
}
