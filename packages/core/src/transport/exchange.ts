import type { Dispatcher } from "undici";
import type { Clock, Timer } from "../foundation/clock.js";
import { excerptLength, excerptText } from "./answer-excerpt.js";
import type { Connection } from "./connection.js";
import type { ConnectionPool, ConnectionTaker } from "./connection-pool.js";
import {
  bodyFailure,
  type FailurePlace,
  isLostConnection,
  unreachableBy,
  unreachableInTime,
} from "./network-failure.js";
import type { Target } from "./target.js";
import type { TransportOutcome, WireRequest } from "./transport.js";

/** Read of an answer's body at most, so that the connection can be used again; a longer answer costs its connection. */
const drainLength = 16_384;

export interface ExchangeOptions {
  readonly request: WireRequest;
  readonly target: Target;
  readonly pool: ConnectionPool;
  readonly clock: Clock;
  readonly resolve: (outcome: TransportOutcome) => void;
}

/**
 * One request and its answer, from the wish for a connection to the end of what is read. Decides the outcome, once; and when the
 * connection is given back, once. Both are at the same moment, but for a body longer than the excerpt: there the outcome is known first.
 */
export class Exchange implements ConnectionTaker, Dispatcher.DispatchHandler {
  readonly #options: ExchangeOptions;
  readonly #dispatch: Dispatcher.DispatchOptions;
  readonly #deadline: Timer;
  #connection: Connection | undefined;
  #resolve: ExchangeOptions["resolve"] | undefined;
  #ended = false;
  /** 0 until the head is in. */
  #status = 0;
  #retryAfter: string | undefined;
  readonly #chunks: Buffer[] = [];
  #received = 0;

  constructor(options: ExchangeOptions) {
    const { request, target, clock } = options;
    this.#options = options;
    this.#resolve = options.resolve;
    this.#dispatch = { path: target.path, method: "POST", headers: headersOf(request, target), body: request.body };
    // A timer that fires late, because the process was busy, must not outrun an answer that is already in the socket.
    this.#deadline = clock.setTimer(request.timeout, () => setImmediate(() => this.#expire()));
  }

  begin(): void {
    this.#options.pool.take(this.#options.target, this);
  }

  get waits(): boolean {
    return !this.#ended;
  }

  start(connection: Connection): void {
    this.#connection = connection;
    connection.noteTaken();
    connection.dispatch(this.#dispatch, this);
  }

  interrupt(): void {
    if (this.#status === 0) this.#settle({ kind: "interrupted" });
    else this.#answered("the service stopped before the end of the answer's body");
    this.#end("discard");
  }

  onRequestStart(): void {
    this.#connection?.noteWritten();
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: Headers): void {
    // 1xx announces an answer and is none; a flood of them ends with the deadline.
    if (status < 200) return;
    this.#status = status;
    const retryAfter = headers["retry-after"];
    this.#retryAfter = (typeof retryAfter === "string" ? retryAfter : retryAfter?.[0])?.slice(0, 100);
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#ended) return;
    if (this.#received < excerptLength) this.#chunks.push(chunk);
    this.#received += chunk.length;
    if (this.#received >= excerptLength) this.#answered(undefined);
    if (this.#received > drainLength) this.#end("discard");
  }

  onResponseEnd(): void {
    this.#answered(undefined);
    this.#end("release");
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    if (this.#ended) return;
    const connection = this.#connection;
    if (connection !== undefined && mayResend(connection, error))
      return this.#options.pool.replace(connection, this.#options.target, this);
    if (this.#status === 0) this.#settle(unreachableBy(error, this.#place()));
    else this.#answered(bodyFailure(error));
    this.#end("discard");
  }

  #expire(): void {
    if (this.#ended) return;
    const { timeout } = this.#options.request;
    if (this.#status === 0) this.#settle(unreachableInTime(timeout, this.#missing(), this.#place()));
    else this.#answered(`the answer's body was not complete after ${timeout} ms`);
    this.#end("discard");
  }

  #missing(): string {
    const connection = this.#connection;
    switch (connection?.phase) {
      case undefined:
        return "all connections to it were in use";
      case "resolving":
        return "its name was not resolved";
      case "connecting":
        return "no connection was established";
      case "securing":
        return "the TLS handshake was not complete";
      case "open":
        return connection?.silent === true ? "no byte of an answer came" : "the head of its answer was not complete";
    }
  }

  #place(): FailurePlace {
    return { authority: this.#options.target.authority, phase: this.#connection?.phase ?? "resolving" };
  }

  #answered(bodyError: string | undefined): void {
    if (this.#resolve === undefined) return;
    const excerpt = excerptText(this.#chunks);
    this.#chunks.length = 0;
    this.#settle({ kind: "answered", status: this.#status, retryAfter: this.#retryAfter, excerpt, bodyError });
  }

  #settle(outcome: TransportOutcome): void {
    const resolve = this.#resolve;
    this.#resolve = undefined;
    resolve?.(outcome);
  }

  #end(way: "release" | "discard"): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#deadline.cancel();
    const connection = this.#connection;
    this.#connection = undefined;
    if (connection !== undefined) this.#options.pool[way](connection);
  }
}

type Headers = Readonly<Record<string, string | string[] | undefined>>;

// The receiver closed a connection that it had kept open, just when it was used again: it saw nothing of the request, or
// nothing that it would answer. The request goes out once more at most, because the fresh connection is none that was used before.
function mayResend(connection: Connection, error: Error): boolean {
  return connection.reused && connection.silent && isLostConnection(error);
}

function headersOf({ headers }: WireRequest, { authorization }: Target): Record<string, string> {
  if (authorization === undefined || Object.keys(headers).some((name) => name.toLowerCase() === "authorization")) {
    // undici only reads them.
    return headers;
  }
  return { ...headers, authorization };
}
