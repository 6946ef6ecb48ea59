import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { errorCodes, HookwrightError } from "@hookwright/core";
import { describe, expect, test } from "vitest";
import { repository } from "./built-program.test.support.js";
import { answerOf } from "./error-envelope.js";
import { codes, errorPages } from "./error-pages.js";

const sources = globSync("packages/{core,testing,plugins/*}/src/**/*.ts", { cwd: repository })
  .filter((file) => !/\.test(?:\.support)?\.ts$|\.test-d\.ts$|error-codes\.ts$/.test(file))
  .map((file) => ({ file, text: readFileSync(join(repository, file), "utf8") }));

const pages = new Map(errorPages().map(({ file, text }) => [file, text]));

describe.each(codes().map((code) => ({ code, entry: errorCodes[code] })))("the page of $code", ({ code, entry }) => {
  const page = pages.get(`${code}.md`) ?? "";

  test("has every text of the table under its title", () => {
    expect(page).toMatch(new RegExp(`^---\ntitle: ${code}\n---\n\n# ${code}\n\n`));
    for (const text of [entry.meaning, entry.cause, entry.remedy, entry.shows]) expect(page).toContain(text);
  });

  test("is linked from the page of all codes, once and with its meaning", () => {
    const index = pages.get("index.md") ?? "";
    expect(index.split(`(${code}.md)`)).toHaveLength(2);
    expect(index).toContain(`| [\`${code}\`](${code}.md) | ${entry.meaning} |`);
    expect(index).toContain(`  - ./${code}.md\n`);
  });

  test("names the status that is answered over HTTP, if a request leads to it", () => {
    const { status } = answerOf(new HookwrightError(code, "It failed."), "id");
    if (status === 500) expect(page).not.toContain("Over HTTP");
    else expect(page).toContain(`Over HTTP it is answered with status ${status}.`);
  });

  test("is about something that the program says: the code is named in its sources", () => {
    expect(sources.filter(({ text }) => text.includes(`"${code}"`)).map(({ file }) => file)).not.toEqual([]);
  });
});

test("every code that is thrown is in the table", () => {
  const thrown = sources.flatMap(({ file, text }) =>
    [...text.matchAll(/new (?:HookwrightError|BootError)\(\s*"([^"]+)"/g)].map(([, code]) => `${file}: ${code}`),
  );
  expect(thrown.length).toBeGreaterThan(30);
  expect(thrown.filter((each) => !codes().some((code) => each.endsWith(`: ${code}`)))).toEqual([]);
});

test("no page stands in for a code that there is not", () => {
  expect(pages.size).toBe(codes().length + 1);
});
