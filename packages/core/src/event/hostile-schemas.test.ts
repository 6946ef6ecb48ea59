import { describe, expect, test } from "vitest";
import { HookwrightError } from "../foundation/hookwright-error.js";
import { hostileScenes } from "./hostile-schemas.test.support.js";
import type { JsonSchema } from "./json-schema.js";
import { SchemaCompiler } from "./schema-compiler.js";

const text = (more: object): object => ({ type: "string", ...more });
const member = (schema: unknown): JsonSchema => ({ type: "object", properties: { a: schema } });
const names = (count: number): object =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`p${index}`, {}]));

describe("a schema is refused, with the place and the reason, when it has", () => {
  const cycle: { type: string; properties?: unknown } = { type: "object" };
  cycle.properties = { self: cycle };

  test.each<[string, JsonSchema, string]>([
    // Size
    [
      "too much text",
      { type: "object", description: "x".repeat(65_536) },
      "expected at most 65536 characters, found more.",
    ],
    [
      "too many names",
      { type: "object", properties: names(1_000) },
      "expected at most 500 keywords and names, found more.",
    ],
    [
      "too many keywords",
      { type: "object", allOf: Array.from({ length: 500 }, () => ({ minProperties: 1 })) },
      "at most 500 keywords",
    ],
    ["too deep a nesting", nested(40), "expected at most 32 levels, found one more."],
    ["a nesting that no stack holds", nested(20_000), "expected at most 32 levels"],
    ["one part a billion times over", doubled(30), "expected at most"],
    // What is no data
    ["a cycle", cycle, "/properties/self: expected plain data, found an object inside itself."],
    ["a BigInt", member({ const: 1n }), "/properties/a/const: expected plain data, found a bigint."],
    [
      "a number that JSON cannot say",
      member({ minimum: Number.NaN }),
      "/properties/a/minimum: expected plain data, found NaN.",
    ],
    ["a function", member(() => true), "/properties/a: expected plain data, found a function."],
    ["a toJSON of its own", { type: "object", toJSON: () => ({}) }, "/toJSON: expected plain data, found a function."],
    ["an instance of a class", member(new Date(0)), "/properties/a: expected a plain object"],
    ["a map", { type: "object", properties: new Map([["a", {}]]) }, "/properties: expected a plain object"],
    [
      "a list with holes",
      { type: "object", required: new Array(1e9) },
      "/required/0: expected plain data, found a undefined.",
    ],
    ["a getter that throws", throwing(), "the getter was called"],
    ["a proxy without an end", endless(), "expected at most"],
    // Prototype keys
    [
      "a member __proto__",
      JSON.parse('{"type":"object","properties":{"__proto__":{"type":"string"}}}'),
      "/properties/__proto__: expected another name",
    ],
    [
      "a pattern __proto__",
      JSON.parse('{"type":"object","patternProperties":{"__proto__":true}}'),
      "/patternProperties/__proto__: expected another name",
    ],
    [
      "a prototype in place of a member",
      { type: "object", properties: { __proto__: { a: true } } },
      "/properties: expected a plain object, found one with a prototype of its own.",
    ],
    // References
    [
      "a reference elsewhere",
      member({ $ref: "https://example.com/a" }),
      '/properties/a/$ref: expected a place in the schema itself, as in "#/$defs/name", found "https://example.com/a".',
    ],
    [
      "a reference to a file",
      member({ $ref: "file:///etc/passwd" }),
      "/properties/a/$ref: expected a place in the schema itself",
    ],
    [
      "a reference to an anchor",
      { type: "object", allOf: [{ $ref: "#anchor" }] },
      "/allOf/0/$ref: expected a place in the schema itself",
    ],
    ["a reference that is no text", member({ $ref: 5 }), "/properties/a/$ref: expected a place in the schema itself"],
    [
      "a reference to nothing",
      { ...member({ $ref: "#/$defs/invoic" }), $defs: { invoice: true } },
      '/properties/a/$ref: expected a place where the schema has a schema, found "#/$defs/invoic". Did you mean "#/$defs/invoice"?',
    ],
    [
      "a reference that is wrongly encoded",
      member({ $ref: "#/$defs/%" }),
      "expected a place where the schema has a schema",
    ],
    [
      "a reference into data",
      { ...member({ $ref: "#/examples/0" }), examples: [{ $async: true }] },
      "expected a place where the schema has a schema",
    ],
    [
      "a reference to a list of names",
      member({ $ref: "#/properties" }),
      "expected a place where the schema has a schema",
    ],
    [
      "a reference to itself",
      member({ $ref: "#/properties/a" }),
      "found one that leads back to itself on the same value: #/properties/a → #/properties/a.",
    ],
    [
      "a reference to the whole from the whole",
      { type: "object", allOf: [{ $ref: "#" }] },
      "leads back to itself on the same value: #/allOf/0 → # → #/allOf/0.",
    ],
    [
      "references in a circle",
      {
        type: "object",
        $defs: { a: { anyOf: [{ $ref: "#/$defs/b" }] }, b: { not: { $ref: "#/$defs/a" } } },
        properties: { x: { $ref: "#/$defs/a" } },
      },
      "#/$defs/a/anyOf/0 → #/$defs/b → #/$defs/b/not → #/$defs/a",
    ],
    [
      "a long chain of references",
      chainOfReferences(40),
      "expected at most 32 references that follow each other on one value",
    ],
    // Identity and dialect
    ["an inner $id", member({ $id: "a", type: "object" }), "/properties/a/$id: expected $id at the top only"],
    [
      "an $anchor",
      member({ $anchor: "a" }),
      '/properties/a/$anchor: expected no such keyword, found $anchor. Refer by a pointer, as in "#/$defs/name".',
    ],
    ["a $dynamicRef", member({ $dynamicRef: "#a" }), "/properties/a/$dynamicRef: expected no such keyword"],
    ["a $dynamicAnchor", member({ $dynamicAnchor: "a" }), "/properties/a/$dynamicAnchor: expected no such keyword"],
    ["a $recursiveRef", member({ $recursiveRef: "#" }), "/properties/a/$recursiveRef: expected no such keyword"],
    ["a $vocabulary", { type: "object", $vocabulary: {} }, "/$vocabulary: expected no such keyword"],
    [
      "an older draft",
      { $schema: "http://json-schema.org/draft-07/schema#", type: "object" },
      '/$schema: expected "https://json-schema.org/draft/2020-12/schema"',
    ],
    ["a draft of its own", { $schema: "https://example.com/dialect", type: "object" }, "/$schema: expected"],
    [
      "$data in place of a value",
      member({ type: "number", minimum: { $data: "1/b" } }),
      '/properties/a/minimum: expected a number, found {"$data":"1/b"}.',
    ],
    ["$data as a keyword", member({ $data: "1/b" }), "/properties/a/$data: expected no such keyword"],
    ["an asynchronous schema", { $async: true, type: "object" }, "/$async: expected no such keyword"],
    [
      "nullable",
      member({ type: "string", nullable: true }),
      '/properties/a/nullable: expected no such keyword, found nullable. Write what the type is, as in "type": ["string", "null"].',
    ],
    ["the steps of a check", { type: "object", $steps: { fixed: -1e9 } }, "/$steps: expected a keyword of JSON Schema"],
    // Keywords and their values
    [
      "an unknown keyword",
      { type: "object", propertys: {} },
      '/propertys: expected a keyword of JSON Schema, found "propertys". Did you mean "properties"?',
    ],
    [
      "an unknown format",
      member(text({ format: "datetime" })),
      '/properties/a/format: expected a known format, found "datetime". Did you mean "date-time"?',
    ],
    [
      "a format of every object",
      member(text({ format: "constructor" })),
      '/properties/a/format: expected a known format, found "constructor".',
    ],
    ["a type of every object", member({ type: "toString" }), "/properties/a/type: expected one or several of string,"],
    [
      "a wrong type",
      member({ type: "text" }),
      '/properties/a/type: expected one or several of string, number, integer, boolean, null, object, array, found "text".',
    ],
    [
      "an old exclusiveMinimum",
      member({ type: "number", exclusiveMinimum: true }),
      "/properties/a/exclusiveMinimum: expected a number, found true.",
    ],
    [
      "a negative length",
      member(text({ maxLength: -1 })),
      "/properties/a/maxLength: expected a whole number from 0, found -1.",
    ],
    [
      "a multiple of nothing",
      member({ type: "number", multipleOf: 0 }),
      "/properties/a/multipleOf: expected a number above 0, found 0.",
    ],
    ["an empty choice", member({ oneOf: [] }), "/properties/a/oneOf: expected a list of schemas, found []."],
    ["a number as schema", member(5), "/properties/a: expected a schema, found 5."],
    [
      "a discriminator with a mapping",
      member({ discriminator: { propertyName: "k", mapping: {} } }),
      '/properties/a/discriminator: expected { "propertyName": … }',
    ],
    ["properties without a type", { properties: { a: {} } }, 'missing type "object"'],
    ["an open tuple", member({ type: "array", prefixItems: [true] }), '"prefixItems" is 1-tuple'],
    ["an if without a then", { type: "object", if: { required: ["a"] } }, '"if" without "then" and "else" is ignored'],
    // Regular expressions
    [
      "look-ahead",
      member(text({ pattern: "^(?=a)" })),
      "/properties/a/pattern: expected a regular expression without look-ahead, look-behind and flags, which can be checked in linear time",
    ],
    ["look-behind", member(text({ pattern: "(?<!a)b" })), "without look-ahead, look-behind and flags"],
    ["flags", member(text({ pattern: "(?i)[^a]" })), "without look-ahead, look-behind and flags"],
    [
      "a back reference",
      member(text({ pattern: "(a)\\1" })),
      "without back references, which can be checked in linear time",
    ],
    ["a broken pattern", member(text({ pattern: "(" })), "missing closing )"],
    ["a quotation", member(text({ pattern: "\\Q[\\Ea{1000}" })), "Leave \\Q out."],
    [
      "look-ahead in the pattern of a name",
      { type: "object", patternProperties: { "^(?!x)": true } },
      "/patternProperties: expected a regular expression without look-ahead",
    ],
    [
      "a repetition of repetitions",
      member(text({ pattern: "(a{1,1000}){1,1000}" })),
      "expected patterns of at most 10000 characters in all",
    ],
    [
      "a large repetition of much",
      member(text({ pattern: `(${"a".repeat(900)}){1000}` })),
      "expected patterns of at most 10000 characters in all",
    ],
    [
      "many large patterns",
      {
        type: "object",
        patternProperties: Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`a${index}b{100}`, true])),
      },
      "expected patterns of at most 10000 characters in all",
    ],
    [
      "too many groups in each other",
      member(text({ pattern: `${"(?:".repeat(1_500)}a${")*".repeat(1_500)}` })),
      "nests too deeply",
    ],
  ])("%s", (_, schema, expected) => {
    const fault = faultOf(schema);
    expect(fault).toMatchObject({ code: "schema_invalid" });
    expect(fault.message).toMatch(/^The schema of the invoice/);
    expect(fault.message).toContain(expected);
    expect(fault.message.length).toBeLessThan(1_000);
    expect(fault.details).toMatchObject({
      expected: expect.stringContaining("the invoice"),
      found: expect.any(String),
    });
  });
});

