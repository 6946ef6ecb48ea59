import type { JsonSchema } from "@hookwright/core";
import { isJsonObject } from "@hookwright/core/internal";
import { mapSubschemas, type Subschema } from "./subschemas.js";

/**
 * A schema that may stand in a document. Tools follow everything that is named `$ref` there: a member of the payload with
 * that name is written as a pattern, and data that holds one is left out.
 */
export function documentedSchema(schema: JsonSchema): JsonSchema {
  const { $id: _id, $schema: _dialect, ...rest } = schema;
  return documentedKeywords(rest);
}

/** Whether a tool would take something in this data for a reference. */
export function holdsReference(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(holdsReference);
  if (!isJsonObject(value)) return false;
  return Object.hasOwn(value, "$ref") || Object.values(value).some(holdsReference);
}

const data = new Set(["const", "default", "enum", "examples"]);

function documentedKeywords(schema: JsonSchema): JsonSchema {
  const members = Object.entries(mapSubschemas(schema, documentedPart));
  const kept = members.filter(([keyword, value]) => !data.has(keyword) || !holdsReference(value));
  const { properties, ...rest } = Object.fromEntries(kept);
  if (properties === undefined) return rest;
  if (!isJsonObject(properties) || !Object.hasOwn(properties, "$ref")) return { ...rest, properties };
  const { $ref: member, ...others } = properties;
  const patterns = isJsonObject(rest["patternProperties"]) ? rest["patternProperties"] : {};
  return { ...rest, properties: others, patternProperties: { ...patterns, "^\\$ref$": member } };
}

function documentedPart(part: Subschema): Subschema {
  return typeof part === "boolean" ? part : documentedKeywords(part);
}
