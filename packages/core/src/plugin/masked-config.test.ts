import { expect, test } from "vitest";
import { maskedConfig } from "./masked-config.js";

const secret = { type: "string", writeOnly: true };

test("declared values are shown, secret ones are masked wherever they are declared", () => {
  const schema = {
    type: "object",
    properties: {
      currency: { type: "string", enum: ["EUR"] },
      key: secret,
      smtp: { type: "object", properties: { host: { type: "string" }, password: secret } },
      hidden: { type: "object", writeOnly: true, properties: { host: { type: "string" } } },
      receivers: { type: "array", items: { type: "object", properties: { id: { type: "integer" }, token: secret } } },
    },
  };
  const config = {
    currency: "EUR",
    key: "s3cr3t",
    smtp: { host: "mail", password: "s3cr3t" },
    hidden: { host: "s3cr3t" },
    receivers: [{ id: 1, token: "s3cr3t" }],
  };
  expect(maskedConfig(config, schema)).toEqual({
    currency: "EUR",
    key: "***",
    smtp: { host: "mail", password: "***" },
    hidden: "***",
    receivers: [{ id: 1, token: "***" }],
  });
});

test.each<[string, object]>([
  ["an undeclared name", { type: "object" }],
  ["a pattern of names", { type: "object", patternProperties: { ".": { type: "string" } } }],
  ["a reference", { type: "object", properties: { a: { $ref: "#/$defs/secret" } }, $defs: { secret } }],
  ["a choice", { type: "object", properties: { a: { anyOf: [{ type: "string" }, secret] } } }],
  [
    "an addition to the whole",
    { type: "object", properties: { a: { type: "string" } }, allOf: [{ properties: { a: secret } }] },
  ],
  [
    "a dependent schema",
    { type: "object", properties: { a: { type: "string" } }, dependentSchemas: { a: { properties: { a: secret } } } },
  ],
  ["a schema that says nothing", { type: "object", properties: { a: {} } }],
  ["a schema that is true", { type: "object", properties: { a: true } }],
  ["a name that only every object has", { type: "object", properties: Object.create({ a: { type: "string" } }) }],
])("what lies below %s is masked, since it may be a secret", (_what, schema) => {
  expect(maskedConfig({ a: "s3cr3t" }, { ...schema })).toEqual({ a: "***" });
});

test("without a schema only the keys are shown", () => {
  expect(maskedConfig({ key: "s3cr3t", on: () => "s3cr3t" }, undefined)).toEqual({ key: "***", on: "***" });
  expect(maskedConfig("s3cr3t", undefined)).toEqual({});
  expect(maskedConfig(["s3cr3t"], { type: "array" })).toEqual({});
});
