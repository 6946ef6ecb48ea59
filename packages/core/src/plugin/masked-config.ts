import type { JsonSchema } from "../event/json-schema.js";
import { isJsonObject, type JsonObject, type JsonValue } from "../foundation/json.js";

const mask = "***";

/** Keywords that say no more of a value than its own type and limits: below any other one a secret may be declared elsewhere. */
const plain: ReadonlySet<string> = new Set([
  ...["type", "properties", "required", "additionalProperties", "items", "enum", "const", "default", "examples"],
  ...["title", "description", "deprecated", "readOnly", "format", "pattern", "minLength", "maxLength", "minimum"],
  ...["maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minItems", "maxItems", "uniqueItems"],
  ...["minProperties", "maxProperties", "$comment", "$schema", "$id", "$defs"],
]);

/**
 * A configuration as it may be shown: every key, and the values that the schema declares and does not mark `writeOnly`.
 * What cannot be told for certain is masked: a configuration without a schema, and whatever lies below a reference, a
 * choice or an undeclared name.
 */
export function maskedConfig(config: unknown, schema: JsonSchema | undefined): JsonObject {
  if (!isJsonObject(config)) return {};
  return shownMembers(config, isPlain(schema) ? schema : {});
}

function shown(value: JsonValue, schema: unknown): JsonValue {
  if (!isJsonObject(schema) || !isPlain(schema)) return mask;
  if (Array.isArray(value)) return value.map((item: JsonValue) => shown(item, schema["items"]));
  if (isJsonObject(value)) return shownMembers(value, schema);
  return schema["type"] === undefined ? mask : value;
}

function shownMembers(object: JsonObject, schema: JsonSchema): JsonObject {
  const properties = isJsonObject(schema["properties"]) ? schema["properties"] : {};
  const member = (key: string): unknown => (Object.hasOwn(properties, key) ? properties[key] : undefined);
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, shown(value, member(key))]));
}

function isPlain(schema: JsonSchema | undefined): schema is JsonSchema {
  return schema !== undefined && Object.keys(schema).every((keyword) => plain.has(keyword));
}
