import { codeOfFault, isSuccess, type Outcome } from "../delivery/outcome.js";
import type { ErrorCode } from "../foundation/error-codes.js";
import { HookwrightError } from "../foundation/hookwright-error.js";
import type { LogFields, Logger } from "../observe/logger.js";
import { maskedError } from "./masked-error.js";
import { maskedText } from "./masked-text.js";
import type { Layer } from "./middleware.js";
import { OutgoingRequest } from "./outgoing-request.js";

/**
 * The outermost layer: one line per attempt. The words are those of Label Studio's guide, which people search for:
 * `Run webhook 1 for action ANNOTATION_UPDATED`.
 */
export function loggingLayer(logger: Logger): Layer {
  return {
    name: "core/logging",
    owner: "core",
    phase: "observe",
    order: 0,
    run: async (request, next) => {
      const { target, lease } = OutgoingRequest.claimed(request);
      const isDebug = logger.isEnabled("debug");
      if (isDebug) logger.debug(`Run webhook ${target.id} for action ${lease.action}`, identity(request));
      const begun = performance.now();
      const outcome = await next(request);
      if (!isSuccess(outcome)) logFailure(logger, request, outcome);
      else if (isDebug && outcome.kind === "answered")
        logSuccess(logger, request, { status: outcome.status, duration: performance.now() - begun });
      return outcome;
    },
  };
}

function logSuccess(
  logger: Logger,
  request: OutgoingRequest,
  answer: { readonly status: number; readonly duration: number },
): void {
  const duration = Math.round(answer.duration * 10) / 10;
  logger.debug(`${shownUrl(request.url)} "POST" ${answer.status} in ${duration} ms`, {
    ...identity(request),
    method: "POST",
    url: shownUrl(request.url),
    status: answer.status,
    duration,
  });
}

function logFailure(logger: Logger, request: OutgoingRequest, outcome: Outcome): void {
  const url = shownUrl(request.url);
  const fields = { ...identity(request), url };
  const { target, lease } = OutgoingRequest.claimed(request);
  const subject = `Webhook ${target.id} failed for action ${lease.action}`;
  switch (outcome.kind) {
    case "answered": {
      const { status } = outcome;
      return logger.error(`${subject}: ${url} answered ${status}`, { ...fields, code: "http_status", status });
    }
    case "unreachable": {
      const { code, cause } = outcome;
      const reason = maskedText(outcome.reason, target);
      const error = maskedError(errorOf(code, reason, cause), target);
      return logger.error(`${subject}: ${reason}`, { ...fields, code, error });
    }
    case "sender-failed": {
      const { middleware, cause } = outcome;
      const code = codeOfFault(outcome);
      const reason = maskedText(outcome.reason, target);
      const error = maskedError(errorOf(code, reason, cause), target);
      return logger.error(`${subject}: ${reason}`, { ...fields, code, middleware, error });
    }
    case "interrupted":
      return logger.debug(`${subject}: given up because the service stops`, fields);
    default:
      return outcome satisfies never;
  }
}

/** The end of a deadline and a thrown string have no stack of their own; a person who looks for one finds this. */
function errorOf(code: ErrorCode, reason: string, cause: unknown): unknown {
  return cause instanceof Error ? cause : new HookwrightError(code, reason, { cause });
}

function identity(request: OutgoingRequest): LogFields {
  const { lease } = OutgoingRequest.claimed(request);
  return {
    webhook: lease.webhook,
    action: lease.action,
    message: lease.message,
    delivery: lease.id,
    attempt: lease.attempt,
  };
}

/** Origin and path: user name, password, query and fragment may be secrets. */
function shownUrl(text: string): string {
  const url = URL.parse(text);
  return url === null ? "(an invalid URL)" : `${url.origin}${url.pathname}`;
}
