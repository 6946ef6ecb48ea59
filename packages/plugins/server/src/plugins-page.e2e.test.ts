import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test, vi } from "vitest";
import { buildProgram, repository } from "./built-program.test.support.js";
import { compile, put, runTests, withPackages } from "./consumer.test.support.js";
import { type World, world } from "./program.test.support.js";

beforeAll(buildProgram, 120_000);
vi.setConfig({ testTimeout: 60_000 });

const page = readFileSync(join(repository, "docs/plugins.md"), "utf8");

/** Every block of code; the name of some stands in backquotes above them. */
const blocks = [...page.matchAll(/(?:^`([\w.-]+\.ts)`\n\n)?^```ts\n(.*?)^```$/gms)].map(
  ([, name, text = ""], index) => ({
    name: name ?? `block-${index}.ts`,
    text,
  }),
);

test("every block of code compiles, in its strictest form", async () => {
  const fences = [...page.matchAll(/^```ts$/gm)];
  expect(blocks).toHaveLength(fences.length);
  expect(blocks.length).toBeGreaterThan(3);
  expect(await compile(saved())).toMatchObject({ code: 0, stdout: "" });
});

test("the test of a plugin passes", async () => {
  const ended = await runTests(saved());
  expect(ended).toMatchObject({ code: 0, stdout: expect.stringMatching(/Tests +1 passed/) });
});

function saved(): World {
  const here = withPackages(world());
  for (const { name, text } of blocks) put(here, name, text);
  return here;
}
