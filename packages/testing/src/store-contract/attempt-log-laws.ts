import type { DeliveryDetail, DeliveryFilter, DeliveryId, DeliveryRecord, Webhook } from "@hookwright/core";
import { expect } from "vitest";
import { projectId } from "../builders/ids.js";
import { attempt, settlement } from "../builders/settlement-builder.js";
import { exactly } from "./exactly.js";
import type { Law } from "./law.js";
import { failedAttempt, idsOf, type StoreScene } from "./store-scene.js";

/** Every promise of `AttemptLog`. */
export function attemptLogLaws(law: Law): void {
  readLaws(law);
  filterLaws(law);
  testLaws(law);
  purgeLaws(law);
}

function readLaws(law: Law): void {
  law("a delivery that waits is told in full", async (scene) => {
    const webhook = await scene.webhook({ project: projectId(12) });
    const message = scene.messages.message({ project: projectId(12), action: "TASKS_CREATED" });
    const delivery = scene.messages.delivery(webhook.id, { action: "TASK_CREATED", form: "stripped" });
    await scene.append([
      scene.messages.entry([], { drafts: [{ message, deliveries: [delivery] }], basedOn: webhook.version }),
    ]);
    const record: DeliveryRecord = {
      ...delivery,
      webhook: webhook.id,
      handler: null,
      organization: scene.organization,
      message: message.id,
      project: projectId(12),
      status: "pending",
      test: false,
      createdAt: scene.now,
      finishedAt: null,
      nextAttemptAt: scene.now,
      attempts: 0,
      lastStatus: null,
      lastCode: null,
    };
    expect(await scene.detail(delivery.id)).toEqual({ delivery: record, message, attempts: [] });
    expect(await list(scene)).toEqual([record]);
  });

  law("attempts are told oldest first", async (scene) => {
    const webhook = await scene.webhook();
    const [id] = exactly(1, await scene.waiting(webhook));
    const made = [];
    for (let turn = 0; turn < 3; turn += 1) {
      const lease = await scene.lease();
      made.push(failedAttempt(lease));
      await scene.retryAfter(lease, 1_000);
      scene.clock.advance(1_000);
    }
    const { delivery, attempts } = await scene.detail(id);
    expect(attempts).toEqual(made);
    expect(delivery).toMatchObject({ status: "pending", attempts: 3, lastStatus: 500, lastCode: "http_status" });
  });

  law("an unknown delivery is undefined", async (scene) => {
    const { id } = scene.messages.delivery((await scene.webhook()).id);
    expect(await scene.store.attempts.get(scene.organization, id)).toBeUndefined();
  });

  law("a read sees what was settled before it was asked", async (scene) => {
    const webhook = await scene.webhook();
    await scene.waiting(webhook, 20);
    const leases = await scene.leases();
    const statuses = await Promise.all(
      leases.map(async (lease) => {
        await scene.deliver(lease);
        return scene.status(lease.id);
      }),
    );
    expect(new Set(statuses)).toEqual(new Set(["delivered"]));
  });

  law("deliveries are listed newest first, in pages", async (scene) => {
    const webhook = await scene.webhook();
    const older = await scene.waiting(webhook, 3);
    for (const lease of await scene.leases()) await scene.fail(lease);
    scene.clock.advance(1_000);
    const newestFirst = [...older, ...(await scene.waiting(webhook, 4))].reverse();
    expect(await pages(scene, {}, 3)).toEqual([newestFirst.slice(0, 3), newestFirst.slice(3, 6), newestFirst.slice(6)]);
    expect(await pages(scene, { status: "failed" }, 2)).toEqual([newestFirst.slice(4, 6), newestFirst.slice(6)]);
  });

  law("a page goes on from a delivery that is gone by now", async (scene) => {
    const webhook = await scene.webhook();
    const [first] = exactly(1, await scene.waiting(webhook));
    const gone = scene.messages.delivery(webhook.id);
    await scene.waiting(webhook);
    expect(idsOf(await scene.store.attempts.list(scene.organization, {}, { limit: 10, before: gone.id }))).toEqual([
      first,
    ]);
  });
}

