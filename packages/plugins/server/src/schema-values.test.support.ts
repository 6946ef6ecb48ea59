import type { JsonSchema } from "@hookwright/core";
import fc from "fast-check";

type Json = Readonly<Record<string, unknown>>;

/** Values of JSON, and how deep a schema is followed. */
interface At {
  readonly document: Json;
  readonly depth: number;
}

/** Deeper than any schema of this API is worth following. */
const deepest = 6;

/** Values that a schema of an OpenAPI document allows, as far as its words say it: pattern and format are not read. */
export function valuesOf(schema: JsonSchema, document: Json): fc.Arbitrary<fc.JsonValue> {
  return fitting(schema, { document, depth: 0 });
}

/** The same with one place of it wrong, or with something in it that no schema knows. */
export function nearlyValuesOf(schema: JsonSchema, document: Json): fc.Arbitrary<fc.JsonValue> {
  return valuesOf(schema, document).chain((value) => fc.oneof(broken(value), broken(value).chain(broken)));
}

/** What no field expects. */
export const strangeValues: fc.Arbitrary<fc.JsonValue> = fc.oneof(
  fc.constantFrom<fc.JsonValue>(true, false, null, 0, -1, -0, 1.5, 1e21, 2 ** 53, -(2 ** 63), 1e308, 5e-324),
  fc.constantFrom<fc.JsonValue>("", " ", "\0", "\ud800", "a\r\nb", "\u202e", "__proto__", "null", "0x10", "1e3"),
  fc.constantFrom<fc.JsonValue>("http://127.0.0.1:1/", "https://hooks.example.com/", "TASKS_CREATED", "NOPE", "dlv_0"),
  fc.integer({ min: 1, max: 70_000 }).map((length) => "x".repeat(length)),
  fc.string({ unit: "binary" }),
  fc.integer({ min: 1, max: 200 }).map(nested),
  fc.jsonValue({ maxDepth: 3 }),
  fc.array(fc.constant<fc.JsonValue>("x"), { maxLength: 300 }),
);

const strangeKeys = fc.oneof(
  fc.constantFrom("__proto__", "constructor", "toString", "prototype", "", "\0", "id", "organization", "url "),
  fc.string({ unit: "binary", maxLength: 20 }),
);

function nested(depth: number): fc.JsonValue {
  let value: fc.JsonValue = {};
  for (let level = 0; level < depth; level += 1) value = level % 2 === 0 ? [value] : { a: value };
  return value;
}

function fitting(schema: JsonSchema, at: At): fc.Arbitrary<fc.JsonValue> {
  const resolved = resolve(schema, at.document);
  const inner = { ...at, depth: at.depth + 1 };
  if (at.depth > deepest) return fc.constant(null);
  // What stands in a schema's enum, const or examples is JSON.
  if ("const" in resolved) return fc.constant(resolved["const"] as fc.JsonValue);
  if (Array.isArray(resolved["enum"])) return fc.constantFrom(...(resolved["enum"] as readonly fc.JsonValue[]));
  const choices = resolved["oneOf"] ?? resolved["anyOf"];
  if (Array.isArray(choices) && choices.length > 0)
    return fc.oneof(
      ...choices.map((choice) => fitting({ ...without(resolved), ...merged(resolved, choice, at) }, inner)),
    );
  return fc.oneof(...typesOf(resolved).map((type) => ofType(type, resolved, inner)));
}

/** A choice of an object says something of its members, the object around it the rest. */
function merged(base: JsonSchema, choice: unknown, { document }: At): JsonSchema {
  const chosen = resolve(Object(choice), document);
  return { ...chosen, properties: { ...Object(base["properties"]), ...Object(chosen["properties"]) } };
}

function without({ oneOf: _, anyOf: __, ...rest }: JsonSchema): JsonSchema {
  return rest;
}

function typesOf(schema: JsonSchema): readonly unknown[] {
  const { type } = schema;
  if (Array.isArray(type)) return type;
  if (type !== undefined) return [type];
  return [schema["properties"] === undefined ? "any" : "object"];
}

function ofType(type: unknown, schema: JsonSchema, at: At): fc.Arbitrary<fc.JsonValue> {
  switch (type) {
    case "string":
      return textOf(schema);
    case "integer":
      return fc.integer({
        min: Number(schema["minimum"] ?? 0),
        max: Math.min(Number(schema["maximum"] ?? 50), 2 ** 31 - 1),
      });
    case "number":
      return fc.double({ min: 0, max: 1e9, noNaN: true });
    case "boolean":
      return fc.boolean();
    case "null":
      return fc.constant(null);
    case "array":
      return fc.array(fitting(Object(schema["items"]), at), {
        minLength: Number(schema["minItems"] ?? 0),
        maxLength: Math.min(Number(schema["maxItems"] ?? 3), 3),
      });
    case "object":
      return objectOf(schema, at);
    default:
      return fc.jsonValue({ maxDepth: 1 });
  }
}

