import { answer, errorAnswers, pageOf, ref, type SharedSchema } from "./answer-schemas.js";

export const pluginSchema: SharedSchema = {
  $id: "Plugin",
  type: "object",
  description: "A plugin that the service has loaded.",
  required: ["name", "version", "state", "events"],
  properties: {
    name: { type: "string" },
    version: { type: "string" },
    state: { type: "string", enum: ["declared", "started", "failed", "stopped"] },
    events: { type: "array", items: { type: "string" }, description: "The actions that it registered." },
  },
};

export const listPluginsSchema = {
  operationId: "listPlugins",
  summary: "The plugins that are loaded",
  tags: ["plugins"],
  response: { 200: answer("In the order in which they were started.", pageOf(ref("Plugin"))), ...errorAnswers(401) },
};
