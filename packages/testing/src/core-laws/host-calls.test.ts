import {
  AnnotationCreated,
  defineEvent,
  definePlugin,
  EventOf,
  HookwrightError,
  type Settings,
  TasksCreated,
  type WebhookCreation,
  WebhookEvent,
} from "@hookwright/core";
import { describe, expect, test } from "vitest";
import { answered } from "../scripted-transport.js";
import { bodyText, HostScene, type SceneOptions } from "./host-scene.test.support.js";

const invoicePaid = defineEvent({
  action: "INVOICE_PAID",
  aliases: ["INVOICE_SETTLED"],
  summary: "An invoice was settled.",
  schema: { type: "object", required: ["invoice_id"], properties: { invoice_id: { type: "integer" } } },
  example: { invoice_id: 1 },
});
const billing = definePlugin({ name: "billing", version: "1.0.0", events: [invoicePaid] });

async function sceneWith(webhook: Partial<WebhookCreation> = {}, options: SceneOptions = {}): Promise<HostScene> {
  const scene = await HostScene.start({ plugins: [billing], ...options });
  await scene.webhook(webhook);
  return scene;
}

/** The body of the one request that was sent. */
async function bodyOf(scene: HostScene): Promise<unknown> {
  await scene.sent(1);
  const [request, ...others] = scene.transport.requests;
  expect(others).toEqual([]);
  return request === undefined ? undefined : JSON.parse(bodyText(request));
}

