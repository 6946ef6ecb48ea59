import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ApiAnswer, ApiRig, type Parsed } from "./api-rig.test.support.js";
import { Receiver } from "./receiver.test.support.js";

/** Stands in everything that organization 1 has. */
const mark = "belongs-to-one";

/** The ids of organization 1, by the path that takes them. */
type Ids = Readonly<Record<"webhooks" | "deliveries" | "tokens", readonly string[]>>;

describe("a token of another organization", () => {
  let api: ApiRig;
  let target: Receiver;
  let stranger: string;
  let operations: readonly { readonly method: string; readonly path: string }[];
  let ids: Ids;

  beforeAll(async () => {
    api = await ApiRig.start({ settings: { retrySchedule: "1h" } });
    target = await Receiver.listen(200, 500);
    stranger = await api.tokenOf(2);
    const headers = { "X-Mark": mark };
    const url = `${target.url}?${mark}`;
    const webhooks = [
      await api.post("/api/webhooks/", { url, headers, project: 12 }),
      await api.post("/api/webhooks/", { url, headers, is_active: false }),
    ];
    const payload = { tasks: [{ id: 1 }], mark };
    for (let count = 1; count <= 2; count += 1) {
      await api.post("/api/events/", { action: "TASKS_CREATED", project: 12, payload, id: `key-${count}` });
      await api.attempts(count);
    }
    const tested = await api.post(`/api/webhooks/${webhooks[1]?.json["id"]}/test/`, {
      action: "TASKS_CREATED",
      payload,
    });
    const token = await api.post("/api/tokens/", { name: mark });
    const deliveries = results(await api.get("/api/deliveries/"));
    // Delivered, waiting for a retry, and the test.
    expect(deliveries.map(({ status }) => status).sort()).toEqual(["delivered", "failed", "pending"]);
    expect(deliveries.map(({ id }) => id)).toContain(tested.json["id"]);
    ids = {
      webhooks: webhooks.map(({ json }) => String(json["id"])),
      deliveries: deliveries.flatMap(({ id, message }) => [String(id), String(message)]),
      tokens: [...results(await api.get("/api/tokens/")), token.json].map(({ id }) => String(id)),
    };
    operations = (await api.openApi()).operations();
  });
  afterAll(async () => {
    await api.stop();
    await target.close();
  });

  function results({ json }: ApiAnswer): readonly Parsed[] {
    return json["results"] as unknown as readonly Parsed[];
  }

  /** Everything that organization 1 can see of itself. */
  async function everything(): Promise<readonly string[]> {
    const lists = ["/api/webhooks/", "/api/deliveries/?limit=1000", "/api/tokens/"];
    const single = ids.deliveries.filter((id) => id.startsWith("dlv_")).map((id) => `/api/deliveries/${id}/`);
    return Promise.all([...lists, ...single].map(async (path) => (await api.get(path)).text));
  }

  /** A body that would do something, were it let in. */
  function bodyFor(method: string, path: string): unknown {
    if (method === "GET" || method === "DELETE") return undefined;
    if (path.startsWith("/api/webhooks/")) return { url: "https://elsewhere.example.com/", is_active: true };
    return {};
  }

  /** Every address that a route has for what is organization 1's. */
  function addresses(path: string): readonly string[] {
    const resource = /^\/api\/(webhooks|deliveries|tokens)\/\{id\}/.exec(path)?.[1];
    // The pattern names the keys.
    if (resource !== undefined) return ids[resource as keyof Ids].map((id) => path.replace("{id}", id));
    const queries = ["", "?limit=1000", "?project=12", "?webhook=1", "?status=pending", "?after=0"];
    return queries.map((query) => `${path.replace("{action}", "TASKS_CREATED")}${query}`);
  }

  test("sees nothing of organization 1 and changes nothing of it, on any route", async () => {
    const before = await everything();
    const received = target.requests.length;
    let tried = 0;
    for (const { method, path } of operations) {
      for (const address of addresses(path)) {
        const answer = await api.call(method, address, { token: stranger, body: bodyFor(method, path) });
        const shown = `${method} ${address}: ${answer.status} ${answer.text}`;
        if (path.includes("{id}")) expect(answer.status, shown).toBe(404);
        expect(answer.text, shown).not.toContain(mark);
        const foreign = ids.deliveries.filter((id) => !address.includes(id));
        expect(
          foreign.filter((id) => answer.text.includes(id)),
          shown,
        ).toEqual([]);
        tried += 1;
      }
    }
    expect(tried).toBeGreaterThan(100);
    expect(await everything()).toEqual(before);
    expect(target.requests).toHaveLength(received);
  });

  test("sees empty lists where organization 1 sees full ones", async () => {
    const token = await api.tokenOf(3);
    expect((await api.get("/api/webhooks/", { token })).json).toEqual([]);
    expect((await api.get("/api/deliveries/", { token })).json).toEqual({ results: [], next: null });
    expect(results(await api.get("/api/tokens/", { token }))).toHaveLength(1);
  });

  test("emits to its own webhooks only, and its idempotency keys are its own", async () => {
    const received = target.requests.length;
    const own = await Receiver.listen();
    const token = await api.tokenOf(5);
    const { json: webhook } = await api.post("/api/webhooks/", { url: own.url, project: 12 }, { token });
    const event = { action: "TASKS_CREATED", project: 12, payload: { tasks: [{ id: 1 }], mark }, id: "key-1" };
    const answer = await api.post("/api/events/", event, { token });
    expect(answer.json).toMatchObject({ deliveries: 1, duplicate: false });
    const line = JSON.stringify({ ...event, id: "key-2" });
    const ndjson = { "content-type": "application/x-ndjson" };
    const batch = await api.post("/api/events/batch/", line, { token, headers: ndjson });
    expect(JSON.parse(batch.text)).toMatchObject({ deliveries: 1, duplicate: false });
    await own.received(2);
    expect(target.requests).toHaveLength(received);
    expect((await api.get(`/api/webhooks/${webhook["id"]}/`)).status).toBe(404);
    await own.close();
  });

  test("is refused on every route once it is revoked, but where no token is asked for", async () => {
    const token = await api.tokenOf(4);
    const { json } = await api.get("/api/tokens/", { token });
    await api.call("DELETE", `/api/tokens/${json["results"]?.["0"]?.["id"]}/`, { token });
    const open: string[] = [];
    for (const { method, path } of operations) {
      const place = path.replace("{id}", "1").replace("{action}", "TASKS_CREATED");
      const { status } = await api.call(method, place, { token });
      if (status !== 401) open.push(path);
    }
    expect(open).toEqual(["/health", "/ready", "/version", "/api/webhooks/info/"]);
  });
});
