/** What a signal asks for. */
export type StopWish = "stop" | "repeated" | "cut-short";

/**
 * One Ctrl-C reaches a program under npm twice, from the terminal and from npm, and a supervisor may signal the whole group: so
 * far apart, in milliseconds, two signals are one wish. A person's second Ctrl-C comes later.
 */
const oneWish = 250;

/** Decides what signals mean: the first asks for a stop, one that comes later wants it cut short. */
export class StopWishes {
  #firstAt: number | undefined;

  /** @param now - milliseconds of a clock that nobody sets */
  take(now: number): StopWish {
    if (this.#firstAt === undefined) {
      this.#firstAt = now;
      return "stop";
    }
    return now - this.#firstAt < oneWish ? "repeated" : "cut-short";
  }
}
