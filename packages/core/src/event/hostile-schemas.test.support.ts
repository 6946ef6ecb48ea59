// No import but of types: the benchmark runs this file as it is.
import type { JsonSchema } from "./json-schema.js";

/** A schema that compiles, a payload that it takes, and one that is made to keep it busy. */
export interface HostileScene {
  readonly schema: JsonSchema;
  readonly ordinary: object;
  readonly hostile: () => object;
}

/**
 * Schemas that multiply the work of a check, each by a way of its own. `scale` is what the payload is multiplied by: 1 is
 * enough to be refused, 10 is about as much as a request may carry.
 */
export function hostileScenes(scale: number): Readonly<Record<string, HostileScene>> {
  const texts = (count: number): string[] => repeat(count * scale, (index) => `text ${index}`);
  const map = (count: number): object => Object.fromEntries(repeat(count * scale, (index) => [`m${index}`, index]));
  const long = (length: number): string => "a".repeat(length * scale);
  return {
    "references that double at each step": {
      schema: object({ x: ref("d0") }, { $defs: doubling(24) }),
      ordinary: {},
      hostile: () => ({ x: {} }),
    },
    "a recursion that doubles at each level": {
      schema: object(
        { x: ref("node") },
        {
          $defs: {
            node: { type: "object", allOf: [{ properties: { c: ref("node") } }, { properties: { c: ref("node") } }] },
          },
        },
      ),
      ordinary: { x: { c: { c: {} } } },
      hostile: () => ({ x: chain(60) }),
    },
    "alternatives for each element": {
      schema: object({ list: list({ anyOf: repeat(140, (index) => ({ const: `form ${index}` })) }) }),
      ordinary: { list: ["form 1", "form 139"] },
      hostile: () => ({ list: repeat(20_000 * scale, () => "form 139") }),
    },
    "alternatives inside alternatives": {
      schema: object({ list: list(alternatives(5)) }),
      ordinary: { list: [5] },
      hostile: () => ({ list: repeat(100_000 * scale, () => 5) }),
    },
    "exactly one of many, for each element": {
      schema: object({ list: list({ oneOf: repeat(140, (index) => ({ type: "integer", const: index })) }) }),
      ordinary: { list: [1, 139] },
      hostile: () => ({ list: repeat(20_000 * scale, () => 139) }),
    },
    "conditions inside conditions": {
      schema: object({ list: list(conditions(12)) }),
      ordinary: { list: [{ a: 1 }] },
      hostile: () => ({ list: repeat(100_000 * scale, () => ({ a: 5 })) }),
    },
    "many members asked for in each element": {
      schema: object({
        list: list(object(Object.fromEntries(repeat(200, (index) => [`m${index}`, { type: "string" }])))),
      }),
      ordinary: { list: [{ m1: "a" }] },
      hostile: () => ({ list: repeat(100_000 * scale, () => ({})) }),
    },
    "a list of allowed values for each element": {
      schema: object({ list: list({ enum: repeat(3_000, (index) => `value ${index}`) }) }),
      ordinary: { list: ["value 1", "value 2999"] },
      hostile: () => ({ list: repeat(10_000 * scale, () => "value 2999") }),
    },
    "allowed values that are objects": {
      schema: object({ list: list({ enum: repeat(500, (index) => ({ a: [1, 2, 3, { b: index }] })) }) }),
      ordinary: { list: [{ a: [1, 2, 3, { b: 499 }] }] },
      hostile: () => ({ list: repeat(20_000 * scale, () => ({ a: [1, 2, 3, { b: 499 }] })) }),
    },
    "one element searched for again and again": {
      schema: object({
        list: {
          type: "array",
          allOf: repeat(90, (index) => ({ type: "array", contains: { type: "string", const: `text ${index}` } })),
        },
      }),
      ordinary: { list: repeat(90, (index) => `text ${index}`) },
      hostile: () => ({ list: texts(100_000).reverse() }),
    },
    "distinct texts": {
      schema: object({ list: { type: "array", items: { type: "string" }, uniqueItems: true } }),
      ordinary: { list: ["a", "b"] },
      hostile: () => ({ list: texts(400_000) }),
    },
    "distinct objects": {
      schema: object({ list: { type: "array", uniqueItems: true } }),
      ordinary: { list: [{ a: 1 }, { a: 2 }] },
      hostile: () => ({ list: repeat(100_000 * scale, (index) => ({ a: { b: index } })) }),
    },
    "two large values that are to be distinct": {
      schema: object({ list: { type: "array", uniqueItems: true } }),
      ordinary: { list: [[1], [2]] },
      hostile: () => ({ list: [0, 1].map((last) => [...repeat(300_000 * scale, () => 1), last]) }),
    },
    "the length of one long text, again and again": {
      schema: object({ text: { type: "string", allOf: repeat(120, () => ({ type: "string", maxLength: 1e9 })) } }),
      ordinary: { text: "a" },
      hostile: () => ({ text: long(1_000_000) }),
    },
    "a pattern on a long text": {
      schema: object({ text: { type: "string", pattern: "^[a-z]*$" } }),
      ordinary: { text: "abc" },
      hostile: () => ({ text: long(1_000_000) }),
    },
    "a pattern that branches": {
      schema: object({ text: { type: "string", pattern: "^[ab]*a[ab]{14}$" } }),
      ordinary: { text: "a".repeat(15) },
      hostile: () => ({
        text: repeat(1_000_000 * scale, (index) => (((index * 7_919) >> 3) % 2 === 0 ? "a" : "b")).join(""),
      }),
    },
    "a large pattern": {
      schema: object({ list: list({ type: "string", pattern: "^(?:a?){200}a{200}$" }) }),
      ordinary: { list: [] },
      hostile: () => ({ list: repeat(1_000 * scale, () => "a".repeat(400)) }),
    },
    "patterns for names": {
      schema: object(
        {},
        {
          patternProperties: Object.fromEntries(repeat(60, (index) => [`[a-z]${index}[^0-9]*x`, { type: "integer" }])),
        },
      ),
      ordinary: { a1x: 1 },
      hostile: () => map(20_000),
    },
    "names that are checked": {
      schema: object({}, { propertyNames: { type: "string", pattern: "^[a-z0-9]+$" } }),
      ordinary: { a1: 1 },
      hostile: () => map(50_000),
    },
    "a format that goes back and forth": {
      schema: object({ text: { type: "string", format: "url" } }),
      ordinary: { text: "https://example.com/a" },
      hostile: () => ({ text: `http://a:${"1:".repeat(50_000 * scale)}` }),
    },
    "a format for each element": {
      schema: object({ list: list({ type: "string", format: "uri" }) }),
      ordinary: { list: ["https://example.com"] },
      hostile: () => ({ list: repeat(60_000 * scale, (index) => `https://example.com/${index}`) }),
    },
    "closed alternatives of a large map": {
      schema: object({
        x: {
          anyOf: [
            ...repeat(80, (index) => object({ [`m${index}`]: {} }, { additionalProperties: false })),
            { type: "object" },
          ],
        },
      }),
      ordinary: { x: { m1: 1 } },
      hostile: () => ({ x: map(20_000) }),
    },
    "members counted again and again": {
      schema: object({ x: { type: "object", allOf: repeat(120, () => ({ type: "object", minProperties: 1 })) } }),
      ordinary: { x: { a: 1 } },
      hostile: () => ({ x: map(20_000) }),
    },
    "members that nothing looked at": {
      schema: object({
        x: {
          type: "object",
          anyOf: repeat(45, (index) => ({ type: "object", patternProperties: { "^m": {} }, required: [`m${index}`] })),
          unevaluatedProperties: false,
        },
      }),
      ordinary: { x: { m1: 1 } },
      hostile: () => ({ x: map(20_000) }),
    },
    "maps of objects": {
      schema: object({ x: mapOf(mapOf(object({ a: { type: "integer" } }, { required: ["a"] }))) }),
      ordinary: { x: { one: { two: { a: 1 } } } },
      hostile: () => ({
        x: { ...repeat(5 * scale, () => Object.fromEntries(repeat(20_000, (index) => [`m${index}`, { a: 1 }]))) },
      }),
    },
    "schemas that depend on a member": {
      schema: object({
        list: list({
          type: "object",
          dependentSchemas: Object.fromEntries(repeat(150, (index) => [`a${index}`, { not: { required: ["b"] } }])),
        }),
      }),
      ordinary: { list: [{ a1: 1 }] },
      hostile: () => ({ list: repeat(50_000 * scale, () => ({ a1: 1 })) }),
    },
  };
}

