import { isJsonObject, type JsonObject, type JsonValue } from "../foundation/json.js";
import { memberPointer } from "./copy-schema.js";

/** What the value of a keyword must be. */
export type KeywordValue =
  | "anything"
  | "text"
  | "flag"
  | "number"
  | "positive number"
  | "count"
  | "texts"
  | "values"
  | "types"
  | "pattern"
  | "format"
  | "reference"
  | "tag"
  | "schema"
  | "schemas"
  | "named schemas"
  | "patterned schemas"
  | "named texts";

/**
 * Which part of a value the schemas below a keyword look at: the `same` value, `one` member or element, `each` of them, or
 * `none`, since they are only referred to.
 */
type KeywordReach = "same" | "one" | "each" | "none";

export interface Keyword {
  readonly value: KeywordValue;
  readonly reach: KeywordReach;
}

/** The keywords of JSON Schema 2020-12 that a schema may use, and `discriminator` of OpenAPI. No other exists here. */
export const keywords: ReadonlyMap<string, Keyword> = new Map([
  ...of("none", "anything", ["default"]),
  ...of("none", "text", ["$schema", "$id", "$comment", "title", "description", "contentEncoding", "contentMediaType"]),
  ...of("none", "flag", ["deprecated", "readOnly", "writeOnly"]),
  ...of("none", "values", ["examples"]),
  ...of("none", "named schemas", ["$defs", "definitions"]),
  ...of("none", "schema", ["contentSchema"]),
  ...of("same", "reference", ["$ref"]),
  ...of("same", "types", ["type"]),
  ...of("same", "anything", ["const"]),
  ...of("same", "values", ["enum"]),
  ...of("same", "schemas", ["allOf", "anyOf", "oneOf"]),
  ...of("same", "schema", ["not", "if", "then", "else"]),
  ...of("same", "named schemas", ["dependentSchemas"]),
  ...of("same", "tag", ["discriminator"]),
  ...of("same", "number", ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"]),
  ...of("same", "positive number", ["multipleOf"]),
  ...of("same", "count", ["minLength", "maxLength", "minItems", "maxItems", "minContains", "maxContains"]),
  ...of("same", "count", ["minProperties", "maxProperties"]),
  ...of("same", "pattern", ["pattern"]),
  ...of("same", "format", ["format"]),
  ...of("same", "flag", ["uniqueItems"]),
  ...of("same", "texts", ["required"]),
  ...of("same", "named texts", ["dependentRequired"]),
  ...of("one", "schemas", ["prefixItems"]),
  ...of("one", "named schemas", ["properties"]),
  ...of("each", "schema", ["items", "contains", "unevaluatedItems"]),
  ...of("each", "schema", ["additionalProperties", "propertyNames", "unevaluatedProperties"]),
  ...of("each", "patterned schemas", ["patternProperties"]),
]);

/** Keywords that exist elsewhere, and what to do in place of each. */
export const refusedKeywords: ReadonlyMap<string, string> = new Map([
  // Its validator answers with a promise, which is true whatever it says.
  ["$async", "Leave it out: a schema is checked at once."],
  ["nullable", 'Write what the type is, as in "type": ["string", "null"].'],
  ["id", "Leave it out: a schema refers to its own parts only."],
  ["$anchor", 'Refer by a pointer, as in "#/$defs/name".'],
  ["$dynamicRef", 'Write "$ref" and a pointer, as in "#/$defs/name".'],
  ["$dynamicAnchor", 'Refer by a pointer, as in "#/$defs/name".'],
  ["$recursiveRef", 'Write "$ref": "#".'],
  ["$recursiveAnchor", 'Write "$ref": "#".'],
  ["$vocabulary", "Leave it out: the keywords are those of JSON Schema 2020-12."],
  ["$data", "Write the value itself: a payload cannot decide what its schema means."],
  ["additionalItems", 'Write "prefixItems" for the first elements and "items" for the others.'],
  ["dependencies", 'Write "dependentRequired" or "dependentSchemas".'],
]);

function of(reach: KeywordReach, value: KeywordValue, names: readonly string[]): readonly [string, Keyword][] {
  return names.map((name) => [name, { value, reach }]);
}

/** One schema directly below another. */
export interface SchemaPart {
  readonly keyword: string;
  readonly reach: KeywordReach;
  readonly pointer: string;
  readonly schema: JsonObject | boolean;
}

/** The schemas directly below one that was checked. */
export function partsOf(schema: JsonObject | boolean, pointer: string): readonly SchemaPart[] {
  if (typeof schema === "boolean") return [];
  return Object.entries(schema).flatMap(([keyword, value]) => {
    const known = keywords.get(keyword);
    if (known === undefined) return [];
    const at = memberPointer(pointer, keyword);
    return valuesOf(known.value, value, at).flatMap(([place, part]) =>
      isJsonObject(part) || typeof part === "boolean"
        ? [{ keyword, reach: known.reach, pointer: place, schema: part }]
        : [],
    );
  });
}

function valuesOf(kind: KeywordValue, value: JsonValue, at: string): readonly (readonly [string, JsonValue])[] {
  if (kind === "schema") return [[at, value]];
  if (kind === "schemas" && Array.isArray(value)) return value.map((part, index) => [`${at}/${index}`, part]);
  if ((kind === "named schemas" || kind === "patterned schemas") && isJsonObject(value))
    return Object.entries(value).map(([name, part]) => [memberPointer(at, name), part]);
  return [];
}
