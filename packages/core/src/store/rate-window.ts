/**
 * Counts what a webhook with a rate limit was given. The rate is kept over windows that begin with the first delivery
 * after the last window: `rate` deliveries in one second, or, below one a second, one in `1 / rate` seconds.
 */
export class RateWindow {
  readonly #allowance: number;
  readonly #length: number;
  #start = Number.NEGATIVE_INFINITY;
  #used = 0;

  /** What left in the window of `before`, under another rate, counts. */
  constructor(rate: number, before?: RateWindow) {
    this.#allowance = Math.max(1, Math.floor(rate));
    this.#length = (this.#allowance / rate) * 1_000;
    if (before === undefined) return;
    this.#start = before.#start;
    this.#used = before.#used;
  }

  /** How many may leave at `now`. */
  room(now: number): number {
    return this.#covers(now) ? Math.max(0, this.#allowance - this.#used) : this.#allowance;
  }

  take(now: number, count: number): void {
    if (!this.#covers(now)) {
      this.#start = now;
      this.#used = 0;
    }
    this.#used += count;
  }

  /** Takes all that there is: what left before is not known. */
  fill(now: number): void {
    this.#start = now;
    this.#used = this.#allowance;
  }

  /** From when on something may leave. */
  get freeAt(): number {
    return this.#used < this.#allowance ? Number.NEGATIVE_INFINITY : this.#start + this.#length;
  }

  /** A clock that was set back does not prolong a window. */
  #covers(now: number): boolean {
    return now >= this.#start && now < this.#start + this.#length;
  }
}
