/** A callback of a plugin, or of the application. */
export interface Callback {
  readonly owner: string;
  /** What a person looks for in the plugin's code: `middleware billing/currency`, `setup`. */
  readonly name: string;
}

/** A callback held the event loop up: nothing else ran meanwhile, no delivery of anybody. */
export interface Block {
  readonly owner: string;
  readonly callback: string;
  readonly milliseconds: number;
  /** How often it did so since it was last told of, this time included. */
  readonly times: number;
}

/** A callback that runs for longer holds up every delivery in the process for so long, in milliseconds. */
export const blockLimit = 200;

/** A callback that blocks each time is told of once in so many milliseconds. */
const quietTime = 10_000;

/** So many are remembered as told of lately; a plugin may make names without end. */
const mostRemembered = 1_000;

interface Frame {
  readonly callback: Callback | undefined;
  /** Milliseconds in which its own code ran, without what it called of others. */
  time: number;
}

/**
 * Knows whose code holds the event loop, as far as that is entered through here, and tells of what held it for too long. It
 * cannot end it: what never returns is never told of.
 */
export class Watchdog {
  /** Something blocked that was not seen: each call is worth being timed now. Set by the monitor of the event loop. */
  isAlert = false;
  readonly #tell: (block: Block) => void;
  readonly #told = new Map<string, { readonly at: number; times: number }>();
  #frame: Frame | undefined;
  #since = 0;
  #seen = 0;

  /** `tell` must not throw. */
  constructor(tell: (block: Block) => void) {
    this.#tell = tell;
  }

  /** Milliseconds of blocking that were seen, told or not, over all callbacks. */
  get blockedTime(): number {
    return this.#seen;
  }

  /** Calls `work` as this callback, and counts the time until it returns; not what it waits for afterwards. */
  run<Result>(callback: Callback, work: () => Result): Result {
    return this.#within({ callback, time: 0 }, work);
  }

  /** Work of core's own that a callback asked for: its time is not the callback's. */
  apart<Result>(work: () => Result): Result {
    return this.#frame === undefined ? work() : this.#within({ callback: undefined, time: 0 }, work);
  }

  /** For what was measured in another way. */
  note({ owner, name }: Callback, milliseconds: number): void {
    if (milliseconds < blockLimit) return;
    this.#seen += milliseconds;
    const key = `${owner} ${name}`;
    const last = this.#told.get(key);
    const now = performance.now();
    if (last !== undefined && now - last.at < quietTime) {
      last.times += 1;
      return;
    }
    if (this.#told.size >= mostRemembered) this.#told.clear();
    this.#told.set(key, { at: now, times: 0 });
    this.#tell({ owner, callback: name, milliseconds: Math.round(milliseconds), times: (last?.times ?? 0) + 1 });
  }

  #within<Result>(frame: Frame, work: () => Result): Result {
    const outer = this.#frame;
    this.#switchTo(frame);
    try {
      return work();
    } finally {
      this.#switchTo(outer);
      if (frame.callback !== undefined) this.note(frame.callback, frame.time);
    }
  }

  /** Not on the clock that is injected: it may stand still, or be set, while the event loop is held up. */
  #switchTo(frame: Frame | undefined): void {
    const now = performance.now();
    if (this.#frame !== undefined) this.#frame.time += now - this.#since;
    this.#frame = frame;
    this.#since = now;
  }
}
