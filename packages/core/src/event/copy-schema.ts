import type { JsonObject, JsonValue } from "../foundation/json.js";

/** Far more than a payload is described with. */
const longestText = 65_536;
const deepest = 32;

/**
 * Copies what an author handed in as a schema, reading each member once: a getter or a proxy cannot show one thing to the
 * checks and another to the compiler. Stops at the first that is too much, so that an object which contains itself, or one
 * part ten million times over, costs no more than a large schema does.
 *
 * @throws SchemaFault
 */
export function copySchema(schema: unknown): JsonValue {
  return new SchemaCopy().of(schema, { pointer: "", depth: 1 });
}

/** What is wrong at one place of a schema, in parts that a sentence can be made of. */
export interface SchemaProblem {
  /** JSON pointer into the schema; empty for the schema as a whole. */
  readonly pointer: string;
  readonly expected: string;
  readonly found: string;
  /** What to do, as a sentence; the expectation says it where there is none. */
  readonly fix?: string;
}

/** Thrown where a schema cannot be used. */
export class SchemaFault extends Error {
  readonly problem: SchemaProblem;

  constructor(problem: SchemaProblem, cause?: unknown) {
    const { pointer, expected, found, fix } = problem;
    const at = pointer === "" ? "" : `${pointer}: `;
    super(`${at}expected ${expected}, found ${found}.${fix === undefined ? "" : ` ${fix}`}`, { cause });
    this.problem = problem;
  }
}

/** Where something stands in a schema. */
interface Place {
  readonly pointer: string;
  readonly depth: number;
}

class SchemaCopy {
  #length = 0;
  readonly #open: object[] = [];

  of(value: unknown, place: Place): JsonValue {
    if (typeof value === "string" || typeof value === "boolean" || value === null) return this.#counted(value);
    if (typeof value === "number" && Number.isFinite(value)) return this.#counted(value);
    const { pointer, depth } = place;
    if (typeof value !== "object") throw new SchemaFault({ pointer, expected: "plain data", found: kindOf(value) });
    if (this.#open.includes(value)) throw new SchemaFault({ pointer, ...loop });
    if (depth > deepest)
      throw new SchemaFault({ pointer, expected: `at most ${deepest} levels`, found: "one more", fix: describeLess });
    this.#count(2);
    this.#open.push(value);
    const copy = Array.isArray(value) ? this.#array(value, place) : this.#object(value, place);
    this.#open.pop();
    return copy;
  }

  #array(value: readonly unknown[], place: Place): readonly JsonValue[] {
    const copy: JsonValue[] = [];
    // By index: what a subclass of Array makes of iteration is its own.
    for (let index = 0; index < value.length; index += 1) copy.push(this.of(value[index], below(place, String(index))));
    return copy;
  }

  #object(value: object, place: Place): JsonObject {
    if (!isPlain(value)) throw new SchemaFault({ pointer: place.pointer, ...foreignPrototype });
    const members: [string, JsonValue][] = [];
    for (const key of Object.keys(value)) {
      const at = below(place, key);
      if (key === "__proto__") throw new SchemaFault({ pointer: at.pointer, ...protoMember });
      const member: unknown = Reflect.get(value, key);
      if (member === undefined) continue;
      this.#count(key.length + 3);
      members.push([key, this.of(member, at)]);
    }
    return Object.fromEntries(members);
  }

  #counted(value: string | number | boolean | null): JsonValue {
    this.#count(typeof value === "string" ? value.length + 3 : 5);
    return value;
  }

  #count(characters: number): void {
    this.#length += characters;
    if (this.#length <= longestText) return;
    throw new SchemaFault({
      pointer: "",
      expected: `at most ${longestText} characters`,
      found: "more",
      fix: describeLess,
    });
  }
}

/** The advice for a schema that is too much. */
export const describeLess = "Describe what you rely on, and leave the rest open.";

const loop = {
  expected: "plain data",
  found: "an object inside itself",
  fix: 'Refer to it by a pointer, as in { "$ref": "#" }.',
};

const foreignPrototype = {
  expected: "a plain object",
  found: "one with a prototype of its own",
  fix: "Write the schema as JSON says it.",
};

/** Ajv leaves it out of its checks without a word. */
const protoMember = {
  expected: "another name",
  found: "__proto__",
  fix: "A member of this name cannot be described.",
};

function kindOf(value: unknown): string {
  return typeof value === "number" ? String(value) : `a ${typeof value}`;
}

/** An object literal, of this realm or of another; JSON.parse and `Object.create(null)` make such, too. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return typeof prototype !== "object" || prototype === null || Object.getPrototypeOf(prototype) === null;
}

function below({ pointer, depth }: Place, key: string): Place {
  return { pointer: memberPointer(pointer, key), depth: depth + 1 };
}

/** The JSON pointer (RFC 6901) of a member. */
export function memberPointer(pointer: string, key: string): string {
  return `${pointer}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`;
}
