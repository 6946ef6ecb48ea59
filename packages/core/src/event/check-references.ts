import { nearestName } from "../foundation/nearest-name.js";
import type { SchemaPlaces } from "./check-schema.js";
import { SchemaFault } from "./copy-schema.js";
import { partsOf } from "./schema-keywords.js";

/** References that follow each other on one value. Each is a function call, at each of a payload's levels. */
const longestChain = 32;

/**
 * Checks that every reference leads to a schema, and that none leads back to itself on the same value.
 *
 * @returns the places that are referred to
 * @throws SchemaFault
 */
export function checkReferences(places: SchemaPlaces): ReadonlySet<string> {
  const targets = new Map<string, string>();
  for (const [pointer, schema] of places) {
    if (typeof schema === "boolean" || typeof schema["$ref"] !== "string") continue;
    targets.set(pointer, targetOf(schema["$ref"], pointer, places));
  }
  const chains = new Chains(places, targets);
  for (const pointer of targets.keys()) chains.refuseLongAt(pointer);
  return new Set(targets.values());
}

function targetOf(reference: string, from: string, places: SchemaPlaces): string {
  const pointer = decoded(reference.slice(1));
  if (places.has(pointer)) return pointer;
  const nearest = nearestName(pointer, places.keys());
  const found = JSON.stringify(reference);
  const problem = { pointer: `${from}/$ref`, expected: "a place where the schema has a schema", found };
  throw new SchemaFault(nearest ? { ...problem, fix: `Did you mean ${JSON.stringify(`#${nearest}`)}?` } : problem);
}

function decoded(pointer: string): string {
  try {
    return decodeURIComponent(pointer);
  } catch {
    // Not an encoding: then it is no place either, and that is what the author is told.
    return pointer;
  }
}

class Chains {
  readonly #places: SchemaPlaces;
  readonly #targets: ReadonlyMap<string, string>;
  readonly #lengths = new Map<string, number>();
  readonly #open: string[] = [];

  constructor(places: SchemaPlaces, targets: ReadonlyMap<string, string>) {
    this.#places = places;
    this.#targets = targets;
  }

  refuseLongAt(pointer: string): void {
    if (this.#lengthAt(pointer) <= longestChain) return;
    throw new SchemaFault({
      pointer,
      expected: `at most ${longestChain} references that follow each other on one value`,
      found: "more",
      fix: "Refer to the last of them.",
    });
  }

  /** How many references follow each other from here on without a step into the value. */
  #lengthAt(pointer: string): number {
    const known = this.#lengths.get(pointer);
    if (known !== undefined) return known;
    if (this.#open.includes(pointer)) throw this.#loop(pointer);
    this.#open.push(pointer);
    const target = this.#targets.get(pointer);
    const below = partsOf(this.#places.get(pointer) ?? true, pointer)
      .filter(({ reach }) => reach === "same")
      .map((part) => this.#lengthAt(part.pointer));
    const length = Math.max(0, target === undefined ? 0 : 1 + this.#lengthAt(target), ...below);
    this.#open.pop();
    this.#lengths.set(pointer, length);
    return length;
  }

  #loop(pointer: string): SchemaFault {
    const path = [...this.#open.slice(this.#open.indexOf(pointer)), pointer].map((place) => `#${place}`);
    const shown = path.length <= 8 ? path : [...path.slice(0, 4), "…", ...path.slice(-3)];
    return new SchemaFault({
      pointer,
      expected: "references that lead to an end",
      found: `one that leads back to itself on the same value: ${shown.join(" → ")}`,
    });
  }
}
