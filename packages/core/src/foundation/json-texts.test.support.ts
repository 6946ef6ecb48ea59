import fc from "fast-check";

/** What a JSON text says, whatever its spelling. Numbers are `digits` × 10^`power`. */
export type Content =
  | { readonly kind: "word"; readonly word: "null" | "true" | "false" }
  | { readonly kind: "number"; readonly digits: bigint; readonly power: number }
  | { readonly kind: "string"; readonly text: string }
  | { readonly kind: "array"; readonly elements: readonly Content[] }
  | { readonly kind: "object"; readonly members: readonly (readonly [string, Content])[] };

export type ObjectContent = Extract<Content, { kind: "object" }>;

const awkwardKeys = ["__proto__", "constructor", "toString", "", "7", "a", "ä", "😀", "\ud800", "}", 'quo"te'];

const words = fc.constantFrom("null", "true", "false").map((word): Content => ({ kind: "word", word }));
const numbers = fc
  .tuple(fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), fc.constantFrom(0, 0, 0, -3, 2, 15, 400))
  .map(([digits, power]): Content => ({ kind: "number", digits, power }));
const texts = fc.oneof(
  fc.string({ unit: "binary", maxLength: 8 }),
  fc.constantFrom(...awkwardKeys, '{"a":[1,', "\\", '\\"'),
);
/**
 * Not the backslash alone: once JSON.parse of Node 24 (V8 13.6) has met `{"a":1,"\\":2}`, it reads `{"a":1,"\n":3}` as if
 * that key were the backslash, too.
 */
const keys = texts.filter((key) => key !== "\\");
const strings = texts.map((text): Content => ({ kind: "string", text }));

const { content, object } = fc.letrec<{ content: Content; array: Content; object: ObjectContent }>((tie) => ({
  content: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    words,
    numbers,
    strings,
    tie("array"),
    tie("object"),
  ),
  array: fc.array(tie("content"), { maxLength: 5 }).map((elements): Content => ({ kind: "array", elements })),
  object: fc
    .uniqueArray(fc.tuple(keys, tie("content")), {
      maxLength: 5,
      selector: ([key]) => key,
    })
    .map((members): ObjectContent => ({ kind: "object", members })),
}));

export const anyContent: fc.Arbitrary<Content> = content;
export const objectContent: fc.Arbitrary<ObjectContent> = object;
/** Decides how a content is spelled. */
export const spelling: fc.Arbitrary<number> = fc.integer({ min: 1, max: 2 ** 31 - 2 });

/** One of many JSON texts that say `content`: with blanks, escapes, doubled keys and numbers in odd forms, in any order of members. */
export function spell(content: Content, seed: number): string {
  return new Speller(seed).value(content);
}

class Speller {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  value(content: Content): string {
    switch (content.kind) {
      case "word":
        return content.word;
      case "number":
        return this.#number(content.digits, content.power);
      case "string":
        return this.#string(content.text);
      case "array":
        return `[${this.#blank()}${content.elements.map((element) => this.#padded(element)).join(",")}]`;
      case "object":
        return `{${this.#blank()}${this.#members(content).join(",")}}`;
      default:
        return content satisfies never;
    }
  }

  #members({ members }: ObjectContent): readonly string[] {
    const texts = members.flatMap(([key, member]) => {
      const spelled = this.#member(key, member);
      // Of equal keys the last one counts.
      return this.#choose(8) === 0
        ? [`${this.#member(key, { kind: "array", elements: [member] })},${spelled}`]
        : [spelled];
    });
    if (texts.length > 1 && this.#choose(2) === 0) texts.reverse();
    return texts;
  }

  #member(key: string, member: Content): string {
    return `${this.#blank()}${this.#string(key)}${this.#blank()}:${this.#padded(member)}`;
  }

  #padded(content: Content): string {
    return `${this.#blank()}${this.value(content)}${this.#blank()}`;
  }

  #string(text: string): string {
    return `"${[...text].map((character) => this.#character(character)).join("")}"`;
  }

  #character(character: string): string {
    const mustEscape = character < " " || character === '"' || character === "\\" || !character.isWellFormed();
    if (!mustEscape && this.#choose(4) !== 0) return character === "/" && this.#choose(2) === 0 ? "\\/" : character;
    if (character.length === 1 && this.#choose(2) === 0) return JSON.stringify(character).slice(1, -1);
    const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index));
    return units.map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`).join("");
  }

  #number(digits: bigint, power: number): string {
    const sign = digits < 0n ? "-" : "";
    const shown = (digits < 0n ? -digits : digits).toString();
    switch (this.#choose(5)) {
      case 0:
        return `${sign}${shown}.0e${power}`;
      case 1:
        return `${sign}${shown}0${shown === "0" ? ".0" : ""}E${power - 1}`.replace(/^(-?)00/, "$10");
      case 2:
        return `${sign}${shown.slice(0, 1)}.${shown.slice(1)}0e+${power + shown.length - 1}`.replace("+-", "-");
      case 3:
        return power >= 0 && power < 20
          ? `${sign}${shown}${shown === "0" ? "" : "0".repeat(power)}`
          : `${sign}${shown}e${power}`;
      default:
        return power === 0 ? `${sign}${shown}` : `${sign}${shown}E${power}`;
    }
  }

  #blank(): string {
    return ["", "", "", " ", "\n", "\t \r"][this.#choose(6)] ?? "";
  }

  /** A whole number from 0 to below `count`. The generator of Park and Miller: small, and the same everywhere. */
  #choose(count: number): number {
    this.#state = (this.#state * 48_271) % 2_147_483_647;
    return this.#state % count;
  }
}
