import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ApiAnswer, ApiRig, type Parsed } from "../api-rig.test.support.js";
import { Receiver } from "../receiver.test.support.js";

function results({ json }: ApiAnswer): readonly Parsed[] {
  return json["results"] as unknown as readonly Parsed[];
}

function ids(answer: ApiAnswer): readonly unknown[] {
  return results(answer).map(({ id }) => id);
}

describe("GET /api/deliveries/", () => {
  let api: ApiRig;
  let target: Receiver;
  let failing: Receiver;
  /** The ids of all deliveries, newest first. */
  let all: readonly unknown[];

  beforeAll(async () => {
    api = await ApiRig.start();
    target = await Receiver.listen();
    failing = await Receiver.listen(500);
    await api.post("/api/webhooks/", { url: target.url, project: 12 });
    await api.post("/api/webhooks/", { url: failing.url, send_for_all_actions: false, actions: ["TASK_CREATED"] });
    for (let id = 1; id <= 4; id += 1) {
      const project = id % 2 === 0 ? 12 : 13;
      await api.post("/api/events/", { action: "TASKS_CREATED", project, payload: { tasks: [{ id }] } });
    }
    await api.attempts(6);
    all = ids(await api.get("/api/deliveries/"));
  });
  afterAll(async () => {
    await api.stop();
    await target.close();
    await failing.close();
  });

  test("answers newest first, each with the same keys", async () => {
    const answer = await api.get("/api/deliveries/");
    expect(all).toHaveLength(6);
    expect(all).toEqual([...all].sort().reverse());
    expect(answer.json["next"]).toBeNull();
    expect(Object.keys(results(answer)[0] ?? {})).toEqual([
      "id",
      "message",
      "webhook",
      "handler",
      "project",
      "action",
      "status",
      "test",
      "created_at",
      "finished_at",
      "next_attempt_at",
      "attempt_count",
      "last_status",
      "last_code",
    ]);
  });

  test.each([
    ["?webhook=1", 2],
    ["?webhook=2", 4],
    ["?webhook=99", 0],
    ["?project=12", 4],
    ["?project=13", 2],
    ["?status=delivered", 2],
    ["?status=failed", 4],
    ["?status=pending", 0],
    ["?status=delivered&project=13", 0],
    ["?action=TASKS_CREATED", 6],
    ["?action=TASK_CREATED", 6],
    ["?action=TASKS_DELETED", 0],
    ["?action=NEVER_HEARD_OF", 0],
    ["?since=2026-01-01", 6],
    ["?since=2200-01-01T00:00:00Z", 0],
    ["?until=2200-01-01T00:00:00.000000Z", 6],
    ["?until=2020-01-01T12:00%2B02:00", 0],
    ["?status=&webhook=&since=", 6],
  ])("%s finds %i", async (query, count) => {
    expect(results(await api.get(`/api/deliveries/${query}`))).toHaveLength(count);
  });

  test("since is inclusive, until is not", async () => {
    const created = String(results(await api.get("/api/deliveries/?limit=1"))[0]?.["created_at"]);
    const newest = encodeURIComponent(created);
    expect(ids(await api.get(`/api/deliveries/?since=${newest}`))).toContain(all[0]);
    expect(ids(await api.get(`/api/deliveries/?until=${newest}`))).not.toContain(all[0]);
  });

  test.each(["cursor", "after"])("pages by %s without a gap or a repetition", async (name) => {
    const seen: unknown[] = [];
    let cursor: unknown = "";
    for (let pages = 0; cursor !== null && pages < 10; pages += 1) {
      const page = await api.get(`/api/deliveries/?limit=4&${name}=${String(cursor)}`);
      seen.push(...ids(page));
      cursor = page.json["next"];
    }
    expect(seen).toEqual(all);
  });

  const integer = ["A valid integer is required."];

  test.each<[string, unknown]>([
    ["?limit=0", { limit: ["Ensure this value is greater than or equal to 1."] }],
    ["?limit=1001", { limit: ["Ensure this value is less than or equal to 1000."] }],
    ["?limit=ten", { limit: integer }],
    ["?webhook=abc&project=null", { webhook: integer, project: integer }],
    ["?status=lost", { status: [expect.stringMatching(/^"lost" is not a valid choice: .*cancelled\.$/)] }],
    ["?since=yesterday", { since: [expect.stringMatching(/ISO 8601/)] }],
    ["?until=2026-13-01", { until: [expect.stringMatching(/ISO 8601/)] }],
    ["?cursor=nonsense", { cursor: ["Invalid cursor."] }],
    [`?cursor=${Buffer.from("msg_00000000000000000000000000").toString("base64url")}`, { cursor: ["Invalid cursor."] }],
  ])("400 for %s", async (query, problems) => {
    const answer = await api.get(`/api/deliveries/${query}`);
    expect(answer.status).toBe(400);
    expect(answer.json["validation_errors"]).toEqual(problems);
  });

  test("a parameter that is there twice counts as its last", async () => {
    expect(results(await api.get("/api/deliveries/?webhook=abc&webhook=1"))).toHaveLength(2);
  });
});

