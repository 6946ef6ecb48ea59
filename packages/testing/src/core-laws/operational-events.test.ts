import { createMemoryStore, definePlugin, type HandlerCall } from "@hookwright/core";
import { describe, expect, test } from "vitest";
import { answered, unreachable } from "../scripted-transport.js";
import { FaultyStore, failing, holding } from "./faulty-store.test.support.js";
import { bodyText, HostScene, type SceneOptions, successor } from "./host-scene.test.support.js";

const operational = ["WEBHOOK_DISABLED", "DELIVERY_EXHAUSTED", "DELIVERY_RECOVERED"];
const alerts = { url: "https://alerts.example/hook", actions: operational };
const work = { url: "https://ci:secret@receiver.example:8443/hook/t0ken?key=1", actions: ["TASKS_CREATED"] };

/** What went to the webhook that wants to hear of it, in order. */
function told(scene: HostScene): readonly Record<string, unknown>[] {
  return scene.transport.requests
    .filter(({ url }) => url === alerts.url)
    .map((request) => JSON.parse(bodyText(request)));
}

/** The receiver of work answers as `status` says, and that of alerts well. */
function workAnswers(scene: HostScene, status: () => number): void {
  scene.transport.answerWith(({ url }) => answered(url === alerts.url ? 200 : status()));
}

async function start(options: SceneOptions = {}): Promise<HostScene> {
  const scene = await HostScene.start(options);
  workAnswers(scene, () => 500);
  return scene;
}

