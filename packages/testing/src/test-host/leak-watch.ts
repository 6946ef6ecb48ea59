import { createHook } from "node:async_hooks";

/** What outlives the call that made it and keeps a process busy, by the name that Node has for it. */
const kinds: Readonly<Record<string, string>> = {
  Timeout: "a timer",
  TCPSERVERWRAP: "a listening server",
  PIPESERVERWRAP: "a listening server",
  UDPWRAP: "a datagram socket",
  FSEVENTWRAP: "a file watcher",
  STATWATCHER: "a file watcher",
  PROCESSWRAP: "a child process",
  WORKER: "a worker thread",
};

interface Leak {
  readonly plugin: string;
  readonly what: string;
  /** File, line and column of the call. */
  readonly place: string;
}

interface ListenerLeak extends Leak {
  readonly event: string | symbol;
}

/**
 * Knows what plugins' code started and has not ended: timers, servers, watchers, processes, listeners of the process. Node
 * tells of each such thing when it is made, and whose code is running then is known; so nothing of the test runner's is ever
 * taken for a plugin's.
 */
export class LeakWatch {
  readonly #pluginNow: () => string | undefined;
  readonly #started = new Map<number, Leak>();
  readonly #listening = new Map<unknown, ListenerLeak>();
  readonly #hook = createHook({
    init: (id, type) => this.#note(id, type),
    destroy: (id) => void this.#started.delete(id),
  });

  /** `pluginNow` names the plugin whose code is running. */
  constructor(pluginNow: () => string | undefined) {
    this.#pluginNow = pluginNow;
    this.#hook.enable();
    process.on("newListener", this.#noteListener);
  }

  /** Tells what is left, of one plugin or of all, one line each; what was told is forgotten. */
  tell(plugin?: string): readonly string[] {
    const isMeant = (leak: Leak): boolean => plugin === undefined || leak.plugin === plugin;
    const started = [...this.#started].filter(([, leak]) => isMeant(leak));
    const listening = [...this.#listening].filter(([listener, leak]) => isMeant(leak) && isListening(listener, leak));
    for (const [id] of started) this.#started.delete(id);
    for (const [listener] of listening) this.#listening.delete(listener);
    return [...started, ...listening].map(([, leak]) => `${leak.plugin}: ${leak.what}, made at ${leak.place}`);
  }

  /** Ends the watch. */
  end(): void {
    this.#hook.disable();
    process.off("newListener", this.#noteListener);
  }

  #note(id: number, type: string): void {
    const what = kinds[type];
    const plugin = what === undefined ? undefined : this.#pluginNow();
    if (what === undefined || plugin === undefined) return;
    const place = type === "Timeout" ? placeOfCaller(timerFrame) : placeNearby();
    if (place !== undefined) this.#started.set(id, { plugin, what, place });
  }

  readonly #noteListener = (event: string | symbol, listener: unknown): void => {
    const plugin = this.#pluginNow();
    const place = plugin === undefined ? undefined : placeOfCaller(listenerFrame);
    if (plugin === undefined || place === undefined) return;
    this.#listening.set(listener, { plugin, what: `a listener of process for ${String(event)}`, place, event });
  };
}

function isListening(listener: unknown, { event }: ListenerLeak): boolean {
  // `listeners` takes the name of any event, though its type lists those that Node itself has.
  const listeners: readonly unknown[] = process.listeners(event as NodeJS.Signals);
  return listeners.includes(listener);
}

/** Frames of Node that stand between a call and the thing that it makes. */
const betweenFrame = /\bnode:(?:internal\/)?(?:async_hooks|timers|events)\b/;
const timerFrame = /\bnode:(?:internal\/)?timers\b/;
/** Test runners put functions of their own around `process.emit`, which tells of the listener. */
const listenerFrame = /\b_addListener\b/;

/**
 * Where the code stands that called Node for this, through the frame that `entry` fits; `undefined` when that is Node's own: an
 * HTTP client keeps timers of its own.
 */
function placeOfCaller(entry: RegExp): string | undefined {
  const frames = framesNow();
  const entered = frames.slice(
    Math.max(
      0,
      frames.findIndex((frame) => entry.test(frame)),
    ),
  );
  const caller = entered.find((frame) => !betweenFrame.test(frame));
  return caller === undefined || isOfNode(caller) ? undefined : placeIn(caller);
}

/** Where the nearest code stands that is not Node's; Node may have made the thing later, in its own time. */
function placeNearby(): string {
  const caller = framesNow().find((frame) => !isOfNode(frame) && !frame.includes(import.meta.filename));
  return caller === undefined ? "a place that is not known" : placeIn(caller);
}

function framesNow(): readonly string[] {
  return (new Error().stack ?? "").split("\n").filter((line) => /^\s+at /.test(line));
}

/** `fetch` is Node's, also where it runs on an installed copy of its client. */
function isOfNode(frame: string): boolean {
  return frame.includes("node:") || /[\\/]undici[\\/]lib[\\/]/.test(frame);
}

/** `    at setup (file:///billing.ts:12:7)` without all but the place. */
function placeIn(frame: string): string {
  return frame.replace(/^\s+at (?:.*\()?/, "").replace(/\)$/, "");
}
