import { HookwrightError } from "./hookwright-error.js";

/** The number, if it can be an id; `name` says what it is. @throws HookwrightError `scope_invalid`. */
export function checkedId(name: string, value: unknown): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value > 0) return value;
  throw new HookwrightError("scope_invalid", `${name} must be a positive whole number, found ${String(value)}.`);
}
