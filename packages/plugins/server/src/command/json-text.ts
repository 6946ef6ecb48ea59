/** What JSON.parse tells a reviver of the text behind a value (ECMAScript: JSON.parse source text access). */
interface ParsedFrom {
  readonly source?: string;
}

/** The part of `JSON` that the compiler's library does not know yet, and that every Node from 22 on has. */
interface ExactJson {
  parse(text: string, reviver: (key: string, value: unknown, from: ParsedFrom) => unknown): unknown;
  rawJSON(text: string): unknown;
}

// Node's own object, seen with the two members that it has in addition.
const exact = JSON as unknown as ExactJson;

/**
 * JSON text with other white space: numbers keep the digits that they came with, beyond 2⁵³ too.
 *
 * @param indent - spaces for each level; 0 puts all on one line
 * @throws SyntaxError when the text is no JSON.
 */
export function reformatJson(text: string, indent: number): string {
  const parsed = exact.parse(text, (_, value, { source }) =>
    typeof value === "number" && source !== undefined ? exact.rawJSON(source) : value,
  );
  return harmlessJson(JSON.stringify(parsed, undefined, indent));
}

/**
 * The same JSON, with those letters escaped that a terminal would obey: the controls that JSON lets stand, and the ones that turn the
 * direction of writing. They stand only inside strings, where an escape says the same.
 */
export function harmlessJson(text: string): string {
  return text.replace(obeyed, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

const obeyed = /[\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
