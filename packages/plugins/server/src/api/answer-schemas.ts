import type { JsonSchema } from "@hookwright/core";

/** A schema that the OpenAPI document holds once, under this name. */
export interface SharedSchema extends JsonSchema {
  readonly $id: string;
}

export const errorSchema: SharedSchema = {
  $id: "Error",
  type: "object",
  description: "Every error has this body.",
  required: ["id", "status_code", "version", "detail", "exc_info"],
  properties: {
    id: { type: "string", format: "uuid", description: "Names this one error; the log has it under the same id." },
    status_code: { type: "integer", description: "The HTTP status." },
    version: { type: "string", description: "Of the service." },
    detail: { type: "string", description: "One sentence; `Validation error` where `validation_errors` tells more." },
    exc_info: { type: "null" },
    validation_errors: {
      type: "object",
      description: "Faults by field; `non_field_errors` are about the input as a whole.",
      additionalProperties: {
        oneOf: [
          { type: "array", items: { type: "string" } },
          {
            type: "object",
            description: "Of a list: faults by index.",
            additionalProperties: { type: "array", items: { type: "string" } },
          },
        ],
      },
    },
  },
};

/** The schema of this name, wherever it is held. */
export function ref(name: string): JsonSchema {
  return { $ref: `${name}#` };
}

const meanings = {
  400: "Something in the request is wrong; `validation_errors` names what.",
  401: "The token is missing or unknown.",
  404: "There is no such object in the organization of the token.",
  409: "The request conflicts with what is stored.",
  413: "The body is larger than `HOOKWRIGHT_MAX_BODY`.",
  415: "The body is of a kind that is not read here.",
  503: "The service cannot take it now; `Retry-After` says when to try again.",
  507: "The disk is full; nothing was stored.",
} as const;

/** The errors that an operation may answer, beside those that every one may; see `resource.ts`. */
export function errorAnswers(...statuses: readonly (keyof typeof meanings)[]): Readonly<Record<number, JsonSchema>> {
  return Object.fromEntries(statuses.map((status) => [status, { description: meanings[status], ...errorContent }]));
}

const errorContent = { content: { "application/json": { schema: ref("Error") } } };

/** An answer with a JSON body. */
export function answer(description: string, schema: JsonSchema): JsonSchema {
  return { description, content: { "application/json": { schema } } };
}

/** An answer without a body. */
export function emptyAnswer(description: string): JsonSchema {
  return { description, type: "null" };
}

/** One page of a list. */
export function pageOf(schema: JsonSchema): JsonSchema {
  return {
    type: "object",
    required: ["results", "next"],
    properties: {
      results: { type: "array", items: schema },
      next: {
        type: ["string", "null"],
        description: "The `cursor` of the next page; null on the last one. What it is made of may change.",
      },
    },
  };
}

/** The parameters of a list that is answered in pages. */
export const pageParameters = {
  limit: { type: "integer", minimum: 1, maximum: 1_000, default: 100, description: "Elements a page holds." },
  cursor: { type: "string", description: "The `next` of the page before; `after` means the same." },
} as const;

export const idParameter = {
  type: "object",
  required: ["id"],
  properties: { id: { type: "integer", minimum: 1 } },
} as const;

export const timeSchema = { type: "string", format: "date-time", description: "UTC, six fraction digits." } as const;
export const timeOrNullSchema = { ...timeSchema, type: ["string", "null"] } as const;
