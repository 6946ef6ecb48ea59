import { type Outcome, senderFailed } from "../delivery/outcome.js";
import type { Layer } from "./middleware.js";

/** Who is told how a stay went. */
export interface StayListener {
  /** Once at most; `endsAttempt` when nothing had been passed on yet. */
  readonly onFault: (error: unknown, endsAttempt: boolean) => void;
  /** Exactly once. */
  readonly onEnd: (outcome: Outcome) => void;
}

/** Owns one middleware's stay in one attempt: from its call to the outcome that it leaves with, whatever its code does. */
export class MiddlewareStay {
  readonly layer: Layer;
  /** Milliseconds in which its own code ran, up to the last switch. */
  ownTime = 0;
  nextCalled = false;
  readonly #listener: StayListener;
  #belowOutcome: Outcome | undefined;
  #failed = false;
  #ended = false;

  constructor(layer: Layer, listener: StayListener) {
    this.layer = layer;
    this.#listener = listener;
  }

  /** How the pass below ended, once it has. */
  get belowOutcome(): Outcome | undefined {
    return this.#belowOutcome;
  }

  /** Whether it left: nothing that its code does counts any more. */
  get ended(): boolean {
    return this.#ended;
  }

  belowEnded(outcome: Outcome): void {
    this.#belowOutcome = outcome;
    if (this.#failed) this.#end(outcome);
  }

  /** Leaves with this outcome; `false` when it had failed or left before. */
  finish(outcome: Outcome): boolean {
    if (this.#ended || this.#failed) return false;
    this.#end(outcome);
    return true;
  }

  /** What was sent below cannot be taken back: its outcome stands, and is waited for. Otherwise nothing was sent. */
  fail(error: unknown): void {
    if (this.#failed) return;
    this.#failed = true;
    const endsAttempt = !this.nextCalled && !this.#ended;
    this.#listener.onFault(error, endsAttempt);
    if (this.#ended) return;
    if (endsAttempt) this.#end(senderFailed(this.layer.name, error));
    else if (this.#belowOutcome !== undefined) this.#end(this.#belowOutcome);
  }

  #end(outcome: Outcome): void {
    this.#ended = true;
    this.#listener.onEnd(outcome);
  }
}
