import type { JsonObject, JsonValue } from "../foundation/json.js";
import type { SchemaPlaces } from "./check-schema.js";
import { partsOf, type SchemaPart } from "./schema-keywords.js";

/** The keyword that tells the compiled schema what to take from the steps of a check. No author can write it. */
export const stepsKeyword = "$steps";

/** What one look at a value costs. */
export interface StepCost {
  /** For this schema and those that look at the same value and its named members, each at most once. */
  readonly fixed: number;
  /** Times the length, for a text: it is counted through, to tell characters from halves of them. */
  readonly perCharacter: number;
  /** Times the members, for an object. */
  readonly perMember: number;
}

/**
 * Writes into a checked schema what looking at it costs. What is reached by name is counted at once where it begins: at the
 * top, for each element of a list or a map, and where a reference leads. So neither a loop nor a recursion is to be had for
 * nothing, and a plain object costs one subtraction.
 *
 * @param places - of a copy that is ours: it is changed
 */
export function writeSteps(places: SchemaPlaces, targets: ReadonlySet<string>): void {
  const counter = new StepCounter(places, targets);
  for (const [pointer, schema] of places) {
    if (typeof schema === "boolean") continue;
    const cost = counter.costOf(schema, pointer);
    if (cost.fixed + cost.perCharacter + cost.perMember > 0) Object.assign(schema, { [stepsKeyword]: cost });
  }
}

/** With none of them, every part of a value is looked at once: no object's members are gone through twice. */
const revisiting = new Set([
  ...["$ref", "allOf", "anyOf", "oneOf", "not", "if", "dependentSchemas"],
  ...["patternProperties", "contains", "unevaluatedProperties", "unevaluatedItems"],
]);

class StepCounter {
  /** Where steps are taken, and what comes on top: what fails in a branch makes an error object that nobody reads. */
  readonly #begins = new Map<string, number>([["", 0]]);
  readonly #isRevisited: boolean;

  constructor(places: SchemaPlaces, targets: ReadonlySet<string>) {
    for (const target of targets) this.#begins.set(target, 0);
    for (const [pointer, schema] of places)
      for (const part of partsOf(schema, pointer))
        if (part.reach === "each") this.#begins.set(part.pointer, branchSteps[part.keyword] ?? 0);
    this.#isRevisited = [...places.values()].some(
      (schema) => typeof schema === "object" && Object.keys(schema).some((keyword) => revisiting.has(keyword)),
    );
  }

  costOf(schema: JsonObject, pointer: string): StepCost {
    const branch = this.#begins.get(pointer);
    const own = branch === undefined ? 0 : this.#weightOf(schema, pointer);
    return {
      // A schema that says nothing is not looked at, so nothing is taken for it.
      fixed: own === 0 ? 0 : own + (branch ?? 0),
      perCharacter: 3 * ["minLength", "maxLength"].filter((keyword) => Object.hasOwn(schema, keyword)).length,
      perMember: this.#perMember(schema, pointer),
    };
  }

  /** Of the schema and of all below it up to where steps are taken again. */
  #weightOf(schema: JsonObject, pointer: string): number {
    const own = Object.entries(schema).reduce((sum, [keyword, value]) => sum + keywordSteps(keyword, value), 0);
    return partsOf(schema, pointer).reduce((sum, part) => sum + this.#weightOfPart(part), own);
  }

  #weightOfPart({ keyword, reach, pointer, schema }: SchemaPart): number {
    if (reach === "none" || typeof schema === "boolean" || this.#begins.has(pointer)) return 0;
    return (branchSteps[keyword] ?? 0) + this.#weightOf(schema, pointer);
  }

  #perMember(schema: JsonObject, pointer: string): number {
    const has = (keyword: string): number => (Object.hasOwn(schema, keyword) ? 1 : 0);
    const counting = has("minProperties") + has("maxProperties");
    if (!this.#isRevisited) return counting;
    const branches = partsOf(schema, pointer).filter(({ reach }) => reach === "same").length;
    const through = has("additionalProperties") + has("patternProperties") + has("propertyNames");
    return counting + through + has("unevaluatedProperties") * (1 + branches);
  }
}

/** For each schema in these places, on top of what it says itself: error objects that nobody reads, members of a large map. */
const branchSteps: Readonly<Record<string, number>> = {
  anyOf: 100,
  oneOf: 100,
  not: 100,
  if: 100,
  propertyNames: 200,
  additionalProperties: 200,
  unevaluatedProperties: 200,
  contains: 600,
};

function keywordSteps(keyword: string, value: JsonValue): number {
  if (keyword === "const") return comparisonSteps(value);
  if (keyword === "enum" && Array.isArray(value)) return value.reduce((sum, one) => sum + comparisonSteps(one), 0);
  return plainSteps[keyword] ?? (perName.has(keyword) ? 5 * sizeOf(value) : 0);
}

const plainSteps: Readonly<Record<string, number>> = {
  $ref: 10,
  type: 2,
  minimum: 1,
  maximum: 1,
  exclusiveMinimum: 1,
  exclusiveMaximum: 1,
  multipleOf: 5,
  minItems: 1,
  maxItems: 1,
  minLength: 1,
  maxLength: 1,
  pattern: 1,
  format: 1,
  additionalProperties: 5,
  discriminator: 5,
};

/** Each name is a look-up in the object that is checked. */
const perName = new Set(["properties", "required", "dependentRequired", "dependentSchemas"]);

/** Objects are compared member by member. */
function comparisonSteps(value: JsonValue): number {
  const { length } = JSON.stringify(value);
  return typeof value === "object" && value !== null ? 10 + 5 * length : 6 + length / 16;
}

function sizeOf(value: JsonValue): number {
  return typeof value === "object" && value !== null ? Object.keys(value).length : 1;
}

/** What it takes to go through an object's members. Beyond a thousand, an object is a hash table and each look-up a jump. */
export function memberSteps(value: unknown): number {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return 0;
  let members = 0;
  for (const _ in value) members += 1;
  return members <= 1_000 ? members * 10 : members * 250;
}
