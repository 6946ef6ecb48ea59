import type { ReceivedRequest, ReceiverAnswer, ReceiverScript } from "./received-request.js";

/** Owns what a receiver was sent and what it is to answer: in order, then 200. */
export class ReceiverRecord {
  readonly #received: ReceivedRequest[] = [];
  readonly #script: ReceiverScript[];
  #waiting: { readonly count: number; readonly resolve: () => void }[] = [];

  constructor(answers: readonly ReceiverScript[] = []) {
    this.#script = [...answers];
  }

  get received(): readonly ReceivedRequest[] {
    return this.#received;
  }

  answer(...answers: readonly ReceiverScript[]): void {
    this.#script.push(...answers);
  }

  async take(request: ReceivedRequest): Promise<ReceiverAnswer> {
    this.#received.push(request);
    const ready = this.#waiting.filter(({ count }) => count <= this.#received.length);
    this.#waiting = this.#waiting.filter(({ count }) => count > this.#received.length);
    for (const { resolve } of ready) resolve();
    const next = this.#script.shift() ?? 200;
    return typeof next === "function" ? next(request) : next;
  }

  arrived(count: number): Promise<void> {
    if (this.#received.length >= count) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting.push({ count, resolve });
    });
  }
}
