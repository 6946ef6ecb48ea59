import { parseDuration } from "../foundation/durations.js";
import { HookwrightError } from "../foundation/hookwright-error.js";

/** The waits before the second, third, … attempt, in milliseconds. Empty: one attempt and no more. */
export type RetrySchedule = readonly number[];

/** The waits that Standard Webhooks 1.0.0 recommends: 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 10 h. */
const standardSchedule = "5s,5m,30m,2h,5h,10h,10h";

/** A longer list than any receiver's outage needs; it bounds what a stored text can make of itself. */
const longestSchedule = 50;

/** A month in milliseconds, as long as a record is kept: a delivery that is due later would outlive everything known of it. */
const longestWait = 30 * 86_400_000;

/**
 * Reads `standard`, a list such as `5s,1m,10m`, or an empty text.
 *
 * @throws HookwrightError `configuration_invalid`; `name` says whose value it was.
 */
export function parseRetrySchedule(text: string, name: string): RetrySchedule {
  const wanted = text.trim() === "standard" ? standardSchedule : text;
  if (wanted.trim() === "") return [];
  const waits = wanted.split(",");
  if (waits.length > longestSchedule)
    throw invalid(`${name} must list at most ${longestSchedule} waits, found ${waits.length}.`);
  return waits.map((wait) => parseWait(wait, name));
}

function parseWait(text: string, name: string): number {
  const found = JSON.stringify(text.slice(0, 64));
  let wait: number;
  try {
    wait = parseDuration(text, name);
  } catch {
    throw invalid(`${name} must be standard, or a list of waits such as 5s,1m,10m, found ${found}.`);
  }
  if (wait > longestWait) throw invalid(`${name} must list waits of at most 30d, found ${found}.`);
  return wait;
}

/** Milliseconds to wait after `failures` failed attempts; `undefined` when the schedule is used up. `random` is in [0, 1). */
export function nextAttempt(schedule: RetrySchedule, failures: number, random: number): number | undefined {
  const wait = schedule[failures - 1];
  return wait === undefined ? undefined : spread(wait, random);
}

/** A wait, spread by ±20 %: what failed together must not return together. */
export function spread(wait: number, random: number): number {
  return Math.round(wait * (0.8 + 0.4 * random));
}

function invalid(message: string): HookwrightError {
  return new HookwrightError("configuration_invalid", message);
}
