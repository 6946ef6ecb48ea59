import {
  type Clock,
  parseAllowTargets,
  TargetGuard,
  type Transport,
  type TransportOutcome,
  type WireRequest,
} from "@hookwright/core";
import { createUndiciTransport } from "@hookwright/core/internal";
import { answered, unreachable } from "../scripted-transport.js";
import { type ReceiverAnswer, readReceived } from "./received-request.js";
import type { ReceiverRecord } from "./receiver-record.js";

/** What the record of an attempt keeps of an answer's body. */
const longestExcerpt = 1_024;

/**
 * Brings each request to the scripted receiver of its URL, without a network, and to real ones on loopback. Nothing else is
 * reached: a test that forgets a receiver calls nobody on the internet.
 */
export class ReceiverTransport implements Transport {
  readonly #clock: Clock;
  readonly #scripted = new Map<string, ReceiverRecord>();
  readonly #scriptedUnderWay = new Set<(outcome: TransportOutcome) => void>();
  // On the machine's clock: sockets take real time, whatever time it is in the test.
  readonly #real = createUndiciTransport({ guard: new TargetGuard(parseAllowTargets("loopback")) });
  #underWay = 0;
  #closed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(url: string, receiver: ReceiverRecord): void {
    this.#scripted.set(url, receiver);
  }

  /** Exchanges over real sockets at this moment: only real time ends them. */
  get realUnderWay(): number {
    return this.#underWay;
  }

  async send(request: WireRequest): Promise<TransportOutcome> {
    if (this.#closed) return { kind: "interrupted" };
    const receiver = this.#scripted.get(request.url);
    if (receiver !== undefined) return this.#sendScripted(request, receiver);
    if (isLoopback(request.url)) return this.#sendReal(request);
    return unreachable("dns_failed", `no receiver of this test host has the URL ${request.url}`);
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const end of this.#scriptedUnderWay) end({ kind: "interrupted" });
    await this.#real.close();
  }

  #sendScripted(request: WireRequest, receiver: ReceiverRecord): Promise<TransportOutcome> {
    const { method = "POST", headers, body, timeout } = request;
    return new Promise((resolve, reject) => {
      const end = (outcome: TransportOutcome): void => {
        timer.cancel();
        this.#scriptedUnderWay.delete(end);
        resolve(outcome);
      };
      const timer = this.#clock.setTimer(timeout, () => end(unreachable("timeout", `no answer within ${timeout} ms`)));
      this.#scriptedUnderWay.add(end);
      const answering = receiver.take(readReceived(method, headers, new Uint8Array(body)));
      // A function of the script that rejects is a fault of the test, and comes through.
      answering.then((answer) => answer !== "no-answer" && end(outcomeOf(answer, request)), reject);
    });
  }

  async #sendReal(request: WireRequest): Promise<TransportOutcome> {
    this.#underWay += 1;
    try {
      return await this.#real.send(request);
    } finally {
      this.#underWay -= 1;
    }
  }
}

function outcomeOf(answer: Exclude<ReceiverAnswer, "no-answer">, { wantedHeaders }: WireRequest): TransportOutcome {
  if (answer === "hang-up") return unreachable("connection_failed", "the receiver broke the connection");
  const { status, headers: given = {}, body = "" } = typeof answer === "number" ? { status: answer } : answer;
  const headers = new Headers(given);
  return answered(status, {
    retryAfter: headers.get("retry-after") ?? undefined,
    excerpt: body.slice(0, longestExcerpt),
    ...(wantedHeaders === undefined ? {} : { headers: wantedOf(headers, wantedHeaders) }),
  });
}

function wantedOf(headers: Headers, names: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries([...headers].filter(([name]) => names.includes(name)));
}

function isLoopback(url: string): boolean {
  const { hostname } = new URL(url);
  return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d+){3}$/.test(hostname);
}
