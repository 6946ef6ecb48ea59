import { HookwrightError } from "../foundation/hookwright-error.js";
import type { JsonValue } from "../foundation/json.js";
import type { PluginStateStore, StateChange, StateOwner } from "../store/plugin-state-store.js";
import type { HandlerState } from "./handler.js";
import { checkKey, stateText, stateValue } from "./state-limits.js";
import { StoreFault } from "./store-fault.js";

/** What is known of one key. */
interface Touched {
  /** What was read, with its version; `undefined` while it was not. */
  read: { readonly text: string | null; readonly version: number } | undefined;
  /** What is to be written; `undefined`: nothing. */
  written: string | null | undefined;
}

/** Keys that one call may read and write: all are checked and written in one transaction. */
const mostKeys = 1_000;

/**
 * Owns what one call of a handler has read of its state and wants to write. Nothing is written here: the commit checks that
 * no key that was read has changed since, and writes then.
 */
export class StateDraft implements HandlerState {
  readonly #store: Pick<PluginStateStore, "read">;
  readonly #owner: StateOwner;
  readonly #touched = new Map<string, Touched>();
  #fault: StoreFault | undefined;
  #isSealed = false;

  constructor(store: Pick<PluginStateStore, "read">, owner: StateOwner) {
    this.#store = store;
    this.#owner = owner;
  }

  async get<Value = JsonValue>(key: string): Promise<Value | undefined> {
    const touched = this.#touch(key);
    if (touched.written === undefined && touched.read === undefined) {
      try {
        const [entry] = await this.#store.read(this.#owner, [key]);
        // Two reads at once may see two versions: the first that is kept is the one that counts.
        touched.read ??= { text: entry?.value ?? null, version: entry?.version ?? 0 };
      } catch (error) {
        this.#fault ??= new StoreFault(error);
        throw error;
      }
    }
    this.#requireOpen();
    const text = touched.written === undefined ? (touched.read?.text ?? null) : touched.written;
    // The caller says what this plugin has written.
    return stateValue(text) as Value | undefined;
  }

  set(key: string, value: JsonValue): void {
    this.#touch(key).written = stateText(key, value);
  }

  delete(key: string): void {
    this.#touch(key).written = null;
  }

  /** Ends the draft: whatever comes later is refused, since it could have no effect. */
  seal(): readonly StateChange[] {
    this.#isSealed = true;
    return [...this.#touched].map(([key, { read, written }]) => ({ key, expected: read?.version, value: written }));
  }

  /** What the store answered to a read that failed, whatever the handler made of it. */
  get fault(): StoreFault | undefined {
    return this.#fault;
  }

  #touch(key: string): Touched {
    this.#requireOpen();
    checkKey(key);
    const known = this.#touched.get(key);
    if (known !== undefined) return known;
    if (this.#touched.size === mostKeys) {
      throw new HookwrightError(
        "state_invalid",
        `One call of a handler may touch ${mostKeys} keys of its state at most.`,
      );
    }
    const touched: Touched = { read: undefined, written: undefined };
    this.#touched.set(key, touched);
    return touched;
  }

  #requireOpen(): void {
    if (!this.#isSealed) return;
    throw new HookwrightError(
      "state_invalid",
      "A handler used its state after it had ended. Await whatever it begins before it returns.",
    );
  }
}
