import { defineEvent, definePlugin } from "@hookwright/core";

/** References to its own parts, recursion, and a dialect and an id of its own. */
const tree = defineEvent({
  action: "tree:grown",
  aliases: ["tree-3Agrown", "tree:ripe"],
  summary: 'A tree "grew" <b>much</b> & `well`.',
  description: "Line one\n\n# Not a heading\n\n| a | b |\n\n<script>alert(1)</script> *\\_ [x](javascript:1) \u2028",
  schema: {
    $id: "https://example.com/tree",
    $schema: "https://json-schema.org/draft/2020-12/schema",
    type: "object",
    required: ["node"],
    properties: { node: { $ref: "#/$defs/node", description: "The root." }, twin: { $ref: "#/properties/node" } },
    $defs: {
      node: {
        type: "object",
        required: ["name"],
        properties: { name: { type: "string" }, children: { type: "array", items: { $ref: "#/$defs/node" } } },
      },
      "a/b~c%d": { type: "string" },
    },
    patternProperties: { "^x_": { $ref: "#/$defs/a~1b~0c%25d" } },
  },
  example: { node: { name: "root", children: [{ name: "leaf" }] }, x_note: "high" },
});

/** Closed at the top, and members that are named like keywords. */
const closed = defineEvent({
  action: "CLOSED",
  summary: "Nothing but what is named.",
  schema: {
    type: "object",
    additionalProperties: false,
    required: ["default", "$ref"],
    maxProperties: 2,
    minProperties: 2,
    properties: {
      default: { $ref: "#/$defs/amount" },
      $ref: { type: "string" },
      enum: { enum: [{ $ref: "#/nowhere" }, "odd"] },
    },
    $defs: { amount: { type: ["integer", "null"], minimum: 0 } },
  },
  example: { default: null, $ref: "#/nowhere" },
});

/** Closed by parts that speak of the whole payload, one of them behind a reference. */
const choice = defineEvent({
  action: "CHOICE",
  summary: "Either a card or an account.",
  schema: {
    type: "object",
    discriminator: { propertyName: "kind" },
    required: ["kind"],
    oneOf: [{ $ref: "#/$defs/card" }, { $ref: "#/$defs/account" }],
    $defs: {
      card: {
        type: "object",
        additionalProperties: false,
        required: ["kind", "number"],
        properties: { kind: { const: "card" }, number: { type: "string", maxLength: 19 } },
      },
      account: {
        type: "object",
        unevaluatedProperties: false,
        propertyNames: { pattern: "^[a-z]{1,4}$" },
        patternProperties: { "^i": { type: "string" } },
        properties: { kind: { const: "account" } },
      },
    },
  },
  example: { kind: "card", number: "4711" },
});

/** What draft 07 says in other words. */
const tuples = defineEvent({
  action: "TUPLES",
  summary: "Pairs.",
  scope: "organization",
  schema: {
    type: "object",
    required: ["pair"],
    properties: {
      pair: { type: "array", prefixItems: [{ type: "string" }, { type: "number" }], items: false, minItems: 2 },
      some: { type: "array", contains: { type: "string" }, minContains: 0, maxContains: 9 },
      project: { type: "integer" },
    },
    dependentRequired: { some: ["pair"] },
    dependentSchemas: { some: { properties: { pair: { type: "array", maxItems: 2 } } } },
    not: { required: ["never"] },
  },
  example: { pair: ["a", 1], some: [] },
});

/** A project of its own that is a number: where it is absent, an object is filled in. */
const numbered = defineEvent({
  action: "NUMBERED",
  summary: "It has a project of its own.",
  schema: { type: "object", properties: { project: { type: "integer" } }, additionalProperties: false },
  example: {},
});

export const awkwardEvents = [tree, closed, choice, tuples, numbered] as const;

export const awkward = definePlugin({ name: "awkward", version: "1.0.0", events: awkwardEvents });