describe("a check is given up, and the payload refused, when the schema makes it too much:", () => {
  test.each(Object.entries(hostileScenes(1)))("%s", (_, { schema, ordinary, hostile }) => {
    const check = new SchemaCompiler().compile(schema, "the invoice");
    expect(check(ordinary)).toBeUndefined();
    const payload = hostile();
    expect(check(payload)).toMatchObject({
      pointer: "",
      expected: "less than its schema takes too much work to check",
    });
    // The next one has all its steps again.
    expect(check(ordinary)).toBeUndefined();
  });

  test("a nesting that no stack holds", () => {
    const step = (index: number): object => ({ allOf: [{ $ref: `#/$defs/d${index + 1}` }] });
    const steps = Array.from({ length: 30 }, (_, index) => [`d${index}`, step(index)] as const);
    const last = { type: "object", properties: { c: { $ref: "#/$defs/d0" } } };
    const check = compile({
      type: "object",
      $defs: { ...Object.fromEntries(steps), d30: last },
      properties: { c: { $ref: "#/$defs/d0" } },
    });
    let payload: object = {};
    for (let level = 0; level < 5_000; level += 1) payload = { c: payload };
    expect(check({ c: { c: {} } })).toBeUndefined();
    expect(check(payload)).toMatchObject({ pointer: "", expected: "less nesting than its schema follows" });
  });
});

