import {
  answer,
  emptyAnswer,
  errorAnswers,
  idParameter,
  pageOf,
  pageParameters,
  ref,
  type SharedSchema,
  timeSchema,
} from "./answer-schemas.js";

const tokenFields = { id: { type: "integer" }, name: { type: "string" }, created_at: timeSchema } as const;

export const tokenSchema: SharedSchema = {
  $id: "Token",
  type: "object",
  description: "An access token, without its value: only a hash of that is kept.",
  required: ["id", "name", "created_at"],
  properties: tokenFields,
};

const tags = ["tokens"];

export const listTokensSchema = {
  operationId: "listTokens",
  summary: "The access tokens of the organization",
  tags,
  querystring: { type: "object", properties: pageParameters },
  response: { 200: answer("By rising id.", pageOf(ref("Token"))), ...errorAnswers(400, 401) },
};

export const createTokenSchema = {
  operationId: "createToken",
  summary: "Make an access token of the same organization",
  tags,
  body: {
    content: {
      "application/json": { schema: { type: "object", properties: { name: { type: "string", maxLength: 255 } } } },
    },
  },
  response: {
    201: answer("The token; `value` is shown this once.", {
      type: "object",
      required: ["id", "name", "created_at", "value"],
      properties: { ...tokenFields, value: { type: "string" } },
    }),
    ...errorAnswers(400, 401, 413, 415),
  },
};

export const deleteTokenSchema = {
  operationId: "deleteToken",
  summary: "Revoke an access token, also the one that asks, also the last one",
  tags,
  params: idParameter,
  response: { 204: emptyAnswer("It opens nothing any more."), ...errorAnswers(401, 404) },
};
