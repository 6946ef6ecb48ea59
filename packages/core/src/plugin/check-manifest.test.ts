import { describe, expect, test } from "vitest";
import { version } from "../foundation/version.js";
import { checkManifest, isInRange } from "./check-manifest.js";
import { definePlugin } from "./plugin.js";

function check(manifest: object) {
  return checkManifest({ manifest: { name: "billing", version: "1.0.0", ...manifest } }, "1 of 1");
}

function faultsOf(manifest: object) {
  return check(manifest).problems.map(({ expected, found, fix }) => `${expected} | ${found} | ${fix}`);
}

describe("a manifest", () => {
  test.each([
    { name: "billing" },
    { name: "a" },
    { name: "7-up" },
    { name: "a".repeat(100) },
    { name: "@acme/billing-2" },
    { version: "0.0.1-alpha.1+build" },
    { requires: {}, optional: { "@acme/rates": ">=1.0.0-beta.1 <3" }, essential: true },
    { events: [], config: { type: "object" }, setup: () => undefined, stop: () => undefined },
    { hookwright: undefined, requires: undefined, setup: undefined },
  ])("is fine as %j", (manifest) => {
    expect(faultsOf(manifest)).toEqual([]);
  });

  test.each<[object, string, string]>([
    [{ name: "Billing" }, "name to be", '"Billing"'],
    [{ name: "" }, "name to be", '""'],
    [{ name: "a".repeat(101) }, "name to be", '"aaaa'],
    [{ name: "a b" }, "name to be", '"a b"'],
    [{ name: "@acme" }, "name to be", '"@acme"'],
    [{ name: "../etc" }, "name to be", '"../etc"'],
    [{ name: 5 }, "name to be", "5"],
    [{ name: null }, "name to be", "null"],
    [{ name: undefined }, "name to be", "nothing"],
    [{ name: "core" }, "a name that is not reserved", '"core"'],
    [{ name: "application" }, "a name that is not reserved", '"application"'],
    [{ version: "1" }, "version to be", '"1"'],
    [{ version: 1 }, "version to be", "1"],
    [{ version: undefined }, "version to be", "nothing"],
    [{ hookwright: "one" }, "hookwright to be", '"one"'],
    [{ hookwright: "" }, "hookwright to be", '""'],
    [{ hookwright: 1 }, "hookwright to be", "1"],
    [{ hookwright: null }, "hookwright to be", "null"],
    [{ requires: "billing" }, "requires to be an object", '"billing"'],
    [{ requires: ["billing"] }, "requires to be an object", "a list"],
    [{ requires: new Date(0) }, "requires to be an object", "an object"],
    [{ optional: Promise.resolve() }, "optional to be an object", "an object"],
    [{ requires: { rates: "newest" } }, "requires to ask for rates by a SemVer range", '"newest"'],
    [{ requires: { rates: true } }, "requires to ask for rates by a SemVer range", "true"],
    [{ requires: { Rates: "1" } }, "requires to name plugins", '"Rates"'],
    [{ optional: { rates: {} } }, "optional to ask for rates by a SemVer range", "an object"],
    [{ essential: 1 }, "essential to be true or false", "1"],
    [{ events: {} }, "events to be a list", "an object"],
    [{ config: true }, "config to be a JSON Schema", "true"],
    [{ config: [] }, "config to be a JSON Schema", "a list"],
    [{ setup: {} }, "setup to be a function", "an object"],
    [{ stop: "now" }, "stop to be a function", '"now"'],
    [{ stop: Symbol("x") }, "stop to be a function", "a symbol"],
    [{ name: 5n }, "name to be", "a bigint"],
  ])("%o has one fault, told with what was expected and found", (manifest, expected, found) => {
    const [fault, ...others] = check(manifest).problems;
    expect(fault).toMatchObject({
      code: "plugin_invalid",
      expected: expect.stringContaining(expected),
      found: expect.stringContaining(found),
      fix: expect.stringMatching(/\.$/),
    });
    expect(others).toEqual([]);
  });

  test("tells all its faults at once", () => {
    expect(faultsOf({ version: "x", hookwright: "y", events: 1, stop: 2, requires: { a: 1, b: 2 } })).toHaveLength(6);
  });

  test.each([
    ["setpu", "Did you mean setup?"],
    ["Config", "Did you mean config?"],
    ["requirements", "Did you mean requires?"],
    ["dependencies", "Did you mean requires?"],
    ["constructor", "fields out of name, version"],
    ["__proto__", "fields out of name, version"],
    ["zzzzzzzzzzzzzzzzzzzzzzzzz", "Take the field out."],
  ])("has no field %s, and the nearest one is suggested", (key, suggestion) => {
    expect(faultsOf({ [key]: 1 })).toEqual([expect.stringContaining(suggestion)]);
    expect(faultsOf({ [key]: undefined })).toHaveLength(1);
  });

  test("is not read through getters, which would be the plugin's code", () => {
    let ran = false;
    const manifest = {
      version: "1.0.0",
      get name(): string {
        ran = true;
        return "billing";
      },
      requires: {
        get rates(): string {
          ran = true;
          return "1.0.0";
        },
      },
    };
    const { problems } = checkManifest({ manifest }, "1 of 1");
    expect(problems.map(({ plugin, found }) => [plugin, found])).toEqual([
      ["1 of 1", "a getter"],
      ["1 of 1", "a getter"],
    ]);
    expect(ran).toBe(false);
  });

  test("cannot be changed by its author once it was checked", () => {
    const manifest = { name: "billing", version: "1.0.0", requires: { rates: "1" }, events: [] as never[] };
    const { manifest: checked } = checkManifest({ manifest }, "1 of 1");
    manifest.name = "core";
    manifest.requires.rates = "broken";
    manifest.events.push(undefined as never);
    expect(checked).toEqual({ name: "billing", version: "1.0.0", requires: { rates: "1" }, events: [] });
    expect([checked, checked?.requires, checked?.events].every((part) => Object.isFrozen(part))).toBe(true);
  });

  test("made with definePlugin is fine as it is and with a configuration", () => {
    const billing = definePlugin({ name: "billing", version: "1.0.0", config: { type: "object" } });
    expect(checkManifest(billing, "1 of 1").problems).toEqual([]);
    expect(checkManifest(billing({ currency: "EUR" }), "1 of 1").problems).toEqual([]);
  });
});

