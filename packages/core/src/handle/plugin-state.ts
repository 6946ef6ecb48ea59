import type { JsonValue } from "../foundation/json.js";

/** A value with the version that `compareAndSet` asks for. */
export interface StateValue<Value = JsonValue> {
  /** `undefined` where there is none. */
  readonly value: Value | undefined;
  /** Another after each change; 0 where there is no value. */
  readonly version: number;
}

/** What a plugin remembers of one organization, from outside a handler: in a route, a command, a timer. What was answered is on disk. */
export interface OrganizationState {
  /** The type is the caller's word: the state holds what this plugin wrote. */
  get<Value = JsonValue>(key: string): Promise<Value | undefined>;
  /** The value, with its version. */
  read<Value = JsonValue>(key: string): Promise<StateValue<Value>>;
  /**
   * Writes a value, or removes it (`undefined`), unless the key has another version by now; whether it did.
   *
   * @throws HookwrightError `state_invalid`.
   */
  compareAndSet(key: string, version: number, value: JsonValue | undefined): Promise<boolean>;
  /**
   * Reads, changes and writes a value, again until nobody came between; returns what it wrote. `change` may be called several times and must do nothing else.
   *
   * @throws HookwrightError `state_invalid`, or `overloaded` when others are always faster.
   */
  update<Value extends JsonValue = JsonValue>(
    key: string,
    change: (value: Value | undefined) => Value | undefined,
  ): Promise<Value | undefined>;
}

/** A plugin's state, apart for each organization. */
export interface PluginStates {
  /** @throws HookwrightError `scope_invalid` when the number is no id. */
  of(organization: number): OrganizationState;
}
