import {
  answer,
  errorAnswers,
  pageOf,
  pageParameters,
  ref,
  type SharedSchema,
  timeOrNullSchema,
  timeSchema,
} from "./answer-schemas.js";

const statusSchema = {
  type: "string",
  enum: ["pending", "delivered", "failed", "cancelled"],
  description: "A delivery that is held because its webhook is not active is pending too.",
} as const;

const maskedHeaders = {
  type: "object",
  additionalProperties: { type: "string" },
  description: "As sent; secret values are masked.",
} as const;

const recordFields = {
  id: { type: "string", pattern: "^dlv_" },
  message: { type: "string", pattern: "^msg_" },
  webhook: { type: ["integer", "null"], description: "Null where it goes to a plugin's durable handler." },
  handler: {
    type: ["object", "null"],
    description: "The durable handler that it goes to.",
    required: ["plugin", "name"],
    properties: { plugin: { type: "string" }, name: { type: "string" } },
  },
  project: { type: ["integer", "null"] },
  action: { type: "string", description: "As the webhook gets it: the canonical name, or the alias that it listed." },
  status: statusSchema,
  test: { type: "boolean" },
  created_at: timeSchema,
  finished_at: timeOrNullSchema,
  next_attempt_at: timeOrNullSchema,
  attempt_count: { type: "integer", minimum: 0 },
  last_status: { type: ["integer", "null"], description: "HTTP status of the last attempt." },
  last_code: { type: ["string", "null"], description: "Error code of the last attempt." },
} as const;

export const deliverySchema: SharedSchema = {
  $id: "Delivery",
  type: "object",
  required: Object.keys(recordFields),
  properties: recordFields,
};

export const attemptSchema: SharedSchema = {
  $id: "Attempt",
  type: "object",
  required: [
    "number",
    "started_at",
    "duration",
    "status",
    "code",
    "error",
    "excerpt",
    "middleware",
    "changed_by",
    "slowed_by",
    "headers",
  ],
  properties: {
    number: { type: "integer", minimum: 1 },
    started_at: timeSchema,
    duration: { type: "number", minimum: 0, description: "Milliseconds." },
    status: { type: ["integer", "null"], description: "HTTP status; null when no answer came." },
    code: { type: ["string", "null"], description: "Error code; null when it was delivered." },
    error: { type: ["string", "null"], description: "One line for a person." },
    excerpt: { type: "string", description: "The start of the answer's body." },
    middleware: { type: ["string", "null"], description: "The middleware that stopped it." },
    changed_by: { type: "array", items: { type: "string" }, description: "Middleware that changed the request." },
    slowed_by: {
      type: "array",
      items: { type: "string" },
      description: "Middleware that took 100 milliseconds or more of its own time.",
    },
    headers: maskedHeaders,
  },
};

export const deliveryDetailSchema: SharedSchema = {
  $id: "DeliveryDetail",
  type: "object",
  required: [...Object.keys(recordFields), "request", "attempts"],
  properties: {
    ...recordFields,
    request: {
      type: "object",
      required: ["method", "url", "headers", "body"],
      properties: {
        method: { enum: ["POST", null], description: "Null for a handler, which is called and not sent to." },
        url: {
          type: ["string", "null"],
          description: "The webhook's as it is now; null when it was deleted, and for a handler.",
        },
        headers: { ...maskedHeaders, description: "Of the last attempt; secret values are masked." },
        body: { type: "string" },
      },
    },
    attempts: { type: "array", items: ref("Attempt"), description: "Oldest first." },
  },
};

const tags = ["deliveries"];
const idOnly = { type: "object", required: ["id"], properties: { id: { type: "string" } } };

export const listDeliveriesSchema = {
  operationId: "listDeliveries",
  summary: "Deliveries, newest first",
  tags,
  querystring: {
    type: "object",
    properties: {
      webhook: { type: "integer", minimum: 1 },
      action: { type: "string", description: "By any name of the event." },
      project: { type: "integer", minimum: 1 },
      status: statusSchema,
      since: { type: "string", description: "Created at or after; ISO 8601, UTC unless an offset is given." },
      until: { type: "string", description: "Created before; ISO 8601, UTC unless an offset is given." },
      ...pageParameters,
    },
  },
  response: { 200: answer("One page.", pageOf(ref("Delivery"))), ...errorAnswers(400, 401) },
};

export const getDeliverySchema = {
  operationId: "getDelivery",
  summary: "One delivery with its request and its attempts",
  tags,
  params: idOnly,
  response: { 200: answer("The delivery.", ref("DeliveryDetail")), ...errorAnswers(401, 404) },
};

export const retryDeliverySchema = {
  operationId: "retryDelivery",
  summary: "Send a delivery once more, now; a finished one goes out again under its id",
  tags,
  params: idOnly,
  response: { 202: answer("It is due.", ref("DeliveryDetail")), ...errorAnswers(401, 404, 409) },
};
