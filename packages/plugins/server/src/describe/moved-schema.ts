import type { JsonSchema } from "@hookwright/core";
import { mapSubschemas, type Subschema } from "./subschemas.js";

/** A schema as a part of a document: it refers to its own parts from its new place, a JSON pointer such as `#/components/schemas/Tree`. */
export function movedSchema(schema: JsonSchema, place: string): JsonSchema {
  const moved = mapSubschemas(schema, (part) => movedPart(part, place));
  const { $ref } = schema;
  return typeof $ref === "string" ? { ...moved, $ref: `${place}${$ref.slice(1)}` } : moved;
}

/** Any part of such a schema. */
export function movedPart(part: Subschema, place: string): Subschema {
  return typeof part === "boolean" ? part : movedSchema(part, place);
}
