import { expect, test } from "vitest";
import { HookwrightError } from "../foundation/hookwright-error.js";
import { problemOf } from "./boot-error.js";
import { completeConfig } from "./check-config.js";
import type { AnyPluginManifest } from "./plugin.js";

const schema = {
  type: "object",
  required: ["currency", "key"],
  additionalProperties: false,
  properties: {
    currency: { type: "string", default: "EUR" },
    key: { type: "string", minLength: 20, writeOnly: true },
    pin: { type: "integer", maximum: 999 },
    nested: { type: "object", properties: { retries: { type: "integer", default: 3 } }, default: {} },
  },
};
const key = "k".repeat(20);

function complete(config: unknown, configSchema: AnyPluginManifest["config"] = schema): unknown {
  const manifest = { name: "billing", version: "1.0.0" };
  return completeConfig(configSchema === undefined ? manifest : { ...manifest, config: configSchema }, config);
}

function refusalOf(config: unknown): HookwrightError {
  try {
    complete(config);
  } catch (error) {
    if (error instanceof HookwrightError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

test("a configuration gets the defaults of its schema, in a copy of its own that nobody changes", () => {
  const given = { key };
  const completed = complete(given);
  expect(completed).toEqual({ key, currency: "EUR", nested: { retries: 3 } });
  expect(given).toEqual({ key });
  expect(Object.isFrozen(completed)).toBe(true);
  expect(Object.values(completed as object).every((value) => Object.isFrozen(value))).toBe(true);
});

test("one without a schema is passed on as it is", () => {
  const given = { onError: () => undefined };
  const manifest = { name: "billing", version: "1.0.0" };
  expect(completeConfig(manifest, given)).toBe(given);
  expect(completeConfig(manifest, undefined)).toEqual({});
});

test.each<[string, unknown, string]>([
  ["lacks something", {}, "/key: expected a value, found nothing"],
  ["has something of the wrong type", { key: 1234567890 }, "/key: expected string, found a number"],
  ["has something too short", { key: "s3cr3t" }, "found a string of 6 characters"],
  ["has a number that is out of range", { key, pin: 31337 }, "/pin: expected a number <= 999, found a number"],
  ["has something unknown", { key, kye: "s3cr3t" }, "/kye: expected no such member, found a string of 6 characters"],
  ["is no object", "s3cr3t", "expected object, found a string of 6 characters"],
  ["is a number", 31337, "expected object, found a number"],
])("one that %s is refused with the place, but never the value", (_how, config, expected) => {
  const refusal = refusalOf(config);
  expect(refusal.code).toBe("configuration_invalid");
  expect(refusal.message).toMatch(/^In the configuration of plugin billing@1\.0\.0: /);
  expect(refusal.message).toContain(expected);
  const problem = problemOf(refusal, "billing@1.0.0");
  expect(problem).toMatchObject({
    expected: expect.stringMatching(/^the configuration( at \/\w+)? to be /),
    found: expect.stringMatching(/^(nothing|a number|a string of 6 characters)$/),
    fix: expect.stringContaining("billing({ … })"),
  });
  const told = `${refusal.message} ${JSON.stringify(refusal.details)} ${JSON.stringify(problem)}`;
  expect(told).not.toMatch(/s3cr3t|31337|1234567890/);
});

test("one that holds a function is refused where there is a schema", () => {
  expect(refusalOf({ key: () => "s3cr3t" }).message).toMatch(/billing@1\.0\.0: it must hold nothing but data/);
});

test("a schema that does not compile is told by name", () => {
  expect(() => complete({}, { type: "objekt" })).toThrow(
    expect.objectContaining({ code: "schema_invalid", message: expect.stringContaining("billing@1.0.0") }),
  );
});