function filterLaws(law: Law): void {
  law("the list can be narrowed to a webhook", async (scene) => {
    const [one, two] = exactly(2, await scene.webhooks(2));
    const [first] = exactly(1, await scene.waiting(one));
    const [second] = exactly(1, await scene.waiting(two));
    expect(idsOf(await list(scene, { webhook: one.id }))).toEqual([first]);
    await scene.store.webhooks.delete(scene.organization, two.id, scene.now);
    expect(idsOf(await list(scene, { webhook: two.id }))).toEqual([second]);
  });

  law("the list can be narrowed to actions, by the names that were sent", async (scene) => {
    const webhook = await scene.webhook();
    const ids: DeliveryId[] = [];
    for (const action of ["TASKS_CREATED", "TASK_CREATED", "PROJECT_CREATED"]) {
      const delivery = scene.messages.delivery(webhook.id, { action });
      await scene.append([
        scene.messages.entry([], {
          drafts: [{ message: scene.messages.message(), deliveries: [delivery] }],
          basedOn: webhook.version,
        }),
      ]);
      ids.push(delivery.id);
    }
    const [tasks, task, project] = exactly(3, ids);
    expect(idsOf(await list(scene, { actions: ["TASKS_CREATED"] }))).toEqual([tasks]);
    expect(idsOf(await list(scene, { actions: ["PROJECT_CREATED", "TASK_CREATED", "NONE"] }))).toEqual([project, task]);
    expect(await list(scene, { actions: ["NONE"] })).toEqual([]);
  });

  law("the list can be narrowed to a project", async (scene) => {
    const webhook = await scene.webhook();
    const drafts = [projectId(1), projectId(2), null].map((project) => scene.messages.draft([webhook.id], { project }));
    await scene.append([scene.messages.entry([], { drafts, basedOn: webhook.version })]);
    const ids = drafts.map((draft) => draft.deliveries[0]?.id);
    expect(idsOf(await list(scene, { project: projectId(1) }))).toEqual(ids.slice(0, 1));
    expect(idsOf(await list(scene, { project: projectId(2) }))).toEqual(ids.slice(1, 2));
    expect(await list(scene, { project: projectId(3) })).toEqual([]);
  });

  law("the list can be narrowed to a status", async (scene) => {
    const webhook = await scene.webhook({ maxConcurrency: 4 });
    const doomed = await scene.webhook({ isActive: false });
    const [delivered, failed, retried, underWay, waiting] = await scene.waiting(webhook, 5);
    const [cancelled] = exactly(1, await scene.waiting(doomed));
    const leases = exactly(4, await scene.leases());
    await scene.deliver(leases[0]);
    await scene.fail(leases[1]);
    await scene.retryAfter(leases[2], 1_000);
    await scene.store.webhooks.delete(scene.organization, doomed.id, scene.now);
    expect(idsOf(await list(scene, { status: "delivered" }))).toEqual([delivered]);
    expect(idsOf(await list(scene, { status: "failed" }))).toEqual([failed]);
    expect(idsOf(await list(scene, { status: "cancelled" }))).toEqual([cancelled]);
    expect(idsOf(await list(scene, { status: "pending" }))).toEqual([waiting, underWay, retried]);
  });

  law("a held delivery is pending", async (scene) => {
    const webhook = await scene.webhook();
    const ids = await scene.waiting(webhook);
    await scene.update(webhook, { isActive: false });
    expect(idsOf(await list(scene, { status: "pending" }))).toEqual(ids);
  });

  law("the list can be narrowed to a time: from since on, before until", async (scene) => {
    const webhook = await scene.webhook();
    const start = scene.now;
    const ids: DeliveryId[] = [];
    for (let turn = 0; turn < 4; turn += 1) {
      ids.push(...(await scene.waiting(webhook)));
      scene.clock.advance(10);
    }
    expect(idsOf(await list(scene, { since: start + 10 }))).toEqual(ids.slice(1).reverse());
    expect(idsOf(await list(scene, { since: start + 11 }))).toEqual(ids.slice(2).reverse());
    expect(idsOf(await list(scene, { until: start + 20 }))).toEqual(ids.slice(0, 2).reverse());
    expect(idsOf(await list(scene, { since: start + 10, until: start + 30 }))).toEqual(ids.slice(1, 3).reverse());
  });

  law("all conditions of a filter must hold", async (scene) => {
    const [one, two] = exactly(2, await scene.webhooks(2));
    const basedOn = await scene.changeNumber();
    const start = scene.now;
    const drafts = [projectId(1), projectId(2)].map((project) =>
      scene.messages.draft([one.id, two.id], { project, action: "A" }),
    );
    await scene.append([scene.messages.entry([], { drafts, basedOn })]);
    const filter: DeliveryFilter = {
      webhook: one.id,
      actions: ["A"],
      project: projectId(2),
      status: "pending",
      since: start,
      until: start + 1,
    };
    expect(idsOf(await list(scene, filter))).toEqual([drafts[1]?.deliveries[0]?.id]);
    const misses: readonly DeliveryFilter[] = [
      { actions: ["B"] },
      { project: projectId(3) },
      { status: "failed" },
      { since: start + 1 },
      { until: start },
    ];
    for (const miss of misses) expect(await list(scene, { ...filter, ...miss })).toEqual([]);
  });
}

