import { describe, expect, test } from "vitest";
import type { BadPluginCase, Expectation } from "./bad-plugin-case.js";
import { badBody, badPlugin, badThing } from "./bad-thing.js";
import { runCase } from "./run-case.js";

/** A plugin whose middleware fails for its own deliveries, and what must become of it. */
function failing(expectation: Expectation): BadPluginCase {
  return {
    name: "a middleware fails",
    fault: "It fails.",
    plugins: () => [
      badPlugin({
        setup: (ctx) =>
          void ctx.use("prepare", function layer(request, next) {
            if (request.delivery.message.action === badThing.action) throw new Error("boom");
            return next(request);
          }),
      }),
    ],
    expectation,
  };
}

const blame = {
  kind: "notification",
  name: "middleware.failed",
  facts: { middleware: "bad/layer", error: /^boom$/ },
} as const;

test("a case whose expectation is right has no fault", async () => {
  const right = failing({ kind: "contained", signs: [blame, { kind: "received", body: badBody, times: 1 }] });
  expect(await runCase(right, "boot")).toEqual([]);
  expect(await runCase(right, "load")).toEqual([]);
});

describe("a wrong expectation is found:", () => {
  const wrong: readonly (readonly [string, Expectation, RegExp])[] = [
    [
      "another error",
      { kind: "contained", signs: [{ ...blame, facts: { error: /^bang$/ } }] },
      /^not seen: .*\^bang\$/,
    ],
    [
      "another plugin",
      { kind: "contained", signs: [{ ...blame, facts: { middleware: "worse/layer" } }] },
      /^not seen: .*worse/,
    ],
    [
      "another state",
      { kind: "contained", signs: [], states: { bad: "failed" } },
      /^the state of bad is told as started$/,
    ],
    ["another end", { kind: "fails-to-start", code: "plugin_failed", tells: [] }, /state of bad is told as started/],
    ["a refusal", { kind: "refused-at-boot", problems: [] }, /^expected a BootError, found/],
    ["a leak", { kind: "contained", signs: [], leaves: ["bad: a timer"] }, /^no leak was found: bad: a timer$/],
    [
      "two requests",
      { kind: "contained", signs: [{ kind: "received", body: badBody, times: 2 }] },
      /^not seen: .*times: 2/,
    ],
    [
      "something later",
      { kind: "contained", signs: [], later: [{ kind: "noted", text: "gone" }] },
      /^not seen: .*gone/,
    ],
  ];

  test.each(wrong)("%s", async (_what, expectation, fault) => {
    expect(await runCase(failing(expectation), "boot")).toContainEqual(expect.stringMatching(fault));
  });
});

/** What a plugin does to the others. */
function harmful(plugin: () => unknown): BadPluginCase {
  return {
    name: "harmful",
    fault: "It does harm.",
    plugins: () => [plugin()],
    expectation: { kind: "contained", signs: [] },
  };
}

describe("harm to the witness is found:", () => {
  test("another header", async () => {
    const faults = await runCase(
      harmful(() =>
        badPlugin({
          setup: (ctx) => void ctx.use("prepare", (request, next) => next(request.withHeader("x-bad", "1"))),
        }),
      ),
      "load",
    );
    expect(faults).toContainEqual(expect.stringMatching(/^\+ .*"round":3.*"x-bad","1"/));
    // Before the plugin was there, and after it was gone, all was well.
    expect(faults).not.toContainEqual(expect.stringMatching(/^\+ .*"round":1/));
    expect(faults).not.toContainEqual(expect.stringMatching(/^\+ .*"round":4/));
  });

  test("another body", async () => {
    const transform = { variant: "bad", apply: () => ({ round: 1 }) };
    const faults = await runCase(
      harmful(() => badPlugin({ setup: (ctx) => void ctx.transform(transform) })),
      "boot",
    );
    expect(faults).toContainEqual(expect.stringMatching(/^round 2 of the witness did not arrive/));
  });

  test("a delivery that comes late", async () => {
    let calls = 0;
    const faults = await runCase(
      harmful(() =>
        badPlugin({
          setup: (ctx) =>
            void ctx.use("prepare", (request, next) => {
              calls += 1;
              if (calls === 2) throw new Error("boom");
              return next(request);
            }),
        }),
      ),
      "boot",
    );
    expect(faults).toContainEqual(expect.stringMatching(/^round \d of the witness did not arrive/));
  });

  test("a leak", async () => {
    let timer: NodeJS.Timeout | undefined;
    const faults = await runCase(
      harmful(() =>
        badPlugin({
          setup() {
            timer = setInterval(() => undefined, 3_600_000);
          },
        }),
      ),
      "boot",
    );
    clearInterval(timer);
    expect(faults).toContainEqual(expect.stringMatching(/^left behind: bad: a timer/));
  });
});
