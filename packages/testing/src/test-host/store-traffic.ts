import type { Store } from "@hookwright/core";

/** Knows whether a store is being asked something: a database works in real time, whatever time it is in the test. */
export class StoreTraffic {
  readonly #ports = new Map<unknown, unknown>();
  #calls = 0;

  /** Whether a call has not been answered yet. */
  get isUnderWay(): boolean {
    return this.#calls > 0;
  }

  /** The same store, whose calls are counted while they are under way. */
  watch(store: Store): Store {
    return this.#watched(store);
  }

  #watched<Port extends object>(port: Port): Port {
    return new Proxy(port, {
      get: (target, name) => {
        // Read from the port itself: its private members know no proxy.
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member === "function")
          return (...given: readonly unknown[]) => this.#counted(Reflect.apply(member, target, given));
        return typeof member === "object" && member !== null ? this.#portOf(member) : member;
      },
    });
  }

  #portOf(port: object): unknown {
    const known = this.#ports.get(port) ?? this.#watched(port);
    this.#ports.set(port, known);
    return known;
  }

  #counted(answer: unknown): unknown {
    if (!(answer instanceof Promise)) return answer;
    this.#calls += 1;
    return answer.finally(() => {
      this.#calls -= 1;
    });
  }
}
