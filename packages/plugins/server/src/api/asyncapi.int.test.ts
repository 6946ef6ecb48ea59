import { Parser } from "@asyncapi/parser";
import type { EventDefinition, RegisteredEvent } from "@hookwright/core";
import { Ajv } from "ajv";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ApiRig, type Parsed } from "../api-rig.test.support.js";
import { awkward, awkwardEvents } from "../describe/awkward-events.test.support.js";
import { HoldableReceiver } from "../holdable-receiver.test.support.js";

describe("GET /api/asyncapi.json", () => {
  let api: ApiRig;
  let document: Parsed;
  let fits: (name: string, body: unknown) => boolean;

  beforeAll(async () => {
    api = await ApiRig.start({ plugins: [awkward] });
    document = (await api.get("/api/asyncapi.json")).json;
    const ajv = new Ajv({ strict: false, validateFormats: false }).addSchema(document, "asyncapi");
    fits = (name, body) => {
      const place = document["components"]?.["messages"]?.[name]?.["payload"]?.["$ref"];
      return ajv.validate({ $ref: `asyncapi${String(place)}` }, body);
    };
  });
  afterAll(() => api.stop());

  test.each([
    ["with core's events", []],
    ["with events whose schemas are awkward", [awkward]],
  ])("is valid by AsyncAPI's own parser, %s", async (_, plugins) => {
    const service = await ApiRig.start({ plugins });
    const { text } = await service.get("/api/asyncapi.json");
    await service.stop();
    const { document: parsed, diagnostics } = await new Parser().parse(text);
    // All that it has to say: there is a newer version of AsyncAPI, which fewer tools read.
    expect(diagnostics.map(({ code, message, path }) => ({ code, message, path }))).toMatchObject([
      { code: "asyncapi-latest-version" },
    ]);
    expect(parsed?.version()).toBe("3.0.0");
    expect(parsed?.messages().all().length).toBeGreaterThan(12);
  });

  test("describes the request: one channel, one operation, the headers", () => {
    expect(document["channels"]?.["webhook"]).toMatchObject({ address: null });
    expect(document["operations"]?.["deliver"]).toMatchObject({
      action: "send",
      channel: { $ref: "#/channels/webhook" },
      bindings: { http: { method: "POST" } },
    });
    expect(document["components"]?.["messageTraits"]?.["received"]).toMatchObject({
      contentType: "application/json",
      headers: { required: ["webhook-id", "webhook-timestamp", "User-Agent"] },
    });
  });

  test("has a message for each action and each alias, and one without payload", () => {
    const messages = Object.values(document["components"]?.["messages"] ?? {}).map((message) => message?.["name"]);
    expect(messages).toEqual([...api.hooks.events.list().flatMap(({ names }) => names), "without payload"]);
    const keys = Object.keys(document["components"]?.["messages"] ?? {});
    expect(new Set(keys).size).toBe(messages.length);
    expect(Object.keys(document["channels"]?.["webhook"]?.["messages"] ?? {})).toEqual(keys);
    for (const key of keys) expect(key).toMatch(/^[A-Za-z0-9._-]+$/);
  });

  test("the payload of each message begins with its action, and the event's example fits", () => {
    for (const { definition, name } of api.hooks.events.list().flatMap(perName)) {
      const key = name.startsWith("tree:") ? name.replace("tree:", "_tree-3A") : name;
      const message = document["components"]?.["messages"]?.[key];
      const body = { action: name, ...Object(definition.example) };
      // Tools would follow the member `$ref` of one example.
      if (name !== "CLOSED") expect(Object.values(message?.["examples"] ?? {})[0]?.["payload"]).toEqual(body);
      const schema = document["components"]?.["schemas"]?.[`Body.${key}`];
      expect(Object.keys(schema?.["properties"] ?? {})[0]).toBe("action");
      expect(schema?.["properties"]?.["action"]).toEqual({ type: "string", const: name });
      expect(fits(key, body), name).toBe(true);
      expect(fits(key, { ...body, action: "OTHER" }), name).toBe(false);
    }
  });

  test("is true: what a receiver gets fits, body and headers", async () => {
    const receiver = await HoldableReceiver.open();
    const { json: webhook } = await api.post("/api/webhooks/", { url: receiver.url });
    for (const { action } of awkwardEvents) await api.post(`/api/webhooks/${webhook["id"]}/test/`, { action });
    await api.post("/api/events/", { action: "NUMBERED", payload: {}, project: 12 });
    await api.post("/api/events/", { action: "CHOICE", payload: { kind: "account", id: "7" }, project: 12 });
    await receiver.until((received) => received.length === awkwardEvents.length + 2);
    for (const { body } of receiver.received) {
      const parsed = JSON.parse(body);
      expect(fits(parsed.action.replace("tree:", "_tree-3A"), parsed), body).toBe(true);
    }
    expect(receiver.received.map(({ body }) => JSON.parse(body)).at(-2)).toEqual({
      action: "NUMBERED",
      project: { id: 12 },
    });
  });

  test.each([
    ["CLOSED", { default: 1, $ref: "a", other: 1 }],
    ["CLOSED", { default: -1, $ref: "a" }],
    ["CHOICE", { kind: "card", number: "4711", other: 1 }],
    ["CHOICE", { kind: "account", id: 7 }],
    ["CHOICE", { kind: "account", longname: "7" }],
    ["TUPLES", { pair: ["a", 1, 2] }],
    ["TUPLES", { pair: [1, "a"] }],
    ["TUPLES", { pair: ["a", 1], never: 1 }],
    ["NUMBERED", { project: { id: "12" } }],
    ["_tree-3Agrown", { node: { name: "a", children: [{ name: 1 }] } }],
    ["_tree-3Agrown", { node: { name: "a" }, twin: { name: 1 } }],
    ["_tree-3Agrown", { node: { name: "a" }, x_note: 1 }],
  ])("is as strict as the event: %s refuses %j", (key, payload) => {
    const action = String(document["components"]?.["messages"]?.[key]?.["name"]);
    expect(fits(key, { action, ...payload })).toBe(false);
  });

  test("every reference leads somewhere", () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"(#[^"]+)"/g)].map(([, found]) => found ?? "");
    expect(references.length).toBeGreaterThan(100);
    for (const reference of new Set(references)) {
      const found = decodeURIComponent(reference)
        .split("/")
        .slice(1)
        .reduce<Parsed | undefined>((place, key) => place?.[key.replaceAll("~1", "/").replaceAll("~0", "~")], document);
      expect(found, reference).toBeDefined();
    }
  });

  test("asks for a token", async () => {
    expect((await api.get("/api/asyncapi.json", { token: null })).status).toBe(401);
  });
});

function perName({
  definition,
  names,
}: RegisteredEvent): readonly { readonly definition: EventDefinition; readonly name: string }[] {
  return names.map((name) => ({ definition, name }));
}
