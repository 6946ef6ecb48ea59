import { isUtf8 } from "node:buffer";
import { deepestPayload, isJsonObject, jsonDepth, pythonTypeOf } from "@hookwright/core/internal";
import type { FastifyRequest } from "fastify";
import { invalidInput, RequestProblem } from "../request-problem.js";
import { jsonFault } from "./json-fault.js";

/** A body that is a JSON object: its bytes as they came, and what a parser makes of them. */
export interface JsonBody {
  readonly bytes: Uint8Array;
  readonly value: Readonly<Record<string, unknown>>;
}

/** The payload may be as deep as core allows, and stands one level down in a request. */
const deepestBody = deepestPayload + 1;

const nothing = Buffer.from("{}");

/** The bytes of a body; empty when there is none. */
export function bodyBytes(request: FastifyRequest): Buffer {
  return Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
}

/** The media type of a body, in lower case and without parameters; empty when none is said. */
export function mediaType(request: FastifyRequest): string {
  return (request.headers["content-type"] ?? "").split(";", 1).join().trim().toLowerCase();
}

/** Refuses a body of a kind that the route does not read. */
export function wrongMediaType(request: FastifyRequest): RequestProblem {
  const said = (request.headers["content-type"] ?? "").slice(0, 200);
  return new RequestProblem("media_type", `Unsupported media type "${said}" in request.`);
}

/**
 * Reads a JSON object. No body at all is an empty object, as in Django REST framework.
 *
 * @throws RequestProblem `media_type`, `unreadable` or `invalid`.
 */
export function readJsonBody(request: FastifyRequest): JsonBody {
  const bytes = bodyBytes(request);
  if (bytes.length > 0 && mediaType(request) !== "application/json") throw wrongMediaType(request);
  return readJsonObject(bytes.length === 0 ? nothing : bytes);
}

/** @throws RequestProblem `unreadable` when the bytes are no JSON, `invalid` when they are no object. */
export function readJsonObject(bytes: Buffer): JsonBody {
  const value = parseJson(bytes);
  if (value === null) throw invalidInput("No data provided");
  if (!isJsonObject(value)) throw invalidInput(`Invalid data. Expected a dictionary, but got ${pythonTypeOf(value)}.`);
  return { bytes, value };
}

function parseJson(bytes: Buffer): unknown {
  if (!isUtf8(bytes)) throw unreadable("the body is not valid UTF-8");
  // Asked before a parser sees it: what walks over the value later must not recurse without bound.
  if (jsonDepth(bytes) > deepestBody) throw unreadable(`the body is nested deeper than ${deepestBody} levels`);
  const text = bytes.toString("utf8");
  try {
    return JSON.parse(text);
  } catch {
    throw unreadable(jsonFault(text));
  }
}

function unreadable(reason: string): RequestProblem {
  return new RequestProblem("unreadable", `JSON parse error - ${reason}`);
}