describe("an operational event", () => {
  test("tells of a delivery that failed for good, with no more of the URL than its host", async () => {
    const scene = await start({ settings: { retrySchedule: "5s" } });
    const failing = await scene.webhook({ ...work, headers: { authorization: "Bearer t0ken" } });
    await scene.webhook(alerts);
    const [message] = await scene.emit();
    await scene.sent(1);
    expect(told(scene)).toEqual([]);
    await scene.pass(5_000);
    const [delivery] = await scene.deliveries();
    expect(told(scene)).toEqual([
      {
        action: "DELIVERY_EXHAUSTED",
        delivery: { id: delivery?.id, message, action: "TASKS_CREATED", attempt: 2, status: 500, code: "http_status" },
        webhook: { id: failing.id, host: "receiver.example:8443" },
        failed_at: new Date(scene.clock.now()).toISOString(),
        project: { id: 12 },
      },
    ]);
    const text = JSON.stringify(told(scene));
    for (const secret of ["secret", "t0ken", "key=1", "ci:"]) expect(text).not.toContain(secret);
  });

  test("tells of one that arrived after a failure, and not of one that arrived at once", async () => {
    const scene = await start({ settings: { retrySchedule: "5s,5s" } });
    await scene.webhook(work);
    await scene.webhook(alerts);
    const statuses = [200, 500, 500, 200];
    workAnswers(scene, () => statuses.shift() ?? 200);
    await scene.emit();
    await scene.settled();
    const [message] = await scene.emit();
    await scene.settled();
    await scene.pass(5_000);
    expect(told(scene)).toEqual([]);
    await scene.pass(5_000);
    expect(told(scene)).toMatchObject([
      { action: "DELIVERY_RECOVERED", delivery: { message, attempt: 3, status: 200, code: null } },
    ]);
    expect(told(scene)[0]).toHaveProperty("delivered_at", new Date(scene.clock.now()).toISOString());
  });

  test("tells of one that was sent again by hand and arrived", async () => {
    const scene = await start();
    await scene.webhook(work);
    await scene.webhook(alerts);
    await scene.emit();
    await scene.settled();
    workAnswers(scene, () => 200);
    const [failed] = (await scene.deliveries()).filter(({ status }) => status === "failed");
    await scene.hooks.deliveries.retry(failed?.id ?? "");
    await scene.settled();
    expect(told(scene).map(({ action }) => action)).toEqual(["DELIVERY_EXHAUSTED", "DELIVERY_RECOVERED"]);
  });

  test("tells of a webhook that was deactivated by its failures or by 410, and not by its user", async () => {
    const scene = await start({ settings: { maxConsecutiveFailures: 2 } });
    const tired = await scene.webhook(work);
    const gone = await scene.webhook({ ...work, url: "https://gone.example/", project: 13 });
    await scene.webhook({ ...alerts, actions: ["WEBHOOK_DISABLED"] });
    await scene.webhook({ ...alerts, project: 13, actions: ["WEBHOOK_DISABLED"] });
    scene.transport.answerWith(({ url }) => answered(url === alerts.url ? 200 : url === gone.url ? 410 : 500));
    await scene.emit(2);
    await scene.settled();
    await scene.hooks.emit("TASKS_CREATED", { tasks: [{ id: 1 }] }, { project: 13 });
    await scene.settled();
    const disabled_at = new Date(scene.clock.now()).toISOString();
    expect(told(scene)).toEqual([
      {
        action: "WEBHOOK_DISABLED",
        webhook: { id: tired.id, host: "receiver.example:8443" },
        reason: "failures",
        consecutive_failures: 2,
        disabled_at,
        project: { id: 12 },
      },
      {
        action: "WEBHOOK_DISABLED",
        webhook: { id: gone.id, host: "gone.example" },
        reason: "gone",
        consecutive_failures: 0,
        disabled_at,
        project: { id: 13 },
      },
    ]);
    const other = await scene.webhook(work);
    await scene.hooks.webhooks.update(other.id, { isActive: false });
    await scene.settled();
    expect(told(scene)).toHaveLength(2);
  });

  test("reaches the webhooks of its project and of the organization that list it, and never one that asked for all", async () => {
    const scene = await start({ settings: { organizationWebhooks: true } });
    const failing = await scene.webhook(work);
    const listed = await scene.webhook(alerts);
    const organization = await scene.hooks.webhooks.create({ ...alerts });
    const both = await scene.webhook({ ...alerts, sendForAllActions: true, actions: ["DELIVERY_EXHAUSTED"] });
    const all = await scene.webhook({ url: alerts.url, sendForAllActions: true });
    const elsewhere = await scene.webhook({ ...alerts, project: 13 });
    const stranger = await scene.hooks.webhooks.create({ ...alerts, project: 12 }, { organization: 2 });
    await scene.emit();
    await scene.settled();
    const reached = (await scene.deliveries()).filter(({ action }) => action === "DELIVERY_EXHAUSTED");
    expect(reached.map(({ webhook }) => webhook).sort()).toEqual([listed.id, organization.id, both.id].sort());
    expect((await scene.hooks.deliveries.list({ organization: 2 })).length).toBe(0);
    const ordinary = (await scene.deliveries()).filter(({ action }) => action === "TASKS_CREATED");
    expect(ordinary.map(({ webhook }) => webhook).sort()).toEqual([failing.id, both.id, all.id].sort());
    for (const { id } of [elsewhere, stranger]) expect(reached.map(({ webhook }) => webhook)).not.toContain(id);
  });

  test("of an organization webhook's delivery reaches organization webhooks only, and names no project", async () => {
    const scene = await start({ settings: { organizationWebhooks: true } });
    await scene.hooks.webhooks.create(work);
    const ofProject = await scene.webhook({ ...alerts, url: "https://project.example/" });
    await scene.hooks.webhooks.create(alerts);
    await scene.emit();
    await scene.settled();
    expect(told(scene)).toHaveLength(1);
    expect(told(scene)[0]).not.toHaveProperty("project");
    expect(scene.transport.requests.filter(({ url }) => url === ofProject.url)).toEqual([]);
  });

  test("that does not arrive leads to no other", async () => {
    const scene = await start({ settings: { maxConsecutiveFailures: 0, retrySchedule: "1s" } });
    scene.transport.answerWith(unreachable("timeout"));
    await scene.webhook(work);
    await scene.webhook(alerts);
    await scene.webhook({ ...alerts, url: "https://alerts-too.example/" });
    await scene.emit();
    await scene.run(() => scene.allFinished());
    await scene.run(() => scene.allFinished());
    const actions = (await scene.deliveries()).map(({ action }) => action);
    expect(actions).toEqual(["TASKS_CREATED", "DELIVERY_EXHAUSTED", "DELIVERY_EXHAUSTED"]);
    expect(await scene.store.notes.list(0, 10)).toEqual([]);
  });

  test("whose receiver is deactivated for it leads to no other, though those who look on hear of it", async () => {
    const scene = await start({ settings: { maxConsecutiveFailures: 1 } });
    const watcher = { url: "https://watcher.example/", actions: ["WEBHOOK_DISABLED"] };
    scene.transport.answerWith(({ url }) => answered(url === watcher.url ? 200 : 500));
    const disabled = scene.heard("webhook.disabled");
    const { id } = await scene.webhook(work);
    const { id: alerted } = await scene.webhook({ ...alerts, actions: ["DELIVERY_EXHAUSTED"] });
    await scene.webhook(watcher);
    await scene.emit();
    await scene.run(() => scene.allFinished());
    await scene.settled();
    const bodies = scene.transport.requests.filter(({ url }) => url === watcher.url).map(bodyText);
    expect(bodies.map((body) => JSON.parse(body))).toMatchObject([{ action: "WEBHOOK_DISABLED", webhook: { id } }]);
    expect(disabled).toMatchObject([{ webhook: id }, { webhook: alerted }]);
    expect(await scene.store.notes.list(0, 10)).toEqual([]);
  });

  test.each(operational)("%s comes from the host alone: no emit from outside makes one", async (action) => {
    const reserved = { code: "action_reserved", message: expect.stringContaining(action) };
    const refused: unknown[] = [];
    const forger = definePlugin({
      name: "forger",
      version: "1.0.0",
      setup(ctx) {
        ctx.handle("TASKS_CREATED", ({ emit }) => {
          try {
            emit(definitionOf(action), exampleOf(action));
          } catch (error) {
            refused.push(error);
          }
        });
        ctx.handle("TASKS_DELETED", async () => {
          await ctx
            .emit(definitionOf(action), exampleOf(action), { project: 12 })
            .catch((error) => refused.push(error));
        });
      },
    });
    const scene = await start({ plugins: [forger] });
    await scene.webhook(alerts);
    const accepted = scene.heard("message.accepted");
    const definitionOf = (name: string) => scene.hooks.events.get(name).definition;
    const exampleOf = (name: string) => definitionOf(name).example;
    await expect(scene.hooks.emit(definitionOf(action), exampleOf(action), { project: 12 })).rejects.toMatchObject(
      reserved,
    );
    const bytes = new TextEncoder().encode(JSON.stringify(exampleOf(action)));
    const payload = { bytes, value: Object(exampleOf(action)) };
    await expect(scene.hooks.emitPayload(action, payload, { project: 12 })).rejects.toMatchObject(reserved);
    await scene.emit();
    await scene.hooks.emit("TASKS_DELETED", { tasks: [{ id: 1 }] }, { project: 12 });
    await scene.run(() => scene.allFinished());
    expect(refused).toMatchObject([reserved, reserved]);
    expect(accepted).toMatchObject([{ action: "TASKS_CREATED" }, { action: "TASKS_DELETED" }]);
    expect(told(scene)).toEqual([]);
  });

  test("reaches its receiver as a test delivery, on request", async () => {
    const scene = await start();
    const { id } = await scene.webhook(alerts);
    for (const action of operational)
      expect(await scene.hooks.webhooks.test(id, { action })).toMatchObject({ delivery: { action, test: true } });
    expect(told(scene).map(({ action }) => action)).toEqual(operational);
  });

  test("that nobody wants is neither stored nor told", async () => {
    const scene = await start({ settings: { maxConsecutiveFailures: 1 } });
    const accepted = scene.heard("message.accepted");
    await scene.webhook(work);
    await scene.emit();
    await scene.settled();
    expect(accepted).toHaveLength(1);
    expect(await scene.deliveries()).toHaveLength(1);
    // The store writes that of a deactivation by itself; it is gone again.
    expect(await scene.store.notes.list(0, 10)).toEqual([]);
  });

  test("costs no note where nobody in memory wants it", async () => {
    const scene = await start();
    await scene.webhook(work);
    await scene.emit(20);
    await scene.settled();
    // One look at the start.
    expect(scene.store.countOf("notes.list")).toBe(1);
  });
});

