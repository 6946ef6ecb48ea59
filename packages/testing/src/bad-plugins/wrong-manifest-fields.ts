import { type ConfiguredPlugin, definePlugin } from "@hookwright/core";
import type { BadPluginCase, ExpectedProblem } from "./bad-plugin-case.js";
import { badThing } from "./bad-thing.js";
import type { Notebook } from "./notebook.js";

/** A value of every kind; each field takes those that fit out. */
const values: readonly (readonly [string, unknown])[] = [
  ["null", null],
  ["a number", 6],
  ["NaN", Number.NaN],
  ["true", true],
  ["a text", "no such thing"],
  ["an empty text", ""],
  ["a list", []],
  ["an object", {}],
  ["a function", () => undefined],
  ["a symbol", Symbol("bad")],
  ["a big integer", 6n],
  ["a date", new Date(0)],
  ["a promise", Promise.resolve({})],
];

interface Field {
  readonly field: string;
  /** Values out of the list that are in order. */
  readonly fits: readonly string[];
  readonly more?: readonly (readonly [string, unknown])[];
}

const fields: readonly Field[] = [
  {
    field: "name",
    fits: [],
    more: [
      ["a name with capitals", "Bad"],
      ["a name with a space", "bad plugin"],
      ["a name of 101 characters", "b".repeat(101)],
      ["a name that climbs out of its folder", "../bad"],
      ["a name with a line break", "bad\nINFO all is well"],
      ["a name like a member of every object", "__proto__"],
      ["a name with two slashes", "@bad/bad/bad"],
      ["an empty scope", "@/bad"],
    ],
  },
  {
    field: "version",
    fits: [],
    more: [
      ["a version of two numbers", "1.0"],
      ["a range", "^1.0.0"],
      ["a version of 300 characters", `1.0.0-${"x".repeat(300)}`],
    ],
  },
  { field: "hookwright", fits: [], more: [["a misspelt range", "^^1"]] },
  {
    field: "requires",
    fits: ["an object"],
    more: [
      ["a range that is a number", { other: 1 }],
      ["a range that cannot be read", { other: "latest" }],
      ["a name that is none", { "No Plugin": "^1.0.0" }],
    ],
  },
  { field: "optional", fits: ["an object"], more: [["a range that cannot be read", { other: "whatever" }]] },
  { field: "essential", fits: ["true"] },
  { field: "events", fits: ["a list"] },
  // A date and a promise are objects, and no schemas.
  { field: "config", fits: ["an object", "a date", "a promise"] },
  { field: "setup", fits: ["a function"] },
  { field: "stop", fits: ["a function"] },
];

export const wrongManifestFields: readonly BadPluginCase[] = [
  ...fields.flatMap(({ field, fits, more = [] }) =>
    [...values.filter(([what]) => !fits.includes(what)), ...more].map(([what, value]) =>
      wrongField(field, what, value),
    ),
  ),
  ...values
    .filter(([what]) => what === "a date" || what === "a promise")
    .map(
      ([what, value]): BadPluginCase => ({
        ...wrongField("config", what, value),
        expectation: {
          kind: "refused-at-boot",
          problems: [{ code: "schema_invalid", tells: ["configuration", "bad@6.6.6"] }],
        },
      }),
    ),
  ...noPlugins(),
  ...wrongEvents(),
  ...wrongConfigurations(),
  {
    name: "every field is wrong at once",
    fault: "Nothing in its manifest is as it must be: all is told at once.",
    plugins: () => [
      raw({
        name: "Bad",
        version: "one",
        hookwright: 1,
        requires: [],
        events: {},
        setup: "later",
        stop: null,
        setUp: 1,
      }),
    ],
    expectation: {
      kind: "refused-at-boot",
      problems: ["name", "version", "hookwright", "requires", "events", "setup", "stop", "setUp"].map((field) =>
        invalid(field),
      ),
    },
  },
  {
    name: "name and version are missing",
    fault: "It does not say what it is.",
    plugins: () => [raw({ setup: () => undefined })],
    expectation: { kind: "refused-at-boot", problems: [invalid("name"), invalid("version")] },
  },
  {
    name: "a field is misspelt",
    fault: "Its setup would never be called, without a word.",
    plugins: (notebook) => [raw({ name: "bad", version: "1.0.0", setUp: () => notebook.note("set up") })],
    expectation: { kind: "refused-at-boot", problems: [invalid("bad@1.0.0", '"setUp"', "Did you mean setup?")] },
  },
  {
    name: "a field is a getter",
    fault: "Its code would run before anything was checked, and could say something else each time.",
    plugins: (notebook) => [
      raw(Object.defineProperty({ version: "1.0.0" }, "name", { enumerable: true, get: () => note(notebook) })),
    ],
    expectation: { kind: "refused-at-boot", problems: [invalid("name", "a getter")] },
  },
  {
    name: "a range is a getter",
    fault: "What it requires is made up by code while it is read.",
    plugins: (notebook) => [
      raw({
        name: "bad",
        version: "1.0.0",
        requires: Object.defineProperty({}, "other", { enumerable: true, get: () => note(notebook) }),
      }),
    ],
    expectation: { kind: "refused-at-boot", problems: [invalid("bad@1.0.0", "other", "a getter")] },
  },
  {
    name: "setup is a class",
    fault: "What it gives as setup cannot be called.",
    plugins: () => [raw({ name: "bad", version: "6.6.6", setup: class {} })],
    expectation: { kind: "fails-to-start", code: "plugin_failed", tells: ["bad@6.6.6", "Class constructor"] },
  },
  ...["core", "application"].map(
    (name): BadPluginCase => ({
      name: `it calls itself ${name}`,
      fault: "It takes a name under which what it does would be blamed on others.",
      plugins: () => [raw({ name, version: "1.0.0" })],
      expectation: { kind: "refused-at-boot", problems: [invalid(`${name}@1.0.0`, "reserved")] },
    }),
  ),
];

