import type { Clock, Timer } from "../foundation/clock.js";

/** Owns how long a call may take; the time for which it is paused does not count. */
export class CallTime {
  readonly #clock: Clock;
  readonly #over: () => void;
  #left: number;
  #since = 0;
  #timer: Timer | undefined;

  /** Begins at once; `over` is called after so many milliseconds. */
  constructor(clock: Clock, milliseconds: number, over: () => void) {
    this.#clock = clock;
    this.#over = over;
    this.#left = milliseconds;
    this.resume();
  }

  pause(): void {
    this.#timer?.cancel();
    // A clock that was set back gives no time.
    this.#left -= Math.max(0, this.#clock.now() - this.#since);
  }

  resume(): void {
    this.#since = this.#clock.now();
    this.#timer = this.#clock.setTimer(Math.max(0, this.#left), this.#over);
  }

  end(): void {
    this.#timer?.cancel();
  }
}
