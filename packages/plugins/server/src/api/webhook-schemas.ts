import {
  answer,
  emptyAnswer,
  errorAnswers,
  idParameter,
  ref,
  type SharedSchema,
  timeOrNullSchema,
  timeSchema,
} from "./answer-schemas.js";
import { webhookMediaTypes } from "./webhook-body.js";

const project = {
  type: ["integer", "null"],
  minimum: 1,
  description:
    "A project of the host application; null is an organization webhook, which gets every project's messages.",
} as const;

const writable = {
  url: { type: "string", maxLength: 2_048, description: "Absolute http or https URL." },
  send_payload: {
    type: "boolean",
    default: true,
    description: 'Whether messages carry their payload, or only `{"action": "…"}`.',
  },
  send_for_all_actions: {
    type: "boolean",
    default: true,
    description: "Whether it gets every action of its scope; `actions` is kept but ignored then.",
  },
  headers: {
    type: "object",
    maxProperties: 10,
    additionalProperties: { type: "string", maxLength: 4_096 },
    description: "Sent with each message. Names are letters, digits, `-` and `_`; values are visible ASCII.",
  },
  is_active: { type: "boolean", default: true },
  actions: {
    type: "array",
    items: { type: "string" },
    description: "Names of actions, aliases included; at most 1,000. A change without `actions` keeps them.",
  },
  retry_schedule: {
    type: ["string", "null"],
    description: "`standard`, a list such as `5s,1m,10m`, or empty for none; null takes WEBHOOK_RETRY_SCHEDULE.",
  },
  max_concurrency: {
    type: ["integer", "null"],
    minimum: 1,
    maximum: 1_000,
    description: "Deliveries under way at once; null takes the default.",
  },
  rate_limit: {
    type: ["number", "null"],
    exclusiveMinimum: 0,
    maximum: 100_000,
    description: "Deliveries a second; null is no limit.",
  },
  ordered: {
    type: "boolean",
    default: false,
    description: "Whether messages arrive in the order in which they were accepted.",
  },
  handshake: {
    type: "boolean",
    default: false,
    description:
      "Whether the receiver is asked for its consent (OPTIONS, CloudEvents webhook specification) before the webhook, a new URL or a new rate is saved.",
  },
} as const;

export const webhookSchema: SharedSchema = {
  $id: "Webhook",
  type: "object",
  required: [
    "id",
    "organization",
    "project",
    ...Object.keys(writable),
    "allowed_rate",
    "consecutive_failures",
    "created_at",
    "updated_at",
    "secret_set",
    "disabled_at",
    "disabled_reason",
  ],
  properties: {
    id: { type: "integer" },
    organization: { type: "integer" },
    project,
    ...writable,
    allowed_rate: {
      type: ["integer", "null"],
      minimum: 1,
      description: "Deliveries a minute that the receiver allowed when it consented; null: no limit.",
    },
    consecutive_failures: { type: "integer", minimum: 0, description: "Failed attempts in a row." },
    created_at: timeSchema,
    updated_at: timeSchema,
    secret_set: { type: "boolean", description: "Whether deliveries are signed." },
    disabled_at: timeOrNullSchema,
    disabled_reason: { type: ["string", "null"], enum: ["failures", "gone", "user", null] },
    unreadable_headers: {
      type: "array",
      items: { type: "string" },
      description:
        "Headers whose values cannot be read any more; absent when there are none. Nothing is sent until `headers` is set anew.",
    },
  },
};

export const newWebhookSchema: SharedSchema = {
  $id: "NewWebhook",
  type: "object",
  description: "Unknown members are ignored. In a form, a boolean that is absent is false.",
  required: ["url"],
  properties: { ...writable, project },
};

export const webhookChangeSchema: SharedSchema = {
  $id: "WebhookChange",
  type: "object",
  description: "What is absent keeps its value; `project` cannot be changed and is ignored.",
  properties: writable,
};

