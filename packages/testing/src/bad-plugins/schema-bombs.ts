import { type ConfiguredPlugin, defineEvent, definePlugin, type ErrorCode, type JsonSchema } from "@hookwright/core";
import type { BadPluginCase } from "./bad-plugin-case.js";

/** A schema that must not be used. */
interface Bomb {
  readonly name: string;
  readonly fault: string;
  readonly schema: () => unknown;
  /** What the refusal tells beside the owner. */
  readonly tells?: string;
  /** `schema_invalid` unless given: an event is looked at before its schema is. */
  readonly eventCode?: ErrorCode;
}

const nested = (depth: number, inner: unknown): unknown =>
  depth === 0 ? inner : { type: "object", properties: { a: nested(depth - 1, inner) } };

const withPattern = (pattern: string): unknown => ({
  type: "object",
  properties: { text: { type: "string", maxLength: 10_000, pattern } },
});

const refused: readonly Bomb[] = [
  {
    name: "a schema of a megabyte",
    fault: "To compile it takes memory and time.",
    schema: () => ({ type: "object", description: "x".repeat(1_000_000) }),
    tells: "65536",
  },
  {
    name: "a schema that is three thousand levels deep",
    fault: "To walk through it takes more stack than there is.",
    schema: () => nested(3_000, {}),
    tells: "32",
  },
  {
    name: "a schema of ten thousand members",
    fault: "The code that is made of it is megabytes long.",
    schema: () => ({
      type: "object",
      properties: Object.fromEntries(Array.from({ length: 3_000 }, (_, index) => [`p${index}`, { type: "null" }])),
    }),
  },
  {
    name: "a schema that contains itself",
    fault: "To walk through it never ends.",
    schema: () => {
      const schema: Record<string, unknown> = { type: "object" };
      schema["properties"] = { a: schema };
      return schema;
    },
  },
  {
    name: "one part ten million times over",
    fault: "As an object it is small, written out it fills the memory.",
    schema: () => {
      let part: unknown = { type: "string" };
      for (let level = 0; level < 12; level += 1) part = { anyOf: Array.from({ length: 8 }, () => part) };
      return { type: "object", properties: { a: part } };
    },
  },
  {
    name: "a reference to itself",
    fault: "To follow it never ends.",
    schema: () => ({ type: "object", $ref: "#" }),
    tells: "# → #",
  },
  {
    name: "references that lead in a circle",
    fault: "To follow them never ends.",
    schema: () => ({
      type: "object",
      $ref: "#/$defs/a",
      $defs: { a: { $ref: "#/$defs/b" }, b: { $ref: "#/$defs/a" } },
    }),
    tells: "#/$defs/a → #/$defs/b → #/$defs/a",
  },
  {
    name: "a reference that leads nowhere",
    fault: "What it means is not there.",
    schema: () => ({ type: "object", properties: { a: { $ref: "#/$defs/missing" } } }),
    tells: "missing",
  },
  {
    name: "a reference to another machine",
    fault: "To read it something would have to be fetched.",
    schema: () => ({ type: "object", properties: { a: { $ref: "http://127.0.0.1:1/schema.json" } } }),
    tells: "$ref",
  },
  {
    name: "a reference into another plugin",
    fault: "It reaches for a schema of the witness.",
    schema: () => ({ type: "object", properties: { a: { $ref: "WITNESS_SEEN#/properties/round" } } }),
    tells: "$ref",
  },
  {
    name: "an id below its top",
    fault: "It changes what references below it mean.",
    schema: () => ({ type: "object", properties: { a: { $id: "http://elsewhere.test/", type: "string" } } }),
    tells: "$id",
  },
  {
    name: "a value that the payload decides",
    fault: "With $data a payload says what its own schema means.",
    schema: () => ({ type: "object", properties: { text: { type: "string", pattern: { $data: "1/pattern" } } } }),
  },
  {
    name: "an asynchronous schema",
    fault: "Its validator answers with a promise, which is true whatever it says.",
    schema: () => ({ $async: true, type: "object" }),
    tells: "$async",
  },
  {
    name: "a dynamic reference",
    fault: "What it means depends on who asks.",
    schema: () => ({ type: "object", $dynamicRef: "#meta" }),
    tells: "$dynamicRef",
  },
  {
    name: "a pattern with look-ahead",
    fault: "It cannot be checked in linear time.",
    schema: () => withPattern("^(?=(a+)+$)a*$"),
    tells: "pattern",
  },
  {
    name: "a pattern with a back reference",
    fault: "It cannot be checked in linear time.",
    schema: () => withPattern("^(a+)\\1$"),
    tells: "pattern",
  },
  {
    name: "a pattern that is no regular expression",
    fault: "It cannot be compiled.",
    schema: () => withPattern("(("),
    tells: "pattern",
  },
  {
    name: "a pattern that is enormous when it is written out",
    fault: "Repetitions in repetitions make a program of gigabytes.",
    schema: () => withPattern("((((a{1,500}){1,500}){1,500}){1,500}){1,500}"),
    tells: "pattern",
  },
  {
    name: "an unknown keyword",
    fault: "It would be passed over without a word.",
    schema: () => ({ type: "object", propertys: { a: { type: "string" } } }),
    tells: "propertys",
  },
  {
    name: "an unknown format",
    fault: "It would be passed over without a word.",
    schema: () => ({ type: "object", properties: { a: { type: "string", format: "emial" } } }),
    tells: "emial",
  },
  {
    name: "a keyword with a value of a wrong type",
    fault: "It means nothing.",
    schema: () => ({ type: "object", required: "a" }),
    tells: "required",
  },
  {
    name: "a member named __proto__",
    fault: "It would change what all objects have, or not be checked at all.",
    schema: () => JSON.parse('{"type":"object","properties":{"__proto__":{"type":"string"}}}'),
    tells: "__proto__",
  },
  {
    name: "a proxy that says something else each time",
    fault: "What was checked is not what is compiled.",
    schema: () => {
      let asked = 0;
      return {
        type: "object",
        get properties() {
          asked += 1;
          return asked === 1 ? {} : { a: { $ref: "http://127.0.0.1:1/" } };
        },
        $ref: "#/$defs/none",
      };
    },
  },
  {
    name: "a schema that throws when it is read",
    fault: "It breaks whoever looks at it.",
    eventCode: "definition_invalid",
    schema: () => ({
      type: "object",
      get properties() {
        throw new Error("not to be read");
      },
    }),
  },
  {
    name: "a schema with code in it",
    fault: "A value that is no JSON.",
    schema: () => ({ type: "object", properties: { a: { type: "string", const: () => "code" } } }),
  },
];

