import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ApiRig } from "./api-rig.test.support.js";

/** The table of errors of Label Studio's API, each row to the letter where this API does not say otherwise. */
describe("the error table", () => {
  let api: ApiRig;

  beforeAll(async () => {
    api = await ApiRig.start();
  });
  afterAll(() => api.stop());

  const url = "https://hooks.example.com/ls";
  const elevenHeaders = Object.fromEntries(Array.from({ length: 11 }, (_, index) => [`x-${index}`, "v"]));
  const notNull = ["This field may not be null."];

  test.each<[string, unknown, unknown]>([
    ["an empty object", {}, { url: ["This field is required."] }],
    ["a URL that is none", { url: "nope" }, { url: ["Enter a valid URL."] }],
    ["url null", { url: null }, { url: notNull }],
    ["an empty url", { url: "" }, { url: ["This field may not be blank."] }],
    [
      "a url over 2048 characters",
      { url: `https://hooks.example.com/${"x".repeat(2_048)}` },
      { url: ["Ensure this field has no more than 2048 characters.", "Enter a valid URL."] },
    ],
    [
      "a header name with a blank",
      { url, headers: { "X Y": "1" } },
      { headers: ['Header "X Y": a name holds letters, digits, "-" and "_" only.'] },
    ],
    [
      "a header value that is null",
      { url, headers: { "X-A": null } },
      { headers: ['Header "X-A": the value must be a string.'] },
    ],
    ["headers as a list", { url, headers: [] }, { headers: ["[] failed JSON schema check"] }],
    ["headers as a text", { url, headers: "str" }, { headers: ["str failed JSON schema check"] }],
    ["headers null", { url, headers: null }, { headers: notNull }],
    ["eleven headers", { url, headers: elevenHeaders }, { headers: ["At most 10 headers are allowed, found 11."] }],
    ["an unknown action", { url, actions: ["NOPE"] }, { actions: { 0: ['"NOPE" is not a valid choice.'] } }],
    [
      "unknown actions by index",
      { url, actions: ["TASKS_CREATED", "NOPE", 5] },
      { actions: { 1: ['"NOPE" is not a valid choice.'], 2: ['"5" is not a valid choice.'] } },
    ],
    [
      "actions as a text",
      { url, actions: "TASKS_CREATED" },
      { actions: ['Expected a list of items but got type "str".'] },
    ],
    ["actions null", { url, actions: null }, { actions: notNull }],
    [
      "a project's webhook with an action of the organization",
      { url, project: 12, actions: ["PROJECT_CREATED"] },
      { non_field_errors: ["Project webhook can't contain organization-only action."] },
    ],
    ["a boolean that is none", { url, is_active: "maybe" }, { is_active: ["Must be a valid boolean."] }],
    ["a boolean that is null", { url, is_active: null }, { is_active: notNull }],
    [
      "a project that is no number",
      { url, project: "abc" },
      { project: ["Incorrect type. Expected pk value, received str."] },
    ],
    [
      "a project that is a boolean",
      { url, project: true },
      { project: ["Incorrect type. Expected pk value, received bool."] },
    ],
    ["a project that cannot be", { url, project: 0 }, { project: ['Invalid pk "0" - object does not exist.'] }],
    ["a list", [], { non_field_errors: ["Invalid data. Expected a dictionary, but got list."] }],
    ["null", null, { non_field_errors: ["No data provided"] }],
    ["a text", '"x"', { non_field_errors: ["Invalid data. Expected a dictionary, but got str."] }],
  ])("400 for %s", async (_, body, problems) => {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    const answer = await api.post("/api/webhooks/", text, { headers: { "content-type": "application/json" } });
    expect(answer.status).toBe(400);
    expect(answer.json).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
      status_code: 400,
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      detail: "Validation error",
      exc_info: null,
      validation_errors: problems,
    });
    expect(Object.keys(answer.json)).toEqual([
      "id",
      "status_code",
      "version",
      "detail",
      "exc_info",
      "validation_errors",
    ]);
  });

  test("several faults are told at once, under their names on the wire", async () => {
    const body = { send_payload: 7, send_for_all_actions: "x", is_active: [], retry_schedule: 3, max_concurrency: 0 };
    const { json } = await api.post("/api/webhooks/", body);
    expect(Object.keys(json["validation_errors"] ?? {}).sort()).toEqual([
      "is_active",
      "max_concurrency",
      "retry_schedule",
      "send_for_all_actions",
      "send_payload",
      "url",
    ]);
  });

  test("any positive number is a project: ids belong to the host application", async () => {
    expect((await api.post("/api/webhooks/", { url, project: "999" })).json["project"]).toBe(999);
  });

  test("400 for broken JSON, in the words of Python's parser", async () => {
    const headers = { "content-type": "application/json" };
    const answer = await api.post("/api/webhooks/", "{nope", { headers });
    expect(answer.status).toBe(400);
    expect(answer.json["detail"]).toBe(
      "JSON parse error - Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
    );
    expect(answer.json).not.toHaveProperty("validation_errors");
  });

  test("415 for a body of another kind", async () => {
    const answer = await api.post("/api/webhooks/", "hello", { headers: { "content-type": "text/plain" } });
    expect(answer).toMatchObject({
      status: 415,
      json: { detail: 'Unsupported media type "text/plain" in request.', exc_info: null },
    });
    const odd = await api.post("/api/webhooks/", "hello", { headers: { "content-type": "nonsense" } });
    expect(odd).toMatchObject({ status: 415, json: { detail: 'Unsupported media type "nonsense" in request.' } });
    const none = await api.post("/api/webhooks/", "hello");
    expect(none).toMatchObject({ status: 415, json: { detail: 'Unsupported media type "" in request.' } });
  });

  test.each(["GET", "PUT", "PATCH", "DELETE"])("404 for %s of an unknown id, whatever the body", async (method) => {
    const body = method === "GET" ? undefined : "{broken";
    const answer = await api.call(method, "/api/webhooks/4711/", { body });
    expect(answer).toMatchObject({ status: 404, json: { detail: "No Webhook matches the given query." } });
  });

  test.each(["/api/webhooks/x/", "/api/webhooks/-1/", "/api/webhooks/0/", "/api/webhooks/99999999999999999999/"])(
    "404 for %s",
    async (path) => {
      expect((await api.get(path)).status).toBe(404);
    },
  );

  test.each(["/nowhere", "/api/nowhere/", "/api/webhooks/1/nowhere/", "/%zz", "/api/events/%00/"])(
    "404 in the envelope for %s",
    async (path) => {
      const answer = await api.get(path);
      expect(answer.status).toBe(404);
      expect(Object.keys(answer.json)).toEqual(["id", "status_code", "version", "detail", "exc_info"]);
    },
  );

  test.each([
    ["DELETE", "/api/webhooks/", "GET, POST, HEAD, OPTIONS"],
    ["POST", "/api/webhooks/info/", "GET, HEAD, OPTIONS"],
    ["POST", "/api/webhooks/1/", "GET, PUT, PATCH, DELETE, HEAD, OPTIONS"],
    ["GET", "/api/webhooks/1/test/", "POST, OPTIONS"],
    ["HEAD", "/api/webhooks/1/test/", "POST, OPTIONS"],
    ["PATCH", "/api/events/", "GET, POST, HEAD, OPTIONS"],
    ["TRACE", "/api/deliveries/", "GET, HEAD, OPTIONS"],
  ])("405 for %s %s", async (method, path, allow) => {
    const answer = await api.call(method, path);
    expect(answer.status).toBe(405);
    expect(answer.headers["allow"]).toBe(allow);
    if (method !== "HEAD") expect(answer.json["detail"]).toBe(`Method "${method}" not allowed.`);
  });

  test.each<[string, string | null, string]>([
    ["no credentials", null, "Authentication credentials were not provided."],
    ["another scheme", "Basic eDp5", "Authentication credentials were not provided."],
    ["a wrong token", "Token 0123456789abcdef", "Invalid token."],
    ["a wrong bearer", "Bearer 0123456789abcdef", "Invalid token."],
    ["no value", "Token", "Invalid token header. No credentials provided."],
    ["two values", "Token a b", "Invalid token header. Token string should not contain spaces."],
  ])("401 for %s", async (_, authorization, detail) => {
    for (const path of ["/api/webhooks/", "/api/webhooks/1/", "/api/events/", "/api/openapi.json"]) {
      const headers: Record<string, string> = authorization === null ? {} : { authorization };
      const answer = await api.get(path, { token: null, headers });
      expect(answer).toMatchObject({ status: 401, json: { detail, status_code: 401, exc_info: null } });
      expect(answer.headers["www-authenticate"]).toBe("Token");
    }
  });

  test("401 comes before what is wrong with method and body", async () => {
    expect((await api.call("DELETE", "/api/webhooks/", { token: null })).status).toBe(401);
    const headers = { "content-type": "text/plain" };
    expect((await api.post("/api/webhooks/", "x", { token: null, headers })).status).toBe(401);
  });

  test.each(["Token", "token", "Bearer", "BEARER"])("the token is taken after %s", async (scheme) => {
    const headers = { authorization: `${scheme} ${api.token}` };
    expect((await api.get("/api/webhooks/", { token: null, headers })).status).toBe(200);
  });

  test("a caller's mistake is logged under the id of its answer, without a stack, a token or what was sent", async () => {
    const secret = "do-not-tell";
    const body = { url: `not a url ${secret}`, headers: { "X-A": `${secret}\n` } };
    const { json } = await api.post(`/api/webhooks/?${secret}`, body);
    const line = api.log.find(({ message }) => message.startsWith(String(json["id"])));
    expect(line).toMatchObject({
      level: "info",
      message: `${String(json["id"])} 400 Validation error`,
      fields: { method: "POST", path: "/api/webhooks/", status: 400 },
    });
    expect(JSON.stringify(api.log)).not.toContain(secret);
    expect(JSON.stringify(api.log)).not.toContain(api.token);
    expect(line?.fields).not.toHaveProperty("error");
  });

  test("a literal address that deliveries may not reach is refused at save", async () => {
    const answer = await api.post("/api/webhooks/", { url: "http://10.0.0.7/hook" });
    expect(answer.status).toBe(400);
    expect(String(answer.json["validation_errors"]?.["url"])).toMatch(/HOOKWRIGHT_ALLOW_TARGETS/);
  });
});

describe("without organization webhooks", () => {
  let api: ApiRig;

  beforeAll(async () => {
    api = await ApiRig.start({ settings: { organizationWebhooks: false } });
  });
  afterAll(() => api.stop());

  test.each([{}, { project: null }])("400 for a webhook with %j, naming the variable", async (project) => {
    const answer = await api.post("/api/webhooks/", { url: "https://hooks.example.com/", ...project });
    expect(answer.status).toBe(400);
    expect(String(answer.json["validation_errors"]?.["project"])).toMatch(/LABEL_STUDIO_ALLOW_ORGANIZATION_WEBHOOKS/);
  });
});
