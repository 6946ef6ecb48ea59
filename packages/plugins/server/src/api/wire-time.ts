/** Milliseconds since the epoch as the API writes them: ISO 8601, UTC, six fraction digits, `Z`. */
export function wireTime(time: number): string {
  return new Date(time).toISOString().replace("Z", "000Z");
}

/** As {@link wireTime}; `null` stays `null`. */
export function wireTimeOrNull(time: number | null): string | null {
  return time === null ? null : wireTime(time);
}

const isoTime = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(?:Z|([+ -]\d\d):?(\d\d))?)?$/i;

/**
 * Reads an ISO 8601 date or time into milliseconds; without an offset it is UTC. A blank stands for the `+` of an offset,
 * because that is what an unescaped `+` in a query becomes. `undefined` for any other text.
 */
export function readTime(text: string): number | undefined {
  const [, date, time = "00:00", hours = "+00", minutes = "00"] = isoTime.exec(text.trim()) ?? [];
  if (date === undefined) return undefined;
  const milliseconds = Date.parse(`${date}T${time}${hours.replace(" ", "+")}:${minutes}`);
  return Number.isNaN(milliseconds) ? undefined : milliseconds;
}
