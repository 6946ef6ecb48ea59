import type { ErrorCode } from "./error-codes.js";

const brand: unique symbol = Symbol.for("@hookwright/core/error") as never;

/** What an error carries besides its message. */
export interface HookwrightErrorOptions {
  readonly cause?: unknown;
  /** Machine-readable facts: never a secret, never a header value. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/**
 * The one class of all errors that Hookwright throws. `code` names the entry of the error table, the message says what,
 * which and what to do.
 *
 * @example
 * ```ts
 * import { HookwrightError } from "@hookwright/core";
 *
 * const error = new HookwrightError("action_unknown", "No event is registered for action TASK_MADE.");
 * console.log(error.code, error instanceof HookwrightError);
 * ```
 */
export class HookwrightError extends Error {
  override readonly name: string = "HookwrightError";
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: HookwrightErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details ?? {};
    Object.defineProperty(this, brand, { value: true });
  }

  /** Two installed copies of this package recognise each other's errors; a subclass still tests its own chain. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    if (this !== HookwrightError) return Function.prototype[Symbol.hasInstance].call(this, value);
    return hasBrand(value, brand);
  }
}

/** Whether an error of ours, or of another copy of this package, was thrown; code of strangers throws proxies too. */
export function hasBrand(thrown: unknown, brand: symbol): boolean {
  try {
    return typeof thrown === "object" && thrown !== null && brand in thrown;
  } catch {
    // Whatever refuses to be asked is none.
    return false;
  }
}

/** The text of whatever was thrown; code of strangers throws strings and undefined too, and errors that cannot be read. */
export function messageOf(thrown: unknown): string {
  try {
    const message: unknown = thrown instanceof Error ? thrown.message : thrown;
    return typeof message === "string" ? message : `a value of type ${typeof thrown} was thrown`;
  } catch {
    return "an error was thrown that cannot be read";
  }
}
