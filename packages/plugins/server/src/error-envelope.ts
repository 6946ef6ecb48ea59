import { type ErrorCode, HookwrightError, version } from "@hookwright/core";
import { describeProblem, type FieldProblems, fieldProblemsOf, isJsonObject } from "@hookwright/core/internal";
import { type ProblemKind, RequestProblem } from "./request-problem.js";

/** The body of every error, its keys in the order of Label Studio's. */
interface ErrorEnvelope {
  /** Names this one error; the log has it under the same id. */
  readonly id: string;
  readonly status_code: number;
  readonly version: string;
  readonly detail: string;
  readonly exc_info: null;
  readonly validation_errors?: FieldProblems;
}

/** An error as it is answered. */
export interface ErrorAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly envelope: ErrorEnvelope;
  /** Whose doing it was: the caller's, or this service's and what it stands on. */
  readonly blame: "caller" | "service";
}

interface Reading {
  readonly status: number;
  readonly detail: string;
  readonly fields?: FieldProblems;
  readonly headers?: Readonly<Record<string, string>>;
}

const validationError = "Validation error";
const internalError = "Internal server error. The log of the service has the cause under this id.";

/** In place of the database's own words, which name its file. */
const diskFull = "The disk of the service is full: nothing of this call was stored. Try again when there is room.";

/** What a database says of itself is the operator's business. It fails every call, so the log tells of it once in a while and not under each id. */
const storeError = "The store of the service failed; the log says why. Try again in a second.";

/** Seconds after which a refusal for lack of room is worth another try. */
const retryAfter = { "retry-after": "1" };

const statusOfProblem: Readonly<Record<ProblemKind, number>> = {
  unreadable: 400,
  invalid: 400,
  no_credentials: 401,
  bad_credentials: 401,
  forbidden: 403,
  not_found: 404,
  wrong_method: 405,
  conflict: 409,
  too_large: 413,
  media_type: 415,
  overloaded: 503,
  not_ready: 503,
  stopping: 503,
};

/** Codes that are answered; every other one is a fault of this service when it gets here. */
const statusOfCode: Readonly<Partial<Record<ErrorCode, number>>> = {
  action_unknown: 400,
  action_reserved: 400,
  payload_invalid: 400,
  scope_invalid: 400,
  webhook_invalid: 400,
  replay_invalid: 400,
  not_found: 404,
  idempotency_conflict: 409,
  too_many_jobs: 409,
  delivery_not_retryable: 409,
  secret_scheme_missing: 409,
  overloaded: 503,
  lifecycle_invalid: 503,
  storage_failed: 503,
  storage_full: 507,
};

/** The status of the answer when core refuses with this code; `undefined` where no request leads to it. */
export function httpStatusOf(code: ErrorCode): number | undefined {
  return statusOfCode[code];
}

/** The one place that knows the HTTP status and the wording of every error. */
export function answerOf(error: unknown, id: string): ErrorAnswer {
  const { status, detail, fields, headers = {} } = read(error);
  return {
    status,
    headers,
    blame: status < 500 ? "caller" : "service",
    envelope: envelopeOf({ id, status, detail, ...(fields === undefined ? {} : { fields }) }),
  };
}

/** The body of an error. */
export function envelopeOf(of: Pick<Reading, "status" | "detail" | "fields"> & { readonly id: string }): ErrorEnvelope {
  const { id, status, detail, fields } = of;
  return {
    id,
    status_code: status,
    version,
    detail,
    exc_info: null,
    ...(fields === undefined ? {} : { validation_errors: fields }),
  };
}

function read(error: unknown): Reading {
  if (error instanceof RequestProblem) return readProblem(error);
  if (error instanceof HookwrightError) return readCoreError(error);
  return readFrameworkError(error);
}

function readProblem(problem: RequestProblem): Reading {
  const status = statusOfProblem[problem.kind];
  const headers = {
    ...(status === 401 ? { "www-authenticate": "Token" } : {}),
    ...(status === 503 ? retryAfter : {}),
    ...problem.headers,
  };
  return { status, detail: problem.message, headers, ...(problem.fields ? { fields: problem.fields } : {}) };
}

function readCoreError(error: HookwrightError): Reading {
  const status = statusOfCode[error.code];
  // It names the webhook and what to do, which is for whoever can set the value again.
  if (error.code === "secret_unreadable") return { status: 500, detail: error.message };
  if (status === undefined) return { status: 500, detail: internalError };
  if (status === 400) return { status, detail: validationError, fields: fieldsOf(error) };
  if (error.code === "storage_failed") return { status, detail: storeError, headers: retryAfter };
  if (error.code === "storage_full") return { status, detail: diskFull };
  return { status, detail: error.message, ...(status === 503 ? { headers: retryAfter } : {}) };
}

/** Which field of the request a refusal is about, under its name on the wire. */
function fieldsOf(error: HookwrightError): FieldProblems {
  switch (error.code) {
    case "action_unknown":
    case "action_reserved":
      return { action: [error.message] };
    case "scope_invalid":
      return { project: [error.message] };
    case "payload_invalid":
      return { payload: [payloadText(error)] };
    default:
      return Object.fromEntries(
        Object.entries(fieldProblemsOf(error)).map(([field, problem]) => [wireName(field), problem]),
      );
  }
}

function payloadText(error: HookwrightError): string {
  const problem = error.details["problem"];
  if (!isJsonObject(problem)) return error.message;
  const { pointer, expected, found } = problem;
  return describeProblem({ pointer: String(pointer), expected: String(expected), found: String(found) });
}

/** `nonField` is Django's `non_field_errors`; the others are the fields' names in snake case. */
function wireName(field: string): string {
  if (field === "nonField") return "non_field_errors";
  return field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Fastify refuses some requests before a handler sees them, with a status of 4xx; anything else that is thrown is a bug. */
function readFrameworkError(error: unknown): Reading {
  const { code, statusCode } = Object(error);
  if (code === "FST_ERR_BAD_URL" || code === "FST_ERR_MAX_PARAM_LENGTH")
    return { status: statusOfProblem.not_found, detail: "Not found." };
  if (error instanceof Error && typeof statusCode === "number" && statusCode >= 400 && statusCode < 500)
    return { status: statusCode, detail: error.message };
  return { status: 500, detail: internalError };
}
