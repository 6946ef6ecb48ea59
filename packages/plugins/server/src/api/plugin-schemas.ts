import { answer, errorAnswers, pageOf, ref, type SharedSchema } from "./answer-schemas.js";

const texts = { type: "array", items: { type: "string" } } as const;

export const pluginSchema: SharedSchema = {
  $id: "Plugin",
  type: "object",
  description: "A plugin that the service has loaded.",
  required: [
    "name",
    "version",
    "state",
    "waiting_on",
    "error",
    "requires",
    "events",
    "handlers",
    "middlewares",
    "transforms",
    "offers",
    "contributes",
    "commands",
  ],
  properties: {
    name: { type: "string" },
    version: { type: "string" },
    state: { type: "string", enum: ["declared", "validated", "started", "waiting", "failed", "stopped"] },
    waiting_on: {
      type: "array",
      description: "What it waits for, in state `waiting`.",
      items: {
        type: "object",
        required: ["plugin", "reason"],
        properties: { plugin: { type: "string" }, reason: { type: "string" } },
      },
    },
    error: {
      type: ["object", "null"],
      description: "Set when it failed. The code says how; what its code said stands in the log of the service.",
      required: ["code", "message"],
      properties: { code: { type: "string" }, message: { type: "string" } },
    },
    requires: { ...texts, description: "The plugins that it needs, then those that it can do without." },
    events: { ...texts, description: "The actions that it registered." },
    handlers: { ...texts, description: "The actions that it handles durably." },
    middlewares: {
      type: "array",
      items: {
        type: "object",
        required: ["name", "phase"],
        properties: { name: { type: "string" }, phase: { type: "string" } },
      },
    },
    transforms: { ...texts, description: "The variants that it makes." },
    offers: { ...texts, description: "Extensions to which other plugins can contribute." },
    contributes: { ...texts, description: "Extensions to which it contributes, each as often as it does." },
    commands: {
      type: "array",
      description: "What `hookwright {plugin} {command}` can call.",
      items: {
        type: "object",
        required: ["name", "summary", "usage"],
        properties: { name: { type: "string" }, summary: { type: "string" }, usage: { type: "string" } },
      },
    },
  },
};

export const listPluginsSchema = {
  operationId: "listPlugins",
  summary: "The plugins that are loaded",
  tags: ["plugins"],
  response: { 200: answer("In the order in which they were started.", pageOf(ref("Plugin"))), ...errorAnswers(401) },
};
