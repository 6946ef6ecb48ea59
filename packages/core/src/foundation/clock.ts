/** A timer that was set; `cancel` may be called any number of times. */
export interface Timer {
  /** The callback is not called any more. */
  cancel(): void;
}

/** How a timer is set. */
export interface TimerOptions {
  /** Whether the process waits for the timer before it ends by itself; false unless given. */
  readonly keepsAlive?: boolean;
}

/** The only source of time. Milliseconds since the Unix epoch; tests put a manual clock in its place. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Calls `callback` once, `delay` milliseconds from now. A timer alone keeps the process alive only where it says so. */
  setTimer(delay: number, callback: () => void, options?: TimerOptions): Timer;
}

/** setTimeout treats a longer delay as 1 ms, so a far timer is set in steps. */
const longestDelay = 2 ** 31 - 1;

class SystemTimer implements Timer {
  readonly #keepsAlive: boolean;
  #handle: NodeJS.Timeout;

  constructor(delay: number, callback: () => void, { keepsAlive = false }: TimerOptions = {}) {
    this.#keepsAlive = keepsAlive;
    this.#handle = this.#arm(delay, callback);
  }

  cancel(): void {
    clearTimeout(this.#handle);
  }

  #arm(delay: number, callback: () => void): NodeJS.Timeout {
    const handle =
      delay > longestDelay
        ? setTimeout(() => {
            this.#handle = this.#arm(delay - longestDelay, callback);
          }, longestDelay)
        : setTimeout(callback, Math.max(0, delay));
    return this.#keepsAlive ? handle : handle.unref();
  }
}

/** The clock of the machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  setTimer: (delay, callback, options) => new SystemTimer(delay, callback, options),
};
