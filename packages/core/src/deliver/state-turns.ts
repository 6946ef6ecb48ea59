import type { Clock } from "../foundation/clock.js";

/** Whoever holds a turn may wait for a network, in milliseconds: quick calls pass, and slow ones race instead. */
const longestWait = 100;

/**
 * Lets calls that lost the race for a state run one after the other: without an order, all who lost would race again, and
 * lose again. Whoever has not lost yet does not wait, and nobody waits long.
 */
export class StateTurns {
  readonly #clock: Clock;
  /** The end of the last turn of each line. */
  readonly #lines = new Map<string, Promise<void>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Resolves when it is this call's turn in the line of that name, with what ends the turn; after 100 milliseconds with
   * `undefined`: the call has left the line. One that is given up while it waits rejects with the reason, and leaves the line too.
   */
  async take(line: string, signal: AbortSignal): Promise<(() => void) | undefined> {
    const before = this.#lines.get(line) ?? Promise.resolve();
    const turn = Promise.withResolvers<void>();
    const own = before.then(() => turn.promise);
    this.#lines.set(line, own);
    void own.then(() => {
      if (this.#lines.get(line) === own) this.#lines.delete(line);
    });
    const patience = Promise.withResolvers<void>();
    let isOwn = true;
    const timer = this.#clock.setTimer(longestWait, () => {
      isOwn = false;
      patience.resolve();
    });
    try {
      await orAborted(Promise.race([before, patience.promise]), signal);
      if (isOwn) return () => turn.resolve();
    } catch (error) {
      turn.resolve();
      throw error;
    } finally {
      timer.cancel();
    }
    turn.resolve();
    return undefined;
  }
}

/** What `work` comes to, unless the signal is aborted before: then it rejects with the reason. */
export async function orAborted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason);
  signal.addEventListener("abort", abort);
  if (signal.aborted) abort();
  try {
    const result = await Promise.race([work, aborted.promise]);
    // What ended in the very moment of the abort is too late as well.
    signal.throwIfAborted();
    return result;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
