import { createMemoryStore, HookwrightError, type Job, type ReplayOptions, type Webhook } from "@hookwright/core";
import { IdSource } from "@hookwright/core/internal";
import { describe, expect, test } from "vitest";
import { answered } from "../scripted-transport.js";
import { FaultyStore } from "./faulty-store.test.support.js";
import { bodyText, HostScene, type SceneOptions, successor } from "./host-scene.test.support.js";

/** Runs a replay to its end, and what it queued too. */
async function replayed(scene: HostScene, webhook: Webhook, options: ReplayOptions): Promise<Job> {
  const { id } = await scene.hooks.webhooks.replay(webhook.id, options);
  return ended(scene, id);
}

async function ended(scene: HostScene, id: string): Promise<Job> {
  await scene.run(async () => (await scene.hooks.jobs.get(id)).state !== "running", "the end of the replay");
  await scene.settled();
  return scene.hooks.jobs.get(id);
}

/** A host with time behind it: nothing has happened at its first moment. */
async function begun(options: SceneOptions = {}): Promise<{ readonly scene: HostScene; readonly since: number }> {
  // Failures in a row are what most of these tests are made of.
  const settings = { maxConsecutiveFailures: 0, ...options.settings };
  const scene = await HostScene.start({ ...options, settings });
  const since = scene.clock.now();
  await scene.pass(1_000);
  return { scene, since };
}

describe("a replay of failed deliveries", () => {
  test("sends each once more, under its own id, with the same bytes and the whole retry schedule", async () => {
    const { scene, since } = await begun({ settings: { retrySchedule: "5s" } });
    const webhook = await scene.webhook();
    scene.transport.answerWith(answered(500));
    await scene.emit(3);
    await scene.run(() => scene.allFinished());
    const before = scene.transport.requests.length;
    expect(before).toBe(6);
    const deliveries = (await scene.deliveries()).map(({ id }) => id);
    scene.transport.answerWith(answered(200));
    await scene.pass(1_000);
    const job = await replayed(scene, webhook, { since });
    expect(job).toMatchObject({ state: "done", examined: 3, queued: 3, created: 0, total: 3 });
    await scene.sent(before + 3);
    const sent = scene.transport.requests.slice(before);
    expect(sent.map(bodyText).sort()).toEqual(scene.transport.requests.slice(0, 3).map(bodyText).sort());
    expect(new Set(scene.messageIds.slice(before))).toEqual(new Set(scene.messageIds.slice(0, 3)));
    const after = await scene.deliveries();
    expect(after.map(({ id, status, attempts }) => ({ id, status, attempts }))).toEqual(
      deliveries.map((id) => ({ id, status: "delivered", attempts: 3 })),
    );
  });

  test("leaves alone what was delivered, what waits, what is of another webhook and what is of another time", async () => {
    const { scene, since } = await begun({ settings: { retrySchedule: "" } });
    const [webhook] = [await scene.webhook(), await scene.webhook({ project: 13 })];
    scene.transport.script(answered(500));
    await scene.emit(1);
    await scene.sent(1);
    await scene.pass(1_000);
    const from = scene.clock.now();
    scene.transport.script(answered(200), answered(500));
    await scene.emit(1);
    await scene.sent(2);
    await scene.emit(1);
    await scene.sent(3);
    await scene.pass(1_000);
    const until = scene.clock.now();
    scene.transport.script(answered(500));
    await scene.emit(1);
    await scene.sent(4);
    await scene.pass(1_000);
    expect(await replayed(scene, webhook, { since: from, until })).toMatchObject({ queued: 1 });
    await scene.sent(5);
    expect((await scene.deliveries()).map(({ status }) => status)).toEqual([
      "failed",
      "delivered",
      "delivered",
      "failed",
    ]);
    expect(since).toBeLessThan(from);
  });

  test("of the delivered ones sends those again", async () => {
    const { scene, since } = await begun();
    const webhook = await scene.webhook();
    await scene.emit(2);
    await scene.sent(2);
    await scene.pass(1);
    expect(await replayed(scene, webhook, { since, status: "delivered" })).toMatchObject({ queued: 2 });
    await scene.sent(4);
  });

  test("counts before it begins, and asks nothing of anyone in a preview", async () => {
    const { scene, since } = await begun();
    const webhook = await scene.webhook();
    scene.transport.answerWith(answered(500));
    await scene.emit(4);
    await scene.sent(4);
    await scene.pass(1);
    expect(await scene.hooks.webhooks.previewReplay(webhook.id, { since })).toEqual({
      queued: 4,
      created: 0,
      complete: true,
    });
    expect(await scene.hooks.jobs.list()).toEqual([]);
    expect((await scene.hooks.webhooks.replay(webhook.id, { since })).total).toBe(4);
  });
});

