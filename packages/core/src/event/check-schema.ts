import { isJsonObject, type JsonObject, type JsonValue } from "../foundation/json.js";
import { nearestName } from "../foundation/nearest-name.js";
import { formatNames } from "./bounded-formats.js";
import { describeLess, memberPointer, SchemaFault } from "./copy-schema.js";
import { type LinearPattern, PatternFault } from "./linear-pattern.js";
import { type KeywordValue, keywords, refusedKeywords } from "./schema-keywords.js";

/** A schema or a part of it, by JSON pointer. */
export type SchemaPlaces = ReadonlyMap<string, JsonObject | boolean>;

/** What the checks found out about a schema. */
export interface CheckedSchema {
  readonly places: SchemaPlaces;
  /** Whether it names a member that every object has by inheritance, such as `toString`. */
  readonly namesInherited: boolean;
}

/** Keywords and names together. To compile that many takes up to 45 ms, during which nothing else happens. */
const mostParts = 500;

/** A pattern takes as long as so many keywords. */
const partsOfPattern = 5;

/** Says something to the reader only. */
const notes = new Set(["$schema", "$id", "$comment", "title", "description", "default", "examples", "deprecated"]);

const draft = "https://json-schema.org/draft/2020-12/schema";

/**
 * Checks each keyword of a schema before a compiler is let loose on it.
 *
 * @param compilePattern throws a PatternFault for a pattern that cannot be used
 * @throws SchemaFault
 */
export function checkSchema(schema: JsonValue, compilePattern: (pattern: string) => LinearPattern): CheckedSchema {
  const walk = new SchemaWalk(compilePattern);
  walk.schema(schema, "");
  return walk;
}

class SchemaWalk implements CheckedSchema {
  readonly #compilePattern: (pattern: string) => LinearPattern;
  readonly places = new Map<string, JsonObject | boolean>();
  namesInherited = false;
  #parts = 0;

  constructor(compilePattern: (pattern: string) => LinearPattern) {
    this.#compilePattern = compilePattern;
  }

  schema(schema: JsonValue, pointer: string): void {
    if (typeof schema !== "boolean" && !isJsonObject(schema)) fail(pointer, "a schema", schema);
    this.places.set(pointer, schema);
    if (typeof schema === "boolean") return;
    for (const [name, value] of Object.entries(schema)) this.#keyword(name, value, pointer);
  }

  #keyword(name: string, value: JsonValue, pointer: string): void {
    const at = memberPointer(pointer, name);
    const advice = refusedKeywords.get(name);
    if (advice !== undefined)
      throw new SchemaFault({ pointer: at, expected: "no such keyword", found: name, fix: advice });
    const keyword = keywords.get(name);
    if (keyword === undefined) {
      const fix = guess(name, keywords.keys());
      throw new SchemaFault({ pointer: at, expected: "a keyword of JSON Schema", found: JSON.stringify(name), ...fix });
    }
    if (name === "$id" && pointer !== "") throw new SchemaFault({ pointer: at, ...innerId });
    if (name === "$schema" && value !== draft && value !== `${draft}#`) fail(at, JSON.stringify(draft), value);
    if (!notes.has(name)) this.#countPart();
    this.#value(keyword.value, value, at);
  }

  #value(expected: KeywordValue, value: JsonValue, at: string): void {
    switch (expected) {
      case "schema":
        return this.schema(value, at);
      case "schemas":
        return this.#schemas(value, at);
      case "named schemas":
        return this.#members(value, at, (member, place) => this.schema(member, place));
      case "patterned schemas":
        return this.#patterned(value, at);
      case "named texts":
        return this.#members(value, at, (member, place) => this.#texts(member, place));
      case "texts":
        return this.#texts(value, at);
      case "pattern":
        return this.#pattern(value, at);
      case "format":
        if (typeof value !== "string") return fail(at, "the name of a format", value);
        if (formatNames.includes(value)) return;
        throw new SchemaFault({
          pointer: at,
          expected: "a known format",
          found: shown(value),
          ...guess(value, formatNames),
        });
      case "tag":
        if (!isTag(value)) return fail(at, '{ "propertyName": … }', value);
        return this.#nameMember(value.propertyName);
      default:
        if (!simple[expected].fits(value)) fail(at, simple[expected].name, value);
    }
  }

  #schemas(value: JsonValue, at: string): void {
    if (!Array.isArray(value) || value.length === 0) return fail(at, "a list of schemas", value);
    for (const [index, schema] of value.entries()) {
      this.#countPart();
      this.schema(schema, `${at}/${index}`);
    }
  }

  #members(value: JsonValue, at: string, check: (member: JsonValue, place: string) => void): void {
    if (!isJsonObject(value)) return fail(at, "an object", value);
    for (const [name, member] of Object.entries(value)) {
      this.#countPart();
      this.#nameMember(name);
      check(member, memberPointer(at, name));
    }
  }

  #patterned(value: JsonValue, at: string): void {
    this.#members(value, at, (member, place) => this.schema(member, place));
    if (isJsonObject(value)) for (const pattern of Object.keys(value)) this.#pattern(pattern, at);
  }

  #texts(value: JsonValue, at: string): void {
    if (!Array.isArray(value) || !value.every((text) => typeof text === "string"))
      return fail(at, "a list of texts", value);
    if (new Set(value).size < value.length)
      throw new SchemaFault({ pointer: at, expected: "each text once", found: shown(value) });
    for (const name of value) this.#nameMember(name);
  }

  #nameMember(name: string): void {
    if (name in Object.prototype) this.namesInherited = true;
  }

  #pattern(value: JsonValue, at: string): void {
    if (typeof value !== "string") return fail(at, "a regular expression", value);
    this.#countPart(partsOfPattern);
    try {
      this.#compilePattern(value);
    } catch (error) {
      if (!(error instanceof PatternFault)) throw error;
      const { expected, fix, cause } = error;
      throw new SchemaFault({ pointer: at, expected, found: shown(value), fix }, cause);
    }
  }

  #countPart(parts = 1): void {
    this.#parts += parts;
    if (this.#parts <= mostParts) return;
    const expected = `at most ${mostParts} keywords and names`;
    throw new SchemaFault({ pointer: "", expected, found: "more", fix: describeLess });
  }
}

