/** The store failed while a handler was called: that says nothing about the handler, and nothing came of the call. */
export class StoreFault extends Error {
  readonly #isOurs = true;

  constructor(cause: unknown) {
    super("The store failed while a handler was called.", { cause });
  }

  /** Asks nothing of what was thrown: a handler may throw a proxy that refuses every question. */
  static is(thrown: unknown): thrown is StoreFault {
    return typeof thrown === "object" && thrown !== null && #isOurs in thrown;
  }
}