describe("a replay of what is missing", () => {
  test("sends what came before the webhook did, as it would have been sent", async () => {
    const { scene, since } = await begun();
    await scene.emit(2);
    await scene.hooks.emit("PROJECT_UPDATED", { project: { id: 12 } }, { project: 12 });
    await scene.hooks.emit("TASKS_CREATED", { tasks: [{ id: 9 }] }, { project: 13 });
    await scene.pass(1_000);
    const webhook = await scene.webhook({ actions: ["TASK_CREATED"], sendPayload: false });
    await scene.emit(1);
    await scene.sent(1);
    await scene.pass(1_000);
    const job = await replayed(scene, webhook, { since, missing: true });
    expect(job).toMatchObject({ state: "done", queued: 0, created: 2, total: 2, request: { status: null } });
    await scene.sent(3);
    expect(scene.transport.requests.map(bodyText)).toEqual(Array(3).fill('{"action":"TASK_CREATED"}'));
    expect(new Set(scene.messageIds).size).toBe(3);
    expect(await replayed(scene, webhook, { since, missing: true })).toMatchObject({ created: 0 });
    expect((await scene.deliveries()).map(({ status }) => status)).toEqual(Array(3).fill("delivered"));
  });

  test("goes together with a status: the failed ones first, then the missing ones", async () => {
    const { scene, since } = await begun();
    await scene.emit(1);
    await scene.pass(1);
    const webhook = await scene.webhook({ ordered: true });
    scene.transport.script(answered(500));
    await scene.emit(1);
    await scene.sent(1);
    await scene.pass(1);
    const job = await replayed(scene, webhook, { since, status: "failed", missing: true });
    expect(job).toMatchObject({ queued: 1, created: 1, total: 2 });
    await scene.run(() => scene.allFinished());
    expect(scene.messageIds[1]).toBe(scene.messageIds[0]);
    expect(scene.messageIds[2]).not.toBe(scene.messageIds[0]);
  });

  test("keeps to the rules of organization webhooks", async () => {
    const emitted = async (organizationWebhooks: boolean): Promise<number> => {
      const { scene, since } = await begun({ settings: { organizationWebhooks: true } });
      await scene.hooks.emit("PROJECT_CREATED", { project: { id: 12 } });
      await scene.hooks.emit("TASKS_CREATED", { tasks: [] }, { project: 12 });
      await scene.pass(1);
      const wide = await scene.webhook({ project: null });
      await scene.webhook({ project: 12 });
      await scene.hooks.stop();
      const next = await successor(scene, { settings: { organizationWebhooks } });
      const job = await replayed(next, wide, { since, missing: true });
      await next.hooks.stop();
      return job.created;
    };
    expect(await emitted(true)).toBe(2);
    expect(await emitted(false)).toBe(1);
  });

  test("never sends organization-only events to a project's webhook", async () => {
    const { scene, since } = await begun({ settings: { organizationWebhooks: true } });
    await scene.hooks.emit("PROJECT_CREATED", { project: { id: 12 } });
    await scene.pass(1);
    const webhook = await scene.webhook({ project: 12 });
    expect(await replayed(scene, webhook, { since, missing: true })).toMatchObject({ examined: 1, created: 0 });
  });

  test("tells of Hookwright's own work only to who lists it", async () => {
    const { scene, since } = await begun({ settings: { maxConsecutiveFailures: 1 } });
    // One that listens is what has the fact recorded as an event at all.
    await scene.webhook({ actions: ["WEBHOOK_DISABLED"], url: "https://receiver.example/operations" });
    await scene.webhook({ actions: ["TASKS_CREATED"] });
    scene.transport.script(answered(500));
    await scene.emit(1);
    await scene.run(async () =>
      (await scene.hooks.deliveries.list()).some(({ action }) => action === "WEBHOOK_DISABLED"),
    );
    await scene.pass(1);
    const all = await scene.webhook({ sendForAllActions: true });
    const listing = await scene.webhook({ actions: ["WEBHOOK_DISABLED"] });
    expect((await replayed(scene, all, { since, missing: true })).created).toBe(1);
    expect((await replayed(scene, listing, { since, missing: true })).created).toBe(1);
  });

  test("makes the variant that a transform makes, and keeps the one that is stored", async () => {
    const { scene, since } = await begun();
    let made = 0;
    scene.hooks.transform({
      variant: "short",
      apply: ({ payload }) => {
        made += 1;
        return { tasks: payload["tasks"] ?? [], made };
      },
    });
    const first = await scene.webhook();
    await scene.emit(1);
    await scene.sent(1);
    await scene.pass(1);
    const second = await scene.webhook();
    await replayed(scene, second, { since, missing: true });
    await scene.sent(2);
    const [one, two] = scene.transport.requests.map(bodyText);
    expect(two).toBe(one);
    expect(one).toContain('"made":1');
    expect(first.id).not.toBe(second.id);
  });

  test("skips what a transform refuses, counts and tells it, and sends nothing of it in full instead", async () => {
    const { scene, since } = await begun();
    const [, refused] = await scene.emit(3);
    await scene.pass(1);
    const webhook = await scene.webhook();
    let asked = 0;
    scene.hooks.transform({
      variant: "short",
      apply: () => {
        asked += 1;
        if (asked === 2) throw new Error("no mask");
        return { masked: true };
      },
    });
    const job = await replayed(scene, webhook, { since, missing: true });
    expect(job).toMatchObject({ state: "done", examined: 3, created: 2, skipped: 1, total: 2, error: null });
    expect(scene.transport.requests.map(bodyText)).toEqual(Array(2).fill('{"action":"TASKS_CREATED","masked":true}'));
    expect((await scene.deliveries()).map(({ message }) => message)).not.toContain(refused);
    const lines = scene.linesAt("error");
    expect(lines).toMatchObject([{ fields: { job: job.id, skipped: 1 } }]);
    expect(lines[0]?.message).toContain("skipped");
  });

  test("tells of what it skips in one line for a step", async () => {
    const { scene, since } = await begun();
    await scene.emit(40);
    await scene.pass(1);
    const webhook = await scene.webhook();
    scene.hooks.transform({
      variant: "short",
      apply: () => {
        throw new Error("no mask");
      },
    });
    const job = await replayed(scene, webhook, { since, missing: true });
    expect(job).toMatchObject({ state: "done", created: 0, skipped: 40, total: 0 });
    expect(scene.linesAt("error")).toMatchObject([16, 16, 8].map((skipped) => ({ fields: { skipped } })));
  });
});