describe("what is plain passes, however large:", () => {
  test("a hundred thousand elements that a typical schema describes", () => {
    const line = {
      type: "object",
      required: ["sku", "count"],
      properties: { sku: text({ maxLength: 40 }), count: { type: "integer" } },
    };
    const check = compile({ type: "object", properties: { lines: { type: "array", items: line } } });
    const lines = Array.from({ length: 100_000 }, (_, index) => ({ sku: `A-${index}`, count: index }));
    expect(check({ lines })).toBeUndefined();
  });

  test("a text of two megabytes, encoded in Base64", () => {
    const check = compile(member(text({ format: "byte" })));
    expect(check({ a: "AAAA".repeat(500_000) })).toBeUndefined();
  });

  test("ten thousand short texts with a pattern", () => {
    const check = compile(member({ type: "array", items: text({ pattern: "^[A-Z]{3}-[0-9]{4,8}$" }) }));
    expect(check({ a: Array.from({ length: 10_000 }, () => "ABC-12345") })).toBeUndefined();
  });
});

describe("a member that every object inherits", () => {
  const inherited = ["toString", "constructor", "hasOwnProperty", "valueOf"];

  test.each(inherited)("%s is absent where it is not the value's own", (name) => {
    const check = compile({ type: "object", required: [name], properties: { [name]: { type: "string" } } });
    expect(check({})).toEqual({ pointer: `/${name}`, expected: "a value", found: "nothing" });
    expect(check(JSON.parse(`{"${name}":"x"}`))).toBeUndefined();
    expect(check(JSON.parse(`{"${name}":5}`))).toMatchObject({ pointer: `/${name}`, expected: "string" });
  });

  test.each(inherited)("%s may be optional, and is closed out of a closed object", (name) => {
    const optional = compile({ type: "object", properties: { [name]: { type: "string" } } });
    expect(optional({})).toBeUndefined();
    const closed = compile({ type: "object", properties: { a: true }, additionalProperties: false });
    expect(closed(JSON.parse(`{"${name}":1}`))).toMatchObject({ pointer: `/${name}`, expected: "no such member" });
  });

  test("is not what another depends on", () => {
    const check = compile({
      type: "object",
      dependentRequired: { toString: ["a"] },
      dependentSchemas: { valueOf: false },
    });
    expect(check({})).toBeUndefined();
    expect(check({ toString: 1 })).toMatchObject({ pointer: "/a" });
    expect(check({ valueOf: 1 })).toBeDefined();
  });

  test("__proto__ may be required, and comes only from JSON", () => {
    const check = compile({ type: "object", required: ["__proto__"] });
    expect(check({})).toMatchObject({ pointer: "/__proto__" });
    expect(check(JSON.parse('{"__proto__":1}'))).toBeUndefined();
    const closed = compile({ type: "object", properties: {}, additionalProperties: false });
    expect(closed(JSON.parse('{"__proto__":1}'))).toMatchObject({ pointer: "/__proto__", expected: "no such member" });
  });

  test("two texts __proto__ are not distinct", () => {
    const check = compile(member({ type: "array", items: { type: "string" }, uniqueItems: true }));
    expect(check({ a: ["__proto__", "constructor"] })).toBeUndefined();
    expect(check({ a: ["__proto__", "__proto__"] })).toMatchObject({ expected: "no two equal elements" });
  });
});

