import type { Strain } from "../delivery/attempt.js";

/** Failures in a row before anything narrows: fewer are a hiccup that a receiver's restart makes. */
const patience = 5;

/** So long a run of failures must last before there are rests, in milliseconds: what restarts is back sooner, and is not put off. */
const outage = 30_000;

/** The first rest and the longest, in milliseconds; each is twice the one before. */
const firstRest = 1_000;
const longestRest = 60_000;

/** Halvings that bring the greatest capacity that a webhook can have (1,000) to one. */
const mostHalvings = 10;

/**
 * Spares a receiver that seems to be down, and everybody else its share of the window: from the fifth failure in a row on each
 * halves what may be under way to it, down to one; each success doubles it again. Where a retry schedule repeats its deliveries
 * anyway, and nothing came through for half a minute, it rests as well: for a second, then for twice as long after each failure, up
 * to a minute, with one attempt in between.
 */
export class Circuit {
  #failures = 0;
  #failingSince = 0;
  #halvings = 0;
  #rest = 0;
  #restUntil = Number.NEGATIVE_INFINITY;

  /** Of so many at once, how many it lets through. */
  narrowed(capacity: number): number {
    return this.#halvings === 0 ? capacity : Math.max(1, capacity >> this.#halvings);
  }

  /** Nothing leaves before. */
  get restUntil(): number {
    return this.#restUntil;
  }

  /** Whether an answer would change nothing. */
  get isWhole(): boolean {
    return this.#failures === 0 && this.#halvings === 0;
  }

  /** The receiver seems to be down. `capacity` is what the webhook may have under way at once. */
  strain({
    strain,
    capacity,
    now,
  }: {
    readonly strain: Strain;
    readonly capacity: number;
    readonly now: number;
  }): void {
    // A clock that is set back leaves a beginning that is still to come.
    if (this.#failures === 0 || now < this.#failingSince) this.#failingSince = now;
    this.#failures += 1;
    if (this.#failures < patience) return;
    if (this.narrowed(capacity) > 1) {
      this.#halvings = Math.min(mostHalvings, this.#halvings + 1);
      return;
    }
    if (strain === "narrow" || now - this.#failingSince < outage) return;
    // What was under way together fails together: only what left after a rest says that it was too short.
    if (now < this.#restUntil) return;
    this.#rest = Math.min(longestRest, Math.max(firstRest, this.#rest * 2));
    this.#restUntil = now + this.#rest;
  }

  /** The receiver answered as one that is there. */
  ease(): void {
    this.#failures = 0;
    this.#halvings = Math.max(0, this.#halvings - 1);
    this.#rest = 0;
    this.#restUntil = Number.NEGATIVE_INFINITY;
  }

  /** Lets the next attempt leave, whatever the rest. */
  wake(): void {
    this.#restUntil = Number.NEGATIVE_INFINITY;
  }
}