function testLaws(law: Law): void {
  law("a test delivery is told like any other, and counts for nothing", async (scene) => {
    const webhook = await scene.webhook();
    const detail = testDelivery(scene, webhook);
    await scene.store.attempts.recordTest(detail);
    expect(await scene.detail(detail.delivery.id)).toEqual(detail);
    expect(await list(scene)).toEqual([detail.delivery]);
    expect(await scene.store.messages.get(scene.organization, detail.message.id)).toEqual(detail.message);
    expect(await scene.claim()).toMatchObject({ leases: [], nextDue: undefined });
    expect(await scene.read(webhook)).toEqual(webhook);
  });

  law("a test delivery is not sent again", async (scene) => {
    const detail = testDelivery(scene, await scene.webhook());
    await scene.store.attempts.recordTest(detail);
    expect(await scene.store.queue.retry(scene.organization, detail.delivery.id, scene.now)).toBe("test");
    expect(await scene.detail(detail.delivery.id)).toEqual(detail);
    expect(await scene.claim()).toMatchObject({ leases: [], nextDue: undefined });
  });

  law("a test delivery to an inactive webhook is recorded", async (scene) => {
    const detail = testDelivery(scene, await scene.webhook({ isActive: false }));
    await scene.store.attempts.recordTest(detail);
    expect(await scene.detail(detail.delivery.id)).toEqual(detail);
  });
}

function purgeLaws(law: Law): void {
  law("a purge removes finished deliveries, their attempts and messages, and leaves younger ones", async (scene) => {
    const webhook = await scene.webhook();
    const old = await scene.waiting(webhook, 3);
    const messages = await messagesOf(scene, old);
    const [first, second, third] = exactly(3, await scene.leases());
    await scene.deliver(first);
    await scene.fail(second);
    await scene.deliver(third);
    await scene.store.attempts.recordTest(testDelivery(scene, webhook));
    scene.clock.advance(1);
    const cutoff = scene.now;
    const [young] = exactly(1, await scene.waiting(webhook));
    await scene.deliver(await scene.lease());

    await purge(scene, cutoff);
    expect(idsOf(await list(scene))).toEqual([young]);
    for (const id of old) expect(await scene.store.attempts.get(scene.organization, id)).toBeUndefined();
    for (const id of messages) expect(await scene.store.messages.get(scene.organization, id)).toBeUndefined();
    expect((await scene.detail(young)).attempts).toHaveLength(1);
  });

  law("a purge leaves what waits or is under way for an active webhook", async (scene) => {
    const webhook = await scene.webhook({ maxConcurrency: 2 });
    const ids = await scene.waiting(webhook, 4);
    const [underWay, retried] = exactly(2, await scene.leases());
    await scene.retryAfter(retried, 60_000);
    scene.clock.advance(10);
    await purge(scene, scene.now);
    expect(idsOf(await list(scene)).toReversed()).toEqual(ids);
    expect((await scene.detail(retried.id)).attempts).toHaveLength(1);
    expect(await scene.deliver(underWay)).toBe(true);
    const { leases, messages } = await scene.claim();
    expect(messages.size).toBe(leases.length);
    expect(leases).toHaveLength(2);
  });

  law("a purge removes what waits for a webhook that is not active, and leaves what is under way", async (scene) => {
    const webhook = await scene.webhook({ maxConcurrency: 1 });
    const [underWay, held] = exactly(2, await scene.waiting(webhook, 2));
    const lease = await scene.lease();
    const [message] = exactly(1, await messagesOf(scene, [held]));
    await scene.update(webhook, { isActive: false });
    scene.clock.advance(10);
    const [young] = exactly(1, await scene.waiting(webhook));
    await purge(scene, scene.now);
    expect(idsOf(await list(scene))).toEqual([young, underWay]);
    expect(await scene.store.messages.get(scene.organization, message)).toBeUndefined();
    expect(await scene.deliver(lease)).toBe(true);
    await scene.update(webhook, { isActive: true });
    expect(idsOf(await scene.leases())).toEqual([young]);
  });

  law("a purge keeps a message as long as one of its deliveries needs it", async (scene) => {
    const [done, waiting] = exactly(2, await scene.webhooks(2));
    const basedOn = await scene.changeNumber();
    const draft = scene.messages.draft([done.id, waiting.id]);
    await scene.append([scene.messages.entry([], { drafts: [draft], basedOn })]);
    const leases = await scene.leases();
    for (const lease of leases)
      await (lease.webhook === done.id ? scene.deliver(lease) : scene.retryAfter(lease, 1_000));
    scene.clock.advance(1_000);
    await purge(scene, scene.now);
    expect(await scene.store.messages.get(scene.organization, draft.message.id)).toEqual(draft.message);
    const { leases: again, messages } = await scene.claim();
    expect(again.map(({ webhook }) => webhook)).toEqual([waiting.id]);
    expect([...messages.keys()]).toEqual([draft.message.id]);
  });

  law("a purge removes messages that nobody wanted, and leaves younger ones", async (scene) => {
    const old = scene.messages.draft([]);
    await scene.append([scene.messages.entry([], { drafts: [old] })]);
    scene.clock.advance(1);
    const young = scene.messages.draft([]);
    await scene.append([scene.messages.entry([], { drafts: [young] })]);
    await purge(scene, scene.now);
    expect(await scene.store.messages.get(scene.organization, old.message.id)).toBeUndefined();
    expect(await scene.store.messages.get(scene.organization, young.message.id)).toEqual(young.message);
  });

  law("a purge leaves keys that have not ended, and their answers", async (scene) => {
    const idempotency = { key: "k", fingerprint: "f", answer: "first", expiresAt: scene.now + 86_400_000 };
    await scene.append([scene.messages.entry([], { idempotency })]);
    scene.clock.advance(3_600_000);
    await purge(scene, scene.now);
    expect(await scene.append([scene.messages.entry([], { idempotency })])).toEqual([
      { kind: "duplicate", answer: "first" },
    ]);
  });

  law("a purge of very many comes to its end in steps, with other calls between them", async (scene) => {
    const webhook = await scene.webhook({ maxConcurrency: 5_000 });
    await scene.waiting(webhook, 3_000);
    for (let claimed = await scene.leases(1_000); claimed.length > 0; claimed = await scene.leases(1_000)) {
      await scene.store.queue.settle(
        claimed.map((lease) => settlement(lease)),
        scene.now,
      );
    }
    scene.clock.advance(1);
    const cutoff = scene.now;
    const [young] = exactly(1, await scene.waiting(webhook));
    const purging = purge(scene, cutoff);
    expect(idsOf(await scene.leases())).toEqual([young]);
    await purging;
    expect(idsOf(await list(scene))).toEqual([young]);
  });

  law("a purge where nothing is over says that nothing is left", async (scene) => {
    expect(await scene.store.attempts.purge(scene.now, scene.now)).toBe(false);
  });
}

