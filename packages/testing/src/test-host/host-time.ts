import type { ManualClock } from "../manual-clock.js";
import { OutsideWork } from "./outside-work.js";

/** What the time of a host depends on. */
export interface TimePorts {
  readonly clock: ManualClock;
  /** Whether an attempt or a handler is under way. */
  readonly isInFlight: () => boolean;
  /** Whether a socket or a database is at work: that takes real time and comes to an end by itself. */
  readonly isAtWork: () => boolean;
}

/** A state to wait for. */
export interface AwaitedState {
  readonly isSo: () => boolean | Promise<boolean>;
  /** Whether anything waits for a later moment; time is not moved for nothing. */
  readonly mayCome: () => Promise<boolean>;
}

/** Turns of the event loop without real work after which everything has happened that needs no time. */
const calmTurns = 20;

/** For how long real work inside a plugin is waited for before the clock moves on, in milliseconds: less than any test runner waits for a test. */
const patience = 2_000;

/** More steps of the clock than any state needs that comes at all; ten hours of pause are about sixty. */
const mostSteps = 1_000;

/** Steps in a row that leave something under way: every limit that the host sets ends it long before. */
const mostStuckSteps = 1_000;

/**
 * Owns the time of a test host. Lets everything happen that needs no time, then jumps to the next moment for which something
 * waits. Real work (a socket, a file) is waited for in real time; nothing sleeps.
 */
export class HostTime {
  readonly #ports: TimePorts;
  readonly #outside = new OutsideWork();
  /** Milliseconds of real time spent on what is under way now: what hangs is waited for once, not at every step. */
  #waited = 0;
  /** Calls of the host that are waited for. */
  #works = 0;

  constructor(ports: TimePorts) {
    this.#ports = ports;
  }

  /** Lets everything happen that needs no move of the clock. */
  async settle(): Promise<void> {
    for (let calm = 0; calm < calmTurns; ) {
      const began = performance.now();
      await nextTurn();
      calm = this.#isWorking(performance.now() - began) ? 0 : calm + 1;
    }
  }

  /** Moves time until the state has come; `false` when nothing is left to do and it has not. */
  async until({ isSo, mayCome }: AwaitedState): Promise<boolean> {
    let stuck = 0;
    for (let step = 0; step < mostSteps && stuck < mostStuckSteps; step += 1) {
      await this.settle();
      if (await isSo()) return true;
      stuck = this.#isInFlight ? stuck + 1 : 0;
      if (!(await mayCome()) || !this.#ports.clock.next()) return false;
    }
    return false;
  }

  /** Moves time as far as this needs it, and gives back what it comes to. @throws Error when it does not end. */
  async during<Result>(work: Promise<Result>, what: string): Promise<Result> {
    let isOver = false;
    this.#works += 1;
    const over = work.finally(() => {
      isOver = true;
      this.#works -= 1;
    });
    over.catch(() => undefined);
    if (await this.until({ isSo: () => isOver, mayCome: async () => true })) return over;
    throw new Error(`${what} does not end, whatever time it is.`);
  }

  get #isInFlight(): boolean {
    return this.#works > 0 || this.#ports.isInFlight();
  }

  #isWorking(turn: number): boolean {
    if (this.#ports.isAtWork()) return true;
    if (!this.#isInFlight) this.#waited = 0;
    else if (this.#waited < patience && this.#outside.isUnderWay) {
      this.#waited += turn;
      return true;
    }
    return false;
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