describe("distinct elements", () => {
  const check = compile(member({ type: "array", uniqueItems: true }));

  test.each<[unknown[]]>([
    [[1, "1", true, "true", null, "null", [], {}, [1], ["1"], { a: 1 }, '{"a":1}']],
    [
      [
        { a: 1, b: 2 },
        { a: 2, b: 1 },
      ],
    ],
    [
      [
        [1, [2]],
        [[1], 2],
      ],
    ],
    [[{ a: "1,2" }, { a: [1, 2] }]],
  ])("%j", (a) => expect(check({ a })).toBeUndefined());

  test.each<[unknown[]]>([
    [[1, 1.0]],
    [
      [
        { a: 1, b: 2 },
        { b: 2, a: 1 },
      ],
    ],
    [[[{ a: [] }], [{ a: [] }]]],
    [[null, null]],
  ])("not %j", (a) => expect(check({ a })).toMatchObject({ pointer: "/a", expected: "no two equal elements" }));
});

test("multiples are those of the decimal that was written", () => {
  const check = compile(member({ type: "number", multipleOf: 0.01 }));
  for (const a of [0.3, 19.99, 1.1, 12_345_678.91, 1e21]) expect(check({ a })).toBeUndefined();
  for (const a of [0.305, 19.999]) expect(check({ a })).toMatchObject({ expected: "a multiple of 0.01" });
});

