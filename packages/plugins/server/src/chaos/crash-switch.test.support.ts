import { setImmediate } from "node:timers";

/** Where, and when it comes there for which time, a child process ends itself. */
export interface CrashOrder {
  readonly point: string;
  /** 1: the first time. */
  readonly occurrence: number;
  /** Microseconds from there to the end, at points that last: what is under way is met at any moment of it. */
  readonly delay: number;
}

const variable = "CHAOS_CRASH";

/** How a child is told. */
export function crashEnvironment(order: CrashOrder | undefined): Readonly<Record<string, string>> {
  return order === undefined ? {} : { [variable]: JSON.stringify(order) };
}

/** What this process was told; `undefined`: somebody else ends it. */
export function crashOrder(): CrashOrder | undefined {
  const order = process.env[variable];
  // Written by crashEnvironment().
  return order === undefined ? undefined : (JSON.parse(order) as CrashOrder);
}

/** Counts how often a process came to the point at which it is to end, and ends it there: at once, without a word, as the kernel would. */
export class CrashSwitch {
  readonly #order = crashOrder();
  #left = this.#order?.occurrence ?? 0;

  /** Does not come back from the place that was ordered. */
  reach(point: string): void {
    if (this.#isTime(point)) end();
  }

  /** As `reach`, for something that is under way: it goes on for the delay that was ordered. */
  reachWithin(point: string): void {
    const delay = (this.#order?.delay ?? 0) / 1_000;
    // Calls to the database leave at the end of the turn.
    if (this.#isTime(point)) setImmediate(() => setTimeout(end, delay));
  }

  #isTime(point: string): boolean {
    if (point !== this.#order?.point) return false;
    this.#left -= 1;
    return this.#left === 0;
  }
}

export function end(): void {
  process.kill(process.pid, "SIGKILL");
}