function repeat<Value>(count: number, make: (index: number) => Value): Value[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

function object(properties: object, more: object = {}): JsonSchema {
  return { type: "object", properties, ...more };
}

function list(items: object): JsonSchema {
  return { type: "array", items };
}

function mapOf(members: object): JsonSchema {
  return { type: "object", additionalProperties: members };
}

function ref(name: string): JsonSchema {
  return { $ref: `#/$defs/${name}` };
}

function doubling(steps: number): object {
  const step = (index: number): object =>
    index === steps ? { type: "object" } : { allOf: [ref(`d${index + 1}`), ref(`d${index + 1}`)] };
  return Object.fromEntries(repeat(steps + 1, (index) => [`d${index}`, step(index)]));
}

function alternatives(depth: number): JsonSchema {
  return depth === 0
    ? { type: "integer", const: 5 }
    : { anyOf: [{ not: {} }, { type: "string" }, alternatives(depth - 1)] };
}

function conditions(depth: number): JsonSchema {
  if (depth === 0) return object({ a: { type: "integer" } });
  const first = object({ a: { const: depth } }, { required: ["a"] });
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
  return { type: "object", if: first, then: true, else: conditions(depth - 1) };
}

function chain(depth: number): object {
  return depth === 0 ? {} : { c: chain(depth - 1) };
}