test("a member is read once: what was checked is what is compiled", () => {
  let reads = 0;
  const schema = {
    get type() {
      reads += 1;
      return reads === 1 ? "object" : { $data: "1/b" };
    },
  };
  expect(compile(schema)({})).toBeUndefined();
  expect(reads).toBe(1);
});

test("a schema from another realm, or without a prototype, is a schema", () => {
  const bare: JsonSchema = Object.assign(Object.create(null), { type: "object", required: ["a"] });
  expect(compile(bare)({})).toMatchObject({ pointer: "/a" });
});

test("a schema is not changed by being compiled", () => {
  const schema = Object.freeze({
    $id: "https://example.com/x",
    type: "object",
    properties: Object.freeze({ a: true }),
  });
  compile(schema);
  expect(schema).toEqual({ $id: "https://example.com/x", type: "object", properties: { a: true } });
});

function compile(schema: JsonSchema) {
  return new SchemaCompiler().compile(schema, "the invoice");
}

function faultOf(schema: JsonSchema): HookwrightError {
  try {
    compile(schema);
  } catch (error) {
    if (error instanceof HookwrightError) return error;
    throw error;
  }
  throw new Error("it compiled");
}

function nested(depth: number): JsonSchema {
  let schema: JsonSchema = { type: "object" };
  for (let level = 0; level < depth; level += 1) schema = { type: "object", properties: { a: schema } };
  return schema;
}

/** A tree of a billion leaves, made of thirty objects. */
function doubled(depth: number): JsonSchema {
  let schema: JsonSchema = { type: "object" };
  for (let level = 0; level < depth; level += 1) schema = { allOf: [schema, schema] };
  return schema;
}

function chainOfReferences(length: number): JsonSchema {
  const names = Array.from({ length }, (_, index) => [`d${index}`, { $ref: `#/$defs/d${index + 1}` }]);
  return {
    type: "object",
    properties: { x: { $ref: "#/$defs/d0" } },
    $defs: { ...Object.fromEntries(names), [`d${length}`]: true },
  };
}

function throwing(): JsonSchema {
  return {
    type: "object",
    get properties() {
      throw new Error("the getter was called");
    },
  };
}

function endless(): JsonSchema {
  const below = (): object =>
    new Proxy(
      {},
      { ownKeys: () => ["a"], getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }), get: below },
    );
  return { type: "object", properties: below() };
}
