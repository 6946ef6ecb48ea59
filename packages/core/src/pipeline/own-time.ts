/** Looks come about so often, in milliseconds: what is first seen in one began, on average, half of that before. */
export const lookInterval = 25;

/**
 * Owns the reckoning of one middleware's own time in one attempt. In a timed run it is a stopwatch, on the clock of
 * `performance`. In any run the looks of a timer add up whom the attempt waits for, which costs the attempt nothing.
 */
export class OwnTime {
  /** Whether its function has returned, if only a promise. */
  hasReturned = false;
  #watched = 0;
  #startedAt: number | undefined;
  #stoppedAt = 0;
  #looked = 0;
  #lookedAt: number | undefined;

  start(): void {
    this.#startedAt = performance.now();
  }

  stop(): void {
    if (this.#startedAt === undefined) return;
    this.#stoppedAt = performance.now();
    this.#watched += this.#stoppedAt - this.#startedAt;
    this.#startedAt = undefined;
  }

  /** It left at `now`, and had the attempt again since `since`. */
  leave(now: number, since: number): void {
    if (this.#startedAt === undefined) this.#watched += Math.max(0, now - Math.max(since, this.#stoppedAt));
    else this.stop();
  }

  /** It is what the attempt waits for; the last look was at `before`. Gives back its time up to now. */
  look(now: number, before: number | undefined): number {
    const goesOn = before !== undefined && this.#lookedAt === before;
    this.#looked += goesOn ? now - before : lookInterval / 2;
    this.#lookedAt = now;
    return this.#looked;
  }

  get milliseconds(): number {
    return Math.max(this.#looked, this.#watched);
  }
}
