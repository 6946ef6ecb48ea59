import { type ErrorCode, errorCodes } from "../foundation/error-codes.js";
import { HookwrightError, messageOf } from "../foundation/hookwright-error.js";

/** The part of the error table that can happen during an attempt at the receiver's side. */
export type ReceiverErrorCode = Extract<
  ErrorCode,
  | "target_blocked"
  | "target_invalid"
  | "dns_failed"
  | "connection_refused"
  | "connection_failed"
  | "tls_failed"
  | "timeout"
  | "protocol_error"
  | "answer_too_large"
  | "request_invalid"
  | "proxy_refused"
>;

/** The receiver answered: a status line and headers came in. */
export interface Answered {
  readonly kind: "answered";
  readonly status: number;
  /** The `Retry-After` header as it came, at most 100 characters; several are joined by commas. */
  readonly retryAfter: string | undefined;
  /** The start of the answer's body as text, at most 1,024 bytes read as UTF-8; U+FFFD for what is none, and for U+0000. */
  readonly excerpt: string;
  /** What went wrong after the headers; the status still counts. */
  readonly bodyError: string | undefined;
  /** By name in lower case, those that the request asked for and the answer has; several of one name are joined by commas. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** No answer. The receiver's side, or the way to it, failed. */
export interface Unreachable {
  readonly kind: "unreachable";
  readonly code: ReceiverErrorCode;
  /** One line for the record: names address and reason, never a header value. */
  readonly reason: string;
  readonly cause: unknown;
}

/** The sender's own fault: a middleware, this machine or the egress proxy failed. Never counted against the receiver. */
export interface SenderFailed {
  readonly kind: "sender-failed";
  /** The layer to blame. */
  readonly middleware: string;
  readonly reason: string;
  readonly cause: unknown;
}

/** The service stopped during the attempt. */
export interface Interrupted {
  readonly kind: "interrupted";
}

/** How one attempt ended. A failure of the network is a value, not an exception. */
export type Outcome = Answered | Unreachable | SenderFailed | Interrupted;

/** 2xx is the only success. */
export function isSuccess(outcome: Outcome): boolean {
  return outcome.kind === "answered" && outcome.status >= 200 && outcome.status < 300;
}

/** Longer texts of strangers are cut: they end in records and log lines. */
const longestReason = 300;

/** The outcome of an attempt that the sender's own code broke; `name` is the layer to blame. */
export function senderFailed(name: string, error: unknown): SenderFailed {
  const text = messageOf(error).replace(/\s+/g, " ").trim();
  const reason = `${name}: ${text.length > longestReason ? `${text.slice(0, longestReason - 3)}...` : text}`;
  return { kind: "sender-failed", middleware: name, reason, cause: error };
}

/** What core itself holds a delivery for; everything else that breaks on the sender's side is a middleware's fault. */
const coreFaults: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "secret_unreadable",
  "secret_scheme_missing",
  "machine_failed",
  "proxy_failed",
]);

/** The code of a fault of the sender's own. */
export function codeOfFault({ cause }: SenderFailed): ErrorCode {
  return cause instanceof HookwrightError && coreFaults.has(cause.code) ? cause.code : "middleware_failed";
}

/**
 * Whether a value that strangers made is a whole outcome: a half one would be stored. `interrupted` is not among those that
 * can be made: only a transport knows that the service stops, and the delivery would be repeated at once, without end.
 */
export function isMadeOutcome(value: unknown): value is Exclude<Outcome, Interrupted> {
  if (typeof value !== "object" || value === null || !("kind" in value)) return false;
  const fields: Partial<Record<string, unknown>> = { ...value };
  switch (value.kind) {
    case "answered":
      return (
        isStatus(fields["status"]) &&
        isOptionalText(fields["retryAfter"]) &&
        typeof fields["excerpt"] === "string" &&
        isOptionalText(fields["bodyError"])
      );
    case "unreachable":
      return isReceiverErrorCode(fields["code"]) && typeof fields["reason"] === "string";
    case "sender-failed":
      return typeof fields["middleware"] === "string" && typeof fields["reason"] === "string";
    default:
      return false;
  }
}

function isStatus(value: unknown): boolean {
  return typeof value === "number" && Number.isInteger(value) && value >= 100 && value <= 999;
}

function isOptionalText(value: unknown): boolean {
  return value === undefined || typeof value === "string";
}

/** The sender's own codes of that stage; all others of it are the receiver's. */
const senderCodes: ReadonlySet<string> = new Set<ErrorCode>([
  "http_status",
  "middleware_failed",
  ...coreFaults,
  "stopped",
  "handler_failed",
  "state_changed",
  "emit_loop",
]);

function isReceiverErrorCode(value: unknown): boolean {
  if (typeof value !== "string" || !Object.hasOwn(errorCodes, value) || senderCodes.has(value)) return false;
  // The line above made sure that it is a key.
  return errorCodes[value as ErrorCode].stage === "during";
}