export const webhookInfoEntrySchema: SharedSchema = {
  $id: "WebhookInfo",
  type: "object",
  required: ["name", "description", "key", "organization-only"],
  properties: {
    name: { type: "string" },
    description: { type: "string" },
    key: { type: "string", description: "The member of the payload that the event is about." },
    "organization-only": { type: "boolean" },
  },
};

function bodyOf(schema: string): { readonly content: Readonly<Record<string, unknown>> } {
  return { content: Object.fromEntries(webhookMediaTypes.map((type) => [type, { schema: ref(schema) }])) };
}

const tags = ["webhooks"];

export const listWebhooksSchema = {
  operationId: "listWebhooks",
  summary: "The webhooks of the organization, by rising id",
  tags,
  querystring: {
    type: "object",
    properties: {
      project: {
        type: "string",
        description: "Only this project's; `null`: only the organization webhooks. Absent: all.",
      },
      limit: { type: "integer", minimum: 1, maximum: 1_000, description: "At most so many; absent: all." },
      after: { type: "integer", minimum: 0, description: "Only ids greater than this." },
    },
  },
  response: {
    200: answer("The webhooks.", { type: "array", items: ref("Webhook") }),
    ...errorAnswers(400, 401),
  },
};

export const createWebhookSchema = {
  operationId: "createWebhook",
  summary: "Make a webhook",
  tags,
  body: bodyOf("NewWebhook"),
  response: {
    201: {
      ...answer("The new webhook.", ref("Webhook")),
      headers: { Location: { type: "string", description: "Where it can be read." } },
    },
    ...errorAnswers(400, 401, 413, 415),
  },
};

export const getWebhookSchema = {
  operationId: "getWebhook",
  summary: "One webhook",
  tags,
  params: idParameter,
  response: { 200: answer("The webhook.", ref("Webhook")), ...errorAnswers(401, 404) },
};

export const replaceWebhookSchema = {
  operationId: "replaceWebhook",
  summary: "Change a webhook; `url` must be there",
  tags,
  params: idParameter,
  body: bodyOf("NewWebhook"),
  response: { 200: answer("The webhook as it is now.", ref("Webhook")), ...errorAnswers(400, 401, 404, 413, 415) },
};

export const changeWebhookSchema = {
  operationId: "changeWebhook",
  summary: "Change what is given of a webhook",
  tags,
  params: idParameter,
  body: bodyOf("WebhookChange"),
  response: { 200: answer("The webhook as it is now.", ref("Webhook")), ...errorAnswers(400, 401, 404, 413, 415) },
};

export const deleteWebhookSchema = {
  operationId: "deleteWebhook",
  summary: "Delete a webhook; what waits for it is cancelled",
  tags,
  params: idParameter,
  response: { 204: emptyAnswer("It is gone."), ...errorAnswers(401, 404) },
};

export const webhookInfoSchema = {
  operationId: "listWebhookActions",
  summary: "The actions that a webhook can ask for",
  tags,
  security: [],
  querystring: {
    type: "object",
    properties: {
      "organization-only": {
        type: "string",
        description: "`true`: only actions of the organization; any other value: only the others. Absent: all.",
      },
    },
  },
  response: {
    200: answer("By action.", { type: "object", additionalProperties: ref("WebhookInfo") }),
  },
};

export const testWebhookSchema = {
  operationId: "testWebhook",
  summary: "Send one event to a webhook now, also to an inactive one; it counts for nothing",
  tags,
  params: idParameter,
  body: {
    content: {
      "application/json": {
        schema: {
          type: "object",
          properties: {
            action: { type: "string", description: "The first action that the webhook wants, unless given." },
            payload: { type: "object", description: "The example of the event, unless given." },
          },
        },
      },
    },
  },
  response: {
    200: answer("What became of it, whether or not the receiver took it.", {
      allOf: [
        ref("DeliveryDetail"),
        { type: "object", required: ["attempt"], properties: { attempt: ref("Attempt") } },
      ],
    }),
    ...errorAnswers(400, 401, 404, 413, 415),
  },
};
