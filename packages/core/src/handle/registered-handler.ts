import { parseRetrySchedule, type RetrySchedule } from "../delivery/retry-schedule.js";
import { HookwrightError } from "../foundation/hookwright-error.js";
import type { Logger } from "../observe/logger.js";
import type { HandlerName } from "../store/plugin-state-store.js";
import type { Handler, HandlerOptions } from "./handler.js";

/** What a plugin hands in. */
export interface HandlerRegistration {
  readonly plugin: string;
  /** Canonical. */
  readonly action: string;
  readonly handler: Handler<never>;
  readonly options: HandlerOptions;
  readonly log: Logger;
}

const defaultTimeout = 30_000;

/** A lease is as long as the longest call: a process that died without a word would keep its deliveries for so long. */
const longestTimeout = 3_600_000;

/** Few, since all handlers share one process with everything else; more is for those that wait for others. */
const defaultConcurrency = 8;
const greatestConcurrency = 1_000;

const namePattern = /^[A-Za-z0-9][A-Za-z0-9_.:-]{0,127}$/;

/** One durable handler while its plugin is loaded, and the calls of it that are under way. */
export class RegisteredHandler implements HandlerName {
  readonly plugin: string;
  readonly handler: string;
  readonly action: string;
  /** Its event tied the payload's type to the handler. */
  readonly call: Handler<never>;
  readonly schedule: RetrySchedule;
  readonly timeout: number;
  readonly concurrency: number;
  readonly ordered: boolean;
  readonly log: Logger;
  readonly #calls = new Set<AbortController>();
  #whenIdle: (() => void)[] = [];

  /** @throws HookwrightError `definition_invalid` when an option is not what it must be. */
  constructor({ plugin, action, handler, options, log }: HandlerRegistration) {
    const { name = action, timeout = defaultTimeout, concurrency = defaultConcurrency, ordered = false } = options;
    const refuse = (fault: string): never => {
      throw new HookwrightError("definition_invalid", `The handler of plugin ${plugin} for ${action} ${fault}.`);
    };
    if (typeof handler !== "function") refuse(`must be a function, found ${typeof handler}`);
    if (typeof name !== "string" || !namePattern.test(name))
      refuse('needs a name of 1 to 128 letters, digits, "_", ".", ":" or "-", beginning with a letter or digit');
    if (!isBetween(timeout, 1, longestTimeout)) refuse(`needs a timeout of 1 to ${longestTimeout} milliseconds`);
    if (!isBetween(concurrency, 1, greatestConcurrency) || !Number.isSafeInteger(concurrency))
      refuse(`needs a concurrency from 1 to ${greatestConcurrency}`);
    if (typeof ordered !== "boolean") refuse(`needs true or false for ordered, found ${typeof ordered}`);
    this.plugin = plugin;
    this.handler = name;
    this.action = action;
    this.call = handler;
    this.schedule = scheduleOf(options.retry, refuse);
    this.timeout = timeout;
    this.concurrency = concurrency;
    this.ordered = ordered;
    this.log = log;
  }

  get isIdle(): boolean {
    return this.#calls.size === 0;
  }

  /** Notes that a call begins; aborting what it returns gives the call up. */
  begin(): AbortController {
    const call = new AbortController();
    this.#calls.add(call);
    return call;
  }

  end(call: AbortController): void {
    this.#calls.delete(call);
    if (this.isIdle) for (const resolve of this.#whenIdle.splice(0)) resolve();
  }

  /** Resolves when no call is under way. */
  idle(): Promise<void> {
    return this.isIdle ? Promise.resolve() : new Promise((resolve) => this.#whenIdle.push(resolve));
  }

  /** Gives up every call that is under way: their deliveries go back to the store. */
  interrupt(): void {
    for (const call of this.#calls)
      call.abort(
        new HookwrightError("stopped", `The handler ${this.handler} of plugin ${this.plugin} is being stopped.`),
      );
  }
}

function isBetween(value: unknown, least: number, greatest: number): boolean {
  return typeof value === "number" && value >= least && value <= greatest;
}

function scheduleOf(retry: string | undefined, refuse: (fault: string) => never): RetrySchedule {
  if (retry !== undefined && typeof retry !== "string") refuse(`needs a text for retry, found ${typeof retry}`);
  try {
    return parseRetrySchedule(retry ?? "standard", "retry");
  } catch (error) {
    return refuse(`has no valid retry schedule: ${error instanceof Error ? error.message : "it cannot be read"}`);
  }
}
