import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { chaosSettings, disableAfter } from "./chaos-settings.test.support.js";
import { type CrashOrder, crashEnvironment } from "./crash-switch.test.support.js";

/** What a webhook is told to be; the names are core's. */
export interface WebhookWish {
  readonly url?: string;
  readonly actions?: readonly string[];
  readonly isActive?: boolean;
  readonly retrySchedule?: string;
  readonly maxConcurrency?: number;
  readonly rateLimit?: number;
  readonly ordered?: boolean;
}

export interface KnownWebhook {
  readonly id: number;
  readonly url: string;
  readonly isActive: boolean;
}

interface WantedEvent {
  /** Goes into the payload, and tells events apart. */
  readonly number: number;
  readonly key: string;
  /** Whether it is one that has to be refused. */
  readonly isBad: boolean;
}

interface WantedReplay {
  readonly since: number;
  readonly status?: "failed";
  readonly missing: boolean;
}

export interface KnownJob {
  readonly id: string;
  readonly state: string;
}

export interface Receipt {
  readonly id: string;
  readonly deliveries: number;
  readonly duplicate: boolean;
}

/** One call of a child. */
export interface HostCall {
  readonly id: number;
  readonly call: "emit" | "create" | "update" | "delete" | "list" | "retry" | "replay" | "job" | "waiting" | "stop";
  readonly given: {
    readonly organization: number;
    readonly number?: number;
    readonly change?: WebhookWish;
    readonly event?: WantedEvent;
    readonly delivery?: string;
    readonly replay?: WantedReplay;
    readonly job?: string;
  };
}

export interface HostBegin {
  readonly file: string;
  /** Whether its retention is at work. */
  readonly purges: boolean;
}

/** The child answered, with an error. */
export class Refused extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** The child is gone; what it did of the call is not known. */
export class ChildGone extends Error {}

/** A child process that takes events and webhooks, and how it is talked to: by messages or over HTTP. */
export interface Door {
  readonly ended: Promise<ChildEnd>;
  /** Resolves when calls may be made. */
  open(begin: HostBegin): Promise<void>;
  call(call: HostCall["call"], given: HostCall["given"]): Promise<unknown>;
  /** Ends it without a word, as the kernel would. */
  kill(): void;
  /** Asks it to end in its own way. */
  stop(): Promise<void>;
}

export interface ChildEnd {
  readonly signal: NodeJS.Signals | null;
  readonly code: number | null;
  /** The end of what it wrote to standard error. */
  readonly words: string;
}

export type StartDoor = (order: CrashOrder | undefined, folder: string) => Door;

/** The compiled files: a child is plain Node. */
const compiled = (name: string): string => fileURLToPath(new URL(`../../dist/${name}`, import.meta.url));
const preload = `--import=${new URL("../../dist/chaos/crash-thread.test.support.js", import.meta.url).href}`;

/** A host in a process of its own. */
export function startHost(order: CrashOrder | undefined): Door {
  return new HostDoor(order);
}

/** The service as a user starts it. */
export function startService(order: CrashOrder | undefined, folder: string): Door {
  return new ServiceDoor(order, folder);
}

abstract class ChildDoor implements Door {
  readonly child: ChildProcess;
  readonly ended: Promise<ChildEnd>;
  #words = "";

