import type { Outcome } from "../delivery/outcome.js";

/** The way through one layer and all below it. */
export interface Passage {
  /** Never rejects. */
  readonly promise: Promise<Outcome>;
  /** What the promise comes to, known before those who wait for it are told. */
  outcome: Outcome | undefined;
  /** When that was, on the clock of `performance`; only in timed runs. */
  endedAt: number;
}

let resolveLast: (outcome: Outcome) => void = () => undefined;

/** One function for all promises: a closure for each would cost as much as the promise. */
function keepResolve(resolve: (outcome: Outcome) => void): void {
  resolveLast = resolve;
}

/** A passage whose end is said from outside. */
export class OpenPassage implements Passage {
  readonly promise: Promise<Outcome> = new Promise<Outcome>(keepResolve);
  readonly resolve: (outcome: Outcome) => void = resolveLast;
  outcome: Outcome | undefined = undefined;
  endedAt = 0;

  end(outcome: Outcome, at: number): void {
    this.outcome = outcome;
    this.endedAt = at;
    this.resolve(outcome);
  }

  /**
   * Ends it in the middle of somebody else's turn, a timer's for example: until the layer above has been told, its time has
   * not begun.
   */
  breakOff(outcome: Outcome, at: number): void {
    this.resolve(outcome);
    void this.promise.then(() => this.end(outcome, at));
  }

  /** Ends as another one does, now or later. */
  follow(other: Passage): void {
    if (other.outcome !== undefined) this.breakOff(other.outcome, other.endedAt);
    else void other.promise.then((outcome) => this.end(outcome, other.endedAt));
  }
}

export function endedPassage(outcome: Outcome, at: number): Passage {
  return { promise: Promise.resolve(outcome), outcome, endedAt: at };
}

/** Stands where a layer is being entered and it is not known yet where that leads. */
export const entering: Passage = { promise: new Promise(() => undefined), outcome: undefined, endedAt: 0 };
