import { defineEvent, definePlugin } from "@hookwright/core";
import { Validator } from "@seriousme/openapi-schema-validator";
import { Ajv2020 } from "ajv/dist/2020.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ApiRig, type Parsed } from "../api-rig.test.support.js";

const tree = defineEvent({
  action: "tree:grown",
  summary: "A tree grew.",
  schema: {
    $id: "https://example.com/tree",
    $schema: "https://json-schema.org/draft/2020-12/schema",
    type: "object",
    required: ["node"],
    properties: { node: { $ref: "#/$defs/node" } },
    $defs: {
      node: {
        type: "object",
        required: ["name"],
        properties: { name: { type: "string" }, children: { type: "array", items: { $ref: "#/$defs/node" } } },
      },
    },
  },
  example: { node: { name: "root", children: [{ name: "leaf" }] } },
});
const forest = definePlugin({ name: "forest", version: "1.0.0", events: [tree] });

describe("GET /api/openapi.json", () => {
  let api: ApiRig;
  let document: Parsed;

  beforeAll(async () => {
    api = await ApiRig.start({ plugins: [forest] });
    document = (await api.get("/api/openapi.json")).json;
  });
  afterAll(() => api.stop());

  test("is valid by a validator of OpenAPI", async () => {
    const result = await new Validator().validate(structuredClone(document));
    expect(result.errors ?? []).toEqual([]);
    expect(result.valid).toBe(true);
    expect(document["openapi"]).toBe("3.1.0");
  });

  test("holds every path and method of the API", () => {
    const paths = Object.entries(document["paths"] ?? {}).map(([path, methods]) => [path, Object.keys(methods ?? {})]);
    expect(Object.fromEntries(paths)).toEqual({
      "/health": ["get"],
      "/ready": ["get"],
      "/version": ["get"],
      "/api/webhooks/info/": ["get"],
      "/api/webhooks/": ["get", "post"],
      "/api/webhooks/{id}/": ["get", "put", "patch", "delete"],
      "/api/webhooks/{id}/test/": ["post"],
      "/api/events/": ["get", "post"],
      "/api/events/{action}/": ["get"],
      "/api/events/batch/": ["post"],
      "/api/deliveries/": ["get"],
      "/api/deliveries/{id}/": ["get"],
      "/api/deliveries/{id}/retry/": ["post"],
      "/api/plugins/": ["get"],
      "/api/tokens/": ["get", "post"],
      "/api/tokens/{id}/": ["delete"],
      "/api/openapi.json": ["get"],
    });
  });

  test("names an operation once, and every reference leads somewhere", () => {
    const text = JSON.stringify(document);
    const operations = [...text.matchAll(/"operationId":"(\w+)"/g)].map(([, id]) => id);
    expect(new Set(operations).size).toBe(operations.length);
    const references = [...text.matchAll(/"\$ref":"([^"]+)"/g)].map(([, reference]) => reference ?? "");
    expect(references.length).toBeGreaterThan(50);
    for (const reference of new Set(references)) {
      expect(reference.startsWith("#/components/schemas/")).toBe(true);
      const found = reference
        .split("/")
        .slice(1)
        .reduce<Parsed | undefined>((place, key) => place?.[key], document);
      expect(found, reference).toBeDefined();
    }
  });

  test("the body of an emit is held against the schema of its action", () => {
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    ajv.addSchema(document, "openapi");
    const fits = ajv.compile({ $ref: "openapi#/components/schemas/NewEvent" });
    expect(fits({ action: "TASKS_CREATED", payload: { tasks: [{ id: 1 }] }, project: 12 })).toBe(true);
    expect(fits({ action: "TASK_CREATED", payload: { tasks: [{ id: "1" }] } })).toBe(false);
    expect(fits({ action: "tree:grown", payload: { node: { name: "a", children: [{ name: "b" }] } } })).toBe(true);
    expect(fits({ action: "tree:grown", payload: { node: { name: "a", children: [{ name: 1 }] } } })).toBe(false);
    expect(fits({ action: "NOPE", payload: {} })).toBe(false);
  });

  test("follows the events that are registered when it is asked", async () => {
    const bare = await ApiRig.start();
    const { json } = await bare.get("/api/openapi.json");
    expect(json["components"]?.["schemas"]).not.toHaveProperty("Payload.tree__grown");
    expect(document["components"]?.["schemas"]).toHaveProperty(["Payload.tree__grown"]);
    await bare.stop();
  });

  test("says where a token is needed", () => {
    const open = Object.entries(document["paths"] ?? {}).filter(
      ([, methods]) => methods?.["get"]?.["security"] !== undefined,
    );
    expect(open.map(([path]) => path)).toEqual(["/health", "/ready", "/version", "/api/webhooks/info/"]);
    expect(Object.keys(document["components"]?.["securitySchemes"] ?? {})).toEqual(["token", "bearer"]);
  });
});
