import { Validator } from "@seriousme/openapi-schema-validator";
import { Ajv2020 } from "ajv/dist/2020.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ApiRig, type Parsed } from "../api-rig.test.support.js";
import { awkward, awkwardEvents } from "../describe/awkward-events.test.support.js";

describe("GET /api/openapi.json", () => {
  let api: ApiRig;
  let document: Parsed;

  beforeAll(async () => {
    api = await ApiRig.start({ plugins: [awkward] });
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
      "/api/webhooks/{id}/replay/": ["post"],
      "/api/webhooks/{id}/secret/": ["put", "delete"],
      "/api/webhooks/{id}/secret/rotate/": ["post"],
      "/api/events/": ["get", "post"],
      "/api/events/{action}/": ["get"],
      "/api/events/batch/": ["post"],
      "/api/deliveries/": ["get"],
      "/api/deliveries/{id}/": ["get"],
      "/api/deliveries/{id}/retry/": ["post"],
      "/api/plugins/": ["get"],
      "/api/tokens/": ["get", "post"],
      "/api/tokens/{id}/": ["delete"],
      "/api/jobs/": ["get"],
      "/api/jobs/{id}/": ["get", "delete"],
      "/api/openapi.json": ["get"],
      "/api/asyncapi.json": ["get"],
    });
  });

  test("names an operation once, and every reference leads somewhere", () => {
    const text = JSON.stringify(document);
    const operations = [...text.matchAll(/"operationId":"([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(operations).size).toBe(operations.length);
    const references = [...text.matchAll(/"\$ref":"([^"]+)"/g)].map(([, reference]) => reference ?? "");
    expect(references.length).toBeGreaterThan(50);
    for (const reference of new Set(references)) {
      expect(reference.startsWith("#/components/schemas/")).toBe(true);
      const found = decodeURIComponent(reference)
        .split("/")
        .slice(1)
        .reduce<Parsed | undefined>((place, key) => place?.[key.replaceAll("~1", "/").replaceAll("~0", "~")], document);
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
    // Known and received, but never emitted by a caller.
    const { example } = api.hooks.events.get("DELIVERY_EXHAUSTED").definition;
    expect(fits({ action: "DELIVERY_EXHAUSTED", payload: example, project: 12 })).toBe(false);
  });

  test("has a webhook for each event: its body is what a receiver gets", () => {
    const webhooks = document["webhooks"] ?? {};
    expect(Object.keys(webhooks)).toEqual(api.hooks.events.list().map(({ definition }) => definition.action));
    const ajv = new Ajv2020({ strict: false, validateFormats: false }).addSchema(document, "openapi");
    for (const { definition, names } of api.hooks.events.list()) {
      const media = webhooks[definition.action]?.["post"]?.["requestBody"]?.["content"]?.["application/json"];
      const fits = ajv.compile({ $ref: `openapi${String(media?.["schema"]?.["$ref"])}` });
      const body = { action: definition.action, ...Object(definition.example) };
      // Tools would follow the member `$ref` of one example.
      if (definition.action !== "CLOSED") expect(media?.["example"]).toEqual(body);
      for (const action of names) expect(fits({ ...body, action }), action).toBe(true);
      expect(fits({ ...body, action: "OTHER" })).toBe(false);
      expect(fits(definition.example)).toBe(false);
    }
  });

  test("shows an example of each event where it can be emitted, and each can be", async () => {
    const { content } = Object(document["paths"]?.["/api/events/"]?.["post"]?.["requestBody"]);
    const examples: Record<string, { readonly value: unknown }> = content["application/json"].examples;
    // The twelve of Label Studio, and the plugin's but one: tools would follow the reference in its example.
    expect(Object.keys(examples)).toHaveLength(11 + awkwardEvents.length);
    for (const { value } of Object.values(examples)) expect((await api.post("/api/events/", value)).status).toBe(202);
  });

  test("follows the events that are registered when it is asked", async () => {
    const bare = await ApiRig.start();
    const { json } = await bare.get("/api/openapi.json");
    expect(json["components"]?.["schemas"]).not.toHaveProperty("Payload._tree-3Agrown");
    expect(document["components"]?.["schemas"]).toHaveProperty(["Payload._tree-3Agrown"]);
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
