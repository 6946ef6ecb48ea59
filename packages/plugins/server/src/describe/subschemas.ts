import type { JsonSchema } from "@hookwright/core";
import { isJsonObject } from "@hookwright/core/internal";

/** A schema or one of its parts: JSON Schema allows booleans wherever a part stands. */
export type Subschema = JsonSchema | boolean;

/** Keywords whose value is a schema, a list of schemas, or schemas by names that the author chose. */
const single = [
  "additionalProperties",
  "contains",
  "contentSchema",
  "else",
  "if",
  "items",
  "not",
  "propertyNames",
  "then",
  "unevaluatedItems",
  "unevaluatedProperties",
];
const lists = ["allOf", "anyOf", "oneOf", "prefixItems"];
const maps = ["$defs", "definitions", "dependentSchemas", "patternProperties", "properties"];

const kinds: ReadonlyMap<string, "single" | "list" | "map"> = new Map([
  ...single.map((keyword) => [keyword, "single"] as const),
  ...lists.map((keyword) => [keyword, "list"] as const),
  ...maps.map((keyword) => [keyword, "map"] as const),
]);

/** The schema with each part of it changed, one level down. Data stays as it is, and so does a member that is named like a keyword. */
export function mapSubschemas(
  schema: JsonSchema,
  change: (part: Subschema, keyword: string) => Subschema,
): Record<string, unknown> {
  const changed = (part: unknown, keyword: string): unknown => (isSubschema(part) ? change(part, keyword) : part);
  const members = Object.entries(schema).map(([keyword, value]) => {
    switch (kinds.get(keyword)) {
      case "single":
        return [keyword, changed(value, keyword)];
      case "list":
        return [keyword, Array.isArray(value) ? value.map((part) => changed(part, keyword)) : value];
      case "map":
        return [keyword, isJsonObject(value) ? mapMembers(value, (part) => changed(part, keyword)) : value];
      default:
        return [keyword, value];
    }
  });
  return Object.fromEntries(members);
}

/** The part behind a reference such as `#/$defs/node`; `undefined` when it leads nowhere. */
export function partAt(schema: JsonSchema, reference: string): Subschema | undefined {
  let part: unknown = schema;
  for (const step of decodeURIComponent(reference).split("/").slice(1)) {
    const key = step.replaceAll("~1", "/").replaceAll("~0", "~");
    if (Array.isArray(part)) part = part[Number(key)];
    else part = isJsonObject(part) && Object.hasOwn(part, key) ? part[key] : undefined;
  }
  return isSubschema(part) ? part : undefined;
}

function mapMembers(
  members: Readonly<Record<string, unknown>>,
  change: (part: unknown) => unknown,
): Record<string, unknown> {
  // Not by assignment: a member may be named `__proto__`.
  return Object.fromEntries(Object.entries(members).map(([name, part]) => [name, change(part)]));
}

function isSubschema(value: unknown): value is Subschema {
  return typeof value === "boolean" || isJsonObject(value);
}
