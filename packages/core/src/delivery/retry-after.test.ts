import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { longestPause, retryAfterWait } from "./retry-after.js";

/** Sun, 06 Nov 1994 08:49:37 GMT, the moment that RFC 9110 writes in three ways. */
const moment = Date.UTC(1994, 10, 6, 8, 49, 37);
const second = 1_000;

// A header, and the seconds that are to be waited half a minute before that moment; `none`: it is as if there were none.
const table: readonly (readonly [header: string | undefined, seconds: number | "none"])[] = [
  [undefined, "none"],
  ["", "none"],
  ["120", 120],
  ["  7\t", 7],
  ["007", 7],
  ["120.1", 121],
  ["0.2", 1],
  ["0", "none"],
  ["0.0", "none"],
  ["-1", "none"],
  ["+5", "none"],
  ["1e9", "none"],
  ["0x10", "none"],
  ["NaN", "none"],
  ["Infinity", "none"],
  ["soon", "none"],
  ["5 minutes", "none"],
  [".5", "none"],
  ["5.", "none"],
  ["\u0665", "none"],
  ["86400", 86_400],
  ["86401", 86_400],
  ["1000000000", 86_400],
  ["9".repeat(400), 86_400],
  ["Sun, 06 Nov 1994 08:49:37 GMT", 30],
  ["sun, 06 nov 1994 08:49:37 gmt", 30],
  ["Sunday, 06-Nov-94 08:49:37 GMT", 30],
  ["Sun Nov  6 08:49:37 1994", 30],
  ["Sun Nov 06 08:49:37 1994", 30],
  // The date counts; which day of the week it was is not looked up.
  ["Wed, 06 Nov 1994 08:49:37 GMT", 30],
  ["Sun, 06 Nov 1994 08:49:07 GMT", "none"],
  ["Sun, 06 Nov 1994 08:49:06 GMT", "none"],
  ["Tue, 08 Nov 1994 08:49:37 GMT", 86_400],
  // More than 50 years ahead is the century before.
  ["Sunday, 06-Nov-44 08:49:37 GMT", 86_400],
  ["Sunday, 06-Nov-45 08:49:37 GMT", "none"],
  ["Sun, 06 Nov 1994 08:49:60 GMT", 53],
  ["Sun, 06 Nov 1994 08:49:61 GMT", "none"],
  ["Sun, 06 Nov 1994 24:00:00 GMT", "none"],
  ["Wed, 31 Nov 1994 08:49:37 GMT", "none"],
  ["Sun, 00 Nov 1994 08:49:37 GMT", "none"],
  ["Sun, 06 Nov 1994 08:49:37 UTC", "none"],
  ["Sun, 6 Nov 1994 08:49:37 GMT", "none"],
  ["1994-11-06T08:49:37Z", "none"],
  // Several headers come joined by commas.
  ["60, 120", 120],
  ["120,60", 120],
  ["soon, 30", 30],
  ["30, -1", 30],
  ["10, Sun, 06 Nov 1994 08:49:37 GMT", 30],
  ["Sun, 06 Nov 1994 08:49:37 GMT, 45", 45],
  ["Sunday, 06-Nov-94 08:49:37 GMT, Sun Nov  6 08:49:47 1994", 40],
  ["Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:50:37 GMT", 90],
  [",,", "none"],
];

test.each(table)("%j", (header, seconds) => {
  expect(retryAfterWait(header, moment - 30 * second)).toBe(seconds === "none" ? undefined : seconds * second);
});

describe("whatever is sent", () => {
  const word = fc.oneof(
    fc.string({ maxLength: 40 }),
    fc.integer().map(String),
    fc.double().map(String),
    fc.date({ noInvalidDate: true }).map((date) => date.toUTCString()),
    fc.constantFrom("Sun", "06 Nov 1994 08:49:37 GMT", ",", "-"),
  );
  const headers = fc.array(word, { maxLength: 4 }).map((words) => words.join(","));

  test("the wait is whole milliseconds between nothing and a day", () => {
    fc.assert(
      fc.property(headers, fc.integer({ min: 0, max: 4e12 }), (header, now) => {
        const wait = retryAfterWait(header, now);
        if (wait === undefined) return;
        expect(Number.isInteger(wait) && wait > 0 && wait <= longestPause).toBe(true);
      }),
    );
  });

  test("one more header never makes the wait shorter", () => {
    fc.assert(
      fc.property(fc.nat({ max: 100_000 }), headers, (seconds, other) => {
        const alone = retryAfterWait(String(seconds), moment) ?? 0;
        expect(retryAfterWait(`${seconds},${other}`, moment) ?? 0).toBeGreaterThanOrEqual(alone);
      }),
    );
  });

  test("a date within a day is met to the second, in each of its forms", () => {
    const names = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
    fc.assert(
      fc.property(
        fc.integer({ min: 946_684_800, max: 4_000_000_000 }),
        fc.integer({ min: 1, max: 86_400 }),
        (at, wait) => {
          const date = new Date((at + wait) * second);
          const imf = date.toUTCString();
          const [, day = "", month = "", year = "", time = ""] = imf.split(/,? /);
          const name = names[date.getUTCDay()] ?? "";
          const rfc850 = `${name}, ${day}-${month}-${year.slice(2)} ${time} GMT`;
          const asctime = `${name.slice(0, 3)} ${month} ${day.replace(/^0/, " ")} ${time} ${year}`;
          for (const header of [imf, rfc850, asctime]) expect(retryAfterWait(header, at * second)).toBe(wait * second);
        },
      ),
    );
  });
});
