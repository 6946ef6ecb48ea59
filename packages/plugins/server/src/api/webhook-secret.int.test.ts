import { createMemoryStore, type OrganizationId, type Store, type WebhookId } from "@hookwright/core";
import { generateSecret, signing } from "@hookwright/plugin-signing";
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { ApiRig } from "../api-rig.test.support.js";

const url = "https://receiver.example/hook";

let api: ApiRig;
let store: Store;
let webhook: string;

beforeAll(async () => {
  store = createMemoryStore();
  api = await ApiRig.start({ store, plugins: [signing()] });
});
afterAll(() => api.stop());

beforeEach(async () => {
  const { json } = await api.post("/api/webhooks/", { url, project: 1, headers: { "X-Key": "header-value" } });
  webhook = `/api/webhooks/${json["id"]}/`;
});

describe("PUT /api/webhooks/{id}/secret/", () => {
  test("makes a secret and tells it this once", async () => {
    const { status, json } = await api.call("PUT", `${webhook}secret/`);
    expect([status, json]).toEqual([200, { secret: expect.stringMatching(/^whsec_/), previous_until: null }]);
    const secret = String(json["secret"]);
    const answers = [await api.get(webhook), await api.get("/api/webhooks/"), await api.patch(webhook, { url })];
    for (const { text, json: shown } of answers) {
      expect(text).not.toContain(secret);
      if (!Array.isArray(shown)) expect(shown["secret_set"]).toBe(true);
    }
  });

  test("takes one that the receiver has", async () => {
    const secret = generateSecret();
    expect((await api.call("PUT", `${webhook}secret/`, { body: { secret } })).json).toEqual({
      secret,
      previous_until: null,
    });
  });

  test.each([[{ secret: "nonsense-that-nobody-may-see" }], [{ secret: "" }], [{ secret: null }], [{ secret: 5 }]])(
    "refuses %j, and names the field but not the value",
    async (body) => {
      const { status, json, text } = await api.call("PUT", `${webhook}secret/`, { body });
      expect(status).toBe(400);
      expect(Object.keys(Object(json["validation_errors"]))).toEqual(["secret"]);
      expect(text).not.toContain("nobody-may-see");
      expect((await api.get(webhook)).json["secret_set"]).toBe(false);
    },
  );
});

describe("POST /api/webhooks/{id}/secret/rotate/", () => {
  test("puts a new one in front, 24 hours unless said otherwise", async () => {
    const old = (await api.call("PUT", `${webhook}secret/`)).json["secret"];
    const begun = Date.now();
    const { status, json } = await api.post(`${webhook}secret/rotate/`);
    expect(status).toBe(200);
    expect(json["secret"]).not.toBe(old);
    const until = Date.parse(String(json["previous_until"]));
    expect(until).toBeGreaterThanOrEqual(begun + 86_400_000);
    expect(until).toBeLessThanOrEqual(Date.now() + 86_400_000);
    const { json: ended } = await api.post(`${webhook}secret/rotate/`, { overlap: "0s" });
    expect(ended["previous_until"]).toBeNull();
  });

  test.each([["soon"], ["-1h"], ["400d"], [5], [""]])("refuses an overlap of %j", async (overlap) => {
    const { status, json } = await api.post(`${webhook}secret/rotate/`, { overlap });
    expect(status).toBe(400);
    expect(Object.keys(Object(json["validation_errors"]))).toEqual(["overlap"]);
    expect((await api.get(webhook)).json["secret_set"]).toBe(false);
  });
});

test("DELETE /api/webhooks/{id}/secret/ removes it, also where there is none", async () => {
  await api.call("PUT", `${webhook}secret/`);
  for (let time = 0; time < 2; time += 1) {
    expect((await api.call("DELETE", `${webhook}secret/`)).status).toBe(204);
    expect((await api.get(webhook)).json["secret_set"]).toBe(false);
  }
});

test.each([
  ["PUT", "secret/"],
  ["DELETE", "secret/"],
  ["POST", "secret/rotate/"],
])("%s %s of a foreign or unknown webhook is 404", async (method, path) => {
  const token = await api.tokenOf(2);
  expect((await api.call(method, `${webhook}${path}`, { token })).status).toBe(404);
  expect((await api.call(method, `/api/webhooks/999/${path}`)).status).toBe(404);
  expect((await api.get(webhook)).json["secret_set"]).toBe(false);
});

test("a webhook whose values cannot be read says so, and is repaired by being changed", async () => {
  const id = Number(webhook.split("/")[3]) as WebhookId;
  const damaged = { headers: { "X-Key": "hw1.000000000000.AAAA" } };
  await store.webhooks.update(1 as OrganizationId, id, damaged, Date.now());
  const marked = { headers: {}, unreadable_headers: ["X-Key"] };
  expect(await api.get(webhook)).toMatchObject({ status: 200, json: marked });
  const listed = await api.get("/api/webhooks/");
  expect(listed).toMatchObject({ status: 200, json: expect.arrayContaining([expect.objectContaining(marked)]) });
  const repaired = await api.patch(webhook, { headers: { "X-Key": "again" } });
  expect([repaired.status, repaired.json["headers"]]).toEqual([200, { "X-Key": "again" }]);
});

test("without a plugin that signs, a secret is refused with what to do", async () => {
  const other = await ApiRig.start();
  onTestFinished(() => other.stop());
  const { json } = await other.post("/api/webhooks/", { url, project: 1 });
  const answer = await other.call("PUT", `/api/webhooks/${json["id"]}/secret/`);
  expect([answer.status, answer.json["detail"]]).toEqual([409, expect.stringContaining("add the signing plugin")]);
});