describe("a plugin", () => {
  test("hears of them in passing, and durably by a handler", async () => {
    const handled: HandlerCall[] = [];
    const plugin = definePlugin({
      name: "pager",
      version: "1.0.0",
      setup(ctx) {
        ctx.handle("DELIVERY_EXHAUSTED", (call) => void handled.push(call));
        ctx.handle("WEBHOOK_DISABLED", (call) => void handled.push(call));
      },
    });
    const scene = await start({ plugins: [plugin], settings: { maxConsecutiveFailures: 1 } });
    const exhausted = scene.heard("delivery.exhausted");
    const recovered = scene.heard("delivery.recovered");
    const disabled = scene.heard("webhook.disabled");
    const { id } = await scene.webhook(work);
    const [message] = await scene.emit();
    await scene.settled();
    expect(handled.map(({ action }) => action).sort()).toEqual(["DELIVERY_EXHAUSTED", "WEBHOOK_DISABLED"]);
    expect(handled.map(({ project }) => project)).toEqual([12, 12]);
    const [delivery] = await scene.deliveries();
    const facts = {
      delivery: delivery?.id,
      message,
      webhook: id,
      organization: 1,
      action: "TASKS_CREATED",
      attempt: 1,
    };
    expect(exhausted).toEqual([{ ...facts, status: 500, code: "http_status" }]);
    expect(disabled).toHaveLength(1);
    expect(recovered).toEqual([]);
  });

  test("that answers a failed delivery with events that fail too comes to an end", async () => {
    const plugin = definePlugin({
      name: "echo",
      version: "1.0.0",
      setup(ctx) {
        ctx.handle("DELIVERY_EXHAUSTED", ({ emit }) => emit("TASKS_CREATED", { tasks: [{ id: 1 }] }));
      },
    });
    const scene = await start({ plugins: [plugin], settings: { maxConsecutiveFailures: 0 } });
    const codes: unknown[] = [];
    scene.hooks.on("handler.recorded", ({ code }) => void codes.push(code));
    await scene.webhook(work);
    await scene.emit();
    await scene.until(() => codes.includes("emit_loop"), "the end of the circle");
    await scene.settled();
    // Two steps of sixteen for each turn.
    expect(scene.transport.requests).toHaveLength(9);
  });
});

