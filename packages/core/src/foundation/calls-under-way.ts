/** Counts calls that are under way, so that a stop can wait for them and a limit can refuse more. */
export class CallsUnderWay {
  #count = 0;
  #whenNone: (() => void)[] = [];

  get count(): number {
    return this.#count;
  }

  async run<Result>(call: () => Promise<Result>): Promise<Result> {
    this.#count += 1;
    try {
      return await call();
    } finally {
      this.#count -= 1;
      if (this.#count === 0) for (const resolve of this.#whenNone.splice(0)) resolve();
    }
  }

  /** Resolves in the first moment in which none is under way. */
  none(): Promise<void> {
    if (this.#count === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#whenNone.push(resolve);
    });
  }
}
