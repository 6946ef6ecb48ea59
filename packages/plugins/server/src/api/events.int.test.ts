import { randomBytes } from "node:crypto";
import { createMemoryStore, defineEvent, definePlugin, HookwrightError, type Store } from "@hookwright/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ApiAnswer, ApiRig, type Parsed } from "../api-rig.test.support.js";
import { Receiver } from "../receiver.test.support.js";

const json = { "content-type": "application/json" };

const invoicePaid = defineEvent({
  action: "INVOICE_PAID",
  aliases: ["invoice:paid"],
  summary: "An invoice was settled.",
  schema: {
    type: "object",
    required: ["invoice"],
    properties: { invoice: { $ref: "#/$defs/invoice" } },
    $defs: { invoice: { type: "object", required: ["id"], properties: { id: { type: "integer" } } } },
  },
  example: { invoice: { id: 1 } },
});
const billing = definePlugin({ name: "billing", version: "2.1.0", events: [invoicePaid] });

describe("POST /api/events/", () => {
  let api: ApiRig;
  let target: Receiver;

  beforeAll(async () => {
    api = await ApiRig.start({ plugins: [billing], maxBody: 2_000_000 });
    target = await Receiver.listen();
    await api.post("/api/webhooks/", { url: target.url, project: 12 });
  });
  afterAll(async () => {
    await api.stop();
    await target.close();
  });

  /** Emits a payload as text, and gives back the body that the receiver got for it. */
  async function sent(payload: string): Promise<string> {
    const count = target.requests.length + 1;
    const body = `{"project":12,"payload":${payload},"action":"TASKS_CREATED"}`;
    const answer = await api.post("/api/events/", body, { headers: json });
    expect(answer.status, answer.text).toBe(202);
    await target.received(count);
    return target.requests.at(-1)?.body.toString() ?? "";
  }

  async function deliveries(): Promise<readonly unknown[]> {
    const { json: page } = await api.get("/api/deliveries/?limit=1000");
    return (page["results"] as unknown as readonly Parsed[]).map(({ id }) => id);
  }

  test("answers exactly what was stored, with the canonical action", async () => {
    const body = { action: "TASK_CREATED", project: "13", payload: { tasks: [] } };
    const answer = await api.post("/api/events/", body);
    expect(answer.status).toBe(202);
    expect(Object.entries(answer.json)).toEqual([
      ["id", expect.stringMatching(/^msg_[0-9a-z]{26}$/)],
      ["action", "TASKS_CREATED"],
      ["deliveries", 0],
      ["duplicate", false],
    ]);
  });

  test.each([
    ["integers beyond 2^53", '{"tasks":[{"id":9007199254740993}],"big":123456789012345678901234567890}'],
    ["numbers as they were written", '{"tasks":[],"n":[1.0,1e2,-0,0.10,1E+400]}'],
    ["blanks between members", '{ "tasks" : [ ] ,\n\t"x" : 1 }'],
    ["escapes and texts of any language", '{"tasks":[],"t":"\\u00e9é\\/ \\ud83d\\ude00 😀 \\u0000"}'],
    ["members named like those of every object", '{"tasks":[],"__proto__":{"admin":true},"constructor":1}'],
    ["a text full of brackets and quotes", '{"tasks":[],"t":"}],\\"payload\\":{"}'],
  ])("%s arrive byte for byte", async (_, payload) => {
    const inner = payload.slice(1, -1);
    expect(await sent(payload)).toBe(`{"action":"TASKS_CREATED",${inner},"project":{"id":12}}`);
  });

  test("of a member that is there twice the last counts, as for every parser", async () => {
    const body = '{"action":"TASKS_CREATED","project":12,"payload":5,"pay\\u006coad":{"tasks":[{"id":7}]}}';
    const count = target.requests.length + 1;
    expect((await api.post("/api/events/", body, { headers: json })).status).toBe(202);
    await target.received(count);
    expect(target.bodies.at(-1)).toEqual({ action: "TASKS_CREATED", tasks: [{ id: 7 }], project: { id: 12 } });
  });

  test("a payload may be as deep as 500 levels, and no deeper", async () => {
    const nested = (depth: number): string => `{"tasks":[],"deep":${"[".repeat(depth - 1)}${"]".repeat(depth - 1)}}`;
    expect(await sent(nested(500))).toContain("[[[[");
    const deeper = `{"action":"TASKS_CREATED","payload":${nested(501)}}`;
    const answer = await api.post("/api/events/", deeper, { headers: json });
    expect(answer.status).toBe(400);
    expect(answer.text).toMatch(/nested deeper than 50[01] levels/);
    const endless = `{"action":"TASKS_CREATED","payload":${'{"a":'.repeat(200_000)}`;
    expect((await api.post("/api/events/", endless, { headers: json })).status).toBe(400);
  });

  test("a large payload arrives whole", async () => {
    const text = randomBytes(700_000).toString("base64");
    expect(await sent(`{"tasks":[],"text":"${text}"}`)).toContain(text);
  });

  const required = ["This field is required."];
  const noText = ["Not a valid string."];

  test.each<[string, unknown, unknown]>([
    ["nothing", {}, { action: required }],
    ["an action that is null", { action: null }, { action: ["This field may not be null."] }],
    ["an action that is a number", { action: 5 }, { action: noText }],
    ["an action that is a list", { action: ["TASKS_CREATED"] }, { action: noText }],
    ["an empty action", { action: " " }, { action: ["This field may not be blank."] }],
    [
      "an unknown action",
      { action: "TASKS_CREATE" },
      { action: ['No event is registered for action "TASKS_CREATE". Did you mean TASKS_CREATED?'] },
    ],
    [
      "an action that is Hookwright's own",
      { action: "WEBHOOK_DISABLED", payload: {} },
      { action: [expect.stringMatching(/^WEBHOOK_DISABLED is emitted by Hookwright alone.*test delivery\.$/)] },
    ],
    [
      "an action of every object",
      { action: "__proto__" },
      { action: [expect.stringMatching(/No event is registered/)] },
    ],
    [
      "a payload that is a list",
      { action: "TASKS_CREATED", payload: [] },
      { payload: ["The payload must be a JSON object, found an array."] },
    ],
    [
      "a payload that is a text",
      { action: "TASKS_CREATED", payload: "{}" },
      { payload: ["The payload must be a JSON object, found string."] },
    ],
    [
      "a payload that is null",
      { action: "TASKS_CREATED", payload: null },
      { payload: ["The payload must be a JSON object, found null."] },
    ],
    [
      "no payload where one is needed",
      { action: "TASKS_CREATED" },
      { payload: ["/tasks: expected a value, found nothing"] },
    ],
    [
      "a payload against the schema",
      { action: "TASKS_CREATED", payload: { tasks: [{ id: "abc" }] } },
      { payload: ["/tasks/0/id: expected integer, found a string of 3 characters"] },
    ],
    [
      "a payload with an action",
      { action: "TASKS_CREATED", payload: { tasks: [], action: "X" } },
      { payload: [expect.stringMatching(/^\/action: expected .*, found one$/)] },
    ],
    [
      "a project that is a text",
      { action: "TASKS_CREATED", payload: { tasks: [] }, project: "x" },
      { project: ["Incorrect type. Expected pk value, received str."] },
    ],
    [
      "a project below 1",
      { action: "TASKS_CREATED", payload: { tasks: [] }, project: -3 },
      { project: ['Invalid pk "-3" - object does not exist.'] },
    ],
    [
      "a project with a fraction",
      { action: "TASKS_CREATED", payload: { tasks: [] }, project: 1.5 },
      { project: ["Incorrect type. Expected pk value, received float."] },
    ],
    [
      "a project with an event of the organization",
      { action: "PROJECT_CREATED", payload: { project: { id: 1 } }, project: 1 },
      { project: [expect.stringMatching(/emit it without a project/)] },
    ],
    ["an id that is a number", { action: "TASKS_CREATED", payload: { tasks: [] }, id: 5 }, { id: noText }],
    [
      "an empty id",
      { action: "TASKS_CREATED", payload: { tasks: [] }, id: "" },
      { id: ["This field may not be blank."] },
    ],
    [
      "an id over 255 characters",
      { action: "TASKS_CREATED", payload: { tasks: [] }, id: "x".repeat(256) },
      { id: ["Ensure this field has no more than 255 characters."] },
    ],
    [
      "an id with a null character",
      { action: "TASKS_CREATED", payload: { tasks: [] }, id: "a\0" },
      { id: ["Null characters are not allowed."] },
    ],
    [
      "an id with half a character",
      { action: "TASKS_CREATED", payload: { tasks: [] }, id: "\ud800" },
      { id: ["Surrogate characters are not allowed."] },
    ],
    [
      "a wrong type in every field",
      { action: 1, payload: 2, project: [], id: {} },
      {
        action: noText,
        payload: ["The payload must be a JSON object, found number."],
        project: ["Incorrect type. Expected pk value, received list."],
        id: noText,
      },
    ],
  ])("400 for %s", async (_, body, problems) => {
    const before = await deliveries();
    const answer = await api.post("/api/events/", body);
    expect(answer).toMatchObject({ status: 400, json: { detail: "Validation error" } });
    expect(answer.json["validation_errors"]).toEqual(problems);
    expect(await deliveries()).toEqual(before);
  });

  test("a project that is null is no project", async () => {
    const body = { action: "PROJECT_DELETED", payload: { project: { id: 3 } }, project: null };
    expect((await api.post("/api/events/", body)).status).toBe(202);
  });

  test("the same id with equal content is accepted once, with other content refused", async () => {
    const event = { action: "TASKS_CREATED", project: 12, id: "import-7" };
    const first = await api.post("/api/events/", { ...event, payload: { tasks: [{ id: 1, a: 2 }] } });
    expect(first.json).toMatchObject({ duplicate: false, deliveries: 1 });
    const again = '{"id":"import-7","payload": {"tasks":[{"a":2,"id":1}]},"project":"12","action":"TASK_CREATED"}';
    expect((await api.post("/api/events/", again, { headers: json })).json).toEqual({
      ...first.json,
      duplicate: true,
    });
    const other = await api.post("/api/events/", { ...event, payload: { tasks: [{ id: 2 }] } });
    expect(other).toMatchObject({ status: 409, json: { status_code: 409, exc_info: null } });
    expect(String(other.json["detail"])).toContain("import-7");
    expect(other.json).not.toHaveProperty("validation_errors");
  });

  test("100 equal requests at once with one id are one message", async () => {
    const count = target.requests.length + 1;
    const body = { action: "TASKS_CREATED", project: 12, id: "parallel", payload: { tasks: [{ id: 5 }] } };
    const answers = await Promise.all(Array.from({ length: 100 }, () => api.post("/api/events/", body)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    expect(new Set(answers.map((answer) => answer.json["id"])).size).toBe(1);
    expect(answers.filter((answer) => String(answer.json["duplicate"]) === "false")).toHaveLength(1);
    await target.received(count);
    const found = await api.get("/api/deliveries/?limit=1000");
    const results = found.json["results"] as unknown as readonly { readonly message: unknown }[];
    expect(results.filter(({ message }) => message === answers[0]?.json["id"])).toHaveLength(1);
  });

  test.each([
    ["application/x-www-form-urlencoded", "action=TASKS_CREATED"],
    ["text/plain", "{}"],
    ["application/x-ndjson", "{}"],
  ])("415 for %s", async (type, body) => {
    expect((await api.post("/api/events/", body, { headers: { "content-type": type } })).status).toBe(415);
  });

  test("413 in the envelope for a body over the limit, said or not", async () => {
    const large = Buffer.alloc(2_000_001, 0x20);
    const said = await api.post("/api/events/", large, { headers: json });
    expect(said).toMatchObject({ status: 413, json: { status_code: 413, exc_info: null } });
    expect(String(said.json["detail"])).toContain("HOOKWRIGHT_MAX_BODY");
    expect((await api.post("/api/events/", undefined)).status).toBe(400);
  });
});

describe("a store that takes nothing", () => {
  const failures = [
    ["overloaded", 503, "1"],
    ["storage_full", 507, undefined],
    ["storage_failed", 503, "1"],
  ] as const;

  test.each(failures)("%s is answered with %i", async (code, status, retryAfter) => {
    const answer = await emitTo(failingStore(() => new HookwrightError(code, `The store says ${code}.`)));
    expect(answer.status).toBe(status);
    expect(answer.headers["retry-after"]).toBe(retryAfter);
    expect(Object.keys(answer.json)).toEqual(["id", "status_code", "version", "detail", "exc_info"]);
  });

  test("a bug is a 500 that tells nothing but an id, under which the log has it with its stack", async () => {
    const store = failingStore(() => new TypeError("secret inner matters"));
    const api = await ApiRig.start({ store });
    try {
      const answer = await api.call("POST", "/api/events/", { body: event }).catch((error: unknown) => error);
      // 500 is no answer that the document promises; the check of the rig says so.
      expect(String(answer)).toContain("has no 500");
      const line = api.log.find(({ level }) => level === "error");
      expect(line?.message).toMatch(/^[0-9a-f-]{36} 500 Internal server error/);
      expect(line?.fields).toMatchObject({ status: 500, error: expect.any(TypeError) });
    } finally {
      await api.stop();
    }
  });

  const event = { action: "TASKS_CREATED", project: 1, payload: { tasks: [] } };

  function failingStore(failure: () => Error): Store {
    const store = createMemoryStore();
    return { ...store, messages: { append: () => Promise.reject(failure()), get: async () => undefined } };
  }

  async function emitTo(store: Store): Promise<ApiAnswer> {
    const api = await ApiRig.start({ store });
    try {
      return await api.post("/api/events/", event);
    } finally {
      await api.stop();
    }
  }
});

describe("the catalog of events", () => {
  let api: ApiRig;

  beforeAll(async () => {
    api = await ApiRig.start({ plugins: [billing] });
  });
  afterAll(() => api.stop());

  test("lists what core and the plugins registered", async () => {
    const { json: page } = await api.get("/api/events/");
    expect(page["next"]).toBeNull();
    expect(page["results"]).toHaveLength(16);
    expect(page["results"]?.["0"]).toMatchObject({ name: "PROJECT_CREATED", scope: "organization" });
    expect(page["results"]?.["15"]).toEqual({
      name: "INVOICE_PAID",
      action: "INVOICE_PAID",
      title: "Invoice paid",
      summary: "An invoice was settled.",
      description: "",
      owner: { name: "billing", version: "2.1.0" },
      scope: "project",
      version: 1,
      aliases: ["invoice:paid"],
      key: "invoice",
      bulk: [],
      schema: invoicePaid.schema,
      example: { invoice: { id: 1 } },
    });
  });

  test("pages by a cursor", async () => {
    const names: unknown[] = [];
    let cursor: unknown = "";
    for (let pages = 0; cursor !== null && pages < 10; pages += 1) {
      const { json: page } = await api.get(`/api/events/?limit=5&cursor=${String(cursor)}`);
      const results = page["results"] as unknown as readonly { readonly name: unknown }[];
      names.push(...results.map(({ name }) => name));
      cursor = page["next"];
    }
    expect(names).toHaveLength(16);
    expect(new Set(names).size).toBe(16);
  });

  test.each(["TASKS_CREATED", "TASK_CREATED"])("shows one event by the name %s", async (name) => {
    const { json: event } = await api.get(`/api/events/${name}/`);
    expect(event).toMatchObject({ action: "TASKS_CREATED", aliases: ["TASK_CREATED"], bulk: ["tasks"], key: "tasks" });
  });

  test("an alias with a colon leads to its event", async () => {
    expect((await api.get("/api/events/invoice:paid/")).json["action"]).toBe("INVOICE_PAID");
    expect((await api.get("/api/events/invoice%3Apaid")).json["action"]).toBe("INVOICE_PAID");
  });

  test("404 for an unknown action, with the nearest name", async () => {
    const answer = await api.get("/api/events/TASKS_CREATE/");
    expect(answer).toMatchObject({
      status: 404,
      json: { detail: 'No event is registered for action "TASKS_CREATE". Did you mean TASKS_CREATED?' },
    });
    expect((await api.get(`/api/events/${"x".repeat(300)}/`)).status).toBe(404);
  });

  test.each([
    ["?limit=0", { limit: ["Ensure this value is greater than or equal to 1."] }],
    ["?cursor=nonsense", { cursor: ["Invalid cursor."] }],
    ["?after=!", { after: ["Invalid cursor."] }],
  ])("400 for %s", async (query, problems) => {
    expect(await api.get(`/api/events/${query}`)).toMatchObject({
      status: 400,
      json: { validation_errors: problems },
    });
  });
});
