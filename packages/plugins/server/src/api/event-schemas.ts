import { answer, errorAnswers, pageOf, pageParameters, ref, type SharedSchema } from "./answer-schemas.js";

export const eventSchema: SharedSchema = {
  $id: "Event",
  type: "object",
  required: [
    "name",
    "action",
    "title",
    "summary",
    "description",
    "owner",
    "scope",
    "version",
    "aliases",
    "key",
    "bulk",
    "schema",
    "example",
  ],
  properties: {
    name: { type: "string", description: "The same as `action`." },
    action: { type: "string", description: "The key on the wire." },
    title: { type: "string", description: "What a person reads in a list." },
    summary: { type: "string", description: "One sentence: what happened." },
    description: { type: "string" },
    owner: {
      type: "object",
      description: "Core, or the plugin that registered it.",
      required: ["name", "version"],
      properties: { name: { type: "string" }, version: { type: "string" } },
    },
    scope: { type: "string", enum: ["project", "organization"] },
    version: { type: "integer", minimum: 1, description: "Rises with each change of the schema." },
    aliases: { type: "array", items: { type: "string" }, description: "Other names, accepted wherever it is named." },
    key: { type: "string", description: "The member of the payload that it is about." },
    bulk: { type: "array", items: { type: "string" }, description: "Arrays that WEBHOOK_BATCH_SIZE may split." },
    schema: { type: "object", description: "JSON Schema 2020-12 of the payload." },
    example: { type: "object", description: "A payload that the schema accepts." },
  },
};

export const receiptSchema: SharedSchema = {
  $id: "EmitReceipt",
  type: "object",
  additionalProperties: false,
  required: ["id", "action", "deliveries", "duplicate"],
  properties: {
    id: { type: "string", pattern: "^msg_", description: "The message, or the first part of a split bulk event." },
    action: { type: "string", description: "The canonical name." },
    deliveries: { type: "integer", minimum: 0, description: "Webhooks that get it." },
    duplicate: {
      type: "boolean",
      description: "Whether `id` was known: nothing was stored, this is the first answer.",
    },
    parts: { type: "array", items: { type: "string" }, description: "All parts of a split bulk event." },
  },
};

/** Without what `openapi.ts` puts in: the actions and their payloads are what is registered when it is asked. */
export const newEventSchema: SharedSchema = {
  $id: "NewEvent",
  type: "object",
  required: ["action"],
  properties: {
    action: { type: "string", description: "A registered action or an alias of one." },
    payload: { type: "object", default: {}, description: "What happened, as the schema of the action says." },
    project: {
      type: ["integer", "null"],
      minimum: 1,
      description: "Where it happened; absent for an event of the organization.",
    },
    id: {
      type: "string",
      minLength: 1,
      maxLength: 255,
      description: "Idempotency key: with equal content it is accepted once in 24 hours.",
    },
  },
};

const tags = ["events"];

export const emitSchema = {
  operationId: "emitEvent",
  summary: "Emit an event; 202 means that it is on disk",
  tags,
  body: { content: { "application/json": { schema: ref("NewEvent") } } },
  response: { 202: answer("Accepted.", ref("EmitReceipt")), ...errorAnswers(400, 401, 409, 413, 415) },
};

export const emitBatchSchema = {
  operationId: "emitEvents",
  summary: "Emit many events, one a line",
  description:
    "Each line is an event as in `POST /api/events/`; empty lines are skipped. The answer has one line for each, in " +
    "order, and each is written when its event is on disk. A line that is refused does not stop the others. Where none of " +
    "the first 256 can be stored, since the service is busy or its disk is full, the batch is refused as a whole.",
  tags,
  body: { content: { "application/x-ndjson": { schema: { type: "string" } } } },
  response: {
    200: {
      description: "One line each: `status`, then the members of `EmitReceipt` or of `Error`.",
      content: { "application/x-ndjson": { schema: { type: "string" } } },
    },
    ...errorAnswers(401, 413, 415),
  },
};

export const listEventsSchema = {
  operationId: "listEvents",
  summary: "The catalog of events",
  tags,
  querystring: { type: "object", properties: pageParameters },
  response: { 200: answer("In order of registration.", pageOf(ref("Event"))), ...errorAnswers(400, 401) },
};

export const getEventSchema = {
  operationId: "getEvent",
  summary: "One event of the catalog, by its action or an alias",
  tags,
  params: { type: "object", required: ["action"], properties: { action: { type: "string" } } },
  response: { 200: answer("The event.", ref("Event")), ...errorAnswers(401, 404) },
};
