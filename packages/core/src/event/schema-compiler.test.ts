import { describe, expect, test } from "vitest";
import { HookwrightError } from "../foundation/hookwright-error.js";
import type { JsonSchema } from "./json-schema.js";
import { describeProblem } from "./payload-problem.js";
import { SchemaCompiler } from "./schema-compiler.js";

describe("a schema that compiles", () => {
  test("tells nothing of a value that it accepts", () => {
    const validate = compile({ type: "object", required: ["id"], properties: { id: { type: "integer" } } });
    expect(validate({ id: 1, more: true })).toBeUndefined();
  });

  const person = {
    type: "object",
    additionalProperties: false,
    required: ["name"],
    properties: {
      name: { type: "string", minLength: 2, maxLength: 5, pattern: "^[A-Z]" },
      age: { type: "integer", minimum: 0, multipleOf: 5 },
      kind: { enum: ["a", "b"] },
      always: { const: 1 },
      mail: { type: "string", format: "email" },
      tags: { type: "array", items: { type: "string" }, minItems: 1, uniqueItems: true },
      "a/b~c": { type: ["string", "null"] },
      either: { anyOf: [{ type: "string" }, { type: "number" }] },
      one: {
        oneOf: [
          { type: "object", required: ["x"] },
          { type: "object", required: ["y"] },
        ],
      },
      none: false,
      map: { type: "object", propertyNames: { pattern: "^x-" }, maxProperties: 1 },
    },
  } as const satisfies JsonSchema;

  test.each<[unknown, string]>([
    [{}, "/name: expected a value, found nothing"],
    [{ name: 5 }, "/name: expected string, found the number 5"],
    [{ name: "A" }, "/name: expected at least 2 characters, found a string of 1 character"],
    [{ name: "Annabel" }, "/name: expected at most 5 characters, found a string of 7 characters"],
    [{ name: "anna" }, '/name: expected a string that matches "^[A-Z]", found a string of 4 characters'],
    [{ name: "Anna", age: -5 }, "/age: expected a number >= 0, found the number -5"],
    [{ name: "Anna", age: 7 }, "/age: expected a multiple of 5, found the number 7"],
    [{ name: "Anna", age: 1.5 }, "/age: expected integer, found the number 1.5"],
    [{ name: "Anna", age: true }, "/age: expected integer, found the boolean true"],
    [{ name: "Anna", kind: "c" }, '/kind: expected one of ["a","b"], found a string of 1 character'],
    [{ name: "Anna", always: 2 }, "/always: expected 1, found the number 2"],
    [{ name: "Anna", mail: "nobody" }, "/mail: expected a string in email format, found a string of 6 characters"],
    [{ name: "Anna", tags: [] }, "/tags: expected at least 1 elements, found an array of 0"],
    [{ name: "Anna", tags: ["a", "a"] }, "/tags: expected no two equal elements, found an array of 2"],
    [{ name: "Anna", tags: ["a", null] }, "/tags/1: expected string, found null"],
    [{ name: "Anna", "a/b~c": {} }, "/a~1b~0c: expected string or null, found an object"],
    [{ name: "Anna", either: false }, "/either: expected string or number, found the boolean false"],
    [{ name: "Anna", one: {} }, '/one: expected a member "x" or a member "y", found an object'],
    [
      { name: "Anna", one: { x: 1, y: 1 } },
      "/one: expected a value that fits exactly one of the forms of oneOf, found an object",
    ],
    [{ name: "Anna", none: 1 }, "/none: expected no such member, found the number 1"],
    [{ name: "Anna", "x/y": "secret" }, "/x~1y: expected no such member, found a string of 6 characters"],
    [{ name: "Anna", map: { y: 1 } }, "/map/y: expected a name that propertyNames allows, found this one"],
    [{ name: "Anna", map: { "x-1": 1, "x-2": 1 } }, "/map: expected at most 1 members, found an object"],
    ["Anna", "(the payload itself): expected object, found a string of 4 characters"],
    [[], "(the payload itself): expected object, found an array of 0"],
    [undefined, "(the payload itself): expected object, found nothing"],
  ])("tells what is wrong with %j", (value, expected) => {
    const problem = compile(person)(value);
    expect(problem && describeProblem(problem)).toBe(expected);
  });

  test("tells what the branch of an if complains of", () => {
    const validate = compile({
      type: "object",
      if: { properties: { paid: { const: true } }, required: ["paid"] },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      then: { required: ["at"] },
    });
    expect(validate({ paid: true })).toEqual({ pointer: "/at", expected: "a value", found: "nothing" });
  });

  test.each<[string, object, unknown, string]>([
    [
      "contains",
      { type: "array", contains: { const: 1 } },
      [2],
      "at least 1 elements as contains describes them, found an array of 1",
    ],
    [
      "maxContains",
      { type: "array", contains: { const: 1 }, maxContains: 1 },
      [1, 1],
      "at least 1 and at most 1 elements as contains describes them, found an array of 2",
    ],
    [
      "a closed tuple",
      { type: "array", prefixItems: [true], items: false, minItems: 1 },
      [1, 2],
      "at most 1 elements, found an array of 2",
    ],
    [
      "unevaluatedItems",
      { type: "array", allOf: [{ prefixItems: [true], minItems: 1, maxItems: 1 }], unevaluatedItems: false },
      [1, 2],
      "at most 1 elements, found an array of 2",
    ],
    ["not", { not: { type: "string" } }, "a", "anything but what not describes, found a string of 1 character"],
  ])("tells what %s asks for", (_, schema, a, expected) => {
    const problem = compile({ type: "object", properties: { a: schema } })({ a });
    expect(problem && describeProblem(problem)).toBe(`/a: expected ${expected}`);
  });

  test("tells what depends on a member, what nothing describes, and which form a tag names", () => {
    const described = compile({
      type: "object",
      dependentRequired: { a: ["b"] },
      allOf: [{ properties: { a: true, b: true, kind: true } }],
      unevaluatedProperties: false,
      discriminator: { propertyName: "kind" },
      required: ["kind"],
      oneOf: [{ properties: { kind: { const: "x" } } }, { properties: { kind: { const: "y" } } }],
    });
    expect(described({ kind: "x", a: 1, b: 2 })).toBeUndefined();
    expect(described({ kind: "x", a: 1 })).toMatchObject({ pointer: "/b", expected: "a value" });
    expect(described({ kind: "x", c: 1 })).toEqual({
      pointer: "/c",
      expected: "no such member",
      found: "the number 1",
    });
    expect(described({ kind: "z" })).toMatchObject({ expected: 'a member "kind" that names one of the forms' });
  });

  test("names a choice between unlike forms by its keyword", () => {
    const form = (name: string) => ({ type: "object", required: ["kind"], properties: { kind: { const: name } } });
    const validate = compile({ type: "object", anyOf: [form("a"), form("b")] });
    expect(validate({ kind: "c" })).toMatchObject({
      pointer: "",
      expected: "a value that fits one of the forms of anyOf",
    });
  });

  test("cuts a long list of allowed values short", () => {
    const validate = compile({
      type: "object",
      properties: { x: { enum: Array.from({ length: 500 }, (_, index) => `value ${index}`) } },
    });
    expect(validate({ x: "" })?.expected.length).toBeLessThan(250);
  });

  test("takes inherited members for absent", () => {
    const validate = compile({ type: "object", required: ["toString"], properties: { toString: { type: "string" } } });
    expect(validate({})).toEqual({ pointer: "/toString", expected: "a value", found: "nothing" });
    expect(validate(JSON.parse('{"toString":"x"}'))).toBeUndefined();
  });

  test("reads a discriminated union by its tag", () => {
    const validate = compile({
      type: "object",
      discriminator: { propertyName: "kind" },
      required: ["kind"],
      oneOf: [
        { properties: { kind: { const: "card" }, number: { type: "string" } }, required: ["number"] },
        { properties: { kind: { const: "cash" } } },
      ],
    });
    expect(validate({ kind: "cash" })).toBeUndefined();
    expect(validate({ kind: "card" })).toMatchObject({ pointer: "/number" });
    expect(validate({ kind: "coin" })).toMatchObject({ pointer: "", found: "an object" });
  });

  test("stops at the first of 200,000 faults", () => {
    const validate = compile({ type: "object", properties: { list: { type: "array", items: { type: "string" } } } });
    expect(validate({ list: new Array(200_000).fill(1) })).toMatchObject({ pointer: "/list/0" });
  });

  test("checks patterns in linear time", () => {
    const validate = compile({ type: "object", properties: { x: { type: "string", pattern: "^(a|a)*$" } } });
    // The language's own engine doubles its time with each character, and takes half a minute for these.
    expect(validate({ x: `${"a".repeat(30)}!` })).toMatchObject({ pointer: "/x" });
    expect(validate({ x: "a".repeat(5_000) })).toBeUndefined();
  });

  test("checks each of two patterns by itself, and names that match one", () => {
    const validate = compile({
      type: "object",
      properties: { a: { type: "string", pattern: "^\\d+$" }, b: { type: "string", pattern: "^\\p{L}+$" } },
      patternProperties: { "^x-": { type: "integer" } },
      additionalProperties: false,
    });
    expect(validate({ a: "12", b: "ä", "x-1": 1 })).toBeUndefined();
    expect(validate({ a: "ä" })).toMatchObject({ pointer: "/a" });
    expect(validate({ b: "12" })).toMatchObject({ pointer: "/b" });
    expect(validate({ "x-1": "1" })).toMatchObject({ pointer: "/x-1" });
    expect(validate({ "y-1": 1 })).toMatchObject({ pointer: "/y-1" });
  });

  test("may refer to its own parts, and to itself", () => {
    const validate = compile({
      type: "object",
      $defs: { id: { type: "integer" } },
      properties: { id: { $ref: "#/$defs/id" }, child: { $ref: "#" } },
    });
    expect(validate({ id: 1, child: { child: { id: 2 } } })).toBeUndefined();
    expect(validate({ child: { child: { id: "2" } } })).toMatchObject({ pointer: "/child/child/id" });
  });

  test("may have an $id that another schema has, too", () => {
    const compiler = new SchemaCompiler();
    const of = (type: string) =>
      compiler.compile({ $id: "https://example.com/x", type: "object", properties: { x: { type } } }, "x");
    const [text, number] = [of("string"), of("number")];
    expect([text({ x: "a" }), number({ x: 1 })]).toEqual([undefined, undefined]);
    expect(text({ x: 1 })).toBeDefined();
  });

  test("may name members like keywords, and hold data that looks like some", () => {
    const validate = compile({
      type: "object",
      properties: { $ref: { type: "string" }, $id: { type: "string" }, $async: true, nullable: true },
      examples: [{ a: { $ref: "https://example.com" } }],
      required: ["$ref"],
    });
    expect(validate({ $ref: "x" })).toBeUndefined();
    expect(validate({})).toMatchObject({ pointer: "/$ref" });
  });

  test("is not changed by what happens to the schema later", () => {
    const id: { type: string } = { type: "integer" };
    const validate = compile({ type: "object", properties: { id } });
    id.type = "string";
    expect(validate({ id: 1 })).toBeUndefined();
  });

  test("writes defaults only where it was asked to", () => {
    const schema = { type: "object", properties: { currency: { type: "string", default: "EUR" } } } as const;
    const [payload, config] = [{}, {}];
    compile(schema)(payload);
    new SchemaCompiler({ fillDefaults: true }).compile(schema, "x")(config);
    expect([payload, config]).toEqual([{}, { currency: "EUR" }]);
  });
});

test("a schema that is refused leaves the compiler usable", () => {
  const compiler = new SchemaCompiler();
  expect(() => compiler.compile({ type: "object", colour: 1 }, "x")).toThrow(HookwrightError);
  expect(() => compiler.compile({ type: "object", minItems: 1 }, "x")).toThrow(HookwrightError);
  expect(compiler.compile({ type: "object" }, "x")({})).toBeUndefined();
});

function compile(schema: JsonSchema) {
  return new SchemaCompiler().compile(schema, "the invoice");
}