describe("emit takes", () => {
  const tasks = [{ id: 1 }];
  const sent = { action: "TASKS_CREATED", tasks, project: { id: 12 } };

  test("an instance of a decorated class", async () => {
    const scene = await sceneWith();
    const receipt = await scene.hooks.emit(new TasksCreated({ tasks }), { project: 12 });
    expect(receipt).toEqual({
      id: expect.stringMatching(/^msg_/),
      action: "TASKS_CREATED",
      deliveries: 1,
      duplicate: false,
    });
    expect(await bodyOf(scene)).toEqual(sent);
  });

  test("a definition with a payload", async () => {
    const scene = await sceneWith();
    await scene.hooks.emit(invoicePaid, { invoice_id: 7 }, { project: 12 });
    expect(await bodyOf(scene)).toEqual({ action: "INVOICE_PAID", invoice_id: 7, project: { id: 12 } });
  });

  test("an action with a payload", async () => {
    const scene = await sceneWith();
    await scene.hooks.emit("TASKS_CREATED", { tasks }, { project: 12 });
    expect(await bodyOf(scene)).toEqual(sent);
  });

  test("an alias, which is the event itself", async () => {
    const scene = await sceneWith({ actions: ["TASKS_CREATED"] });
    const receipt = await scene.hooks.emitPayload(
      "TASK_CREATED",
      { bytes: bytesOf({ tasks }), value: { tasks } },
      {
        project: 12,
      },
    );
    expect(receipt.action).toBe("TASKS_CREATED");
    expect(await bodyOf(scene)).toEqual(sent);
  });

  test("bytes, and sends them as they came", async () => {
    const scene = await sceneWith();
    const bytes = new TextEncoder().encode('{"invoice_id": 12345678901234567890, "project":{"id":12}}');
    await scene.hooks.emitPayload(
      "INVOICE_PAID",
      { bytes, value: { invoice_id: 1, project: { id: 12 } } },
      { project: 12 },
    );
    await scene.sent(1);
    expect(scene.transport.requests.map(bodyText)).toEqual([
      '{"action":"INVOICE_PAID","invoice_id": 12345678901234567890, "project":{"id":12}}',
    ]);
  });

  test("an idempotency key: the same event again is the first answer, another event is refused", async () => {
    const scene = await sceneWith();
    const first = await scene.hooks.emit("TASKS_CREATED", { tasks }, { project: 12, id: "import-1" });
    const again = await scene.hooks.emit("TASKS_CREATED", { tasks }, { project: 12, id: "import-1" });
    expect(again).toEqual({ ...first, duplicate: true });
    const other = scene.hooks.emit("TASKS_CREATED", { tasks: [{ id: 2 }] }, { project: 12, id: "import-1" });
    await expect(other).rejects.toMatchObject({ code: "idempotency_conflict" });
    await scene.settled();
    expect(scene.transport.requests).toHaveLength(1);
  });

  test("an organization, which sees nothing of another", async () => {
    const scene = await sceneWith();
    const receipt = await scene.hooks.emit("TASKS_CREATED", { tasks }, { project: 12, organization: 2 });
    expect(receipt.deliveries).toBe(0);
  });

  test.each<[string, (scene: HostScene) => Promise<unknown>, string]>([
    ["a class instead of an instance", ({ hooks }) => hooks.emit(TasksCreated as never, {}), "definition_invalid"],
    ["an instance of a stranger's class", ({ hooks }) => hooks.emit(new Date() as never), "definition_invalid"],
    ["nothing", ({ hooks }) => hooks.emit(undefined as never), "definition_invalid"],
    [
      "an action that nobody registered",
      ({ hooks }) => hooks.emit("TASK_MADE" as never, {} as never),
      "action_unknown",
    ],
    ["no payload", ({ hooks }) => hooks.emit("TASKS_CREATED", undefined as never), "payload_invalid"],
    ["a payload against the schema", ({ hooks }) => hooks.emit("TASKS_CREATED", {} as never), "payload_invalid"],
    ["project 0", ({ hooks }) => hooks.emit("TASKS_CREATED", { tasks }, { project: 0 }), "scope_invalid"],
    ["project 1.5", ({ hooks }) => hooks.emit("TASKS_CREATED", { tasks }, { project: 1.5 }), "scope_invalid"],
    ["organization -1", ({ hooks }) => hooks.emit("TASKS_CREATED", { tasks }, { organization: -1 }), "scope_invalid"],
  ])("but not %s, and stores nothing then", async (_what, emit, code) => {
    const scene = await sceneWith();
    const emitting = emit(scene);
    await expect(emitting).rejects.toThrow(HookwrightError);
    await expect(emitting).rejects.toMatchObject({ code });
    expect(scene.store.countOf("messages.append")).toBe(0);
  });

  test("an event of a plugin that is not loaded only once it is", async () => {
    const scene = await HostScene.start();
    const emitting = scene.hooks.emit(invoicePaid, { invoice_id: 1 }, { project: 12 });
    await expect(emitting).rejects.toMatchObject({ code: "action_unknown" });
  });

  test("an event of a class that a plugin lists", async () => {
    const schema = { type: "object", required: ["sku"], properties: { sku: { type: "string" } } } as const;
    @WebhookEvent({ action: "STOCK_LOW", summary: "An article runs out.", example: { sku: "A-1" } })
    class StockLow extends EventOf(schema) {}
    const scene = await sceneWith(
      {},
      { plugins: [definePlugin({ name: "stock", version: "1.0.0", events: [StockLow] })] },
    );
    await scene.hooks.emit(new StockLow({ sku: "B-2" }), { project: 12 });
    expect(await bodyOf(scene)).toEqual({ action: "STOCK_LOW", sku: "B-2", project: { id: 12 } });
  });
});

