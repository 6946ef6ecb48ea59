import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ApiRig, type Parsed } from "../api-rig.test.support.js";

describe("/api/tokens/", () => {
  let api: ApiRig;

  beforeAll(async () => {
    api = await ApiRig.start();
  });
  afterAll(() => api.stop());

  test("a new token opens the organization of the one that made it, and its value is shown once", async () => {
    const made = await api.post("/api/tokens/", { name: "deploy" });
    expect(made.status).toBe(201);
    expect(Object.keys(made.json)).toEqual(["id", "name", "created_at", "value"]);
    const value = String(made.json["value"]);
    expect(value).toMatch(/^hwk_[A-Za-z0-9_-]{40}$/);
    await api.post("/api/webhooks/", { url: "https://hooks.example.com/" });
    const seen = await api.get("/api/webhooks/", { token: value });
    expect(seen.json).toEqual((await api.get("/api/webhooks/")).json);
    const listed = await api.get("/api/tokens/");
    expect(listed.text).not.toContain(value);
    expect(listed.json["results"]).toMatchObject([{ name: "test of 1" }, { id: made.json["id"], name: "deploy" }]);
    expect(JSON.stringify(api.log)).not.toContain(value);
  });

  test("two values are never alike", async () => {
    const values = await Promise.all(Array.from({ length: 20 }, async () => (await api.post("/api/tokens/")).json));
    expect(new Set(values.map(({ value }) => value)).size).toBe(20);
  });

  test("a value that is wrong in one character opens nothing", async () => {
    const value = String((await api.post("/api/tokens/")).json["value"]);
    const wrong = `${value.slice(0, -1)}${value.endsWith("A") ? "B" : "A"}`;
    expect((await api.get("/api/webhooks/", { token: value })).status).toBe(200);
    for (const token of [wrong, value.slice(0, -1), `${value}A`, value.toLowerCase(), ""])
      expect((await api.get("/api/webhooks/", { token })).status).toBe(401);
  });

  test("a revoked token opens nothing from then on, also when it revokes itself", async () => {
    const { json } = await api.post("/api/tokens/", { name: "short" });
    const token = String(json["value"]);
    const revoked = await api.call("DELETE", `/api/tokens/${json["id"]}/`, { token });
    expect(revoked).toMatchObject({ status: 204, text: "" });
    expect(await api.get("/api/webhooks/", { token })).toMatchObject({
      status: 401,
      json: { detail: "Invalid token." },
    });
    expect((await api.call("DELETE", `/api/tokens/${json["id"]}/`)).status).toBe(404);
  });

  test("the last token of an organization may be revoked too", async () => {
    const token = await api.tokenOf(8);
    const { json } = await api.get("/api/tokens/", { token });
    const id = json["results"]?.["0"]?.["id"];
    expect((await api.call("DELETE", `/api/tokens/${id}/`, { token })).status).toBe(204);
    expect((await api.get("/api/tokens/", { token })).status).toBe(401);
  });

  test("the list pages by a cursor", async () => {
    const token = await api.tokenOf(9);
    for (let count = 2; count <= 5; count += 1) await api.post("/api/tokens/", {}, { token });
    const first = await api.get("/api/tokens/?limit=3", { token });
    const second = await api.get(`/api/tokens/?limit=3&cursor=${String(first.json["next"])}`, { token });
    const pages = [first, second].map(({ json }) => json["results"] as unknown as readonly Parsed[]);
    expect(pages.map((page) => page.length)).toEqual([3, 2]);
    expect(second.json["next"]).toBeNull();
    expect(new Set(pages.flat().map(({ id }) => id)).size).toBe(5);
  });

  test.each<[unknown, unknown]>([
    [{ name: 5 }, { name: ["Not a valid string."] }],
    [{ name: null }, { name: ["This field may not be null."] }],
    [{ name: "x".repeat(256) }, { name: ["Ensure this field has no more than 255 characters."] }],
    [{ name: "a\0" }, { name: ["Null characters are not allowed."] }],
    [[], { non_field_errors: ["Invalid data. Expected a dictionary, but got list."] }],
  ])("400 for %j", async (body, problems) => {
    expect(await api.post("/api/tokens/", body)).toMatchObject({ status: 400, json: { validation_errors: problems } });
  });

  test.each(["x", "0", "-1", "99999999999999999999"])("404 for the id %s", async (id) => {
    expect((await api.call("DELETE", `/api/tokens/${id}/`)).status).toBe(404);
  });
});