  constructor(order: CrashOrder | undefined, args: readonly string[], environment: Readonly<Record<string, string>>) {
    this.child = spawn(process.execPath, args, {
      env: { PATH: process.env["PATH"], NODE_OPTIONS: preload, ...crashEnvironment(order), ...environment },
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    this.child.stderr?.on("data", (piece) => {
      this.#words = (this.#words + String(piece)).slice(-4_000);
    });
    this.ended = once(this.child, "exit").then(([code, signal]) => ({ code, signal, words: this.#words }));
  }

  abstract open(begin: HostBegin): Promise<void>;
  abstract call(call: HostCall["call"], given: HostCall["given"]): Promise<unknown>;
  abstract stop(): Promise<void>;

  kill(): void {
    this.child.kill("SIGKILL");
  }

  /** Rejects when the child ends first. */
  protected orGone<Value>(work: Promise<Value>): Promise<Value> {
    const gone = this.ended.then(({ words }): never => {
      throw new ChildGone(`The child is gone. It said: ${words}`);
    });
    return Promise.race([work, gone]);
  }
}

class HostDoor extends ChildDoor {
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  readonly #loaded = Promise.withResolvers<void>();
  readonly #opened = Promise.withResolvers<void>();
  #calls = 0;

  constructor(order: CrashOrder | undefined) {
    super(order, [compiled("chaos/host-child.test.support.js")], {});
    this.child.on("message", (message: HostWord) => this.#hear(message));
    // One that is gone before it is asked anything is told to whoever asks.
    this.orGone(this.#loaded.promise).catch(() => undefined);
  }

  async open(begin: HostBegin): Promise<void> {
    await this.orGone(this.#loaded.promise);
    this.child.send(begin);
    await this.orGone(this.#opened.promise);
  }

  call(call: HostCall["call"], given: HostCall["given"]): Promise<unknown> {
    const id = ++this.#calls;
    const waiting = Promise.withResolvers<unknown>();
    this.#waiting.set(id, waiting);
    const message: HostCall = { id, call, given };
    if (this.child.connected) this.child.send(message, () => undefined);
    return this.orGone(waiting.promise);
  }

  async stop(): Promise<void> {
    await this.call("stop", { organization: 1 });
    this.child.disconnect();
    await this.ended;
  }

  #hear(word: HostWord): void {
    if (word === "loaded") return this.#loaded.resolve();
    if (word === "open") return this.#opened.resolve();
    const waiting = this.#waiting.get(word.id);
    this.#waiting.delete(word.id);
    if (word.refusal === undefined) waiting?.resolve(word.value);
    else waiting?.reject(new Refused(word.refusal.code, word.refusal.message));
  }
}

type HostWord =
  | "loaded"
  | "open"
  | {
      readonly id: number;
      readonly value?: unknown;
      readonly refusal?: { readonly code: string; readonly message: string };
    };

/** Speaks HTTP, and nothing of the child's memory. */
class ServiceDoor extends ChildDoor {
  #url = "";
  #token = "";

  constructor(order: CrashOrder | undefined, folder: string) {
    const plugin = compiled("chaos/chaos-plugin.test.support.js");
    super(order, [compiled("main.js"), "start", "--json", "--plugin", plugin], {
      HOOKWRIGHT_DATA: folder,
      HOOKWRIGHT_PORT: "0",
      HOOKWRIGHT_ALLOW_TARGETS: chaosSettings.allowTargets,
      WEBHOOK_TIMEOUT: String(chaosSettings.timeout / 1_000),
      WEBHOOK_MAX_CONSECUTIVE_FAILURES: String(disableAfter),
    });
  }

  async open(): Promise<void> {
    const lines = createInterface({ input: this.child.stdout ?? ([] as never) })[Symbol.asyncIterator]();
    const { value } = await this.orGone(lines.next());
    // Its output ends a moment before it does.
    if (value === undefined) return this.orGone(new Promise<never>(() => undefined));
    const { url, token_file } = JSON.parse(String(value)) as { readonly url: string; readonly token_file: string };
    this.#url = url;
    this.#token = readFileSync(token_file, "utf8").trim();
  }

  async call(call: HostCall["call"], given: HostCall["given"]): Promise<unknown> {
    const { number, change = {}, event, delivery, replay, job } = given;
    switch (call) {
      case "emit": {
        const payload = event?.isBad ? { tasks: 1 } : { tasks: [{ id: event?.number }] };
        return this.#send("POST", "/api/events/", { action: "TASKS_CREATED", payload, project: 12, id: event?.key });
      }
      case "create":
        return this.#send("POST", "/api/webhooks/", { project: 12, ...wire(change) });
      case "update":
        return this.#send("PATCH", `/api/webhooks/${number}/`, wire(change));
      case "delete":
        return this.#send("DELETE", `/api/webhooks/${number}/`);
      case "list": {
        const webhooks = (await this.#send("GET", "/api/webhooks/")) as readonly WireWebhook[];
        return webhooks.map(({ id, url, is_active: isActive }): KnownWebhook => ({ id, url, isActive }));
      }
      case "retry":
        return this.#send("POST", `/api/deliveries/${delivery}/retry/`);
      case "replay":
        return this.#send("POST", `/api/webhooks/${number}/replay/`, {
          ...replay,
          since: new Date(replay?.since ?? 0).toISOString(),
        });
      case "job":
        return this.#send("GET", `/api/jobs/${job}/`);
      case "waiting": {
        const page = (await this.#send("GET", "/api/deliveries/?status=pending&limit=1")) as {
          readonly results: readonly unknown[];
        };
        return page.results.length;
      }
      case "stop":
        return this.stop();
      default:
        return call satisfies never;
    }
  }

  async stop(): Promise<void> {
    this.child.kill("SIGTERM");
    await this.ended;
  }

  async #send(method: string, path: string, body?: unknown): Promise<unknown> {
    const headers = { authorization: `Token ${this.#token}`, "content-type": "application/json" };
    const init: RequestInit = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
    const asking = fetch(`${this.#url}${path}`, init).then(async (answer) => ({
      status: answer.status,
      text: await answer.text(),
    }));
    const { status, text } = await this.orGone(asking.catch((cause) => this.#broken(cause)));
    if (status >= 400) throw new Refused(String(status), text);
    return text === "" ? undefined : JSON.parse(text);
  }

  /** A connection that breaks is the end of the child: its exit is heard a moment later. */
  async #broken(cause: unknown): Promise<never> {
    await this.ended;
    throw new ChildGone("The connection to the child broke.", { cause });
  }
}

interface WireWebhook {
  readonly id: number;
  readonly url: string;
  readonly is_active: boolean;
}

function wire(change: WebhookWish): Readonly<Record<string, unknown>> {
  const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return Object.fromEntries(Object.entries(change).map(([name, value]) => [snake(name), value]));
}
