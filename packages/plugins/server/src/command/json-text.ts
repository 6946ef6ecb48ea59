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
  return JSON.stringify(parsed, undefined, indent);
}
