import { AsyncLocalStorage } from "node:async_hooks";

/**
 * Whose code runs. Node carries it along to everything that the code starts: timers, promises, streams, sockets. With no
 * plugin loaded it is never entered, and costs nothing.
 */
const running = new AsyncLocalStorage<string | undefined>();

/** Errors by the plugin that threw them first, for those who get them where its code has been left. */
const raised = new WeakMap<object, string>();

/** What is not a plugin's. */
const own: ReadonlySet<string> = new Set(["core", "application"]);

/**
 * Calls `work` as code of this plugin, and gives back what it gives back. What it throws or rejects with is remembered as
 * the plugin's, see {@link blameOf}; so is all that it leaves behind. Owners that are no plugin (`core`, `application`) are
 * nobody.
 */
export function runAs<Result>(plugin: string, work: () => Result): Result {
  if (own.has(plugin)) return runAsNobody(work);
  let result: Result;
  try {
    result = running.run(plugin, work);
  } catch (error) {
    noteBlame(error, plugin);
    throw error;
  }
  if (!(result instanceof Promise)) return result;
  // A promise of what `work` promised: only its rejection was looked at.
  return result.catch((error: unknown) => {
    noteBlame(error, plugin);
    throw error;
  }) as Result;
}

/** The way out of a plugin's code, into core's: what core does there for others is not the plugin's. */
export function runAsNobody<Result>(work: () => Result): Result {
  return running.getStore() === undefined ? work() : running.run(undefined, work);
}

/** As {@link runAs}, without looking at what comes of it: for the one who takes care of that, on the path of every delivery. */
export function enterPlugin<Result>(plugin: string | undefined, work: () => Result): Result {
  return running.run(plugin, work);
}

/** The plugin whose code runs now, or left behind what runs now. */
export function currentPlugin(): string | undefined {
  return running.getStore();
}

/** The first one stands: what passes through the code of others on its way is not theirs. */
function noteBlame(error: unknown, plugin: string): void {
  if (typeof error === "object" && error !== null && !raised.has(error)) raised.set(error, plugin);
}

/**
 * The name of the plugin in whose code an error was raised; `undefined` when it was nobody's. In the process's own handlers
 * of `unhandledRejection` and `uncaughtException` it also knows what came out of a timer, a stream or a promise that a plugin
 * left behind. It names, and does nothing else: whether the process goes on is the application's choice.
 *
 * @example
 * ```ts
 * import { blameOf } from "@hookwright/core";
 *
 * process.on("unhandledRejection", (error) => {
 *   console.error(`Rejected in ${blameOf(error) ?? "the application"}`, error);
 * });
 * ```
 */
export function blameOf(error: unknown): string | undefined {
  const known = typeof error === "object" && error !== null ? raised.get(error) : undefined;
  return known ?? currentPlugin();
}
