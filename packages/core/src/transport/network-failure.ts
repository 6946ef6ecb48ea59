import type { ReceiverErrorCode, SenderFailed, Unreachable } from "../delivery/outcome.js";
import type { ErrorCode } from "../foundation/error-codes.js";
import { HookwrightError, messageOf } from "../foundation/hookwright-error.js";
import type { DialPhase } from "./dialing.js";

/** Where and when a failure happened. */
export interface FailurePlace {
  /** Host and port, without credentials. */
  readonly authority: string;
  readonly phase: DialPhase;
}

/**
 * Decides whose failure it is and which error code it has, and says it in one line. The one place that knows the codes of Node,
 * c-ares, OpenSSL and undici.
 */
export function failureBy(error: unknown, place: FailurePlace): Unreachable | SenderFailed {
  const telling = tellingError(error);
  const own = senderCodeOf(telling, place.phase);
  if (own !== undefined) return senderFailed(own, ownReason(own, error, place), error);
  const code = codeOf(telling, place.phase);
  return { kind: "unreachable", code, reason: oneLine(reasonOf(code, error, place)), cause: error };
}

/** The end of the deadline before an answer. Until the egress proxy is reached, no receiver can help it. */
export function failureInTime(timeout: number, missing: string, place: FailurePlace): Unreachable | SenderFailed {
  const reason = `${place.authority} did not answer within ${timeout} ms: ${missing}`;
  if (place.phase === "proxying") return senderFailed("proxy_failed", reason, undefined);
  return { kind: "unreachable", code: "timeout", reason, cause: undefined };
}

/** The end of the deadline before there was a connection: others use them up, and no receiver can help it. */
export function failureForLack(timeout: number, { authority }: FailurePlace): SenderFailed {
  const reason = `nothing was sent to ${authority} within ${timeout} ms: all connections to it were in use`;
  return senderFailed("machine_failed", reason, undefined);
}

/**
 * Whether an error says that this machine has nothing left to make a connection with. Nothing that a receiver does brings these
 * about; no route and no permission are not among them, because a far router and a wrong address do.
 */
export function isMachineFault(error: unknown): boolean {
  return machineCodes.has(errorCode(tellingError(error)));
}

/** More came than an answer's head can be, and it was none. */
export function unreachableByFlood(came: string, { authority }: FailurePlace): Unreachable {
  const reason = `the answer of ${authority} was given up after ${came}: its head was not among them`;
  return { kind: "unreachable", code: "answer_too_large", reason, cause: undefined };
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

/** No descriptors, no memory, no ports, no network. */
const machineCodes: ReadonlySet<string> = new Set([
  "EMFILE",
  "ENFILE",
  "ENOBUFS",
  "ENOMEM",
  "EADDRNOTAVAIL",
  "ENETDOWN",
]);

type SenderErrorCode = Extract<ErrorCode, "machine_failed" | "proxy_failed">;

function senderCodeOf(error: unknown, phase: DialPhase): SenderErrorCode | undefined {
  const code = errorCode(error);
  if (code === "proxy_failed") return code;
  // c-ares says so of name servers that cannot even be asked, for lack of a descriptor too.
  if (machineCodes.has(code) || (phase === "resolving" && code === "ECONNREFUSED")) return "machine_failed";
  return undefined;
}

function ownReason(code: SenderErrorCode, error: unknown, { authority, phase }: FailurePlace): string {
  if (code === "proxy_failed") return messageOf(error);
  const what = phase === "resolving" ? "its name servers could not be asked" : "it had no connection to give";
  return `nothing was sent to ${authority} for a fault of this machine: ${what}: ${textOf(error)}`;
}

function senderFailed(code: SenderErrorCode, text: string, cause: unknown): SenderFailed {
  const reason = oneLine(text);
  const fault = new HookwrightError(code, reason, { cause });
  return { kind: "sender-failed", middleware: "core/transport", reason, cause: fault };
}

const codes: Readonly<Record<string, ReceiverErrorCode>> = {
  target_blocked: "target_blocked",
  proxy_refused: "proxy_refused",
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
    case "proxy_refused":
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
  const isTelling = (each: unknown): boolean => errorCode(each) !== "EADDRNOTAVAIL";
  // A machine without IPv6 has no address for the second half of the addresses, and is not out of ports.
  return byCode("ECONNREFUSED") ?? byCode("ETIMEDOUT") ?? errors.find(isTelling) ?? errors[0] ?? error;
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

// What others wrote ends in records, log lines and terminals: a certificate's name may hold any letter, those that move a cursor too.
function oneLine(text: string): string {
  const line = text
    .replace(/\s+/g, " ")
    .replace(/\p{Cc}/gu, "\ufffd")
    .trim();
  return line.length > 300 ? `${line.slice(0, 297)}...` : line;
}
