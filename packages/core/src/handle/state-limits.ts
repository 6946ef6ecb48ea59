import { HookwrightError, messageOf } from "../foundation/hookwright-error.js";
import type { JsonValue } from "../foundation/json.js";

/** Values are read and written whole, many in one transaction: what is larger belongs elsewhere. In bytes of JSON. */
const largestValue = 65_536;

const longestKey = 200;

/** @throws HookwrightError `state_invalid`. */
export function checkKey(key: unknown): asserts key is string {
  if (typeof key === "string" && key.length >= 1 && key.length <= longestKey && key.isWellFormed()) return;
  const found = typeof key === "string" ? `one of ${key.length}` : typeof key;
  throw new HookwrightError(
    "state_invalid",
    `A key of the state must be a text of 1 to ${longestKey} characters, found ${found}.`,
  );
}

/** The value as JSON text. @throws HookwrightError `state_invalid`. */
export function stateText(key: string, value: unknown): string {
  const text = jsonOf(key, value);
  const size = Buffer.byteLength(text);
  if (size <= largestValue) return text;
  throw new HookwrightError(
    "state_invalid",
    `The value of key ${JSON.stringify(key)} has ${size} bytes of JSON; at most ${largestValue} are kept. Split it over several keys.`,
  );
}

/** What was kept; `null` is nothing. */
export function stateValue(text: string | null): JsonValue | undefined {
  return text === null ? undefined : (JSON.parse(text) as JsonValue);
}

function jsonOf(key: string, value: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    throw notJson(key, messageOf(error), error);
  }
  if (text === undefined) throw notJson(key, `it is ${typeof value}; use delete to remove a key`);
  return text;
}

function notJson(key: string, reason: string, cause?: unknown): HookwrightError {
  return new HookwrightError(
    "state_invalid",
    `The value of key ${JSON.stringify(key)} cannot be written as JSON: ${reason}.`,
    { cause },
  );
}