describe("before it begins", () => {
  test("the rows that are read are counted, and not only those of the time that was asked for", async () => {
    const store = new FaultyStore(createMemoryStore());
    const { scene } = await begun({ store });
    const webhook = await scene.webhook();
    const [ids, now, { organization }] = [new IdSource(scene.clock), scene.clock.now(), webhook];
    const [payload, variants] = [new TextEncoder().encode("{}"), new Map()];
    const entries = Array.from({ length: 60_000 }, () => {
      const facts = { organization, project: null, action: "TASKS_CREATED", hops: 0 };
      const message = { ...facts, id: ids.messageId(), payload, variants, createdAt: now };
      return { organization, drafts: [{ message, deliveries: [] }], basedOn: 1_000, idempotency: undefined };
    });
    await store.messages.append(entries, { now, leaseUntil: now + 1_000, limit: 1 });
    await scene.pass(1);
    const since = scene.clock.now();
    await scene.pass(1);
    // Who only asks has time for all of them; who starts a job has not.
    const preview = await scene.hooks.webhooks.previewReplay(webhook.id, { since, missing: true });
    expect(preview).toEqual({ queued: 0, created: 0, complete: true });
    store.before = (call) => (call === "jobs.due" ? Promise.reject(new Error("not now")) : undefined);
    const before = store.countOf("jobs.find");
    expect(await scene.hooks.webhooks.replay(webhook.id, { since, missing: true })).toMatchObject({ total: null });
    expect(store.countOf("jobs.find") - before).toBe(5);
  });
});

