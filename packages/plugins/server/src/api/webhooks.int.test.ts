import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ApiRig, type Parsed } from "../api-rig.test.support.js";

const url = "https://hooks.example.com/ls";
const sixDigits = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;

describe("the webhooks of the API", () => {
  let api: ApiRig;

  beforeAll(async () => {
    api = await ApiRig.start();
  });
  afterAll(() => api.stop());

  async function make(fields: Readonly<Record<string, unknown>> = {}): Promise<Parsed> {
    const answer = await api.post("/api/webhooks/", { url, ...fields });
    expect(answer.status, answer.text).toBe(201);
    return answer.json;
  }

  test("a new webhook is answered whole, its keys in Label Studio's order", async () => {
    const headers = { Authorization: "Basic abc", "x-empty": "" };
    const answer = await api.post("/api/webhooks/", {
      url,
      project: 12,
      headers,
      actions: ["ANNOTATION_CREATED", "ANNOTATION_CREATED", "TASK_CREATED"],
      send_for_all_actions: false,
      unknown: "ignored",
      id: 99,
      organization: 7,
      consecutive_failures: 5,
    });
    expect(answer.status).toBe(201);
    const id = Number(answer.json["id"]);
    expect(answer.headers["location"]).toBe(`/api/webhooks/${id}/`);
    expect(answer.headers["content-type"]).toBe("application/json; charset=utf-8");
    expect(Object.entries(answer.json)).toEqual([
      ["id", id],
      ["organization", 1],
      ["project", 12],
      ["url", url],
      ["send_payload", true],
      ["send_for_all_actions", false],
      ["headers", headers],
      ["is_active", true],
      ["consecutive_failures", 0],
      ["actions", ["ANNOTATION_CREATED", "TASK_CREATED"]],
      ["created_at", expect.stringMatching(sixDigits)],
      ["updated_at", expect.stringMatching(sixDigits)],
      ["retry_schedule", null],
      ["max_concurrency", null],
      ["rate_limit", null],
      ["ordered", false],
      ["handshake", false],
      ["allowed_rate", null],
      ["secret_set", false],
      ["disabled_at", null],
      ["disabled_reason", null],
    ]);
    expect((await api.get(`/api/webhooks/${id}/`)).json).toEqual(answer.json);
  });

  test("every path answers with and without its last slash, and never redirects", async () => {
    const { id } = await make();
    for (const path of [
      "/api/webhooks",
      "/api/webhooks/info",
      `/api/webhooks/${id}`,
      "/api/events",
      "/api/deliveries",
    ]) {
      expect((await api.get(path)).status).toBe(200);
      expect((await api.get(`${path}/`)).status).toBe(200);
    }
    expect((await api.post("/api/webhooks", { url })).status).toBe(201);
  });

  test("all actions are sent unless the request says otherwise, also where it lists some", async () => {
    expect(await make({ actions: ["TASKS_CREATED"] })).toMatchObject({
      send_for_all_actions: true,
      actions: ["TASKS_CREATED"],
    });
  });

  test("the four further fields may be written", async () => {
    const fields = { retry_schedule: "5s,1m", max_concurrency: 3, rate_limit: 0.5, ordered: true };
    const { id, ...made } = await make(fields);
    expect(made).toMatchObject(fields);
    const nothing = { retry_schedule: null, max_concurrency: null, rate_limit: null, ordered: false };
    expect((await api.patch(`/api/webhooks/${id}/`, nothing)).json).toMatchObject(nothing);
  });

  test("a change without actions keeps them, and leaves the project as it is", async () => {
    const { id } = await make({ project: 3, actions: ["TASKS_CREATED"], send_for_all_actions: false });
    const changed = await api.patch(`/api/webhooks/${id}/`, { is_active: false, project: null });
    expect(changed).toMatchObject({
      status: 200,
      json: { is_active: false, actions: ["TASKS_CREATED"], project: 3, disabled_reason: "user" },
    });
    expect(changed.json["disabled_at"]).toMatch(sixDigits);
    const back = await api.patch(`/api/webhooks/${id}/`, { is_active: true });
    expect(back.json).toMatchObject({ is_active: true, disabled_at: null, disabled_reason: null });
    const put = await api.call("PUT", `/api/webhooks/${id}/`, { body: { url: `${url}/2` } });
    expect(put).toMatchObject({ status: 200, json: { url: `${url}/2`, actions: ["TASKS_CREATED"], is_active: true } });
    expect((await api.patch(`/api/webhooks/${id}/`, { actions: [] })).json["actions"]).toEqual([]);
  });

  test("PUT needs a URL, PATCH needs nothing", async () => {
    const { id } = await make();
    const put = await api.call("PUT", `/api/webhooks/${id}/`, { body: { is_active: true } });
    expect(put).toMatchObject({ status: 400, json: { validation_errors: { url: ["This field is required."] } } });
    expect((await api.patch(`/api/webhooks/${id}/`, {})).status).toBe(200);
    expect((await api.call("PATCH", `/api/webhooks/${id}/`)).status).toBe(200);
  });

  test("a refused change changes nothing", async () => {
    const { id } = await make({ actions: ["TASKS_CREATED"] });
    const answer = await api.patch(`/api/webhooks/${id}/`, { is_active: false, actions: ["NOPE"] });
    expect(answer.status).toBe(400);
    expect((await api.get(`/api/webhooks/${id}/`)).json["is_active"]).toBe(true);
  });

  test("a deleted webhook is gone", async () => {
    const { id } = await make();
    const deleted = await api.call("DELETE", `/api/webhooks/${id}/`);
    expect(deleted).toMatchObject({ status: 204, text: "" });
    expect((await api.call("DELETE", `/api/webhooks/${id}/`)).status).toBe(404);
    expect((await api.get(`/api/webhooks/${id}/`)).status).toBe(404);
  });

  test("HEAD is GET without its body, OPTIONS tells the methods", async () => {
    const { id } = await make();
    expect(await api.call("HEAD", `/api/webhooks/${id}/`)).toMatchObject({ status: 200, text: "" });
    const options = await api.call("OPTIONS", `/api/webhooks/${id}/`);
    expect(options.headers["allow"]).toBe("GET, PUT, PATCH, DELETE, HEAD, OPTIONS");
    expect(options.json).toEqual({
      name: "Webhook Instance",
      description: "",
      renders: ["application/json"],
      parses: ["application/json", "application/x-www-form-urlencoded", "multipart/form-data"],
    });
  });

  test("headers named like members of every object are kept as they are", async () => {
    const headers = '{"__proto__":"a","constructor":"b","toString":"c"}';
    const json = { "content-type": "application/json" };
    const made = await api.post("/api/webhooks/", `{"url":"${url}","headers":${headers}}`, { headers: json });
    expect(made.status).toBe(201);
    expect(made.text).toContain(`"headers":${headers}`);
  });

  test.each([
    ["utf-8 with a parameter", "application/json; charset=utf-8"],
    ["upper case", "Application/JSON"],
  ])("JSON is JSON in %s", async (_, type) => {
    const answer = await api.post("/api/webhooks/", JSON.stringify({ url }), { headers: { "content-type": type } });
    expect(answer.status).toBe(201);
  });

  test.each([
    ["bytes that are no UTF-8", Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]), "the body is not valid UTF-8"],
    ["a byte order mark", Buffer.from(`\ufeff{"url":"${url}"}`), "Expecting value: line 1 column 1 (char 0)"],
    ["a body that ends too early", '{"url":', "Expecting value: line 1 column 8 (char 7)"],
    ["something behind the body", "{} {}", "Extra data: line 1 column 4 (char 3)"],
    ["nesting without end", `{"headers":${"[".repeat(100_000)}`, "the body is nested deeper than 501 levels"],
  ])("400 for %s", async (_, body, reason) => {
    const answer = await api.post("/api/webhooks/", body, { headers: { "content-type": "application/json" } });
    expect(answer).toMatchObject({ status: 400, json: { detail: `JSON parse error - ${reason}` } });
  });
});

