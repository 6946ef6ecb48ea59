/** What a receiver may ask for at most, in milliseconds: a day. More would outlive whoever would notice the mistake. */
export const longestPause = 86_400_000;

const weekday = "(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?";
const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const month = `(?<month>${months.join("|")})`;
const time = "(?<hour>\\d\\d):(?<minute>\\d\\d):(?<second>\\d\\d)";

/** The three forms of RFC 9110, section 5.6.7, that of today first. Only the first two have a comma. */
const dateForms: readonly RegExp[] = [
  new RegExp(`^${weekday}, (?<day>\\d\\d) ${month} (?<year>\\d{4}) ${time} gmt$`, "i"),
  new RegExp(`^${weekday}, (?<day>\\d\\d)-${month}-(?<year>\\d\\d) ${time} gmt$`, "i"),
  new RegExp(`^${weekday} ${month} (?<day>[ \\d]\\d) ${time} (?<year>\\d{4})$`, "i"),
];

/** A comma that does not stand behind the name of a day. */
const separator = new RegExp(`(?<!(?:^|[\\s,])${weekday}),`, "i");

/**
 * Reads a `Retry-After` header: for how many milliseconds its receiver asks to be left alone, at most a day; `undefined` when
 * there is none, or nothing in it asks for a wait. Seconds are rounded up to whole ones (`120.1` is 121 s). Where several
 * came, the longest wait counts: it is the one that breaks none of them; what cannot be read is as if it were not there.
 */
export function retryAfterWait(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  const waits = header.split(separator).map((wish) => waitOf(wish.trim(), now));
  const longest = Math.max(...waits);
  return longest > 0 ? Math.min(longest, longestPause) : undefined;
}

/** 0 for what is no wish, or one whose time is over. */
function waitOf(wish: string, now: number): number {
  if (/^\d+(?:\.\d+)?$/.test(wish)) return Math.ceil(Number(wish)) * 1_000;
  for (const form of dateForms) {
    const parts = form.exec(wish)?.groups;
    if (parts !== undefined) return Math.max(0, momentOf(parts, now) - now);
  }
  return 0;
}

/** Negative infinity for a day that no calendar has. */
function momentOf(parts: Readonly<Record<string, string>>, now: number): number {
  const number = (name: string): number => Number(parts[name]);
  const monthNumber = months.indexOf((parts["month"] ?? "").toLowerCase());
  const day = number("day");
  const [hour, minute, second] = [number("hour"), number("minute"), number("second")];
  const moment = (year: number): number => {
    const midnight = new Date(Date.UTC(year, monthNumber, day));
    // A leap second is the first of the next minute.
    const isThere = midnight.getUTCDate() === day && hour < 24 && minute < 60 && second <= 60;
    return isThere ? midnight.getTime() + ((hour * 60 + minute) * 60 + second) * 1_000 : Number.NEGATIVE_INFINITY;
  };
  return parts["year"]?.length === 2 ? moment(centuryOf(number("year"), now)) : moment(number("year"));
}

/** The last year of these two digits that is at most 50 years ahead, as RFC 9110 says. */
function centuryOf(year: number, now: number): number {
  const last = new Date(now).getUTCFullYear() + 50;
  return last - ((last - year) % 100);
}