/** A schema that may be used, and a payload that was made to be expensive. */
interface Bounded {
  readonly name: string;
  readonly fault: string;
  readonly schema: JsonSchema;
  readonly example: object;
  readonly payload: object;
  readonly isAccepted: boolean;
}

const doubling = (levels: number): object =>
  Object.fromEntries(
    Array.from({ length: levels }, (_, level) => [
      `d${level}`,
      level === levels - 1
        ? { type: "string", maxLength: 3 }
        : { anyOf: [{ $ref: `#/$defs/d${level + 1}` }, { $ref: `#/$defs/d${level + 1}` }] },
    ]),
  );

const bounded: readonly Bounded[] = [
  {
    name: "a pattern that explodes with other engines",
    fault: "^(a|a)*$ on 28 characters stops the language's own engine for seconds.",
    schema: { type: "object", properties: { text: { type: "string", pattern: "^(a|a)*$" } } },
    example: { text: "aa" },
    payload: { text: `${"a".repeat(5_000)}b` },
    isAccepted: false,
  },
  {
    name: "names that are matched by a pattern that explodes",
    fault: "The same in patternProperties, with a long name.",
    schema: { type: "object", patternProperties: { "^(a|a)*$": { type: "integer" } } },
    example: { a: 1 },
    payload: { [`${"a".repeat(5_000)}b`]: "x" },
    isAccepted: true,
  },
  {
    name: "alternatives that double at each of eight levels",
    fault: "Each level asks the next one twice: many questions, and not too many.",
    schema: { type: "object", properties: { a: { $ref: "#/$defs/d0" } }, $defs: doubling(8) } as JsonSchema,
    example: { a: "x" },
    payload: { a: "too long" },
    isAccepted: false,
  },
  {
    name: "a list that must have no two equal elements",
    fault: "To compare each element with each other one takes time by the square.",
    schema: { type: "object", properties: { list: { type: "array", uniqueItems: true } } },
    example: { list: [1, 2] },
    payload: { list: Array.from({ length: 5_000 }, (_, index) => ({ index })) },
    isAccepted: true,
  },
  {
    name: "a recursive schema and a deep payload",
    fault: "The payload is as deep as the stack.",
    schema: { type: "object", properties: { a: { $ref: "#" } } },
    example: { a: {} },
    payload: deep(100_000),
    isAccepted: false,
  },
  {
    name: "a list of which every element is wrong",
    fault: "Two hundred thousand elements would make as many errors.",
    schema: { type: "object", properties: { list: { type: "array", items: { type: "string" } } } },
    example: { list: ["a"] },
    payload: { list: Array.from({ length: 200_000 }, () => 1) },
    isAccepted: false,
  },
  {
    name: "a member that every object inherits",
    fault: "It demands toString, which an empty object has from its prototype.",
    schema: { type: "object", required: ["toString"], properties: { toString: { type: "string" } } },
    example: { toString: "x" },
    payload: {},
    isAccepted: false,
  },
];