describe("nothing is lost or told twice", () => {
  test("when the process dies between the record and the event: the next one tells it", async () => {
    const kept = createMemoryStore();
    const before = await start({ store: new FaultyStore(kept) });
    const append = holding("messages.append");
    await before.webhook(work);
    await before.webhook(alerts);
    const exhausted = before.heard("delivery.exhausted");
    await before.emit();
    before.store.before = append.fault;
    await before.until(() => exhausted.length === 1, "the record");
    await append.reached;
    expect(told(before)).toEqual([]);
    // What it was about to append never reaches the store.
    const after = await successor(before, { transport: before.transport, store: new FaultyStore(kept) });
    await after.until(() => told(after).length === 1, "what was left behind");
    await after.settled();
    expect(told(after)).toHaveLength(1);
    expect(await after.store.notes.list(0, 10)).toEqual([]);
  });

  test("when very many fail together", async () => {
    const scene = await start({ settings: { maxConsecutiveFailures: 0 } });
    await scene.webhook(work);
    await scene.webhook(alerts);
    const messages = await scene.emit(250);
    await scene.run(() => told(scene).length >= 250, "250 events");
    await scene.run(() => scene.allFinished());
    const about = told(scene).map(({ delivery }) => Object(delivery).message);
    expect(about.toSorted()).toEqual(messages.toSorted());
    expect(await scene.store.notes.list(0, 10)).toEqual([]);
  });

  test("when the store fails while it is told, or loses its answer", async () => {
    for (const when of ["before", "after"] as const) {
      const scene = await start();
      await scene.webhook(work);
      await scene.webhook(alerts);
      await scene.emit();
      // The next append is that of the event.
      scene.store[when] = failing(["messages.append"], 1);
      await scene.run(() => told(scene).length === 1, "the event");
      await scene.pass(60_000);
      expect(told(scene)).toHaveLength(1);
      expect(await scene.store.notes.list(0, 10)).toEqual([]);
      await scene.hooks.stop();
    }
  });

  test("when the settle's answer is lost: what it wrote is told all the same", async () => {
    const scene = await start();
    await scene.webhook(work);
    await scene.webhook(alerts);
    scene.store.after = failing(["queue.settle"], 1);
    await scene.emit();
    await scene.run(() => told(scene).length === 1, "the event");
  });

  test("when one cannot be told: the others are, and it is tried again", async () => {
    const scene = await start();
    await scene.webhook(work);
    await scene.webhook(alerts);
    let isBroken = true;
    scene.hooks.transform({
      variant: "short",
      appliesTo: (_, { action }) => action === "DELIVERY_EXHAUSTED",
      apply: ({ payload }) => {
        if (isBroken) throw new Error("no template");
        return payload;
      },
    });
    await scene.emit();
    await scene.settled();
    expect(told(scene)).toEqual([]);
    expect(await scene.store.notes.list(0, 10)).toHaveLength(1);
    isBroken = false;
    await scene.pass(5_000);
    expect(told(scene)).toHaveLength(1);
    expect(await scene.store.notes.list(0, 10)).toEqual([]);
  });

  test("when the webhook is deleted before its note is told: the note goes without an event", async () => {
    const scene = await start();
    const failing = await scene.webhook(work);
    await scene.webhook(alerts);
    const list = holding("notes.list");
    scene.store.before = list.fault;
    await scene.emit();
    await list.reached;
    await scene.hooks.webhooks.delete(failing.id);
    list.letGo();
    await scene.settled();
    expect(told(scene)).toEqual([]);
    expect(await scene.store.notes.list(0, 10)).toEqual([]);
  });
});