const innerId = {
  expected: "$id at the top only",
  found: "one further down",
  fix: "Leave it out: it changes what the references below it mean.",
};

const typeNames = new Set(["string", "number", "integer", "boolean", "null", "object", "array"]);

type SimpleValue = Exclude<
  KeywordValue,
  "schema" | "schemas" | "named schemas" | "patterned schemas" | "named texts" | "texts" | "pattern" | "format" | "tag"
>;

/** The keywords whose value is no schema and has no place of its own below it. */
const simple: Readonly<Record<SimpleValue, { readonly name: string; fits(value: JsonValue): boolean }>> = {
  anything: { name: "anything", fits: () => true },
  text: { name: "a text", fits: (value) => typeof value === "string" },
  flag: { name: "true or false", fits: (value) => typeof value === "boolean" },
  number: { name: "a number", fits: (value) => typeof value === "number" },
  "positive number": { name: "a number above 0", fits: (value) => typeof value === "number" && value > 0 },
  count: { name: "a whole number from 0", fits: (value) => Number.isSafeInteger(value) && Number(value) >= 0 },
  values: { name: "a list of values", fits: (value) => Array.isArray(value) && value.length > 0 },
  types: { name: `one or several of ${[...typeNames].join(", ")}`, fits: isTypes },
  reference: {
    name: 'a place in the schema itself, as in "#/$defs/name"',
    fits: (value) => typeof value === "string" && /^#(?:\/|$)/.test(value),
  },
};

function isTypes(value: JsonValue): boolean {
  const names = Array.isArray(value) ? value : [value];
  return names.length > 0 && new Set(names).size === names.length && names.every((name) => typeNames.has(String(name)));
}

function isTag(value: JsonValue): value is { readonly propertyName: string } {
  return (
    isJsonObject(value) && Object.keys(value).join() === "propertyName" && typeof value["propertyName"] === "string"
  );
}

function fail(at: string, expected: string, found: JsonValue): never {
  throw new SchemaFault({ pointer: at, expected, found: shown(found) });
}

function guess(name: string, known: Iterable<string>): { readonly fix?: string } {
  const nearest = nearestName(name, known);
  return nearest === undefined ? {} : { fix: `Did you mean ${JSON.stringify(nearest)}?` };
}

const longestShown = 80;

/** A schema is no secret. */
function shown(value: JsonValue): string {
  const text = JSON.stringify(value);
  return text.length <= longestShown ? text : `${text.slice(0, longestShown)}…`;
}
