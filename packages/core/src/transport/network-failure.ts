import type { ReceiverErrorCode, Unreachable } from "../delivery/outcome.js";
import { messageOf } from "../foundation/hookwright-error.js";
import type { DialPhase } from "./dialer.js";

/** Where and when a failure happened. */
export interface FailurePlace {
  /** Host and port, without credentials. */
  readonly authority: string;
  readonly phase: DialPhase;
}

/** Decides which error code a failure is, and says it in one line. The one place that knows the codes of Node, OpenSSL and undici. */
export function unreachableBy(error: unknown, place: FailurePlace): Unreachable {
  const telling = tellingError(error);
  const code = codeOf(telling, place.phase);
  return { kind: "unreachable", code, reason: oneLine(reasonOf(code, error, place)), cause: error };
}

/** The end of the deadline before an answer. */
export function unreachableInTime(timeout: number, missing: string, { authority }: FailurePlace): Unreachable {
  const reason = `${authority} did not answer within ${timeout} ms: ${missing}`;
  return { kind: "unreachable", code: "timeout", reason, cause: undefined };
}

/** What went wrong with a body, in one line. */
export function bodyFailure(error: unknown): string {
  return oneLine(`the answer's body broke off: ${textOf(error)}`);
}

/** Whether a connection was closed or reset by the other side, rather than failed for what was sent on it. */
export function isLostConnection(error: unknown): boolean {
  const code = errorCode(error);
  if (code === "UND_ERR_SOCKET") return !isBadAnswer(error);
  return code === "ECONNRESET" || code === "EPIPE" || code === "ECONNABORTED";
}

const codes: Readonly<Record<string, ReceiverErrorCode>> = {
  target_blocked: "target_blocked",
  ECONNREFUSED: "connection_refused",
  ETIMEDOUT: "timeout",
  UND_ERR_HEADERS_OVERFLOW: "answer_too_large",
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: "protocol_error",
  // undici asserts what an answer must be where its parser lets it pass, as for the status 000.
  ERR_ASSERTION: "protocol_error",
  UND_ERR_INVALID_ARG: "request_invalid",
  UND_ERR_NOT_SUPPORTED: "request_invalid",
  UND_ERR_REQ_CONTENT_LENGTH_MISMATCH: "request_invalid",
};

function codeOf(error: unknown, phase: DialPhase): ReceiverErrorCode {
  const code = errorCode(error);
  const known = codes[code];
  if (known !== undefined) return known;
  if (phase === "resolving") return "dns_failed";
  // OpenSSL and X.509 have some hundred codes; while the connection is being secured every one of them is of TLS.
  if (phase === "securing" || /^(ERR_SSL_|ERR_TLS_|EPROTO$)/.test(code)) return "tls_failed";
  if (isBadAnswer(error)) return "protocol_error";
  return "connection_failed";
}

function reasonOf(code: ReceiverErrorCode, error: unknown, { authority }: FailurePlace): string {
  const text = textOf(error);
  switch (code) {
    case "target_blocked":
      return messageOf(error);
    case "dns_failed":
      return `the name of ${authority} could not be resolved: ${text}`;
    case "connection_refused":
      return `${authority} refused the connection: ${text}`;
    case "tls_failed":
      return `no secure connection to ${authority}: ${text}`;
    case "protocol_error":
      return `the answer of ${authority} is not valid HTTP: ${text}`;
    case "answer_too_large":
      return `the head of the answer of ${authority} is too large: ${text}`;
    case "request_invalid":
    case "target_invalid":
      return `the request to ${authority} cannot be sent: ${text}`;
    case "timeout":
    case "connection_failed":
      return `the connection to ${authority} failed: ${text}`;
    default:
      return code satisfies never;
  }
}

// A name with several addresses fails with one error for each. A refusal tells most: there the machine was reached.
function tellingError(error: unknown): unknown {
  if (!(error instanceof AggregateError)) return error;
  const errors: readonly unknown[] = error.errors;
  const byCode = (code: string): unknown => errors.find((each) => errorCode(each) === code);
  return byCode("ECONNREFUSED") ?? byCode("ETIMEDOUT") ?? errors[0] ?? error;
}

function textOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(textOf).join("; ");
  const code = errorCode(error);
  // OpenSSL's messages name its source files; the reason alone is made for people.
  const message = property(error, "reason") ?? messageOf(error);
  return code === "" || message.includes(code) ? message : `${message} (${code})`;
}

function isBadAnswer(error: unknown): boolean {
  if (error instanceof Error && error.name === "HTTPParserError") return true;
  return errorCode(error) === "UND_ERR_SOCKET" && /^bad (response|upgrade)$/.test(messageOf(error));
}

function errorCode(error: unknown): string {
  return property(error, "code") ?? "";
}

function property(error: unknown, name: "code" | "reason"): string | undefined {
  const value: unknown = error instanceof Error ? Reflect.get(error, name) : undefined;
  return typeof value === "string" ? value : undefined;
}

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > 300 ? `${line.slice(0, 297)}...` : line;
}