/** What fields of these names hold more often than any value of their type: what is random there is seldom taken. */
const knownFields: Readonly<Record<string, fc.Arbitrary<fc.JsonValue>>> = {
  url: fc.constantFrom("http://127.0.0.1:1/hook", "https://hooks.example.com/", "http://backend:9090"),
  action: fc.constantFrom("TASKS_CREATED", "ANNOTATION_CREATED"),
  actions: fc.subarray(["TASKS_CREATED", "ANNOTATION_CREATED", "TASK_CREATED"]),
  headers: fc.dictionary(fc.constantFrom("x-a", "X-Key", "authorization"), fc.constantFrom("1", "Bearer x"), {
    maxKeys: 2,
  }),
  payload: fc.constantFrom<fc.JsonValue>({ tasks: [{ id: 1 }] }, {}),
  retry_schedule: fc.constantFrom(null, "", "standard", "5s,1m"),
  overlap: fc.constantFrom("0s", "24h"),
  secret: fc.constant(`whsec_${"A".repeat(43)}=`),
  since: fc.constantFrom("2026-07-20T10:11:12Z", "2020-01-01"),
  until: fc.constantFrom("2026-07-20T10:11:12Z", "2099-01-01"),
};

function memberOf(name: string, schema: JsonSchema, at: At): fc.Arbitrary<fc.JsonValue> {
  const known = Object.hasOwn(knownFields, name) ? knownFields[name] : undefined;
  const any = fitting(schema, at);
  return known === undefined ? any : fc.oneof({ arbitrary: known, weight: 9 }, { arbitrary: any, weight: 1 });
}

function textOf(schema: JsonSchema): fc.Arbitrary<string> {
  const minLength = Number(schema["minLength"] ?? 0);
  const maxLength = Math.max(minLength, Math.min(Number(schema["maxLength"] ?? 20), 20));
  return fc.string({ minLength, maxLength });
}

/** All that is required, and a few of the rest: the more there are, the likelier one is refused. */
function objectOf(schema: JsonSchema, at: At): fc.Arbitrary<fc.JsonValue> {
  const properties = Object.entries(Object(schema["properties"]) as Record<string, JsonSchema>);
  // A list of names, as JSON Schema has it.
  const required = new Set((schema["required"] ?? []) as readonly string[]);
  const optional = properties.filter(([name]) => !required.has(name));
  return fc.subarray(optional, { maxLength: Math.min(4, optional.length) }).chain((some) => {
    const members = [...properties.filter(([name]) => required.has(name)), ...some];
    return fc.record(Object.fromEntries(members.map(([name, member]) => [name, memberOf(name, member, at)])));
  });
}

function resolve(schema: JsonSchema, document: Json): JsonSchema {
  const { $ref } = schema;
  if (typeof $ref !== "string") return schema;
  const steps = $ref.replace(/^#\//, "").split("/");
  const found = steps.reduce<unknown>(
    (value, step) => Object(value)[step.replaceAll("~1", "/").replaceAll("~0", "~")],
    document,
  );
  if (found === undefined) throw new Error(`the document has no ${$ref}`);
  return resolve(Object(found), document);
}

/** The value with a strange one in a place of it, with a member too many, or with one too few. */
function broken(value: fc.JsonValue): fc.Arbitrary<fc.JsonValue> {
  if (typeof value !== "object" || value === null) return strangeValues;
  if (Array.isArray(value)) {
    if (value.length === 0) return fc.oneof(strangeValues, fc.array(strangeValues, { maxLength: 3 }));
    return fc
      .nat(value.length - 1)
      .chain((index) => broken(value[index] ?? null).map((other) => value.with(index, other)));
  }
  const entries = Object.entries(value);
  const added = fc.tuple(strangeKeys, strangeValues).map(([key, other]) => objectFrom([...entries, [key, other]]));
  if (entries.length === 0) return fc.oneof(strangeValues, added);
  const replaced = fc.constantFrom(...entries).chain(([key, old]) => {
    const put = (other: fc.JsonValue) => objectFrom([...entries.filter(([name]) => name !== key), [key, other]]);
    return fc.oneof(strangeValues.map(put), broken(old ?? null).map(put));
  });
  const removed = fc.constantFrom(...entries).map(([key]) => objectFrom(entries.filter(([name]) => name !== key)));
  return fc.oneof({ arbitrary: replaced, weight: 5 }, added, removed, strangeValues);
}

/** Also with a key `__proto__`, which an assignment would not make. */
function objectFrom(entries: readonly (readonly [string, fc.JsonValue | undefined])[]): fc.JsonValue {
  return Object.fromEntries(entries) as fc.JsonValue;
}
