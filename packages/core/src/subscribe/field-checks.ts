import { parseRetrySchedule } from "../delivery/retry-schedule.js";
import type { EventRegistry } from "../event/event-registry.js";
import { messageOf } from "../foundation/hookwright-error.js";
import { type Checked, mayNotBeNull } from "./field-problems.js";
import { pythonTextOf, pythonTypeOf } from "./python-names.js";

/** What Label Studio reads as true and as false: numbers and words, in three spellings each, as forms send them. */
const truths = new Set<unknown>([true, 1, ..."1 t T y Y yes Yes YES true True TRUE on On ON".split(" ")]);
const untruths = new Set<unknown>([false, 0, ..."0 f F n N no No NO false False FALSE off Off OFF".split(" ")]);

export function checkBoolean(value: unknown): Checked<boolean> {
  if (value === null) return mayNotBeNull;
  if (truths.has(value)) return { value: true };
  return untruths.has(value) ? { value: false } : { problem: ["Must be a valid boolean."] };
}

/** A positive whole number, or a text that is one. */
export function checkProject(value: unknown): Checked<number> {
  const number = typeof value === "string" && /^\s*-?\d+\s*$/.test(value) ? Number(value) : value;
  if (typeof number !== "number" || !Number.isInteger(number))
    return { problem: [`Incorrect type. Expected pk value, received ${pythonTypeOf(value)}.`] };
  return number > 0 && Number.isSafeInteger(number)
    ? { value: number }
    : { problem: [`Invalid pk "${pythonTextOf(value)}" - object does not exist.`] };
}

/** More than there will ever be events of one host. */
const mostActions = 1_000;

/** Nobody corrects more at once. */
const mostFaults = 100;

/** Known actions and aliases, as they were given, each once. Faults stand under the index of what is faulty. */
export function checkActions(value: unknown, registry: EventRegistry): Checked<readonly string[]> {
  if (value === null) return mayNotBeNull;
  if (!Array.isArray(value)) return { problem: [`Expected a list of items but got type "${pythonTypeOf(value)}".`] };
  if (value.length > mostActions) return { problem: [`Ensure this field has no more than ${mostActions} elements.`] };
  const problems: Record<string, readonly string[]> = {};
  const actions = new Set<string>();
  let faults = 0;
  for (const [index, action] of value.entries()) {
    if (typeof action === "string" && registry.find(action) !== undefined) {
      actions.add(action);
      continue;
    }
    problems[index] = action === null ? mayNotBeNull.problem : [`"${pythonTextOf(action)}" is not a valid choice.`];
    faults += 1;
    if (faults === mostFaults) break;
  }
  return faults === 0 ? { value: [...actions] } : { problem: problems };
}

/** A list of fifty waits with blanks fits in easily. */
const longestSchedule = 1_000;

/** `standard`, a list of waits, an empty text for none; `null` for the setting. */
export function checkRetrySchedule(value: unknown): Checked<string | null> {
  if (value === null) return { value: null };
  if (typeof value !== "string" || value.length > longestSchedule)
    return { problem: ['Must be null, "standard", or a list of waits such as "5s,1m,10m".'] };
  try {
    parseRetrySchedule(value, "It");
    return { value: value.trim() };
  } catch (error) {
    return { problem: [messageOf(error)] };
  }
}

export function checkMaxConcurrency(value: unknown): Checked<number | null> {
  if (value === null) return { value: null };
  const number = numberOf(value);
  return Number.isInteger(number) && number >= 1 && number <= 1_000
    ? { value: number }
    : { problem: ["Must be null or a whole number from 1 to 1000."] };
}

export function checkRateLimit(value: unknown): Checked<number | null> {
  if (value === null) return { value: null };
  const number = numberOf(value);
  // One in a thousand seconds: a slower webhook is paused, not limited.
  return number >= 0.001 && number <= 100_000
    ? { value: number }
    : { problem: ["Must be null or a number of deliveries a second, from 0.001 to 100000."] };
}

/** A number, or the text of one, as forms send it; NaN for anything else. */
function numberOf(value: unknown): number {
  if (typeof value === "number") return value;
  return typeof value === "string" && /^\s*\d+(?:\.\d+)?\s*$/.test(value) ? Number(value) : Number.NaN;
}
