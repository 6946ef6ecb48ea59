import type { ErrorCode } from "../../foundation/error-codes.js";
import type { RawReceiverOptions } from "../raw-receiver.test.support.js";

/** What must have happened before time is moved to the deadline: nothing else ends the attempt. */
type StuckAt =
  /** The connection was accepted. */
  | "accepted"
  /** The whole request came in. */
  | "requested"
  /** The receiver has written some 100 bytes. */
  | "dripping"
  /** The sender has the answer's head. */
  | "head"
  /** The attempt is recorded already, and only its connection is left. */
  | "recorded";

export interface FaultOutcome {
  /** The HTTP status that is recorded; `null` where no answer came. */
  readonly status: number | null;
  readonly code: ErrorCode | null;
  /** `retried`: due again after the schedule's minute, or after `wait`. `held`: its webhook was deactivated. */
  readonly fate: "delivered" | "retried" | "held";
  /** Milliseconds until the next attempt; a minute unless given. */
  readonly wait?: number;
  /** What the record says of it; for a delivery that arrived, what went wrong afterwards. A delivery without it has no error. */
  readonly error?: RegExp;
  /** What the record keeps of the body, exactly. */
  readonly excerpt?: string;
  /** What becomes of the connection. */
  readonly connection: "kept" | "closed";
  /** Whole requests that the receiver saw. */
  readonly requests: number;
}

/** A receiver that misbehaves in one way, and what must come of it. */
export interface ReceiverFault {
  readonly name: string;
  readonly receiver: () => RawReceiverOptions;
  readonly outcome: FaultOutcome;
  readonly stuckAt?: StuckAt;
  /** Bytes of the payload. */
  readonly payload?: number;
  /** Deliveries that go well before, over the connection that fails then. */
  readonly before?: number;
  /** The host of the URL, and another scheme than the receiver speaks. */
  readonly host?: string;
  readonly scheme?: "http" | "https";
  /** The receiver's certificate is trusted. */
  readonly trusted?: boolean;
  /** Nobody listens any more when the attempt is made. */
  readonly gone?: boolean;
  /** Repeated a hundred times, to see that nothing grows. */
  readonly worst?: boolean;
}

export const head = "HTTP/1.1 200 OK\r\n";
export const chunked = `${head}transfer-encoding: chunked\r\n\r\n`;

export const delivered: FaultOutcome = { status: 200, code: null, fate: "delivered", connection: "kept", requests: 1 };
export const deliveredThenClosed: FaultOutcome = { ...delivered, connection: "closed" };

/** An answer that is none of 2xx. */
export function refused(status: number): FaultOutcome {
  return { ...delivered, status, code: "http_status", fate: "retried" };
}

export function refusedThenClosed(status: number): FaultOutcome {
  return { ...refused(status), connection: "closed" };
}

export function unanswered(code: ErrorCode, requests = 1): FaultOutcome {
  return { status: null, code, fate: "retried", connection: "closed", requests };
}
