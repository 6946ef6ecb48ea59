import type { Clock, Timer } from "./clock.js";

interface SetTimer extends Timer {
  readonly at: number;
  readonly callback: () => void;
}

/** A clock that stands still until a test moves it. */
export class SteppedClock implements Clock {
  #now = 1_767_225_600_000;
  readonly #timers = new Set<SetTimer>();

  now(): number {
    return this.#now;
  }

  setTimer(delay: number, callback: () => void): Timer {
    const timer: SetTimer = { at: this.#now + delay, callback, cancel: () => this.#timers.delete(timer) };
    this.#timers.add(timer);
    return timer;
  }

  get pendingTimers(): number {
    return this.#timers.size;
  }

  /** Moves time on, and fires what is due on the way, in its order. */
  advance(milliseconds: number): void {
    const end = this.#now + milliseconds;
    for (let timer = this.#first(end); timer !== undefined; timer = this.#first(end)) {
      this.#timers.delete(timer);
      this.#now = Math.max(this.#now, timer.at);
      timer.callback();
    }
    this.#now = end;
  }

  #first(end: number): SetTimer | undefined {
    const due = [...this.#timers].filter((timer) => timer.at <= end);
    return due.sort((left, right) => left.at - right.at)[0];
  }
}

/** Lets the event loop come round: every promise that can settle without time has settled then. */
export async function settled(turns = 3): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
