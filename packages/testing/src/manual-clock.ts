import type { Clock, Timer } from "@hookwright/core";

/** Where a manual clock starts unless it is told: 2026-01-01T00:00:00Z. */
export const manualClockStart = 1_767_225_600_000;

interface PendingTimer extends Timer {
  readonly at: number;
  /** Timers of one moment fire in the order in which they were set. */
  readonly order: number;
  readonly callback: () => void;
}

/**
 * A clock that stands still until a test moves it. Timers fire inside `advance`, `setTime` and `next`, in order of their
 * moments, and each sees its own moment as `now()`; one that a callback sets fires too when its moment is reached.
 *
 * @example
 * ```ts
 * import { ManualClock } from "@hookwright/testing";
 *
 * const clock = new ManualClock();
 * clock.setTimer(5_000, () => console.log("five seconds later"));
 * clock.advance(5_000);
 * ```
 */
export class ManualClock implements Clock {
  #now: number;
  #order = 0;
  readonly #timers = new Set<PendingTimer>();

  constructor(start: number = manualClockStart) {
    this.#now = start;
  }

  /** The time that was set, in milliseconds. */
  now(): number {
    return this.#now;
  }

  setTimer(delay: number, callback: () => void): Timer {
    this.#order += 1;
    const timer: PendingTimer = {
      at: this.#now + Math.max(0, delay),
      order: this.#order,
      callback,
      cancel: () => this.#timers.delete(timer),
    };
    this.#timers.add(timer);
    return timer;
  }

  /** How many timers are set. */
  get pendingTimers(): number {
    return this.#timers.size;
  }

  /** Moves time on by `milliseconds`. */
  advance(milliseconds: number): void {
    if (!(milliseconds >= 0))
      throw new RangeError(`advance() goes forward only, found ${milliseconds}; use setTime() to step back.`);
    this.setTime(this.#now + milliseconds);
  }

  /** Moves time to `time`. A step back fires nothing, as on a machine whose clock is corrected. */
  setTime(time: number): void {
    for (let timer = this.#earliest(); timer !== undefined && timer.at <= time; timer = this.#earliest())
      this.#fire(timer);
    this.#now = time;
  }

  /** Jumps to the next timer and fires it; `false` when none is set. */
  next(): boolean {
    const timer = this.#earliest();
    if (timer === undefined) return false;
    this.#fire(timer);
    return true;
  }

  #fire(timer: PendingTimer): void {
    this.#timers.delete(timer);
    this.#now = Math.max(this.#now, timer.at);
    timer.callback();
  }

  #earliest(): PendingTimer | undefined {
    let earliest: PendingTimer | undefined;
    for (const timer of this.#timers) {
      if (
        earliest === undefined ||
        timer.at < earliest.at ||
        (timer.at === earliest.at && timer.order < earliest.order)
      )
        earliest = timer;
    }
    return earliest;
  }
}
