import { checkedId } from "../foundation/checked-id.js";
import { HookwrightError } from "../foundation/hookwright-error.js";
import type { OrganizationId } from "../foundation/ids.js";
import type { JsonValue } from "../foundation/json.js";
import type { PluginStateStore, StateOwner } from "../store/plugin-state-store.js";
import type { OrganizationState, PluginStates, StateValue } from "./plugin-state.js";
import { checkKey, stateText, stateValue } from "./state-limits.js";

type Store = Pick<PluginStateStore, "read" | "compareAndSet">;

/** Rounds that an update loses to others; more are a fault. */
const mostRounds = 100;

/** A plugin's state, for its code outside of handlers. */
export function pluginStates(plugin: string, store: Store): PluginStates {
  return {
    of: (organization) =>
      new StoredState({ plugin, organization: checkedId("organization", organization) as OrganizationId }, store),
  };
}

/** Reads and writes one organization's state, each write a transaction of its own. */
class StoredState implements OrganizationState {
  readonly #owner: StateOwner;
  readonly #store: Store;

  constructor(owner: StateOwner, store: Store) {
    this.#owner = owner;
    this.#store = store;
  }

  async get<Value = JsonValue>(key: string): Promise<Value | undefined> {
    return (await this.read<Value>(key)).value;
  }

  async read<Value = JsonValue>(key: string): Promise<StateValue<Value>> {
    checkKey(key);
    const [entry] = await this.#store.read(this.#owner, [key]);
    // The caller says what this plugin has written.
    const value = stateValue(entry?.value ?? null) as Value | undefined;
    return { value, version: entry?.version ?? 0 };
  }

  async compareAndSet(key: string, version: number, value: JsonValue | undefined): Promise<boolean> {
    checkKey(key);
    const text = value === undefined ? null : stateText(key, value);
    return this.#store.compareAndSet(this.#owner, [{ key, expected: version, value: text }]);
  }

  async update<Value extends JsonValue = JsonValue>(
    key: string,
    change: (value: Value | undefined) => Value | undefined,
  ): Promise<Value | undefined> {
    for (let round = 0; round < mostRounds; round += 1) {
      const { value, version } = await this.read<Value>(key);
      const changed = change(value);
      if (await this.compareAndSet(key, version, changed)) return changed;
    }
    throw new HookwrightError(
      "overloaded",
      `The key ${JSON.stringify(key)} of plugin ${this.#owner.plugin}'s state was changed by others ${mostRounds} times in a row. Try again in a second.`,
    );
  }
}