describe("webhooks in forms", () => {
  let api: ApiRig;

  beforeAll(async () => {
    api = await ApiRig.start();
  });
  afterAll(() => api.stop());

  const urlencoded = { "content-type": "application/x-www-form-urlencoded" };

  function form(method: string, path: string, fields: string): ReturnType<ApiRig["call"]> {
    return api.call(method, path, { body: fields, headers: urlencoded });
  }

  test("a boolean that is absent is false, and a present one is read", async () => {
    const made = await form("POST", "/api/webhooks/", `url=${encodeURIComponent(url)}&project=12&is_active=on`);
    expect(made.json).toMatchObject({
      url,
      project: 12,
      is_active: true,
      send_payload: false,
      send_for_all_actions: false,
    });
    const { id } = made.json;
    expect((await form("PATCH", `/api/webhooks/${id}/`, "send_payload=true")).json).toMatchObject({
      is_active: true,
      send_payload: true,
      send_for_all_actions: false,
    });
    const put = await form("PUT", `/api/webhooks/${id}/`, `url=${encodeURIComponent(url)}`);
    expect(put.json).toMatchObject({ is_active: false, send_payload: false });
  });

  test.each([
    ["repeated", "actions=TASKS_CREATED&actions=TASKS_DELETED"],
    ["numbered", "actions[1]=TASKS_DELETED&actions[0]=TASKS_CREATED"],
  ])("actions may be %s, headers are JSON, an empty project is none", async (_, actions) => {
    const headers = encodeURIComponent('{"X-A":"1"}');
    const made = await form("POST", "/api/webhooks/", `url=${url}&${actions}&headers=${headers}&project=`);
    expect(made.json).toMatchObject({
      actions: ["TASKS_CREATED", "TASKS_DELETED"],
      headers: { "X-A": "1" },
      project: null,
    });
  });

  test("numbers are numbers, empty boxes say nothing", async () => {
    const made = await form(
      "POST",
      "/api/webhooks/",
      `url=${url}&max_concurrency=4&rate_limit=1.5&ordered=&is_active=&retry_schedule=standard`,
    );
    expect(made.json).toMatchObject({
      max_concurrency: 4,
      rate_limit: 1.5,
      ordered: false,
      is_active: true,
      retry_schedule: "standard",
    });
  });

  test.each([
    ["url=", { url: ["This field may not be blank."] }],
    ["", { url: ["This field is required."] }],
    [`url=${url}&headers=nope`, { headers: ["Value must be valid JSON."] }],
    [`url=${url}&project=abc`, { project: ["Incorrect type. Expected pk value, received str."] }],
    [`url=${url}&is_active=maybe`, { is_active: ["Must be a valid boolean."] }],
    [`url=${url}&max_concurrency=many`, { max_concurrency: ["Must be null or a whole number from 1 to 1000."] }],
  ])("400 for the form %j", async (fields, problems) => {
    expect(await form("POST", "/api/webhooks/", fields)).toMatchObject({
      status: 400,
      json: { validation_errors: problems },
    });
  });

  test("multipart forms are read too", async () => {
    const boundary = "----hookwright";
    const part = (name: string, value: string): string =>
      `--${boundary}\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
    const body = `${part("url", url)}${part("actions", "TASKS_CREATED")}${part("is_active", "1")}--${boundary}--\r\n`;
    const headers = { "content-type": `multipart/form-data; boundary=${boundary}` };
    const made = await api.post("/api/webhooks/", body, { headers });
    expect(made).toMatchObject({
      status: 201,
      json: { url, actions: ["TASKS_CREATED"], is_active: true, send_payload: false },
    });
    const broken = await api.post("/api/webhooks/", "nonsense", { headers });
    expect(broken.status).toBe(400);
    expect(String(broken.json["detail"])).toMatch(/^Multipart form parse error - /);
  });
});

describe("the list of webhooks", () => {
  let api: ApiRig;

  beforeAll(async () => {
    api = await ApiRig.start();
    for (const project of [12, null, 12, 13, null]) await api.post("/api/webhooks/", { url, project });
  });
  afterAll(() => api.stop());

  async function listed(query: string): Promise<unknown> {
    const { json, status } = await api.get(`/api/webhooks/${query}`);
    expect(status).toBe(200);
    expect(json).toBeInstanceOf(Array);
    return (json as unknown as readonly Parsed[]).map(({ id }) => id);
  }

  test.each([
    ["", [1, 2, 3, 4, 5]],
    ["?project=", [1, 2, 3, 4, 5]],
    ["?project=12", [1, 3]],
    ["?project=null", [2, 5]],
    ["?project=999", []],
    ["?limit=2", [1, 2]],
    ["?limit=2&after=2", [3, 4]],
    ["?after=4", [5]],
    ["?project=12&after=1", [3]],
    ["?page=3&unknown=x", [1, 2, 3, 4, 5]],
  ])("%j answers the bare array of %j", async (query, ids) => {
    expect(await listed(query)).toEqual(ids);
  });

  const noChoice = ["Select a valid choice. That choice is not one of the available choices."];

  test.each([
    ["?project=isnull", { project: noChoice }],
    ["?project=0", { project: noChoice }],
    ["?project=-1", { project: noChoice }],
    ["?project=1.5", { project: noChoice }],
    ["?limit=0", { limit: ["Ensure this value is greater than or equal to 1."] }],
    ["?limit=1001", { limit: ["Ensure this value is less than or equal to 1000."] }],
    ["?limit=x&after=y", { limit: ["A valid integer is required."], after: ["A valid integer is required."] }],
  ])("400 for %j", async (query, problems) => {
    expect(await api.get(`/api/webhooks/${query}`)).toMatchObject({
      status: 400,
      json: { detail: "Validation error", validation_errors: problems },
    });
  });
});

describe("/api/webhooks/info/", () => {
  let api: ApiRig;

  beforeAll(async () => {
    api = await ApiRig.start();
  });
  afterAll(() => api.stop());

  const ofOrganization = ["PROJECT_CREATED", "PROJECT_DELETED"];

  test("lists the canonical actions with four keys each, and asks for no token", async () => {
    const { json, status } = await api.get("/api/webhooks/info/", { token: null });
    expect(status).toBe(200);
    // Label Studio's, and none of those that tell of Hookwright's own work: the catalog has them, and they may be listed.
    expect(Object.keys(json)).toHaveLength(12);
    expect(json["WEBHOOK_DISABLED"]).toBeUndefined();
    const catalog = await api.get("/api/events/");
    expect(catalog.json["results"]).toMatchObject(
      expect.arrayContaining(
        ["WEBHOOK_DISABLED", "DELIVERY_EXHAUSTED", "DELIVERY_RECOVERED"].map((action) =>
          expect.objectContaining({ action, owner: expect.anything() }),
        ),
      ),
    );
    const created = await api.post("/api/webhooks/", {
      url: "https://alerts.example/",
      project: 1,
      send_for_all_actions: false,
      actions: ["DELIVERY_EXHAUSTED"],
    });
    expect(created).toMatchObject({ status: 201, json: { actions: ["DELIVERY_EXHAUSTED"] } });
    expect(Object.keys(json).slice(0, 4)).toEqual([
      "PROJECT_CREATED",
      "PROJECT_UPDATED",
      "PROJECT_DELETED",
      "TASKS_CREATED",
    ]);
    expect(json["TASKS_CREATED"]).toEqual({
      name: "Task created",
      description: "",
      key: "tasks",
      "organization-only": false,
    });
  });

  test.each([
    ["?organization-only=true", true],
    ["?organization-only=false", false],
    ["?organization-only=True", false],
    ["?organization-only=1", false],
    ["?organization-only=", false],
  ])("%s", async (query, organizationOnly) => {
    const { json } = await api.get(`/api/webhooks/info/${query}`, { token: null });
    if (organizationOnly) expect(Object.keys(json)).toEqual(ofOrganization);
    else expect(Object.keys(json).filter((action) => ofOrganization.includes(action))).toEqual([]);
    expect(Object.keys(json).length).toBe(organizationOnly ? 2 : 10);
  });
});
