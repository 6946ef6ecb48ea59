import { afterEach, describe, expect, test } from "vitest";
import { ApiRig, type Parsed, type RigOptions } from "./api-rig.test.support.js";
import { Receiver, type ReceiverAnswer } from "./receiver.test.support.js";

/** Label Studio's own tests of its webhooks, as far as they are about webhooks, on real receivers. */
describe("as Label Studio's tests have it", () => {
  const open: { close(): Promise<void> }[] = [];

  afterEach(async () => {
    for (const resource of open.splice(0).reverse()) await resource.close();
  });

  async function start(options?: RigOptions): Promise<ApiRig> {
    const api = await ApiRig.start(options);
    open.push({ close: () => api.stop() });
    return api;
  }

  async function receiver(...answers: readonly ReceiverAnswer[]): Promise<Receiver> {
    const made = await Receiver.listen(...answers);
    open.push(made);
    return made;
  }

  async function subscribe(api: ApiRig, fields: Readonly<Record<string, unknown>>): Promise<Parsed> {
    const { status, json, text } = await api.post("/api/webhooks/", fields);
    expect(status, text).toBe(201);
    return json;
  }

  async function emit(api: ApiRig, body: Readonly<Record<string, unknown>>): Promise<Parsed> {
    const { status, json, text } = await api.post("/api/events/", body);
    expect(status, text).toBe(202);
    return json;
  }

  /** Emits one after another, each once the one before is recorded: failures in a row need an order. */
  async function emitInOrder(api: ApiRig, count: number): Promise<void> {
    for (let sent = 1; sent <= count; sent += 1) {
      await emit(api, { action: "TASKS_DELETED", project: 12, payload: { tasks: [{ id: sent }] } });
      await api.attempts(sent);
    }
  }

  async function shown(api: ApiRig, { id }: Parsed): Promise<Parsed> {
    return (await api.get(`/api/webhooks/${id}/`)).json;
  }

  test("run_webhook: one POST, its body the action and the payload exactly", async () => {
    const api = await start();
    const target = await receiver();
    await subscribe(api, { url: target.url });
    const project = { id: 12, title: "Reviews" };
    await emit(api, { action: "PROJECT_CREATED", payload: { project } });
    await api.attempts(1);
    expect(target.requests).toHaveLength(1);
    expect(target.requests[0]?.body.toString()).toBe(
      '{"action":"PROJECT_CREATED","project":{"id":12,"title":"Reviews"}}',
    );
    expect(target.requests[0]?.headers["content-type"]).toBe("application/json");
  });

  test("without a payload it is the action and nothing else", async () => {
    const api = await start();
    const target = await receiver();
    await subscribe(api, { url: target.url, send_payload: false });
    await emit(api, { action: "PROJECT_CREATED", payload: { project: { id: 1 } } });
    await api.attempts(1);
    expect(target.requests[0]?.body.toString()).toBe('{"action":"PROJECT_CREATED"}');
  });

  test("a project's event carries its project, also where the emitter gave none", async () => {
    const api = await start();
    const target = await receiver();
    await subscribe(api, { url: target.url, project: 12 });
    await emit(api, { action: "TASKS_CREATED", project: 12, payload: { tasks: [{ id: 1 }, { id: 2 }] } });
    await api.attempts(1);
    expect(target.bodies).toEqual([{ action: "TASKS_CREATED", tasks: [{ id: 1 }, { id: 2 }], project: { id: 12 } }]);
  });

  test("a receiver that does not answer in time is a failure, and nothing else", async () => {
    const api = await start({ settings: { timeout: 50 } });
    const target = await receiver("hang");
    const webhook = await subscribe(api, { url: target.url });
    await emit(api, { action: "PROJECT_CREATED", payload: { project: { id: 1 } } });
    await api.attempts(1);
    expect(await shown(api, webhook)).toMatchObject({ consecutive_failures: 1, is_active: true });
    const { json } = await api.get("/api/deliveries/");
    expect(json["results"]?.[0]).toMatchObject({ status: "failed", last_status: null, last_code: "timeout" });
  });

  test("only the webhooks of the project, of the organization, and of the action get it", async () => {
    const api = await start();
    const [own, other, global, wrong, inactive] = await Promise.all(Array.from({ length: 5 }, () => receiver()));
    await subscribe(api, { url: own?.url, project: 12, send_for_all_actions: false, actions: ["ANNOTATION_CREATED"] });
    await subscribe(api, { url: other?.url, project: 13 });
    await subscribe(api, { url: global?.url });
    await subscribe(api, { url: wrong?.url, project: 12, send_for_all_actions: false, actions: ["TASKS_CREATED"] });
    await subscribe(api, { url: inactive?.url, project: 12, is_active: false });
    const payload = { annotation: { id: 55 }, task: { id: 101 } };
    expect(await emit(api, { action: "ANNOTATION_CREATED", project: 12, payload })).toMatchObject({ deliveries: 2 });
    await api.attempts(2);
    expect([own, other, global, wrong, inactive].map((target) => target?.requests.length)).toEqual([1, 0, 1, 0, 0]);
  });

  test.each([
    ["TASK_CREATED", ["TASK_CREATED"], false],
    ["TASKS_CREATED", ["TASKS_CREATED"], false],
    ["TASKS_CREATED", ["TASK_CREATED", "TASKS_CREATED"], false],
    ["TASKS_CREATED", ["TASK_CREATED"], true],
  ])("gets the name %s for %j with all actions %s", async (name, actions, all) => {
    const api = await start();
    const target = await receiver();
    await subscribe(api, { url: target.url, project: 12, actions, send_for_all_actions: all });
    const receipt = await emit(api, { action: "TASK_CREATED", project: 12, payload: { tasks: [{ id: 1 }] } });
    expect(receipt).toMatchObject({ action: "TASKS_CREATED", deliveries: 1 });
    await api.attempts(1);
    expect(target.bodies).toMatchObject([{ action: name }]);
  });

  test("250 tasks in batches of 100 are three messages of 100, 100 and 50", async () => {
    const api = await start({ settings: { batchSize: 100 } });
    const target = await receiver();
    await subscribe(api, { url: target.url, project: 12, ordered: true });
    const tasks = Array.from({ length: 250 }, (_, id) => ({ id }));
    const receipt = await emit(api, { action: "TASKS_CREATED", project: 12, payload: { tasks } });
    expect(Object.keys(receipt)).toEqual(["id", "action", "deliveries", "duplicate", "parts"]);
    expect(receipt).toMatchObject({ deliveries: 1, duplicate: false, parts: { length: 3 } });
    await api.attempts(3);
    const bodies = target.bodies as readonly { readonly tasks: readonly unknown[] }[];
    expect(bodies.map((body) => body.tasks.length)).toEqual([100, 100, 50]);
    expect(bodies.flatMap((body) => body.tasks)).toEqual(tasks);
    expect(target.requests.map(({ headers }) => headers["webhook-id"])).toEqual(receipt["parts"]);
  });

  test("150 tasks without a batch size are one message", async () => {
    const api = await start();
    const target = await receiver();
    await subscribe(api, { url: target.url, project: 12 });
    const tasks = Array.from({ length: 150 }, (_, id) => ({ id }));
    expect(await emit(api, { action: "TASKS_CREATED", project: 12, payload: { tasks } })).not.toHaveProperty("parts");
    await api.attempts(1);
    expect(target.bodies).toMatchObject([{ tasks: { length: 150 } }]);
  });

  test("a connection that fails counts one failure and leaves the webhook active", async () => {
    const api = await start();
    const gone = await Receiver.listen();
    await gone.close();
    const webhook = await subscribe(api, { url: gone.url });
    await emitInOrder(api, 1);
    expect(await shown(api, webhook)).toMatchObject({ consecutive_failures: 1, is_active: true });
  });

  test("an answer that is not 2xx counts, one that is 2xx resets", async () => {
    const api = await start();
    const target = await receiver(500, 200);
    const webhook = await subscribe(api, { url: target.url });
    await emitInOrder(api, 1);
    expect((await shown(api, webhook))["consecutive_failures"]).toBe(1);
    await emit(api, { action: "TASKS_DELETED", project: 12, payload: { tasks: [] } });
    await api.attempts(2);
    expect(await shown(api, webhook)).toMatchObject({ consecutive_failures: 0, is_active: true });
  });

  test("at the threshold the webhook is deactivated, and nothing more is sent to it", async () => {
    const api = await start({ settings: { maxConsecutiveFailures: 3 } });
    const target = await receiver(500);
    const webhook = await subscribe(api, { url: target.url });
    await emitInOrder(api, 3);
    expect(await shown(api, webhook)).toMatchObject({
      consecutive_failures: 3,
      is_active: false,
      disabled_reason: "failures",
    });
    expect(await emit(api, { action: "TASKS_DELETED", project: 12, payload: { tasks: [] } })).toMatchObject({
      deliveries: 0,
    });
    expect(target.requests).toHaveLength(3);
    const warned = api.log.filter(({ level }) => level === "warn").map(({ message }) => message);
    expect(warned).toEqual([`Webhook ${webhook["id"]} auto-disabled after 3 consecutive failures`]);
  });

  test("a success in between starts the count anew", async () => {
    const api = await start({ settings: { maxConsecutiveFailures: 3 } });
    const target = await receiver(500, 500, 200, 500);
    const webhook = await subscribe(api, { url: target.url });
    await emitInOrder(api, 4);
    expect(await shown(api, webhook)).toMatchObject({ consecutive_failures: 1, is_active: true });
  });

  test("a threshold of 0 switches counting off", async () => {
    const api = await start({ settings: { maxConsecutiveFailures: 0 } });
    const target = await receiver(500);
    const webhook = await subscribe(api, { url: target.url });
    await emitInOrder(api, 5);
    expect(await shown(api, webhook)).toMatchObject({ consecutive_failures: 0, is_active: true });
  });

  test.each([
    ["is reactivated", { is_active: true }],
    ["gets another URL", { url: "http://127.0.0.1:1/other" }],
    ["gets other headers", { headers: { "X-A": "1" } }],
  ])("the count is reset when the webhook %s", async (_, change) => {
    const api = await start({ settings: { maxConsecutiveFailures: 2 } });
    const target = await receiver(500);
    const webhook = await subscribe(api, { url: target.url });
    await emitInOrder(api, 2);
    expect(await shown(api, webhook)).toMatchObject({ consecutive_failures: 2, is_active: false });
    const { status, json } = await api.patch(`/api/webhooks/${webhook["id"]}/`, change);
    expect(status).toBe(200);
    expect(json["consecutive_failures"]).toBe(0);
    expect(json["is_active"]).toBe("is_active" in change);
  });

  test("410 deactivates at once", async () => {
    const api = await start();
    const target = await receiver(410);
    const webhook = await subscribe(api, { url: target.url });
    await emitInOrder(api, 1);
    expect(await shown(api, webhook)).toMatchObject({ is_active: false, disabled_reason: "gone" });
  });

  test("a local URL is refused while nothing local is allowed", async () => {
    const api = await start({ settings: { allowTargets: "" } });
    const { status, json } = await api.post("/api/webhooks/", { url: "http://127.0.0.1:80/" });
    expect(status).toBe(400);
    expect(Object.keys(json["validation_errors"] ?? {})).toEqual(["url"]);
  });

  test("the walk of the API's own test file", async () => {
    const api = await start();
    expect((await api.get("/api/webhooks/info/")).status).toBe(200);
    const headers = { "X-First": "1", "X-Second": "2" };
    const made = await subscribe(api, { url: "http://127.0.0.1:6666/webhook", headers });
    expect(made).toMatchObject({
      project: null,
      actions: [],
      headers,
      send_payload: true,
      send_for_all_actions: true,
      is_active: true,
      organization: 1,
    });
    const path = `/api/webhooks/${made["id"]}/`;
    expect((await api.get(path)).json).toEqual(made);
    expect((await api.get("/api/webhooks/")).json).toEqual([made]);
    const three = ["TASKS_CREATED", "TASKS_DELETED", "PROJECT_UPDATED"];
    const flags = { send_payload: false, send_for_all_actions: false };
    expect(await api.patch(path, { actions: three, ...flags })).toMatchObject({
      status: 200,
      json: { actions: three, ...flags },
    });
    const two = three.slice(1);
    expect(await api.patch(path, { actions: two, headers: { "X-Third": "3" } })).toMatchObject({
      status: 200,
      json: { actions: two, headers: { "X-Third": "3" } },
    });
    expect((await api.call("DELETE", path)).status).toBe(204);
    const ofProject = await subscribe(api, { url: "http://127.0.0.1:6666/webhook", project: "12" });
    expect(ofProject["project"]).toBe(12);
    expect(await api.patch(`/api/webhooks/${ofProject["id"]}/`, { project: null })).toMatchObject({
      status: 200,
      json: { project: 12 },
    });
  });
});
