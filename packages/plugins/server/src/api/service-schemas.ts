import { answer, errorAnswers } from "./answer-schemas.js";

const tags = ["service"];

function stateSchema(state: string): Readonly<Record<string, unknown>> {
  return { type: "object", required: ["status"], properties: { status: { type: "string", enum: [state] } } };
}

export const healthSchema = {
  operationId: "getHealth",
  summary: "Whether the process is alive",
  tags,
  security: [],
  response: { 200: answer("It is.", stateSchema("ok")) },
};

export const readySchema = {
  operationId: "getReady",
  summary: "Whether requests can be served",
  tags,
  security: [],
  response: { 200: answer("They can.", stateSchema("ready")) },
};

export const versionSchema = {
  operationId: "getVersion",
  summary: "Which version runs",
  tags,
  security: [],
  response: {
    200: answer("The version.", {
      type: "object",
      required: ["name", "version"],
      properties: { name: { type: "string" }, version: { type: "string" } },
    }),
  },
};

export const openApiSchema = {
  operationId: "getOpenApi",
  summary: "This document, made from the routes and from the events that are registered now",
  tags,
  response: { 200: answer("OpenAPI 3.1.", { type: "object" }), ...errorAnswers(401) },
};

export const asyncApiSchema = {
  operationId: "getAsyncApi",
  summary: "What webhooks receive, made from the events that are registered now",
  tags,
  response: { 200: answer("AsyncAPI 3.0.", { type: "object" }), ...errorAnswers(401) },
};
