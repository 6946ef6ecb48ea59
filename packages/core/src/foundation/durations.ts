import { HookwrightError } from "./hookwright-error.js";

const units: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** A hundred years. Nobody means a longer one, and moments reckoned with it stay within what a date can say. */
const longest = 36_500 * 86_400_000;

/**
 * Reads a duration such as `250ms`, `10s`, `1.5m`, `24h`, `30d` into whole milliseconds. The one parser of durations.
 *
 * @throws HookwrightError `configuration_invalid` for any other text and beyond a hundred years; `name` says whose value
 * it was.
 */
export function parseDuration(text: string, name: string): number {
  const [, amount = "", unit = ""] = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)$/.exec(text.trim()) ?? [];
  const duration = Math.round(Number(amount) * (units[unit] ?? Number.NaN));
  if (duration <= longest) return duration;
  throw new HookwrightError(
    "configuration_invalid",
    `${name} must be a duration such as 250ms, 10s, 5m, 24h or 30d, found ${JSON.stringify(text.slice(0, 64))}.`,
  );
}
