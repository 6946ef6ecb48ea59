import { HookwrightError, messageOf } from "./hookwright-error.js";
import { isJsonObject, type JsonObject } from "./json.js";
import {
  isJsonArray,
  type JsonMember,
  type JsonRange,
  jsonDepth,
  jsonElements,
  jsonMembers,
  jsonWidth,
  skipBlank,
} from "./json-bytes.js";

/** A payload as it came, beside what a parser makes of it. */
export interface Payload {
  /** The text of one JSON object, from `{` to `}`. Never changed, and not to be changed. */
  readonly bytes: Uint8Array;
  readonly value: JsonObject;
}

/** Deeper payloads are refused: many receivers' parsers end near here, and none must recurse without bound. */
export const deepestPayload = 500;

/** Only to list the members of an object of a million takes half a second, and every receiver would have to. */
export const widestPayload = 50_000;

const comma = utf8(",");
const closeBrace = utf8("}");

/**
 * Turns a value of the program into a payload. What `JSON.stringify` leaves out is not in it.
 *
 * @throws HookwrightError `payload_invalid` when JSON cannot say the value: a cycle, a BigInt, no object, too deep or wide.
 */
export function payloadOf(value: unknown): Payload {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    throw new HookwrightError("payload_invalid", `The payload cannot be written as JSON: ${messageOf(error)}.`, {
      cause: error,
    });
  }
  // Parsed again on purpose: what is checked must be what leaves, whatever toJSON or undefined made of the value.
  const written: unknown = text === undefined ? undefined : JSON.parse(text);
  return checkedPayload(text === undefined ? closeBrace : utf8(text), written);
}

/**
 * Takes a payload that came as bytes and was parsed already. What stands around the object is cut off.
 *
 * @throws HookwrightError `payload_invalid` when it is no object, or too deep or wide.
 */
export function checkedPayload(bytes: Uint8Array, value: unknown): Payload {
  if (!isJsonObject(value)) {
    const found = Array.isArray(value) ? "an array" : value === null ? "null" : typeof value;
    throw new HookwrightError("payload_invalid", `The payload must be a JSON object, found ${found}.`);
  }
  if (isTooDeep(bytes)) {
    throw new HookwrightError("payload_invalid", `The payload is nested deeper than ${deepestPayload} levels.`);
  }
  if (isTooWide(bytes)) {
    throw new HookwrightError(
      "payload_invalid",
      `The payload has an object with more than ${widestPayload} members. Write what there are so many of as an array.`,
    );
  }
  return { bytes: bytes.subarray(bytes.indexOf(0x7b), bytes.lastIndexOf(0x7d) + 1), value };
}

/** Each level takes two bytes, so a short text need not be looked through. */
function isTooDeep(bytes: Uint8Array): boolean {
  return bytes.length > 2 * deepestPayload && jsonDepth(bytes) > deepestPayload;
}

/** A member takes five bytes at least. */
function isTooWide(bytes: Uint8Array): boolean {
  return bytes.length > 5 * widestPayload && jsonWidth(bytes) > widestPayload;
}

/** The payload with one more member at its end, the rest untouched. */
export function withMember(payload: Payload, key: string, value: JsonObject): Payload {
  const member = utf8(`${JSON.stringify(key)}:${JSON.stringify(value)}`);
  const separator = Object.keys(payload.value).length === 0 ? [] : [comma];
  return {
    bytes: joinBytes([payload.bytes.subarray(0, payload.bytes.lastIndexOf(0x7d)), ...separator, member, closeBrace]),
    value: { ...payload.value, [key]: value },
  };
}

/**
 * Cuts the array `keys[0]` into pieces of at most `size` elements, with all other members in every piece; arrays of the
 * same length under the further keys are cut alike. Elements keep their bytes. A payload that needs no cut is returned as it is.
 */
export function splitPayload(bytes: Uint8Array, keys: readonly string[], size: number): readonly Uint8Array[] {
  const members = lastOfEachKey(jsonMembers(bytes));
  const leading = members.find((member) => member.key === keys[0]);
  if (leading === undefined || !isJsonArray(bytes, leading)) return [bytes];
  const count = jsonElements(bytes, leading.start).length;
  if (count <= size) return [bytes];
  const cut = new Map<string, readonly JsonRange[]>();
  for (const member of members) {
    if (!keys.includes(member.key) || !isJsonArray(bytes, member)) continue;
    const elements = jsonElements(bytes, member.start);
    if (elements.length === count) cut.set(member.key, elements);
  }
  const pieces: Uint8Array[] = [];
  for (let from = 0; from < count; from += size)
    pieces.push(writePiece(bytes, members, { cut, from, to: from + size }));
  return pieces;
}

interface Piece {
  readonly cut: ReadonlyMap<string, readonly JsonRange[]>;
  readonly from: number;
  readonly to: number;
}

function writePiece(bytes: Uint8Array, members: readonly JsonMember[], piece: Piece): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const member of members) {
    parts.push(utf8(`${parts.length === 0 ? "{" : ","}${JSON.stringify(member.key)}:`));
    const elements = piece.cut.get(member.key)?.slice(piece.from, piece.to);
    const first = elements?.[0];
    const last = elements?.at(-1);
    if (first === undefined || last === undefined) parts.push(bytes.subarray(member.start, member.end));
    else parts.push(utf8("["), bytes.subarray(first.start, last.end), utf8("]"));
  }
  return joinBytes([...parts, closeBrace]);
}

function lastOfEachKey(members: readonly JsonMember[]): readonly JsonMember[] {
  return [...new Map(members.map((member) => [member.key, member])).values()];
}

/** `{"action":"…",` followed by the payload's own members: spliced, not written anew. */
export function deliveryBody(action: string, payload: Uint8Array): Uint8Array {
  const start = payload.indexOf(0x7b) + 1;
  if (payload[skipBlank(payload, start)] === 0x7d) return actionOnlyBody(action);
  return joinBytes([utf8(`{"action":${JSON.stringify(action)},`), payload.subarray(start)]);
}

/** The body of a webhook that takes no payload: exactly `{"action":"…"}`. */
export function actionOnlyBody(action: string): Uint8Array {
  return utf8(`{"action":${JSON.stringify(action)}}`);
}

/** Not a TextEncoder: small texts share Node's pool in place of an allocation each. */
function utf8(text: string): Uint8Array {
  return Buffer.from(text);
}

function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(parts);
}