describe("what is no plugin", () => {
  class Billing {
    name = "billing";
    version = "1.0.0";
    setup(): void {}
  }

  test.each([
    [undefined, "nothing"],
    [null, "null"],
    ["billing", '"billing"'],
    [5, "5"],
    [{ name: "billing", version: "1.0.0" }, "an object without a manifest"],
    [() => undefined, "a function without a manifest"],
    [{ manifest: null }, "an object without a manifest"],
    [{ manifest: 5 }, "an object without a manifest"],
    [definePlugin(undefined as never), "a function without a manifest"],
    [{ manifest: new Billing() }, "a manifest that is an instance of a class"],
  ])("%o is told as such, with its place in the list", (plugin, found) => {
    expect(checkManifest(plugin, "3 of 4").problems).toEqual([
      {
        code: "plugin_invalid",
        plugin: "3 of 4",
        expected: "a plugin made with definePlugin({ name, version, … })",
        found,
        fix: expect.stringContaining("definePlugin"),
      },
    ]);
  });
});

test("a manifest that cannot be read is told as such", () => {
  const ownKeys = (): never => {
    throw new Error("not yours");
  };
  const { problems } = checkManifest({ manifest: new Proxy({}, { ownKeys }) }, "1 of 1");
  expect(problems).toMatchObject([{ code: "plugin_invalid", found: "one that cannot be read: not yours" }]);
});

describe("the range of versions of core", () => {
  const [major = 0] = version.split(".").map(Number);

  test.each([`^${version}`, `>=${major}.0.0-0`, "*", `^${major}.0.0-rc.1`, `0.1.0 || ${major}.x`, version])(
    "%s holds this version",
    (hookwright) => {
      expect(faultsOf({ hookwright })).toEqual([]);
    },
  );

  test.each([`^${major + 1}.0.0`, `^${major + 1}.0.0-beta.1`, `<${version}`, `>${version}`])(
    "%s does not, and the fault names both",
    (hookwright) => {
      expect(check({ hookwright }).problems).toEqual([
        {
          code: "plugin_version",
          plugin: "billing@1.0.0",
          expected: `@hookwright/core ${hookwright}`,
          found: version,
          fix: expect.any(String),
        },
      ]);
    },
  );
});

test.each([
  // A prerelease comes before its release, and is told apart by SemVer's order alone.
  ["1.0.0-beta.2", "^1.0.0", false],
  ["1.0.0-beta.2", ">=1.0.0-beta.1", true],
  ["1.0.0-beta.2", "^1.0.0-beta.1", true],
  ["1.0.0-beta.2", "^1.0.0-beta.3", false],
  ["1.0.0-beta.2", "1.x", true],
  ["1.0.0-beta.2", "*", true],
  ["1.0.0-beta.10", ">1.0.0-beta.9", true],
  ["1.1.0-beta.1", "^1.0.0", true],
  ["2.0.0-beta.1", "^1.0.0", false],
  ["1.0.0+build.7", "1.0.0", true],
])("%s in the range %s: %s", (found, range, isIn) => {
  expect(isInRange(found, range)).toBe(isIn);
});
