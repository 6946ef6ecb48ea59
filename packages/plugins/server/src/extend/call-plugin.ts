import {
  type Clock,
  type EventOwner,
  HookwrightError,
  type KnownAction,
  type OrganizationId,
  type Webhooks,
} from "@hookwright/core";
import { messageOf, ownerScopeOf, readEmit } from "@hookwright/core/internal";
import { httpStatusOf } from "../error-envelope.js";
import { type ProblemKind, RequestProblem } from "../request-problem.js";
import type { Caller, CallerEmit, CallerEmitOptions, Refusal } from "./plugin-route.js";

/** What went wrong in a plugin's own code while it answered a request. */
export class PluginFault extends Error {
  override readonly name = "PluginFault";
  readonly plugin: string;

  constructor({ name, version }: EventOwner, what: string, cause?: unknown) {
    super(`Plugin ${name}@${version} failed in ${what}`, cause === undefined ? undefined : { cause });
    this.plugin = name;
  }
}

/** A plugin's code that is to be called, and for whom. */
export interface PluginCall<Result> {
  readonly owner: EventOwner;
  /** For messages: `GET /invoices/:id`. */
  readonly what: string;
  readonly organization: OrganizationId;
  readonly hooks: Webhooks;
  readonly clock: Clock;
  /** When one of them aborts, nobody waits for the answer any more. */
  readonly signals: readonly AbortSignal[];
  /** When it aborts, the plugin was taken out while it answered. */
  readonly gone: AbortSignal;
  run(caller: Caller): Result;
}

/** Milliseconds for an answer. What takes longer is for a durable handler. */
const patience = 30_000;

/**
 * Calls code of a plugin for a request: as the plugin's, with an end. What it throws is its own fault, unless it refused the
 * request, or what it called is out of order for everyone.
 *
 * @throws PluginFault, RequestProblem, or a HookwrightError that says that the service cannot work at the moment.
 */
export async function callPlugin<Result>(call: PluginCall<Result>): Promise<Awaited<Result>> {
  const wait = new Wait([...call.signals, call.gone]);
  const late = Promise.withResolvers<never>();
  const timer = call.clock.setTimer(patience, () => {
    wait.giveUp();
    late.reject(new Error(`It did not answer within ${patience / 1_000} seconds.`));
  });
  const caller: Caller = {
    organization: call.organization,
    signal: wait.signal,
    emit: emitFor(call, wait),
    refuse: (why, detail) => {
      throw new RequestProblem(kinds[why] ?? "invalid", String(detail));
    },
  };
  try {
    const run = ownerScopeOf(call.hooks).run(call.owner, call.what, async () => call.run(caller));
    return await Promise.race([run, late.promise]);
  } catch (error) {
    throw faultOf(error, call);
  } finally {
    timer.cancel();
    wait.end();
  }
}

/**
 * Owns how long somebody waits for one answer. Not `AbortSignal.any`: `gone` lives as long as the plugin, and a signal made
 * from it that somebody listens to would live as long.
 */
class Wait {
  readonly #over = new AbortController();
  readonly #signals: readonly AbortSignal[];
  readonly #stop = (): void => this.giveUp(this.#signals.find(({ aborted }) => aborted)?.reason);
  #isOver = false;

  constructor(signals: readonly AbortSignal[]) {
    this.#signals = signals;
    for (const signal of signals) signal.addEventListener("abort", this.#stop);
    if (signals.some(({ aborted }) => aborted)) this.#stop();
  }

  get signal(): AbortSignal {
    return this.#over.signal;
  }

  /** Whether nobody waits any more, since there is an answer or will be none. */
  get isOver(): boolean {
    return this.#isOver;
  }

  giveUp(reason?: unknown): void {
    this.#isOver = true;
    this.#over.abort(reason);
  }

  end(): void {
    this.#isOver = true;
    for (const signal of this.#signals) signal.removeEventListener("abort", this.#stop);
  }
}

const kinds: Readonly<Record<Refusal, ProblemKind>> = {
  invalid: "invalid",
  forbidden: "forbidden",
  not_found: "not_found",
  conflict: "conflict",
};

function emitFor({ hooks, organization, owner, what }: PluginCall<unknown>, wait: Wait): CallerEmit {
  return async (...args: readonly unknown[]) => {
    if (wait.isOver)
      throw new HookwrightError(
        "lifecycle_invalid",
        `Plugin ${owner.name} emits in ${what} after that has ended: emit before it answers, or with the emit() of its context.`,
      );
    const { action, payload, options } = readEmit<CallerEmitOptions>(args);
    const { project, id } = options;
    const own = { organization, ...(project === undefined ? {} : { project }), ...(id === undefined ? {} : { id }) };
    // The overloads of CallerEmit are those of `emit`: what was tied there is only handed on here.
    return hooks.emit(action as KnownAction, payload as never, own);
  };
}

function faultOf(error: unknown, { owner, what, gone }: PluginCall<unknown>): unknown {
  if (error instanceof RequestProblem) return error;
  // Before anything else: that its own calls are refused from then on is no news to who asked.
  if (gone.aborted) return new RequestProblem("stopping", `Plugin ${owner.name} was unloaded.`);
  if (error instanceof HookwrightError && (httpStatusOf(error.code) ?? 500) > 500) return error;
  return new PluginFault(owner, `${what}: ${messageOf(error)}`, error);
}
