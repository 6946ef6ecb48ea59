import { HookwrightError, messageOf } from "../foundation/hookwright-error.js";
import type { JsonObject, JsonValue } from "../foundation/json.js";
import type { JsonSchema } from "./json-schema.js";

/** Far more than a payload is described with; beyond them compiling takes noticeable time, memory or stack. */
const longestText = 65_536;
const deepest = 32;
const mostNodes = 2_000;

/** Keywords whose value maps names of the author's choice to schemas. */
const maps = new Set(["properties", "patternProperties", "$defs", "definitions", "dependentSchemas"]);

/** Keywords whose value is data and no schema. */
const data = new Set(["const", "enum", "default", "examples"]);

/**
 * `$async` would turn the validator's answer into a promise, which is true whatever it says. `nullable` is no JSON Schema:
 * only this validator would heed it. The others reach outside the schema.
 */
const refused = new Set([
  "$async",
  "nullable",
  "$dynamicRef",
  "$dynamicAnchor",
  "$recursiveRef",
  "$recursiveAnchor",
  "$vocabulary",
]);

/**
 * Copies a schema and checks what must hold before a compiler is let loose on it: bounded, self-contained, plain JSON. Its
 * own `$id` is left out, so that two plugins may use the same one.
 *
 * @throws HookwrightError `schema_invalid`; `name` says whose schema it is.
 */
export function checkSchema(schema: JsonSchema, name: string): JsonSchema {
  const { $id: _, ...copy } = copyOf(schema, name);
  const fault = new SchemaWalk().faultOf(copy, { pointer: "", depth: 1, keys: "keywords" });
  if (fault !== undefined) throw new HookwrightError("schema_invalid", `The schema of ${name}: ${fault}.`);
  return copy;
}

function copyOf(schema: JsonSchema, name: string): JsonObject {
  let text: string;
  try {
    text = JSON.stringify(schema);
  } catch (error) {
    throw new HookwrightError(
      "schema_invalid",
      `The schema of ${name} cannot be written as JSON: ${messageOf(error)}.`,
      {
        cause: error,
      },
    );
  }
  if (text.length <= longestText) return JSON.parse(text);
  throw new HookwrightError(
    "schema_invalid",
    `The schema of ${name} has ${text.length} characters; at most ${longestText} are allowed.`,
  );
}

interface Place {
  readonly pointer: string;
  readonly depth: number;
  /** What the members' keys are: keywords, names that the author chose, or parts of data. */
  readonly keys: "keywords" | "names" | "data";
}

class SchemaWalk {
  #nodes = 0;

  faultOf(value: JsonValue, place: Place): string | undefined {
    if (typeof value !== "object" || value === null) return undefined;
    this.#nodes += 1;
    if (this.#nodes > mostNodes) return `it has more than ${mostNodes} objects and arrays`;
    if (place.depth > deepest) return `${place.pointer} is nested deeper than ${deepest} levels`;
    for (const [key, member] of Object.entries(value)) {
      const fault = this.#faultOfMember(key, member, place);
      if (fault !== undefined) return fault;
    }
    return undefined;
  }

  #faultOfMember(key: string, member: JsonValue, { pointer, depth, keys }: Place): string | undefined {
    const below = { pointer: `${pointer}/${key}`, depth: depth + 1 };
    if (keys !== "keywords") return this.faultOf(member, { ...below, keys: keys === "names" ? "keywords" : "data" });
    if (refused.has(key)) return `${below.pointer} is not supported`;
    if (key === "$id") return `${below.pointer} may stand at the top only: it changes what references below it mean`;
    if (key === "$ref" && !/^#(?:\/|$)/.test(String(member)))
      return `${below.pointer} must stay inside the schema, as in "#/$defs/name"`;
    return this.faultOf(member, { ...below, keys: maps.has(key) ? "names" : data.has(key) ? "data" : "keywords" });
  }
}
