import type { Transport, TransportOutcome, WireRequest } from "@hookwright/core";

/** What a scripted transport says to one request: an outcome, a function that makes one, or `hold`: nothing yet. */
export type ScriptedAnswer =
  | TransportOutcome
  | "hold"
  | ((request: WireRequest) => TransportOutcome | Promise<TransportOutcome>);

/** An outcome with this status, as a receiver gives it that answers at once. */
export function answered(
  status: number,
  rest: Partial<Omit<Extract<TransportOutcome, { kind: "answered" }>, "kind" | "status">> = {},
): TransportOutcome {
  return { kind: "answered", status, retryAfter: undefined, excerpt: "", bodyError: undefined, ...rest };
}

/** An outcome of a receiver that nobody reached. */
export function unreachable(
  code: Extract<TransportOutcome, { kind: "unreachable" }>["code"],
  reason = `scripted ${code}`,
): TransportOutcome {
  return { kind: "unreachable", code, reason, cause: undefined };
}

interface Held {
  readonly request: WireRequest;
  readonly resolve: (outcome: TransportOutcome) => void;
}

interface Waiter {
  readonly count: number;
  readonly resolve: () => void;
}

/**
 * A transport without a network: it records every request and answers by script, in order; what the script does not cover
 * gets 200, or what {@link ScriptedTransport.answerWith} set. A function in the script that rejects is a fault of the test and comes through.
 *
 * @example
 * ```ts
 * import { answered, ScriptedTransport, unreachable } from "@hookwright/testing";
 *
 * const transport = new ScriptedTransport([unreachable("timeout"), answered(503, { retryAfter: "30" })]);
 * await transport.send({ url: "https://example.com/", headers: {}, body: new Uint8Array(), timeout: 1_000 });
 * console.log(transport.requests.length);
 * ```
 */
export class ScriptedTransport implements Transport {
  readonly #requests: WireRequest[] = [];
  readonly #script: ScriptedAnswer[];
  #otherwise: ScriptedAnswer = answered(200);
  #held: Held[] = [];
  #waiters: Waiter[] = [];
  #closed = false;

  constructor(script: readonly ScriptedAnswer[] = []) {
    this.#script = [...script];
  }

  /** Every request so far, in the order of the calls. */
  get requests(): readonly WireRequest[] {
    return this.#requests;
  }

  /** The requests that are under way: sent and held. */
  get held(): readonly WireRequest[] {
    return this.#held.map(({ request }) => request);
  }

  /** Adds answers behind the script. */
  script(...answers: readonly ScriptedAnswer[]): void {
    this.#script.push(...answers);
  }

  /** The answer to every request that the script does not cover. */
  answerWith(answer: ScriptedAnswer): void {
    this.#otherwise = answer;
  }

  /** Answers every held request with `outcome`, the oldest first, and returns how many there were. */
  release(outcome: TransportOutcome = answered(200)): number {
    const held = this.#held;
    this.#held = [];
    for (const { resolve } of held) resolve(outcome);
    return held.length;
  }

  /** Resolves once `count` requests were sent in all. */
  sent(count: number): Promise<void> {
    if (this.#requests.length >= count) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiters.push({ count, resolve });
    });
  }

  async send(request: WireRequest): Promise<TransportOutcome> {
    if (this.#closed) return { kind: "interrupted" };
    this.#requests.push(request);
    this.#wake();
    const answer = this.#script.shift() ?? this.#otherwise;
    if (typeof answer === "function") return answer(request);
    if (answer !== "hold") return answer;
    return new Promise((resolve) => {
      this.#held.push({ request, resolve });
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.release({ kind: "interrupted" });
  }

  #wake(): void {
    const ready = this.#waiters.filter(({ count }) => count <= this.#requests.length);
    this.#waiters = this.#waiters.filter(({ count }) => count > this.#requests.length);
    for (const { resolve } of ready) resolve();
  }
}
