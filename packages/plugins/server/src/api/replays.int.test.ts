import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ApiAnswer, ApiRig, type Parsed } from "../api-rig.test.support.js";
import { Receiver } from "../receiver.test.support.js";

const since = "2026-01-01T00:00:00Z";

describe("replays and jobs", () => {
  let api: ApiRig;
  let target: Receiver;
  let webhook: string;

  beforeAll(async () => {
    api = await ApiRig.start();
    target = await Receiver.listen(500, 500, 200);
    await api.post("/api/events/", { action: "TASKS_CREATED", project: 12, payload: { tasks: [{ id: 1 }] } });
    webhook = `/api/webhooks/${(await api.post("/api/webhooks/", { url: target.url, project: 12 })).json["id"]}/`;
    for (let id = 2; id <= 3; id += 1) {
      await api.post("/api/events/", { action: "TASKS_CREATED", project: 12, payload: { tasks: [{ id }] } });
    }
    await api.attempts(2);
  });
  afterAll(async () => {
    await api.stop();
    await target.close();
  });

  async function ended(job: Parsed): Promise<Parsed> {
    for (;;) {
      const { json } = await api.get(`/api/jobs/${job["id"]}/`);
      if (String(json["state"]) !== "running") return json;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  test("a dry run tells what would be sent, and sends nothing", async () => {
    const answer = await api.post(`${webhook}replay/`, { since, status: "failed", missing: true, dry_run: true });
    expect(answer).toMatchObject({ status: 200, json: { dry_run: true, queued: 2, created: 1, complete: true } });
    expect((await api.get("/api/jobs/")).json).toEqual({ results: [], next: null });
    expect(target.requests).toHaveLength(2);
  });

  test("the failed ones go out again under their ids, as a job", async () => {
    const answer = await api.post(`${webhook}replay/`, { since });
    expect(answer).toMatchObject({
      status: 202,
      json: {
        id: expect.stringMatching(/^job_/),
        kind: "replay",
        webhook: 1,
        state: "running",
        total: 2,
        error: null,
        finished_at: null,
        request: { since: "2026-01-01T00:00:00.000000Z", status: "failed", missing: false },
      },
    });
    expect(answer.headers["location"]).toBe(`/api/jobs/${answer.json["id"]}/`);
    expect(await ended(answer.json)).toMatchObject({
      state: "done",
      examined: 2,
      queued: 2,
      created: 0,
      finished_at: expect.stringMatching(/Z$/),
    });
    await api.attempts(4);
    const sent = target.requests.map(({ headers }) => headers["webhook-id"]);
    expect(new Set(sent.slice(2))).toEqual(new Set(sent.slice(0, 2)));
  });

  test("missing ones are what came before the webhook did", async () => {
    const { json } = await api.post(`${webhook}replay/`, { since, missing: true });
    expect(await ended(json)).toMatchObject({ state: "done", queued: 0, created: 1, request: { status: null } });
    await api.attempts(5);
    expect(target.bodies.at(-1)).toMatchObject({ tasks: [{ id: 1 }] });
  });

  test("jobs are listed newest first, page by page", async () => {
    const all = results(await api.get("/api/jobs/")).map(({ id }) => id);
    expect(all).toHaveLength(2);
    expect(all).toEqual([...all].sort().reverse());
    const first = await api.get("/api/jobs/?limit=1");
    const second = await api.get(`/api/jobs/?limit=1&cursor=${first.json["next"]}`);
    expect([...results(first), ...results(second)].map(({ id }) => id)).toEqual(all);
    expect(second.json["next"]).toBeNull();
    expect((await api.get("/api/jobs/?cursor=nonsense")).json["validation_errors"]).toEqual({
      cursor: ["Invalid cursor."],
    });
  });

  test("a job that has ended stays as it is when it is cancelled", async () => {
    const [job] = results(await api.get("/api/jobs/"));
    const cancelled = await api.call("DELETE", `/api/jobs/${job?.["id"]}/`);
    expect(cancelled).toMatchObject({ status: 200, json: { state: "done" } });
    expect(cancelled.json).toEqual(job);
  });

  test.each<[unknown, unknown]>([
    [{}, { since: ["This field is required."] }],
    [{ since: null }, { since: ["This field may not be null."] }],
    [{ since: "yesterday" }, { since: [expect.stringMatching(/ISO 8601/)] }],
    [{ since: 1_767_225_600 }, { since: [expect.stringMatching(/ISO 8601/)] }],
    [{ since: "2200-01-01" }, { since: ["Must be in the past."] }],
    [{ since, until: since }, { until: ["Must be after since."] }],
    [
      { since, until: [], status: "pending", missing: "perhaps", dry_run: {} },
      {
        until: [expect.stringMatching(/ISO 8601/)],
        status: ['"pending" is not a valid choice: expected one of failed, delivered, cancelled.'],
        missing: ["Must be a valid boolean."],
        dry_run: ["Must be a valid boolean."],
      },
    ],
  ])("400 for %j", async (body, problems) => {
    const answer = await api.post(`${webhook}replay/`, body);
    expect(answer.status).toBe(400);
    expect(answer.json["validation_errors"]).toEqual(problems);
  });

  test("404 for what is not there, or is another organization's", async () => {
    expect((await api.post("/api/webhooks/4711/replay/", { since })).status).toBe(404);
    const token = await api.tokenOf(2);
    const [job] = results(await api.get("/api/jobs/"));
    expect((await api.post(`${webhook}replay/`, { since }, { token })).status).toBe(404);
    for (const method of ["GET", "DELETE"]) {
      for (const id of ["job_00000000000000000000000000", "nonsense", "%00", "__proto__"])
        expect((await api.call(method, `/api/jobs/${id}/`)).status).toBe(404);
      expect((await api.call(method, `/api/jobs/${job?.["id"]}/`, { token })).status).toBe(404);
    }
    expect((await api.get("/api/jobs/", { token })).json).toEqual({ results: [], next: null });
  });
});

function results({ json }: ApiAnswer): readonly Parsed[] {
  return json["results"] as unknown as readonly Parsed[];
}
