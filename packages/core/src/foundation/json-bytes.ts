/** Where a value stands in a JSON text: bytes `start` (inclusive) to `end` (exclusive). */
export interface JsonRange {
  readonly start: number;
  readonly end: number;
}

/** One member of an object: its decoded key, and where its value stands. */
export interface JsonMember extends JsonRange {
  readonly key: string;
}

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const colon = 0x3a;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;

/**
 * The deepest nesting of a JSON text: 0 for a scalar, 1 for `{}`. Safe on any bytes, valid JSON or not, so that it can be
 * asked before a parser is let loose on them.
 */
export function jsonDepth(bytes: Uint8Array): number {
  let depth = 0;
  let deepest = 0;
  for (let index = 0; index < bytes.length; index += 1) {
    const byte = bytes[index];
    if (byte === quote) index = stringEnd(bytes, index) - 1;
    else if (byte === openBrace || byte === openBracket) {
      depth += 1;
      if (depth > deepest) deepest = depth;
    } else if (byte === closeBrace || byte === closeBracket) depth -= 1;
  }
  return deepest;
}

/** The most members that one object of a JSON text has. As safe as {@link jsonDepth}. */
export function jsonWidth(bytes: Uint8Array): number {
  // What is open: for an object its members so far, for an array nothing.
  const open: number[] = [];
  let widest = 0;
  for (let index = 0; index < bytes.length; index += 1) {
    const byte = bytes[index];
    if (byte === quote) index = stringEnd(bytes, index) - 1;
    else if (byte === openBrace) open.push(0);
    else if (byte === openBracket) open.push(Number.NEGATIVE_INFINITY);
    else if (byte === closeBrace || byte === closeBracket) open.pop();
    else if (byte === colon && open.length > 0) {
      const members = (open.pop() ?? 0) + 1;
      open.push(members);
      if (members > widest) widest = members;
    }
  }
  return widest;
}

/**
 * The members of the object that begins at `start`, at the first brace unless given: in order, those of equal keys too (for
 * JSON.parse the last one counts). The text must be valid JSON.
 */
export function jsonMembers(bytes: Uint8Array, start = bytes.indexOf(openBrace)): readonly JsonMember[] {
  const members: JsonMember[] = [];
  let index = skipBlank(bytes, skipBlank(bytes, start) + 1);
  while (bytes[index] !== closeBrace && index < bytes.length) {
    const keyEnd = stringEnd(bytes, index);
    const key: unknown = JSON.parse(decoder.decode(bytes.subarray(index, keyEnd)));
    const valueStart = skipBlank(bytes, skip(bytes, keyEnd, colon));
    const valueEnd = jsonValueEnd(bytes, valueStart);
    members.push({ key: String(key), start: valueStart, end: valueEnd });
    index = skip(bytes, valueEnd, comma);
  }
  return members;
}

/** The elements of the array that stands at `start`, in order. The text must be valid JSON. */
export function jsonElements(bytes: Uint8Array, start: number): readonly JsonRange[] {
  const elements: JsonRange[] = [];
  let index = skipBlank(bytes, start + 1);
  while (bytes[index] !== closeBracket && index < bytes.length) {
    const end = jsonValueEnd(bytes, index);
    elements.push({ start: index, end });
    index = skip(bytes, end, comma);
  }
  return elements;
}

/** Tells an array from any other value by its first byte. */
export function isJsonArray(bytes: Uint8Array, range: JsonRange): boolean {
  return bytes[range.start] === openBracket;
}

/** The first byte from `start` on that is no blank. */
export function skipBlank(bytes: Uint8Array, start: number): number {
  let index = start;
  while (isBlank(bytes[index])) index += 1;
  return index;
}

const decoder = new TextDecoder();

function jsonValueEnd(bytes: Uint8Array, start: number): number {
  const first = bytes[start];
  if (first === quote) return stringEnd(bytes, start);
  if (first !== openBrace && first !== openBracket) return scalarEnd(bytes, start);
  let depth = 0;
  for (let index = start; index < bytes.length; index += 1) {
    const byte = bytes[index];
    if (byte === quote) index = stringEnd(bytes, index) - 1;
    else if (byte === openBrace || byte === openBracket) depth += 1;
    else if (byte === closeBrace || byte === closeBracket) {
      depth -= 1;
      if (depth === 0) return index + 1;
    }
  }
  return bytes.length;
}

function stringEnd(bytes: Uint8Array, start: number): number {
  let index = start + 1;
  while (index < bytes.length && bytes[index] !== quote) index += bytes[index] === backslash ? 2 : 1;
  return index + 1;
}

function scalarEnd(bytes: Uint8Array, start: number): number {
  let index = start;
  while (index < bytes.length) {
    const byte = bytes[index];
    if (byte === comma || byte === closeBrace || byte === closeBracket || isBlank(byte)) break;
    index += 1;
  }
  return index;
}

function skip(bytes: Uint8Array, start: number, separator: number): number {
  const index = skipBlank(bytes, start);
  return bytes[index] === separator ? skipBlank(bytes, index + 1) : index;
}

function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}
