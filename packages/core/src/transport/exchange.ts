import type { Dispatcher } from "undici";
import type { Answered } from "../delivery/outcome.js";
import type { Clock, Timer } from "../foundation/clock.js";
import { excerptLength, excerptText } from "./answer-excerpt.js";
import { type Connection, sliceLength } from "./connection.js";
import type { ConnectionPool, ConnectionTaker } from "./connection-pool.js";
import {
  bodyFailure,
  type FailurePlace,
  failureBy,
  failureForLack,
  failureInTime,
  isLostConnection,
  unreachableByFlood,
} from "./network-failure.js";
import type { Target } from "./target.js";
import type { TransportOutcome, WireRequest } from "./transport.js";

/** Read of an answer's body at most, so that the connection can be used again; a longer answer costs its connection. */
const drainLength = 16_384;

/** Read before the head is complete: the names and values that undici takes, what stands between them, and announcements (1xx). */
const headLength = 20_480;

/** Lines of a head. Each costs far more than its bytes: 10,000 would be 40 ms and 2 MB. Python, whose senders ours stands in for, takes 100 headers. */
const mostLines = 256;

/** Announcements (1xx) before an answer: more than any receiver needs, and each costs as much as an answer's head. */
const mostAnnouncements = 16;

/** Read after the head and not part of the body: chunk sizes and extensions, trailers. As long as nobody floods, a few bytes. */
const wrappingLength = 8_192;

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
  #announcements = 0;
  #lines = 0;
  /** Bytes that were parsed, and how many of them until the head was complete. */
  #parsed = 0;
  #parsedOfHead = 0;
  #retryAfter: string | undefined;
  #wanted: Answered["headers"];
  readonly #chunks: Buffer[] = [];
  #received = 0;

  constructor(options: ExchangeOptions) {
    const { request, target, clock } = options;
    this.#options = options;
    this.#resolve = options.resolve;
    const { method = "POST", body } = request;
    // An empty body would be announced, and an OPTIONS has none to announce.
    this.#dispatch = {
      path: target.path,
      method,
      headers: headersOf(request, target),
      body: method === "POST" ? body : null,
    };
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
    this.#parsed = 0;
    connection.dispatch(this.#dispatch, this);
  }

  interrupt(): void {
    if (this.#status === 0) this.#settle({ kind: "interrupted" });
    else this.#answered("the service stopped before the end of the answer's body");
    this.#end("discard");
  }

  mayParse(slice: Uint8Array): boolean {
    if (this.#ended) return false;
    this.#parsed += slice.length;
    const excess = this.#status === 0 ? this.#excessOfHead(slice) : this.#excessOfBody();
    if (excess === undefined) return true;
    this.#giveUp(excess);
    return false;
  }

  onRequestStart(): void {
    this.#connection?.noteWritten();
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: Headers): void {
    // 1xx announces an answer and is none.
    if (status < 200) return this.#noteAnnouncement();
    this.#status = status;
    this.#parsedOfHead = this.#parsed;
    const retryAfter = headers["retry-after"];
    this.#retryAfter = (typeof retryAfter === "string" ? retryAfter : retryAfter?.join(", "))?.slice(0, 100);
    const { wantedHeaders } = this.#options.request;
    if (wantedHeaders !== undefined) this.#wanted = wantedOf(headers, wantedHeaders);
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
    if (this.#status === 0) this.#settle(failureBy(error, this.#place()));
    else this.#answered(bodyFailure(error));
    this.#end("discard");
  }

  #noteAnnouncement(): void {
    this.#announcements += 1;
    if (this.#announcements > mostAnnouncements && !this.#ended) this.#giveUp(`${this.#announcements} announcements`);
  }

  #excessOfHead(slice: Uint8Array): string | undefined {
    if (this.#parsed > headLength) return `${this.#parsed} bytes`;
    this.#lines += linesOfHead(slice);
    return this.#lines > mostLines ? `${this.#lines} lines` : undefined;
  }

  #excessOfBody(): string | undefined {
    const wrapping = this.#parsed - this.#parsedOfHead - this.#received;
    return wrapping > wrappingLength + sliceLength ? `${wrapping} bytes around a body of ${this.#received}` : undefined;
  }

  #giveUp(excess: string): void {
    if (this.#status === 0) this.#settle(unreachableByFlood(excess, this.#place()));
    else this.#answered(`the answer was given up after ${excess}`);
    this.#end("discard");
  }

  #expire(): void {
    if (this.#ended) return;
    const { timeout } = this.#options.request;
    if (this.#connection === undefined) this.#settle(failureForLack(timeout, this.#place()));
    else if (this.#status === 0) this.#settle(failureInTime(timeout, this.#missing(this.#connection), this.#place()));
    else this.#answered(`the answer's body was not complete after ${timeout} ms`);
    this.#end("discard");
  }

  #missing(connection: Connection): string {
    switch (connection.phase) {
      case "resolving":
        return "its name was not resolved";
      case "connecting":
        return "no connection was established";
      case "proxying":
        return "the egress proxy was not reached";
      case "tunnelling":
        return "the egress proxy opened no tunnel to it";
      case "securing":
        return "the TLS handshake was not complete";
      case "open":
        return connection.silent ? "no byte of an answer came" : "the head of its answer was not complete";
    }
  }

  #place(): FailurePlace {
    return { authority: this.#options.target.authority, phase: this.#connection?.phase ?? "resolving" };
  }

  #answered(bodyError: string | undefined): void {
    if (this.#resolve === undefined) return;
    const excerpt = excerptText(this.#chunks);
    this.#chunks.length = 0;
    const answered: Answered = {
      kind: "answered",
      status: this.#status,
      retryAfter: this.#retryAfter,
      excerpt,
      bodyError,
    };
    this.#settle(this.#wanted === undefined ? answered : { ...answered, headers: this.#wanted });
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

// Up to the blank line, which may have begun in the slice before.
function linesOfHead(slice: Uint8Array): number {
  const bytes = Buffer.from(slice.buffer, slice.byteOffset, slice.length);
  if (bytes[0] === lineFeed || (bytes[0] === carriageReturn && bytes[1] === lineFeed)) return 0;
  const blank = bytes.indexOf("\n\r\n");
  const end = blank < 0 ? bytes.length : blank;
  let lines = 0;
  for (let at = bytes.indexOf(lineFeed); at >= 0 && at < end; at = bytes.indexOf(lineFeed, at + 1)) lines += 1;
  return lines;
}

const lineFeed = 0x0a;
const carriageReturn = 0x0d;

type Headers = Readonly<Record<string, string | string[] | undefined>>;

function wantedOf(headers: Headers, names: readonly string[]): Readonly<Record<string, string>> {
  const wanted: Record<string, string> = {};
  for (const name of names) {
    const value = headers[name];
    if (value !== undefined) wanted[name] = String(value);
  }
  return wanted;
}

// The receiver closed a connection that it had kept open, just when it was used again: it saw nothing of the request, or
// nothing that it would answer. The request goes out once more at most, because the fresh connection is none that was used before.
function mayResend(connection: Connection, error: Error): boolean {
  return connection.reused && connection.silent && isLostConnection(error);
}

function headersOf({ headers, method }: WireRequest, { authorization }: Target): Record<string, string> {
  const isAsking = method === "OPTIONS";
  if (
    authorization === undefined ||
    isAsking ||
    Object.keys(headers).some((name) => name.toLowerCase() === "authorization")
  ) {
    // undici only reads them.
    return headers;
  }
  return { ...headers, authorization };
}
