import type { Attempt, Settlement } from "../delivery/attempt.js";
import type { ClaimedDelivery, WebhookLease } from "../delivery/delivery.js";
import { judge } from "../delivery/judge.js";
import { type Answered, codeOfFault, isSuccess, type Outcome } from "../delivery/outcome.js";
import type { RetrySchedule } from "../delivery/retry-schedule.js";
import type { Clock } from "../foundation/clock.js";
import { type ErrorCode, errorCodes } from "../foundation/error-codes.js";
import { maskedHeaders } from "../pipeline/masked-headers.js";
import { maskedText } from "../pipeline/masked-text.js";
import { OutgoingRequest } from "../pipeline/outgoing-request.js";
import type { PassResult, Pipeline } from "../pipeline/pipeline.js";
import type { WebhookTarget } from "../webhook/webhook.js";

/** What an attempt needs besides its delivery. */
export interface AttemptPorts {
  readonly pipeline: Pipeline;
  readonly clock: Clock;
  /** In [0, 1); spreads retries. */
  readonly random: () => number;
  /** WEBHOOK_MAX_CONSECUTIVE_FAILURES; 0 = never deactivate. */
  readonly disableAfter: number;
}

/** What came of one attempt: what is to be written, and what it was made from. */
export interface DeliveredOnce {
  readonly lease: WebhookLease;
  readonly outcome: Outcome;
  readonly settlement: Settlement;
}

/**
 * One attempt, from claim to record: the claimed delivery becomes a request, passes through the onion to the transport,
 * the outcome is judged, and the settlement says what to write. Never rejects.
 */
export async function deliverOnce(
  claimed: ClaimedDelivery,
  schedule: RetrySchedule,
  ports: AttemptPorts,
): Promise<DeliveredOnce> {
  const { lease, test } = claimed;
  const startedAt = ports.clock.now();
  // Not from the clock: it counts whole milliseconds, and may be set while the attempt runs.
  const begun = performance.now();
  const pass = await ports.pipeline.run(OutgoingRequest.of(claimed, startedAt));
  const timing = { number: lease.attempt, startedAt, duration: performance.now() - begun };
  const recorded = toAttempt(pass, claimed.target, timing);
  const { verdict, effect } = judge(pass.outcome, {
    now: ports.clock.now(),
    failures: lease.failures,
    attempt: lease.attempt,
    afterFailure: lease.afterFailure === true,
    schedule,
    disableAfter: ports.disableAfter,
    random: ports.random(),
    incomplete: pass.leftOut.length > 0,
    test,
  });
  const { id: delivery, organization, webhook, attempt: fence, due } = lease;
  const attempt = verdict.kind === "release" ? null : recorded;
  return {
    lease,
    outcome: pass.outcome,
    settlement: { delivery, organization, webhook, fence, due, verdict, attempt, effect },
  };
}

type Timing = Pick<Attempt, "number" | "startedAt" | "duration">;

function toAttempt(pass: PassResult, target: WebhookTarget, timing: Timing): Attempt {
  const { outcome } = pass;
  const error = errorTextOf(outcome);
  return {
    ...timing,
    status: outcome.kind === "answered" ? outcome.status : null,
    code: codeOf(outcome),
    error: error === null ? null : maskedText(error, target),
    excerpt: outcome.kind === "answered" ? maskedText(outcome.excerpt, target) : "",
    middleware: pass.stoppedBy,
    changedBy: pass.changedBy,
    slowedBy: pass.slowedBy,
    headers: pass.sent === undefined ? {} : maskedHeaders(pass.sent),
  };
}

function codeOf(outcome: Outcome): ErrorCode | null {
  switch (outcome.kind) {
    case "answered":
      return isSuccess(outcome) ? null : "http_status";
    case "unreachable":
      return outcome.code;
    case "sender-failed":
      return codeOfFault(outcome);
    case "interrupted":
      return "stopped";
    default:
      return outcome satisfies never;
  }
}

function errorTextOf(outcome: Outcome): string | null {
  switch (outcome.kind) {
    case "answered":
      return isSuccess(outcome) ? (outcome.bodyError ?? null) : answerText(outcome);
    case "unreachable":
    case "sender-failed":
      return outcome.reason;
    case "interrupted":
      return errorCodes.stopped.meaning;
    default:
      return outcome satisfies never;
  }
}

/** The receiver's wish for a pause is recorded with its answer. */
function answerText({ status, retryAfter }: Answered): string {
  const wish = retryAfter === undefined ? "" : ` Retry-After: ${JSON.stringify(retryAfter)}.`;
  return `The receiver answered ${status}.${wish}`;
}