async function list(scene: StoreScene, filter: DeliveryFilter = {}): Promise<readonly DeliveryRecord[]> {
  return scene.store.attempts.list(scene.organization, filter, { limit: 100 });
}

/** Pages of ids until one is not full. */
async function pages(
  scene: StoreScene,
  filter: DeliveryFilter,
  limit: number,
): Promise<readonly (readonly DeliveryId[])[]> {
  const all: (readonly DeliveryId[])[] = [];
  for (let before: DeliveryId | undefined; ; ) {
    const page = idsOf(
      await scene.store.attempts.list(scene.organization, filter, before === undefined ? { limit } : { limit, before }),
    );
    if (page.length > 0) all.push(page);
    before = page.at(-1);
    if (page.length < limit) return all;
  }
}

async function messagesOf(scene: StoreScene, deliveries: readonly DeliveryId[]) {
  return Promise.all(deliveries.map(async (id) => (await scene.detail(id)).delivery.message));
}

/** More steps than any store needs for what these laws store. */
const mostSteps = 20_000;

async function purge(scene: StoreScene, before: number): Promise<void> {
  for (let step = 0; step < mostSteps; step += 1) {
    if (!(await scene.store.attempts.purge(before, scene.now))) return;
  }
  throw new Error(`A purge was not done after ${mostSteps} steps.`);
}

function testDelivery(scene: StoreScene, webhook: Webhook): DeliveryDetail {
  const message = scene.messages.message({ project: projectId(12) });
  const made = attempt({
    number: 1,
    startedAt: scene.now,
    status: 404,
    code: "http_status",
    error: "The receiver answered 404.",
  });
  const delivery: DeliveryRecord = {
    ...scene.messages.delivery(webhook.id),
    webhook: webhook.id,
    handler: null,
    organization: scene.organization,
    message: message.id,
    project: message.project,
    status: "failed",
    test: true,
    createdAt: message.createdAt,
    finishedAt: scene.now,
    nextAttemptAt: null,
    attempts: 1,
    lastStatus: made.status,
    lastCode: made.code,
  };
  return { delivery, message, attempts: [made] };
}
