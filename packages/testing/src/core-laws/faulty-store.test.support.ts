import { createMemoryStore, type Store } from "@hookwright/core";

/** Asked before and after each call of a store: what it throws, the call throws; what it waits for, the call waits for. */
export type Fault = (call: string) => Promise<void> | void;

/** A memory store whose calls fail or hang as a test says; what it keeps stays intact. Calls are named `queue.claim`. */
export class FaultyStore implements Store {
  readonly name = "faulty";
  readonly #inner: Store;
  readonly #calls: string[] = [];
  before: Fault = () => undefined;
  /** Fails when the work is done already: the answer is lost. */
  after: Fault = () => undefined;
  readonly messages: Store["messages"];
  readonly webhooks: Store["webhooks"];
  readonly queue: Store["queue"];
  readonly notes: Store["notes"];
  readonly attempts: Store["attempts"];
  readonly access: Store["access"];
  readonly state: Store["state"];
  readonly jobs: Store["jobs"];

  constructor(inner: Store = createMemoryStore()) {
    this.#inner = inner;
    this.messages = this.#port("messages", inner.messages);
    this.webhooks = this.#port("webhooks", inner.webhooks);
    this.queue = this.#port("queue", inner.queue);
    this.notes = this.#port("notes", inner.notes);
    this.attempts = this.#port("attempts", inner.attempts);
    this.access = this.#port("access", inner.access);
    this.state = this.#port("state", inner.state);
    this.jobs = this.#port("jobs", inner.jobs);
  }

  get capabilities(): Store["capabilities"] {
    return this.#inner.capabilities;
  }

  /** Every call so far, by name. */
  get calls(): readonly string[] {
    return this.#calls;
  }

  countOf(call: string): number {
    return this.#calls.filter((known) => known === call).length;
  }

  open(): Promise<void> {
    return this.#call("open", () => this.#inner.open());
  }

  close(): Promise<void> {
    return this.#call("close", () => this.#inner.close());
  }

  async #call<Result>(name: string, run: () => Promise<Result>): Promise<Result> {
    this.#calls.push(name);
    await this.before(name);
    const result = await run();
    await this.after(name);
    return result;
  }

  #port<Port extends object>(name: string, port: Port): Port {
    return new Proxy(port, {
      get: (target, key) => {
        const member: unknown = Reflect.get(target, key);
        if (typeof member !== "function") return member;
        return (...parameters: unknown[]) =>
          this.#call(`${name}.${String(key)}`, () => Reflect.apply(member, target, parameters));
      },
    });
  }
}

/** Fails the given calls, so often. */
export function failing(calls: readonly string[], times: number): Fault {
  let left = times;
  return (call) => {
    if (!calls.includes(call) || left <= 0) return;
    left -= 1;
    throw new Error(`${call} failed`);
  };
}

export function allOf(faults: readonly Fault[]): Fault {
  return async (call) => {
    for (const fault of faults) await fault(call);
  };
}

/** Holds the next call of this name, until it is let go. */
export function holding(name: string): { readonly fault: Fault; readonly reached: Promise<void>; letGo(): void } {
  const reached = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const fault: Fault = async (call) => {
    if (call !== name) return;
    reached.resolve();
    await gate.promise;
  };
  return { fault, reached: reached.promise, letGo: () => gate.resolve() };
}