describe("a job", () => {
  test("goes on in the next process where the last one ended, and sends nothing twice", async () => {
    const { scene, since } = await begun();
    const webhook = await scene.webhook({ maxConcurrency: 1_000 });
    scene.transport.answerWith(answered(500));
    await scene.emit(700);
    await scene.run(() => scene.allFinished());
    await scene.pass(1);
    const { id } = await scene.hooks.webhooks.replay(webhook.id, { since });
    await scene.until(async () => (await scene.hooks.jobs.get(id)).queued > 0, "the first step");
    const { queued, state } = await scene.hooks.jobs.get(id);
    expect([queued, state]).toEqual([250, "running"]);
    await scene.hooks.stop();
    const next = await successor(scene);
    expect(await ended(next, id)).toMatchObject({ state: "done", queued: 700, examined: 700 });
    await next.run(() => next.allFinished());
    expect((await next.deliveries()).filter(({ attempts }) => attempts !== 2)).toEqual([]);
  });

  test("is taken by two hosts on one store as by one", async () => {
    const { scene, since } = await begun();
    const webhook = await scene.webhook({ maxConcurrency: 1_000 });
    scene.transport.answerWith(answered(500));
    await scene.emit(600);
    await scene.run(() => scene.allFinished());
    await scene.pass(1);
    const { id } = await scene.hooks.webhooks.replay(webhook.id, { since });
    const other = await successor(scene, { transport: scene.transport });
    await scene.run(async () => (await scene.hooks.jobs.get(id)).state === "done");
    expect(await scene.hooks.jobs.get(id)).toMatchObject({ queued: 600, examined: 600 });
    await other.hooks.stop();
  });

  test("ends when it is cancelled, and what it has queued is sent", async () => {
    const { scene, since } = await begun();
    const webhook = await scene.webhook({ maxConcurrency: 1_000 });
    scene.transport.answerWith(answered(500));
    await scene.emit(600);
    await scene.run(() => scene.allFinished());
    await scene.pass(1);
    const { id } = await scene.hooks.webhooks.replay(webhook.id, { since });
    await scene.until(async () => (await scene.hooks.jobs.get(id)).queued > 0, "the first step");
    const cancelled = await scene.hooks.jobs.cancel(id);
    expect(cancelled).toMatchObject({ state: "cancelled", queued: 250 });
    await scene.run(() => scene.allFinished());
    expect((await scene.deliveries()).filter(({ attempts }) => attempts === 2)).toHaveLength(250);
    expect(await scene.hooks.jobs.get(id)).toEqual(cancelled);
  });

  test("ends when its webhook is deleted", async () => {
    const { scene, since } = await begun();
    const webhook = await scene.webhook();
    scene.transport.answerWith(answered(500));
    await scene.emit(600);
    await scene.run(() => scene.allFinished());
    await scene.pass(1);
    const { id } = await scene.hooks.webhooks.replay(webhook.id, { since });
    await scene.hooks.webhooks.delete(webhook.id);
    expect(await ended(scene, id)).toMatchObject({ state: "cancelled", error: expect.stringContaining("deleted") });
  });

  test("waits while the store fails, and goes on when it is back", async () => {
    const store = new FaultyStore(createMemoryStore());
    const { scene, since } = await begun({ store });
    const webhook = await scene.webhook();
    scene.transport.answerWith(answered(500));
    await scene.emit(2);
    await scene.run(() => scene.allFinished());
    await scene.pass(1);
    let failures = 2;
    // The answer of the first step is lost: it was taken, and must not be taken again.
    store.after = (call) => {
      if (call !== "jobs.advance" || failures === 0) return;
      failures -= 1;
      throw new HookwrightError("storage_failed", "The disk is away.");
    };
    const { id } = await scene.hooks.webhooks.replay(webhook.id, { since });
    expect(await ended(scene, id)).toMatchObject({ state: "done", queued: 2 });
    await scene.run(() => scene.allFinished());
    expect((await scene.deliveries()).map(({ attempts }) => attempts)).toEqual([2, 2]);
    expect(scene.linesAt("error").map(({ message }) => message)).toContain(
      "A replay could not go on; it is tried again",
    );
  });

  test.each([
    ["the store has no room for calls", () => new HookwrightError("overloaded", "Too many calls.")],
    ["a store of another kind fails in its own way", () => new Error("ECONNRESET")],
  ])("waits while %s, wherever that is", async (_, fault) => {
    const store = new FaultyStore(createMemoryStore());
    const { scene, since } = await begun({ store });
    await scene.emit(2);
    await scene.pass(1);
    const webhook = await scene.webhook();
    scene.hooks.transform({ variant: "short", apply: () => ({ masked: true }) });
    const left = new Set(["jobs.due", "webhooks.get", "jobs.find", "messages.get", "jobs.advance"]);
    const { id } = await scene.hooks.webhooks.replay(webhook.id, { since, missing: true });
    store.before = (call) => {
      if (left.delete(call)) throw fault();
    };
    expect(await ended(scene, id)).toMatchObject({ state: "done", created: 2, error: null });
    expect([...left]).toEqual([]);
  });

  test("of an organization is refused while ten of it run, and others are not", async () => {
    const store = new FaultyStore(createMemoryStore());
    const { scene, since } = await begun({ store });
    const webhook = await scene.webhook();
    // Nothing moves meanwhile.
    store.before = (call) => (call === "jobs.due" ? Promise.reject(new Error("not now")) : undefined);
    const start = () => scene.hooks.webhooks.replay(webhook.id, { since });
    const jobs: Job[] = [];
    for (let count = 0; count < 10; count += 1) jobs.push(await start());
    await expect(start()).rejects.toMatchObject({ code: "too_many_jobs", message: expect.stringContaining("10") });
    await scene.hooks.jobs.cancel(jobs[0]?.id ?? "");
    expect(await start()).toMatchObject({ state: "running" });
  });

  test("of each of many organizations has its turns", async () => {
    const { scene, since } = await begun();
    const jobs: (readonly [Job, number])[] = [];
    for (let organization = 1; organization <= 40; organization += 1) {
      const webhook = await scene.hooks.webhooks.create(
        { url: "https://receiver.example/", project: 1 },
        { organization },
      );
      jobs.push([
        await scene.hooks.webhooks.replay(webhook.id, { since, missing: true }, { organization }),
        organization,
      ]);
    }
    for (const [{ id }, organization] of jobs)
      await scene.run(async () => (await scene.hooks.jobs.get(id, { organization })).state === "done", "its end");
  });

  test("of another organization is not there", async () => {
    const { scene, since } = await begun();
    const webhook = await scene.webhook();
    const { id } = await scene.hooks.webhooks.replay(webhook.id, { since });
    const stranger = { organization: 2 };
    for (const call of [
      () => scene.hooks.jobs.get(id, stranger),
      () => scene.hooks.jobs.cancel(id, stranger),
      () => scene.hooks.webhooks.replay(webhook.id, { since }, stranger),
      () => scene.hooks.webhooks.previewReplay(webhook.id, { since }, stranger),
    ]) {
      await expect(call()).rejects.toMatchObject({ code: "not_found" });
    }
    expect(await scene.hooks.jobs.list(stranger)).toEqual([]);
  });
});

test.each<[ReplayOptions, readonly string[]]>([
  [{ since: Number.NaN }, ["since"]],
  [{ since: Number.MAX_SAFE_INTEGER }, ["since"]],
  [{ since: 1_000, until: 1_000 }, ["until"]],
  [{ since: 1_000, until: Number.POSITIVE_INFINITY }, ["until"]],
  [{ since: 0, status: "pending" as "failed" }, ["status"]],
  [{ since: Number.NaN, missing: 1 as unknown as boolean }, ["since", "missing"]],
])("%j is refused with every faulty field", async (options, fields) => {
  const { scene } = await begun();
  const webhook = await scene.webhook();
  const refused = await scene.hooks.webhooks.replay(webhook.id, options).catch((error: unknown) => error);
  expect(refused).toMatchObject({ code: "replay_invalid" });
  expect(Object.keys((refused as { details: { fields: object } }).details.fields)).toEqual(fields);
  expect(await scene.hooks.jobs.list()).toEqual([]);
});