function wrongField(field: string, what: string, value: unknown): BadPluginCase {
  return {
    name: `${field} is ${what}`,
    fault: `Its ${field} is ${what}.`,
    plugins: (notebook) => [
      raw({ name: "bad", version: "6.6.6", setup: () => notebook.note("set up"), [field]: value }),
    ],
    expectation: { kind: "refused-at-boot", problems: [invalid(field)] },
  };
}

/** What is in the list of plugins is none. */
function noPlugins(): readonly BadPluginCase[] {
  class BadPlugin {
    readonly name = "bad";
    readonly version = "6.6.6";
    setup(): void {
      throw new Error("not called");
    }
  }
  const refuse = (): never => {
    throw new Error("nothing may be read of it");
  };
  const hostile = new Proxy(
    {},
    { get: refuse, getPrototypeOf: refuse, getOwnPropertyDescriptor: refuse, ownKeys: refuse },
  );
  const good = raw({ name: "bad", version: "6.6.6" });
  const found: readonly (readonly [string, unknown])[] = [
    ["undefined", undefined],
    ["null", null],
    ["a number", 6],
    ["a text", "bad"],
    ["a list", [good]],
    ["an empty object", {}],
    ["a manifest that nobody has defined", { name: "bad", version: "6.6.6" }],
    ["a manifest that is null", { manifest: null, config: undefined }],
    ["a function that makes a plugin", () => good],
    ["a promise of a plugin", Promise.resolve(good)],
    ["a module with a plugin as its default export", { default: good }],
    ["an instance of a class", raw(new BadPlugin())],
    ["a proxy that throws at every touch", hostile],
    ["a manifest that throws at every touch", { manifest: hostile, config: undefined }],
  ];
  return found.map(([what, plugin]) => ({
    name: `the plugin is ${what}`,
    fault: `In the list of plugins stands ${what}.`,
    plugins: () => [plugin],
    expectation: { kind: "refused-at-boot", problems: [invalid("definePlugin")] },
  }));
}

function wrongEvents(): readonly BadPluginCase[] {
  const found: readonly (readonly [string, unknown])[] = [
    ["a text", "BAD_THING"],
    ["undefined", undefined],
    ["null", null],
    ["what looks like an event", { action: "BAD_THING", schema: { type: "object" } }],
    ["a class without a decorator", class BadThing {}],
    ["a list of events", [badThing]],
  ];
  return found.map(([what, event]) => ({
    name: `an event of its list is ${what}`,
    fault: `Its list of events holds ${what}.`,
    plugins: () => [raw({ name: "bad", version: "6.6.6", events: [event] })],
    expectation: { kind: "refused-at-boot", problems: [{ code: "definition_invalid", tells: ["bad@6.6.6", "event"] }] },
  }));
}

function wrongConfigurations(): readonly BadPluginCase[] {
  const secret = "s3cr3t-that-nobody-may-read";
  const schema = {
    type: "object",
    required: ["token"],
    additionalProperties: false,
    properties: { token: { type: "string", minLength: 40 }, limit: { type: "integer" } },
  };
  const configured = (config: unknown): ConfiguredPlugin => ({
    ...raw({ name: "bad", version: "6.6.6", config: schema }),
    config,
  });
  const found: readonly (readonly [string, unknown, string])[] = [
    ["missing", undefined, "token"],
    ["a text", secret, "the configuration"],
    ["of a wrong type", { token: 1 }, "/token"],
    ["too short a secret", { token: secret }, "/token"],
    ["with an unknown key", { token: "x".repeat(40), limti: 1 }, "limti"],
    ["one with a function", { token: "x".repeat(40), limit: () => 1 }, "nothing but data"],
    ["one that is its own member", ownMember(), "the configuration"],
  ];
  return found.map(([what, config, place]) => ({
    name: `the configuration is ${what}`,
    fault: `Its configuration is ${what}.`,
    plugins: () => [configured(config)],
    expectation: {
      kind: "refused-at-boot",
      problems: [{ code: "configuration_invalid", tells: ["bad@6.6.6", place] }],
      secrets: [secret],
    },
  }));
}

function ownMember(): unknown {
  const config: Record<string, unknown> = { token: "x".repeat(40) };
  config["limit"] = config;
  return config;
}

/** A plugin in JavaScript: nothing has looked at it. */
function raw(manifest: object): ConfiguredPlugin {
  const { manifest: said, config } = definePlugin(manifest as { readonly name: string; readonly version: string });
  return { manifest: said, config };
}

function invalid(...tells: readonly string[]): ExpectedProblem {
  return { code: "plugin_invalid", tells };
}

function note(notebook: Notebook): string {
  notebook.note("a getter was called");
  return "^1.0.0";
}