function bytesOf(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

describe("a test delivery", () => {
  test("goes to an inactive webhook as well, is recorded as a test, and counts for nothing", async () => {
    const settings: Partial<Settings> = { retrySchedule: "1s", maxConsecutiveFailures: 1 };
    const scene = await sceneWith({ isActive: false }, { settings });
    scene.transport.answerWith(answered(500));
    const { delivery, attempts } = await scene.hooks.webhooks.test(1);
    expect(delivery).toMatchObject({ test: true, status: "failed", attempts: 1, lastStatus: 500, nextAttemptAt: null });
    expect(attempts).toMatchObject([{ number: 1, status: 500, code: "http_status" }]);
    expect(await scene.hooks.deliveries.get(delivery.id)).toMatchObject({ delivery: { test: true } });
    expect(await scene.hooks.webhooks.get(1)).toMatchObject({ consecutiveFailures: 0, disabledReason: "user" });
    await scene.pass(10_000);
    expect(scene.transport.requests).toHaveLength(1);
  });

  test("with a 410 deactivates nothing", async () => {
    const scene = await sceneWith();
    scene.transport.answerWith(answered(410));
    await scene.hooks.webhooks.test(1);
    expect(await scene.hooks.webhooks.get(1)).toMatchObject({ isActive: true });
    expect(scene.linesAt("warn")).toEqual([]);
  });

  test.each<[string, Partial<WebhookCreation>, string]>([
    [
      "the first action that the webhook lists",
      { actions: ["ANNOTATION_CREATED", "TASKS_CREATED"] },
      "ANNOTATION_CREATED",
    ],
    ["under the alias that the webhook lists", { actions: ["TASK_CREATED"] }, "TASK_CREATED"],
    ["the canonical name when it lists both", { actions: ["TASK_CREATED", "TASKS_CREATED"] }, "TASKS_CREATED"],
  ])("sends %s", async (_what, webhook, action) => {
    const scene = await sceneWith(webhook);
    const { delivery } = await scene.hooks.webhooks.test(1);
    expect(delivery.action).toBe(action);
    expect(await bodyOf(scene)).toMatchObject({ action });
  });

  test("to a webhook that wants everything sends something that it would get: an event of projects", async () => {
    const scene = await sceneWith();
    const { delivery } = await scene.hooks.webhooks.test(1);
    expect(scene.hooks.events.get(delivery.action).definition.scope).toBe("project");
    expect(await bodyOf(scene)).toMatchObject({ action: delivery.action });
  });

  test("sends the action and the payload that are asked for", async () => {
    const scene = await sceneWith({ actions: ["TASKS_CREATED"] });
    await scene.hooks.webhooks.test(1, { action: "INVOICE_SETTLED", payload: { invoice_id: 9 } });
    expect(await bodyOf(scene)).toEqual({ action: "INVOICE_PAID", invoice_id: 9 });
  });

  test("is stripped for a webhook that takes no payload, and has its headers", async () => {
    const scene = await sceneWith({ sendPayload: false, headers: { "X-Team": "ours" }, actions: ["TASKS_CREATED"] });
    const { delivery, attempts } = await scene.hooks.webhooks.test(1);
    expect(await bodyOf(scene)).toEqual({ action: "TASKS_CREATED" });
    expect(scene.transport.requests[0]?.headers).toMatchObject({ "X-Team": "ours", "webhook-id": delivery.message });
    expect(attempts[0]?.headers).toMatchObject({ "X-Team": "***" });
  });

  test("is transformed as a real one would be", async () => {
    const scene = await sceneWith({ actions: ["INVOICE_PAID"] });
    scene.hooks.transform({ variant: "redacted", apply: () => ({ invoice_id: 0 }) });
    const { delivery, message } = await scene.hooks.webhooks.test(1);
    expect(delivery.form).toBe("variant:redacted");
    expect([...message.variants.keys()]).toEqual(["redacted"]);
    expect(await bodyOf(scene)).toEqual({ action: "INVOICE_PAID", invoice_id: 0 });
  });

  test("whose transform fails is not sent", async () => {
    const scene = await sceneWith({ actions: ["INVOICE_PAID"] });
    scene.hooks.transform({
      variant: "redacted",
      apply: () => {
        throw new Error("no key");
      },
    });
    await expect(scene.hooks.webhooks.test(1)).rejects.toMatchObject({ code: "middleware_failed" });
    expect(scene.transport.requests).toEqual([]);
  });

  test("that a middleware breaks is failed, and not repeated", async () => {
    const scene = await sceneWith();
    scene.hooks.use("sign", () => Promise.reject(new Error("no key")), { name: "sign" });
    const { delivery, attempts } = await scene.hooks.webhooks.test(1);
    expect(delivery).toMatchObject({ status: "failed", lastCode: "middleware_failed" });
    expect(attempts).toMatchObject([{ middleware: "application/sign" }]);
    await scene.pass(600_000);
    expect(scene.transport.requests).toEqual([]);
  });

  test.each<[string, (scene: HostScene) => Promise<unknown>, string]>([
    ["of a webhook that does not exist", ({ hooks }) => hooks.webhooks.test(99), "not_found"],
    ["of another organization's webhook", ({ hooks }) => hooks.webhooks.test(1, { organization: 2 }), "not_found"],
    ["of an unknown action", ({ hooks }) => hooks.webhooks.test(1, { action: "NOTHING" }), "action_unknown"],
    [
      "with a payload against the schema",
      ({ hooks }) => hooks.webhooks.test(1, { action: "INVOICE_PAID", payload: {} }),
      "payload_invalid",
    ],
  ])("%s is refused, and nothing is sent", async (_what, call, code) => {
    const scene = await sceneWith();
    await expect(call(scene)).rejects.toMatchObject({ code });
    expect(scene.transport.requests).toEqual([]);
  });
});

describe("sending a delivery again", () => {
  test("sends a finished one once more under its id, and message id", async () => {
    const scene = await sceneWith();
    scene.transport.script(answered(500));
    await scene.hooks.emit(new AnnotationCreated(annotation()), { project: 12 });
    await scene.sent(1);
    const [failed] = await scene.deliveries();
    expect(failed).toMatchObject({ status: "failed" });
    await scene.hooks.deliveries.retry(failed?.id ?? "");
    await scene.sent(2);
    expect(await scene.deliveries()).toMatchObject([{ id: failed?.id, status: "delivered", attempts: 2 }]);
    expect(new Set(scene.messageIds).size).toBe(1);
  });

  test("sends one that waits for its retry at once", async () => {
    const scene = await sceneWith({}, { settings: { retrySchedule: "1h" } });
    scene.transport.script(answered(500));
    await scene.emit(1);
    await scene.sent(1);
    const [waiting] = await scene.deliveries();
    await scene.hooks.deliveries.retry(waiting?.id ?? "");
    await scene.sent(2);
    expect(await scene.deliveries()).toMatchObject([{ status: "delivered" }]);
  });

  test("is refused for one that is not there, is another organization's, or has no webhook any more", async () => {
    const scene = await sceneWith();
    await scene.emit(1);
    await scene.sent(1);
    const id = (await scene.deliveries())[0]?.id ?? "";
    await expect(scene.hooks.deliveries.retry("dlv_nothing")).rejects.toMatchObject({ code: "not_found" });
    await expect(scene.hooks.deliveries.retry(id, { organization: 2 })).rejects.toMatchObject({ code: "not_found" });
    await scene.hooks.webhooks.delete(1);
    await expect(scene.hooks.deliveries.retry(id)).rejects.toMatchObject({ code: "delivery_not_retryable" });
  });

  test("is refused for a test, which would count for the webhook from then on", async () => {
    const scene = await sceneWith();
    const { delivery } = await scene.hooks.webhooks.test(1);
    await expect(scene.hooks.deliveries.retry(delivery.id)).rejects.toMatchObject({ code: "delivery_not_retryable" });
    // What was sent may be large, and says nothing about it.
    expect(scene.store.countOf("attempts.get")).toBe(0);
    await scene.settled();
    expect(scene.transport.requests).toHaveLength(1);
  });
});

function annotation(): ConstructorParameters<typeof AnnotationCreated>[0] {
  return { annotation: { id: 1 }, task: { id: 1 }, project: { id: 12 } };
}
