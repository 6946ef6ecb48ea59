import { type Clock, HookwrightError, type LogFields, type Logger } from "@hookwright/core";
import type { ErrorAnswer } from "./error-envelope.js";
import { RequestProblem } from "./request-problem.js";

/** What fails every call while it lasts is told once in this time, in milliseconds. */
const silence = 60_000;

/** Faults of the service that last, and that it says itself when they are over. */
const lasting: ReadonlySet<string> = new Set([
  "overloaded",
  "storage_full",
  "storage_failed",
  "lifecycle_invalid",
  "not_ready",
  "stopping",
]);

/** Writes the lines of errors that are answered. */
export class ErrorLog {
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #told = new Map<string, { at: number; untold: number }>();

  constructor(logger: Logger, clock: Clock) {
    this.#logger = logger;
    this.#clock = clock;
  }

  /**
   * One line for an error, under the id that the caller was given. A caller's mistake is no fault of the service: it is told
   * without a stack, and without the faults of single fields, which may repeat what was sent.
   */
  write({ envelope, status, blame }: ErrorAnswer, error: unknown, fields: LogFields = {}): void {
    const line = `${envelope.id} ${status} ${envelope.detail}`;
    if (blame === "caller") return this.#logger.info(line, { ...fields, status });
    const times = this.#timesToTell(error);
    if (times === 0) this.#logger.debug(line, { ...fields, status });
    else this.#logger.error(line, { ...fields, status, error, ...(times === 1 ? {} : { times }) });
  }

  /** One of many that are counted in a line of their own: told to who wants every detail. */
  writeQuietly({ envelope, status }: ErrorAnswer): void {
    this.#logger.debug(`${envelope.id} ${status} ${envelope.detail}`, { status });
  }

  /** How often it came since it was last told, this time included; 0: it is not its time. */
  #timesToTell(error: unknown): number {
    const kind = kindOf(error);
    if (kind === undefined || !lasting.has(kind)) return 1;
    const now = this.#clock.now();
    const told = this.#told.get(kind);
    if (told !== undefined && now - told.at < silence && now >= told.at) {
      told.untold += 1;
      return 0;
    }
    this.#told.set(kind, { at: now, untold: 0 });
    return (told?.untold ?? 0) + 1;
  }
}

function kindOf(error: unknown): string | undefined {
  if (error instanceof HookwrightError) return error.code;
  return error instanceof RequestProblem ? error.kind : undefined;
}