export const schemaBombs: readonly BadPluginCase[] = [
  ...refused.flatMap((bomb): readonly BadPluginCase[] => [asEvent(bomb), asConfiguration(bomb)]),
  ...bounded.map(bombed),
  {
    name: "alternatives that double at each of twenty-four levels",
    fault: "Each level asks the next one twice: sixteen million questions about one text, even about its own example.",
    plugins: () => [
      withEvent(
        "BAD_THING",
        { type: "object", properties: { a: { $ref: "#/$defs/d0" } }, $defs: doubling(24) },
        { a: "x" },
      ),
    ],
    expectation: {
      kind: "refused-at-boot",
      problems: [{ code: "definition_invalid", tells: ["BAD_THING", "bad@6.6.6", "too much work"] }],
    },
  },
];

/** An author who writes JavaScript hands in any schema. */
function withEvent(action: string, schema: unknown, example: object): ConfiguredPlugin {
  const event = defineEvent({
    action,
    summary: "It went wrong.",
    schema: schema as JsonSchema,
    example: example as never,
  });
  return definePlugin({ name: "bad", version: "6.6.6", events: [event] });
}

function asEvent({ name, fault, schema, tells, eventCode = "schema_invalid" }: Bomb): BadPluginCase {
  return {
    name: `${name}, of an event`,
    fault,
    plugins: () => [withEvent("BAD_THING", schema(), {})],
    expectation: {
      kind: "refused-at-boot",
      problems: [{ code: eventCode, tells: ["BAD_THING", "bad@6.6.6", ...(tells === undefined ? [] : [tells])] }],
    },
  };
}

function asConfiguration({ name, fault, schema, tells }: Bomb): BadPluginCase {
  return {
    name: `${name}, of its configuration`,
    fault,
    plugins: () => [definePlugin({ name: "bad", version: "6.6.6", config: schema() as JsonSchema })],
    expectation: {
      kind: "refused-at-boot",
      problems: [
        { code: "schema_invalid", tells: ["configuration", "bad@6.6.6", ...(tells === undefined ? [] : [tells])] },
      ],
    },
  };
}

function bombed({ name, fault, schema, example, payload, isAccepted }: Bounded): BadPluginCase {
  return {
    name,
    fault,
    plugins: () => [withEvent("BOMBED_THING", schema, example)],
    provoke: async ({ notebook, emitOther }) => {
      if (!isAccepted) return notebook.tried(() => emitOther("BOMBED_THING", payload));
      await emitOther("BOMBED_THING", payload);
      notebook.note("accepted");
    },
    expectation: {
      kind: "contained",
      signs: [
        isAccepted ? { kind: "noted", text: "accepted" } : { kind: "caught", code: "payload_invalid", tells: [] },
      ],
    },
  };
}

function deep(levels: number): object {
  let payload: object = {};
  for (let level = 0; level < levels; level += 1) payload = { a: payload };
  return payload;
}
