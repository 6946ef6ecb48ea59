import { answer, emptyAnswer, errorAnswers, idParameter, timeOrNullSchema } from "./answer-schemas.js";

const tags = ["webhooks"];

const secret = {
  type: "string",
  maxLength: 4_096,
  description: "One that the receiver knows already; a new one is made when it is absent.",
} as const;

function bodyOf(properties: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return { content: { "application/json": { schema: { type: "object", properties } } } };
}

const issued = {
  type: "object",
  required: ["secret", "previous_until"],
  properties: {
    secret: { type: "string", description: "Shown this once." },
    previous_until: {
      ...timeOrNullSchema,
      description: "Until when messages are signed with the secrets before it too; null when there are none.",
    },
  },
} as const;

export const setSecretSchema = {
  operationId: "setWebhookSecret",
  summary: "Sign what the webhook gets with one secret, in the place of all others",
  tags,
  params: idParameter,
  body: bodyOf({ secret }),
  response: { 200: answer("The secret.", issued), ...errorAnswers(400, 401, 404, 409, 413, 415) },
};

export const removeSecretSchema = {
  operationId: "removeWebhookSecret",
  summary: "Sign nothing that the webhook gets any more",
  tags,
  params: idParameter,
  response: { 204: emptyAnswer("It has no secret."), ...errorAnswers(401, 404) },
};

export const rotateSecretSchema = {
  operationId: "rotateWebhookSecret",
  summary: "Sign with a new secret, and for a while with those before it too",
  tags,
  params: idParameter,
  body: bodyOf({
    secret,
    overlap: { type: "string", default: "24h", description: "A duration such as `24h`, from `0s` to 366 days." },
  }),
  response: { 200: answer("The secret.", issued), ...errorAnswers(400, 401, 404, 409, 413, 415) },
};
