import { describe, expect, test } from "vitest";
import { HookwrightError } from "../foundation/hookwright-error.js";
import { version } from "../foundation/version.js";
import { checkManifest, completeConfig } from "./check-plugin.js";
import type { AnyPluginManifest, ConfiguredPlugin } from "./plugin.js";

function configured(manifest: object, config?: unknown): ConfiguredPlugin {
  return { manifest: { name: "billing", version: "1.0.0", ...manifest } as AnyPluginManifest, config };
}

function faultsOf(manifest: object): readonly string[] {
  return checkManifest(configured(manifest)).map(({ message }) => message);
}

describe("a manifest", () => {
  test.each([
    { name: "billing" },
    { name: "a" },
    { name: "7-up" },
    { name: "@acme/billing-2" },
    { version: "0.0.1-alpha.1+build" },
    { events: [], config: { type: "object" }, setup: () => undefined, stop: () => undefined },
  ])("is fine as %j", (manifest) => {
    expect(faultsOf(manifest)).toEqual([]);
  });

  test.each([
    [{ name: "Billing" }, "name must hold"],
    [{ name: "" }, "name must hold"],
    [{ name: "a b" }, "name must hold"],
    [{ name: "@acme" }, "name must hold"],
    [{ name: "../etc" }, "name must hold"],
    [{ name: 5 }, "name must hold"],
    [{ name: "core" }, "reserved"],
    [{ name: "application" }, "reserved"],
    [{ version: "1" }, "version must be"],
    [{ version: undefined }, "version must be"],
    [{ hookwright: "one" }, "hookwright must be"],
    [{ hookwright: 1 }, "hookwright must be"],
    [{ events: {} }, "events must be a list"],
    [{ config: true }, "config must be a JSON Schema object"],
    [{ setup: {} }, "setup must be a function"],
    [{ stop: "now" }, "stop must be a function"],
  ])("%j has the fault that %s, told with name and version", (manifest, fault) => {
    const [message, ...others] = faultsOf(manifest);
    expect(message).toContain(fault);
    expect(message).toMatch(/^Plugin ("|5).*@/);
    expect(others).toEqual([]);
  });

  test("tells all its faults at once", () => {
    expect(faultsOf({ version: "x", hookwright: "y", events: 1, stop: 2 })).toHaveLength(4);
  });

  test.each([undefined, null, "billing", 5, { name: "billing", version: "1.0.0" }, { manifest: null }])(
    "is not what %j is",
    (plugin) => {
      const faults = checkManifest(plugin as unknown as ConfiguredPlugin);
      expect(faults.map(({ code, message }) => [code, message])).toEqual([
        ["plugin_invalid", "A plugin must be made with definePlugin({ name, version, … })."],
      ]);
    },
  );
});

describe("the range of versions", () => {
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
      const [message] = faultsOf({ hookwright });
      expect(message).toContain(`works with @hookwright/core ${hookwright}, found ${version}`);
    },
  );
});

describe("the configuration", () => {
  const schema = {
    type: "object",
    required: ["currency", "key"],
    additionalProperties: false,
    properties: {
      currency: { type: "string", default: "EUR" },
      key: { type: "string", minLength: 20 },
      pin: { type: "integer", maximum: 999 },
      nested: { type: "object", properties: { retries: { type: "integer", default: 3 } }, default: {} },
    },
  };
  const key = "k".repeat(20);

  test("gets the defaults of its schema, in a copy of its own", () => {
    const given = { key };
    const completed = completeConfig(configured({ config: schema }, given));
    expect(completed).toEqual({ key, currency: "EUR", nested: { retries: 3 } });
    expect(given).toEqual({ key });
  });

  test("without a schema is passed on as it is", () => {
    const given = { onError: () => undefined };
    expect(completeConfig(configured({}, given))).toBe(given);
    expect(completeConfig(configured({}))).toEqual({});
  });

  test.each<[string, unknown, string]>([
    ["lacks something", {}, "/key: expected a value, found nothing"],
    ["has something of the wrong type", { key: 1234567890 }, "/key: expected string, found a number"],
    ["has something too short", { key: "s3cr3t" }, "found a string of 6 characters"],
    ["has a number that is out of range", { key, pin: 31337 }, "/pin: expected a number <= 999, found a number"],
    ["has something unknown", { key, kye: "s3cr3t" }, "/kye: expected no such member, found a string of 6 characters"],
    ["is no object", "s3cr3t", "expected object, found a string of 6 characters"],
    ["is a number", 31337, "expected object, found a number"],
  ])("that %s is refused with the place, but never the value", (_how, config, expected) => {
    const completing = () => completeConfig(configured({ config: schema }, config));
    expect(completing).toThrow(/^In the configuration of plugin billing@1\.0\.0: /);
    expect(completing).toThrow(expected);
    try {
      completing();
    } catch (error) {
      if (!(error instanceof HookwrightError)) throw error;
      expect(error.code).toBe("configuration_invalid");
      const told = `${error.message} ${JSON.stringify(error.details)}`;
      expect(told).not.toMatch(/s3cr3t|31337|1234567890/);
    }
  });

  test("that holds a function is refused where there is a schema", () => {
    const config = { key: () => "s3cr3t" };
    expect(() => completeConfig(configured({ config: schema }, config))).toThrow(HookwrightError);
    expect(() => completeConfig(configured({ config: schema }, config))).toThrow(
      /billing@1\.0\.0: it must hold nothing but data/,
    );
  });

  test("under a schema that does not compile is told by name", () => {
    expect(() => completeConfig(configured({ config: { type: "objekt" } }, {}))).toThrow(
      expect.objectContaining({ code: "schema_invalid", message: expect.stringContaining("billing@1.0.0") }),
    );
  });
});