describe("one delivery", () => {
  let api: ApiRig;
  let target: Receiver;
  let webhook: Parsed;

  beforeAll(async () => {
    api = await ApiRig.start();
    target = await Receiver.listen(500, 200);
    const headers = { "X-Secret": "do-not-tell", Authorization: "Basic do-not-tell" };
    webhook = (await api.post("/api/webhooks/", { url: target.url, project: 12, headers })).json;
    await api.post(
      "/api/events/",
      '{"action":"TASKS_CREATED","project":12,"payload":{"tasks":[],"n":9007199254740993}}',
      {
        headers: { "content-type": "application/json" },
      },
    );
    await api.attempts(1);
  });
  afterAll(async () => {
    await api.stop();
    await target.close();
  });

  async function newest(): Promise<string> {
    return String(ids(await api.get("/api/deliveries/?limit=1"))[0]);
  }

  test("shows its request as it went out and its attempts, no secret value among them", async () => {
    const { json, text } = await api.get(`/api/deliveries/${await newest()}/`);
    expect(json).toMatchObject({
      webhook: webhook["id"],
      action: "TASKS_CREATED",
      status: "failed",
      test: false,
      attempt_count: 1,
      last_status: 500,
      last_code: "http_status",
    });
    expect(json["request"]).toEqual({
      method: "POST",
      url: target.url,
      headers: json["attempts"]?.["0"]?.["headers"],
      body: '{"action":"TASKS_CREATED","tasks":[],"n":9007199254740993,"project":{"id":12}}',
    });
    expect(json["attempts"]).toEqual([
      {
        number: 1,
        started_at: expect.stringMatching(/\.\d{6}Z$/),
        duration: expect.any(Number),
        status: 500,
        code: "http_status",
        error: "The receiver answered 500.",
        excerpt: "ok",
        middleware: null,
        changed_by: [],
        slowed_by: [],
        headers: expect.objectContaining({ "X-Secret": "***", Authorization: "***" }),
      },
    ]);
    expect(text).not.toContain("do-not-tell");
  });

  test("is sent once more when asked, under its own id", async () => {
    const id = await newest();
    const answer = await api.post(`/api/deliveries/${id}/retry/`);
    expect(answer).toMatchObject({ status: 202, json: { id } });
    await api.attempts(2);
    const { json } = await api.get(`/api/deliveries/${id}/`);
    expect(json).toMatchObject({ status: "delivered", attempts: { length: 2 } });
    const sent = target.requests.map(({ headers, body }) => [headers["webhook-id"], body.toString()]);
    expect(sent[1]).toEqual(sent[0]);
  });

  test("cannot be sent again once its webhook is deleted, and is still shown", async () => {
    const id = await newest();
    await api.call("DELETE", `/api/webhooks/${webhook["id"]}/`);
    const answer = await api.post(`/api/deliveries/${id}/retry/`);
    expect(answer).toMatchObject({ status: 409, json: { detail: expect.stringContaining("was deleted") } });
    expect((await api.get(`/api/deliveries/${id}/`)).json["request"]).toMatchObject({ url: null });
  });

  test.each(["dlv_00000000000000000000000000", "nonsense", "%00", "..", "__proto__"])("404 for %s", async (id) => {
    expect((await api.get(`/api/deliveries/${id}/`)).status).toBe(404);
    expect((await api.post(`/api/deliveries/${id}/retry/`)).status).toBe(404);
  });
});

describe("POST /api/webhooks/{id}/test/", () => {
  let api: ApiRig;
  let target: Receiver;

  beforeAll(async () => {
    api = await ApiRig.start();
    target = await Receiver.listen(200, 500, 200);
  });
  afterAll(async () => {
    await api.stop();
    await target.close();
  });

  test("sends an example now, also to an inactive webhook, and counts for nothing", async () => {
    const fields = { url: target.url, project: 12, is_active: false, send_for_all_actions: false };
    const { json: webhook } = await api.post("/api/webhooks/", { ...fields, actions: ["TASK_DELETED"] });
    const path = `/api/webhooks/${webhook["id"]}/`;
    const first = await api.post(`${path}test/`);
    expect(first).toMatchObject({
      status: 200,
      json: {
        status: "delivered",
        test: true,
        action: "TASK_DELETED",
        attempt: { number: 1, status: 200, code: null },
      },
    });
    expect(first.json["attempts"]).toEqual([first.json["attempt"]]);
    expect(target.bodies[0]).toMatchObject({ action: "TASK_DELETED", tasks: [{ id: 101 }, { id: 102 }] });
    const second = await api.post(`${path}test/`, { action: "PROJECT_UPDATED" });
    expect(second.json).toMatchObject({ status: "failed", attempt: { status: 500, code: "http_status" } });
    expect((await api.get(path)).json).toMatchObject({ consecutive_failures: 0, is_active: false });
    expect((await api.get(`/api/deliveries/${second.json["id"]}/`)).json).toMatchObject({ test: true });
  });

  test("a payload of one's own goes out byte for byte", async () => {
    const { json: webhook } = await api.post("/api/webhooks/", { url: target.url });
    const body = '{"payload":{"tasks":[], "n":9007199254740993},"action":"TASKS_CREATED"}';
    const answer = await api.post(`/api/webhooks/${webhook["id"]}/test/`, body, {
      headers: { "content-type": "application/json" },
    });
    expect(answer.status).toBe(200);
    expect(target.requests.at(-1)?.body.toString()).toBe('{"action":"TASKS_CREATED","tasks":[], "n":9007199254740993}');
  });

  test.each<[unknown, unknown]>([
    [{ action: "NOPE" }, { action: [expect.stringMatching(/No event is registered/)] }],
    [
      { action: 1, payload: 2 },
      { action: ["Not a valid string."], payload: [expect.stringMatching(/JSON object/)] },
    ],
    [{ action: "TASKS_CREATED", payload: {} }, { payload: ["/tasks: expected a value, found nothing"] }],
  ])("400 for %j", async (body, problems) => {
    const { json: webhook } = await api.post("/api/webhooks/", { url: target.url });
    const answer = await api.post(`/api/webhooks/${webhook["id"]}/test/`, body);
    expect(answer.status).toBe(400);
    expect(answer.json["validation_errors"]).toEqual(problems);
  });

  test("404 for an unknown webhook", async () => {
    expect((await api.post("/api/webhooks/4711/test/")).status).toBe(404);
  });
});
