import {
  type AddedDelivery,
  type DeliveryId,
  type Job,
  type JobId,
  type JobStep,
  type JobStepResult,
  type Message,
  type NewJob,
  type OrganizationId,
  type ReplayPage,
  type ReplayRequest,
  type Webhook,
} from "@hookwright/core";
import { IdSource } from "@hookwright/core/internal";
import { expect } from "vitest";
import { organizationId, projectId } from "../builders/ids.js";
import { attempt, settlement } from "../builders/settlement-builder.js";
import { exactly } from "./exactly.js";
import type { Law } from "./law.js";
import { idsOf, type StoreScene } from "./store-scene.js";

const stranger = organizationId(2);

/** Rows that a page may read: ten thousand, and what the last part of it went beyond. */
const mostRead = 10_500;

/** What the port of jobs promises. */
export function jobLaws(law: Law): void {
  recordLaws(law);
  findLaws(law);
  stepLaws(law);
  purgeLaws(law);
  crashLaws((title, run) => law(title, async (scene) => (scene.canReopen ? run(scene) : undefined)));
}

function recordLaws(law: Law): void {
  law("a job is told as it was made, until it moves", async (scene) => {
    const webhook = await scene.webhook();
    const made = jobOf(scene, webhook, { total: 7 });
    const job: Job = {
      ...made,
      state: "running",
      error: null,
      examined: 0,
      queued: 0,
      created: 0,
      skipped: 0,
      createdAt: scene.now,
      updatedAt: scene.now,
      finishedAt: null,
      cursor: "",
      version: 1,
    };
    expect(await scene.store.jobs.create(made, scene.now, 1)).toEqual(job);
    expect(await scene.store.jobs.get(scene.organization, made.id)).toEqual(job);
    expect(await scene.store.jobs.due(10)).toEqual([job]);
  });

  law("jobs are listed newest first, a page at a time", async (scene) => {
    const webhook = await scene.webhook();
    const ids: JobId[] = [];
    for (let count = 0; count < 5; count += 1) ids.unshift((await start(scene, webhook)).id);
    const list = (limit: number, before?: JobId) =>
      scene.store.jobs.list(scene.organization, before === undefined ? { limit } : { limit, before });
    expect((await list(2)).map(({ id }) => id)).toEqual(ids.slice(0, 2));
    expect((await list(10, ids[1])).map(({ id }) => id)).toEqual(ids.slice(2));
  });

  law("a cancelled job takes no further step, and cancelling again changes nothing", async (scene) => {
    const webhook = await scene.webhook();
    const [id] = exactly(1, await failed(scene, webhook));
    const job = await start(scene, webhook);
    scene.clock.advance(1_000);
    const cancelled = await scene.store.jobs.cancel(scene.organization, job.id, scene.now);
    expect(cancelled).toMatchObject({ state: "cancelled", finishedAt: scene.now, updatedAt: scene.now, error: null });
    expect(await advance(scene, job, { requeue: [id] })).toEqual({ kind: "lost" });
    expect(await scene.status(id)).toBe("failed");
    scene.clock.advance(1_000);
    expect(await scene.store.jobs.cancel(scene.organization, job.id, scene.now)).toEqual(cancelled);
    expect(await scene.store.jobs.due(10)).toEqual([]);
  });

  law("a job that fails keeps its reason; one that has moved on does not fail for an old step", async (scene) => {
    const webhook = await scene.webhook();
    const job = await start(scene, webhook);
    await advance(scene, job, { next: "on" });
    await scene.store.jobs.fail(job, "too late", scene.now);
    const moved = await read(scene, job);
    expect(moved).toMatchObject({ state: "running", error: null });
    await scene.store.jobs.fail(moved, "a transform failed", scene.now);
    expect(await read(scene, job)).toMatchObject({
      state: "failed",
      error: "a transform failed",
      finishedAt: scene.now,
    });
  });

  law("each organization's longest waiting job is due, and no more than asked for", async (scene) => {
    const mine = await scene.webhook();
    const theirs = await scene.webhook({ organization: stranger });
    const first = await start(scene, mine);
    scene.clock.advance(1);
    const second = await start(scene, mine);
    const third = await start(scene, theirs);
    expect((await scene.store.jobs.due(10)).map(({ id }) => id)).toEqual([first.id, third.id]);
    scene.clock.advance(1);
    await advance(scene, first, { next: "on" });
    expect((await scene.store.jobs.due(10)).map(({ id }) => id).sort()).toEqual([second.id, third.id].sort());
    expect(await scene.store.jobs.due(1)).toHaveLength(1);
  });

  law("due jobs are told by rising organization, from behind one on", async (scene) => {
    const organizations = [1, 2, 3, 4].map(organizationId);
    const jobs: Job[] = [];
    for (const organization of organizations) jobs.push(await start(scene, await scene.webhook({ organization })));
    const idle = organizationId(5);
    const due = async (limit: number, after?: OrganizationId) =>
      (await scene.store.jobs.due(limit, after)).map(({ organization }) => organization);
    expect(await due(2)).toEqual([1, 2]);
    expect(await due(2, organizationId(2))).toEqual([3, 4]);
    expect(await due(2, organizationId(3))).toEqual([4]);
    expect(await due(2, idle)).toEqual([]);
    const [first, second] = exactly(4, jobs);
    await advance(scene, second, { next: null });
    expect(await due(2)).toEqual([1, 3]);
    await scene.store.jobs.cancel(first.organization, first.id, scene.now);
    expect(await due(2)).toEqual([3, 4]);
  });

  law("no more than so many jobs of an organization run at once", async (scene) => {
    const [webhook, theirs] = [await scene.webhook(), await scene.webhook({ organization: stranger })];
    const create = (of: Webhook) => scene.store.jobs.create(jobOf(scene, of), scene.now, 2);
    const made = await Promise.all([create(webhook), create(webhook), create(webhook)]);
    expect(made.filter((job) => job === undefined)).toHaveLength(1);
    expect(await scene.store.jobs.list(scene.organization, { limit: 10 })).toHaveLength(2);
    expect(await create(theirs)).toBeDefined();
    expect(await create(webhook)).toBeUndefined();
    const [running] = made.filter((job) => job !== undefined);
    await scene.store.jobs.cancel(scene.organization, running?.id as JobId, scene.now);
    expect(await create(webhook)).toBeDefined();
  });

  law("no organization sees, cancels or feeds on another's jobs", async (scene) => {
    const webhook = await scene.webhook();
    const [id] = exactly(1, await failed(scene, webhook));
    const job = await start(scene, webhook);
    expect(await scene.store.jobs.get(stranger, job.id)).toBeUndefined();
    expect(await scene.store.jobs.list(stranger, { limit: 10 })).toEqual([]);
    expect(await scene.store.jobs.cancel(stranger, job.id, scene.now)).toBeUndefined();
    expect(await read(scene, job)).toEqual(job);
    // A job that names another's webhook finds nothing of it and changes nothing.
    const forged = await start(scene, { ...webhook, organization: stranger }, { missing: true });
    const page = await scene.store.jobs.find(forged, "", 100);
    expect([page.deliveries, page.messages]).toEqual([[], []]);
    await advance(scene, forged, { requeue: [id], next: "on" });
    expect(await scene.status(id)).toBe("failed");
  });
}

function findLaws(law: Law): void {
  law(
    "of a status are found the finished deliveries of the webhook in the time, by rising id, a page at a time",
    async (scene) => {
      const [webhook, other] = exactly(2, await scene.webhooks(2));
      await failed(scene, webhook);
      scene.clock.advance(1_000);
      const since = scene.now;
      const wanted = await failed(scene, webhook, 5);
      await failed(scene, other, 2);
      await delivered(scene, webhook, 2);
      await scene.waiting(webhook);
      scene.clock.advance(1_000);
      const until = scene.now;
      await failed(scene, webhook);
      const request = { since, until };
      expect(await all(scene, webhook, request)).toEqual({ deliveries: wanted, messages: [] });
      expect(await all(scene, webhook, request, 2)).toEqual({ deliveries: wanted, messages: [] });
      expect((await all(scene, webhook, { ...request, status: "cancelled" })).deliveries).toEqual([]);
      expect((await all(scene, webhook, { ...request, status: null })).deliveries).toEqual([]);
    },
  );

  law(
    "of the delivered ones are found those of the webhook in the time, listed long ago or just now",
    async (scene) => {
      const [webhook, other] = exactly(2, await scene.webhooks(2, { maxConcurrency: 10_000 }));
      const wanted: DeliveryId[] = [];
      await delivered(scene, webhook, 1);
      scene.clock.advance(1_000);
      const since = scene.now;
      for (let turn = 0; turn < 4; turn += 1) {
        wanted.push(...(await delivered(scene, webhook, 900)));
        await delivered(scene, other, 900);
        scene.clock.advance(1_000);
      }
      const until = scene.now;
      await delivered(scene, webhook, 50);
      const found = await all(scene, webhook, { since, until, status: "delivered" }, 700);
      expect(found.deliveries).toEqual(wanted);
    },
  );

  law(
    "missing are the messages in the time of which the webhook has no delivery, in order of acceptance",
    async (scene) => {
      const [webhook, other] = exactly(2, await scene.webhooks(2));
      await unsent(scene, [], 1);
      scene.clock.advance(1_000);
      const since = scene.now;
      const [nobodys] = exactly(1, await unsent(scene, [], 1));
      await unsent(scene, [webhook], 1);
      const [others] = exactly(1, await unsent(scene, [other], 1));
      await unsent(scene, [other, webhook], 1);
      await unsent(scene, [], 1, stranger);
      const rest = await unsent(scene, [], 3);
      scene.clock.advance(1_000);
      const until = scene.now;
      await unsent(scene, [], 1);
      const request = { since, until, status: null, missing: true } as const;
      const expected = [nobodys, others, ...rest];
      for (const limit of [100, 2]) {
        const { messages, deliveries } = await all(scene, webhook, request, limit);
        expect(messages).toEqual(
          expected.map(({ id, project, action, createdAt }) => ({ id, project, action, createdAt })),
        );
        expect(deliveries).toEqual([]);
      }
      expect((await all(scene, webhook, { ...request, missing: false })).messages).toEqual([]);
    },
  );

  law("missing messages are found among very many of others and of other times", async (scene) => {
    const webhook = await scene.webhook();
    await unsent(scene, [], 1_500);
    scene.clock.advance(1_000);
    const since = scene.now;
    const first = await unsent(scene, [], 1);
    await unsent(scene, [], 2_000, stranger);
    const second = await unsent(scene, [], 700);
    scene.clock.advance(1_000);
    const until = scene.now;
    await unsent(scene, [], 2_500);
    const { messages } = await all(scene, webhook, { since, until, status: null, missing: true }, 250);
    expect(messages.map(({ id }) => id)).toEqual([...first, ...second].map(({ id }) => id));
  });

  law("a page reads a bounded number of rows, however many it may have", async (scene) => {
    const webhook = await scene.webhook();
    const messages = await unsent(scene, [], 11_500);
    const pages = await pagesOf(scene, webhook, { status: null, missing: true }, 20_000);
    for (const { read } of pages) expect(read).toBeLessThanOrEqual(mostRead);
    expect(pages.flatMap((page) => page.messages)).toHaveLength(messages.length);
    // What is of another time is passed over, or read: not without a bound either.
    const later = { since: scene.now + 1, status: null, missing: true } as const;
    const none = await pagesOf(scene, webhook, later, 100);
    for (const { read } of none) expect(read).toBeLessThanOrEqual(mostRead);
    expect(none.flatMap((page) => page.messages)).toEqual([]);
  });

  law("of many deliveries too a page reads a bounded number", async (scene) => {
    const [webhook, other] = exactly(2, await scene.webhooks(2, { maxConcurrency: 20_000 }));
    const first = await failed(scene, webhook, 1);
    await delivered(scene, other, 11_000);
    const last = await failed(scene, webhook, 1);
    const pages = await pagesOf(scene, webhook, { status: "failed" }, 20_000);
    for (const { read } of pages) expect(read).toBeLessThanOrEqual(mostRead);
    expect(pages.flatMap(({ deliveries }) => deliveries)).toEqual([...first, ...last]);
  });

  law("tests and their messages are not found", async (scene) => {
    const [webhook, other] = exactly(2, await scene.webhooks(2));
    await test(scene, webhook);
    await test(scene, other);
    const found = await all(scene, webhook, { missing: true });
    expect(found).toEqual({ deliveries: [], messages: [] });
  });

  law("first the deliveries are found, then the messages", async (scene) => {
    const webhook = await scene.webhook();
    await unsent(scene, [], 2);
    await failed(scene, webhook, 3);
    const pages = await pagesOf(scene, webhook, { missing: true }, 2);
    const kinds = pages.flatMap(({ deliveries, messages }) => [
      ...deliveries.map(() => "delivery"),
      ...messages.map(() => "message"),
    ]);
    expect(kinds).toEqual(["delivery", "delivery", "delivery", "message", "message"]);
  });
}

function stepLaws(law: Law): void {
  law(
    "a step sends finished deliveries again, under their id and with failures 0, and moves the job",
    async (scene) => {
      const webhook = await scene.webhook();
      const ids = await failed(scene, webhook, 2);
      const job = await start(scene, webhook);
      scene.clock.advance(5_000);
      const result = await advance(scene, job, { requeue: ids, examined: 3, skipped: 1, next: "on" });
      expect(result).toMatchObject({
        kind: "moved",
        job: {
          state: "running",
          examined: 3,
          queued: 2,
          created: 0,
          skipped: 1,
          cursor: "on",
          updatedAt: scene.now,
          finishedAt: null,
        },
      });
      expect(await read(scene, job)).toEqual(result.kind === "moved" ? result.job : undefined);
      const leases = await scene.leases();
      expect(leases.map(({ id, failures, attempt: number }) => ({ id, failures, number }))).toEqual(
        ids.map((id) => ({ id, failures: 0, number: 2 })),
      );
      for (const lease of leases) await scene.deliver(lease);
      expect((await scene.detail(ids[0] as DeliveryId)).attempts).toHaveLength(2);
    },
  );

  law("a step that is repeated does nothing twice", async (scene) => {
    const webhook = await scene.webhook();
    const ids = await failed(scene, webhook, 1);
    const [message] = exactly(1, await unsent(scene, [], 1));
    const job = await start(scene, webhook);
    // It goes on: whether it has ended is no answer.
    const step = { requeue: ids, add: [added(scene, webhook, message)], next: "on" };
    const results = await Promise.all([advance(scene, job, step), advance(scene, job, step)]);
    expect(results.map(({ kind }) => kind)).toEqual(["moved", "lost"]);
    expect(await advance(scene, job, step)).toEqual({ kind: "lost" });
    const leases = await scene.leases();
    expect(leases).toHaveLength(2);
    for (const lease of leases) await scene.fail(lease);
    expect(await advance(scene, job, step)).toEqual({ kind: "lost" });
    expect(await scene.leases()).toEqual([]);
  });

  law("the last step ends the job, with what it has come to as its total", async (scene) => {
    const webhook = await scene.webhook();
    const ids = await failed(scene, webhook, 2);
    const job = await start(scene, webhook, {}, { total: 5 });
    const result = await advance(scene, job, { requeue: ids, examined: 2, next: null });
    expect(result).toMatchObject({ kind: "moved", job: { state: "done", total: 2, finishedAt: scene.now } });
    expect(await scene.store.jobs.due(10)).toEqual([]);
  });

  law("what changed since the page was read is left alone", async (scene) => {
    const [webhook, other] = exactly(2, await scene.webhooks(2));
    const [again, fine] = exactly(2, await failed(scene, webhook, 2));
    const [theirs] = exactly(1, await failed(scene, other));
    await scene.store.queue.retry(scene.organization, again, scene.now);
    const lease = await scene.lease();
    const [sent] = exactly(1, await unsent(scene, [webhook], 1));
    const gone = scene.messages.message();
    const job = await start(scene, webhook);
    const result = await advance(scene, job, {
      requeue: [again, fine, theirs, "dlv_00000000000000000000000000" as DeliveryId],
      add: [added(scene, webhook, sent), added(scene, webhook, gone)],
      next: null,
    });
    expect(result).toMatchObject({ kind: "moved", job: { queued: 1, created: 0 } });
    expect(await scene.deliver(lease)).toBe(true);
    expect(await scene.status(again)).toBe("delivered");
    expect(await scene.status(theirs)).toBe("failed");
  });

  law("two replays of one webhook add a missing delivery once", async (scene) => {
    const webhook = await scene.webhook();
    const [message] = exactly(1, await unsent(scene, [], 1));
    const [first, second] = [await start(scene, webhook), await start(scene, webhook)];
    await advance(scene, first, { add: [added(scene, webhook, message)], next: null });
    const result = await advance(scene, second, { add: [added(scene, webhook, message)], next: null });
    expect(result).toMatchObject({ kind: "moved", job: { created: 0 } });
    expect((await all(scene, webhook, { status: null, missing: true })).messages).toEqual([]);
    expect(await scene.leases()).toHaveLength(1);
  });

  law(
    "an added delivery is like any other: it is claimed with its message and its variant, listed, settled",
    async (scene) => {
      const webhook = await scene.webhook({ project: projectId(7) });
      const variants = new Map([["kept", bytes("{}")]]);
      const [message] = exactly(1, await unsent(scene, [], 1, scene.organization, { variants, project: projectId(7) }));
      scene.clock.advance(60_000);
      const job = await start(scene, webhook);
      const made = new Map([
        ["kept", bytes('{"other":1}')],
        ["short", bytes('{"a":1}')],
      ]);
      const one = added(scene, webhook, message, { form: "variant:short", variants: made });
      await advance(scene, job, { add: [one], next: null });
      const { leases, messages } = await scene.claim();
      expect(leases).toMatchObject([{ id: one.delivery.id, form: "variant:short", attempt: 1, failures: 0 }]);
      const carried = messages.get(message.id);
      // What was made first stays: another delivery's retry sends the same bytes.
      expect(
        new Map([...(carried?.variants ?? [])].map(([name, body]) => [name, Buffer.from(body).toString()])),
      ).toEqual(
        new Map([
          ["kept", "{}"],
          ["short", '{"a":1}'],
        ]),
      );
      for (const lease of leases) expect(await scene.deliver(lease)).toBe(true);
      const [record] = await scene.store.attempts.list(scene.organization, { webhook: webhook.id }, { limit: 10 });
      expect(record).toMatchObject({ id: one.delivery.id, status: "delivered", project: 7, message: message.id });
      expect(record?.createdAt).toBe(scene.now);
    },
  );

  law(
    "what is replayed to an ordered webhook leaves in the order of ids, and before what comes later",
    async (scene) => {
      const webhook = await scene.webhook({ ordered: true });
      const ids: DeliveryId[] = [];
      for (let count = 0; count < 3; count += 1) ids.push(...(await failed(scene, webhook)));
      const [message] = exactly(1, await unsent(scene, [], 1));
      const job = await start(scene, webhook);
      const one = added(scene, webhook, message);
      await advance(scene, job, { requeue: ids, add: [one], next: null });
      const [later] = exactly(1, await scene.waiting(webhook));
      const order: DeliveryId[] = [];
      for (let count = 0; count < 5; count += 1) {
        const lease = await scene.lease();
        order.push(lease.id);
        await scene.deliver(lease);
      }
      expect(order).toEqual([...ids, one.delivery.id, later]);
    },
  );

  law("what is replayed to a webhook that is not active is held", async (scene) => {
    const webhook = await scene.webhook();
    const ids = await failed(scene, webhook, 1);
    const inactive = await scene.update(webhook, { isActive: false });
    const [message] = exactly(1, await unsent(scene, [], 1));
    const job = await start(scene, inactive);
    const one = added(scene, webhook, message);
    const result = await advance(scene, job, { basedOn: inactive.version, requeue: ids, add: [one], next: null });
    expect(result).toMatchObject({ kind: "moved", job: { state: "done", queued: 1, created: 1 } });
    expect(await scene.leases()).toEqual([]);
    await scene.update(webhook, { isActive: true });
    expect(new Set(idsOf(await scene.leases()))).toEqual(new Set([...ids, one.delivery.id]));
  });

  law("where the webhook is gone, the job ends and nothing is sent", async (scene) => {
    const webhook = await scene.webhook();
    const ids = await failed(scene, webhook, 1);
    const job = await start(scene, webhook);
    await scene.store.webhooks.delete(scene.organization, webhook.id, scene.now);
    const result = await advance(scene, job, { requeue: ids, next: "on" });
    expect(result).toMatchObject({
      kind: "moved",
      job: { state: "cancelled", error: expect.stringContaining("deleted"), queued: 0, finishedAt: scene.now },
    });
    expect(await scene.leases()).toEqual([]);
    expect(await scene.status(ids[0] as DeliveryId)).toBe("failed");
  });

  law("what was matched with a webhook that changed since is not added", async (scene) => {
    const webhook = await scene.webhook();
    const [message] = exactly(1, await unsent(scene, [], 1));
    const job = await start(scene, webhook);
    await scene.update(webhook, { actions: ["OTHER"], sendForAllActions: false });
    const step = { add: [added(scene, webhook, message)], next: null };
    expect(await advance(scene, job, { ...step, basedOn: webhook.version })).toEqual({ kind: "stale" });
    expect(await read(scene, job)).toEqual(job);
    expect(await scene.leases()).toEqual([]);
  });

  law("a replay of one webhook takes no turn from another", async (scene) => {
    const webhook = await scene.webhook({ maxConcurrency: 100 });
    const other = await scene.webhook();
    const ids = await failed(scene, webhook, 50);
    const job = await start(scene, webhook);
    await advance(scene, job, { requeue: ids, next: null });
    const [live] = exactly(1, await scene.waiting(other));
    expect(idsOf(await scene.leases(2))).toContain(live);
  });
}

function purgeLaws(law: Law): void {
  law("a purge removes jobs that ended, and leaves those that run and younger ones", async (scene) => {
    const webhook = await scene.webhook();
    const [old, running] = [await start(scene, webhook), await start(scene, webhook)];
    await advance(scene, old, { next: null });
    scene.clock.advance(1);
    const cutoff = scene.now;
    const young = await start(scene, webhook);
    await advance(scene, young, { next: null });
    await purge(scene, cutoff);
    const left = await scene.store.jobs.list(scene.organization, { limit: 10 });
    expect(left.map(({ id }) => id)).toEqual([young.id, running.id]);
  });

  law("a purge keeps what was sent again for as long as anything else, from its last attempt on", async (scene) => {
    const webhook = await scene.webhook();
    const [again] = exactly(1, await failed(scene, webhook));
    const [message] = exactly(1, await unsent(scene, [], 1));
    scene.clock.advance(1_000);
    const cutoff = scene.now;
    const job = await start(scene, webhook);
    const one = added(scene, webhook, message);
    await advance(scene, job, { requeue: [again], add: [one], next: null });
    await purge(scene, cutoff);
    const { leases, messages } = await scene.claim();
    expect(new Set(idsOf(leases))).toEqual(new Set([again, one.delivery.id]));
    expect(messages.size).toBe(2);
    for (const lease of leases) await scene.deliver(lease);
    await purge(scene, cutoff);
    expect((await scene.detail(again)).attempts).toHaveLength(2);
    expect((await scene.detail(one.delivery.id)).message.id).toBe(message.id);
    scene.clock.advance(1);
    await purge(scene, scene.now);
    for (const id of [again, one.delivery.id])
      expect(await scene.store.attempts.get(scene.organization, id)).toBeUndefined();
    expect(await scene.store.messages.get(scene.organization, message.id)).toBeUndefined();
  });

  law("what a purge has taken from a message is not missing, whoever had it", async (scene) => {
    const [webhook, keeper] = exactly(2, await scene.webhooks(2));
    const messages = await unsent(scene, [keeper], 2);
    const [sent] = exactly(1, await unsent(scene, [keeper, webhook], 1));
    for (const lease of (await scene.leases()).filter((lease) => lease.webhook === webhook.id))
      await scene.deliver(lease);
    const job = await start(scene, webhook);
    const add = messages.map((message) => added(scene, webhook, message));
    await advance(scene, job, { add, next: null });
    for (const lease of await scene.leases()) await scene.deliver(lease);
    const late = await start(scene, webhook, { missing: true });
    scene.clock.advance(1);
    // The keeper's wait still, so that the messages stay.
    await purge(scene, scene.now);
    for (const { id } of [...messages, sent])
      expect(await scene.store.messages.get(scene.organization, id)).toBeDefined();
    expect((await all(scene, webhook, { status: null, missing: true })).messages).toEqual([]);
    // A page that was read before the purge adds nothing either.
    const again = [...messages, sent].map((message) => added(scene, webhook, message));
    expect(await advance(scene, late, { add: again, next: null })).toMatchObject({ job: { created: 0 } });
    scene.clock.advance(60_000);
    for (let leases = await scene.leases(); leases.length > 0; leases = await scene.leases())
      for (const lease of leases) await scene.deliver(lease);
    scene.clock.advance(1);
    await purge(scene, scene.now);
    for (const { id } of [...messages, sent])
      expect(await scene.store.messages.get(scene.organization, id)).toBeUndefined();
  });

  law("a replay whose deliveries and messages a purge removes goes on", async (scene) => {
    const webhook = await scene.webhook();
    await failed(scene, webhook, 3);
    await unsent(scene, [], 3);
    const job = await start(scene, webhook, { missing: true });
    const page = await scene.store.jobs.find(job, "", 2);
    const messages = await unsent(scene, [], 1);
    scene.clock.advance(1);
    await purge(scene, scene.now);
    const add = messages.map((message) => added(scene, webhook, message));
    const result = await advance(scene, job, { requeue: page.deliveries, add, next: page.next });
    expect(result).toMatchObject({ kind: "moved", job: { queued: 0, created: 0 } });
    expect(await all(scene, webhook, { missing: true }, 2)).toEqual({ deliveries: [], messages: [] });
  });
}

function crashLaws(law: Law): void {
  law("a job and its steps survive a crash, and an answered step is not taken again", async (scene) => {
    const webhook = await scene.webhook();
    const ids = await failed(scene, webhook, 2);
    const [message] = exactly(1, await unsent(scene, [], 1));
    const job = await start(scene, webhook, { missing: true });
    const page = await scene.store.jobs.find(job, "", 1);
    await advance(scene, job, { requeue: page.deliveries, examined: 1, next: page.next });
    await scene.crash();
    const [left] = exactly(1, await scene.store.jobs.due(10));
    expect(left).toMatchObject({ id: job.id, queued: 1, examined: 1, cursor: page.next, request: job.request });
    expect(await advance(scene, job, { requeue: ids, next: null })).toEqual({ kind: "lost" });
    const rest = await all(scene, webhook, { missing: true }, 100, left.cursor);
    expect(rest.deliveries).toEqual(ids.slice(1));
    const one = added(scene, webhook, message);
    await advance(scene, left, { requeue: rest.deliveries, add: [one], next: null });
    await scene.crash();
    expect(await read(scene, job)).toMatchObject({ state: "done", queued: 2, created: 1 });
    expect(new Set(idsOf(await scene.leases()))).toEqual(new Set([...ids, one.delivery.id]));
  });

  law("steps at the moment of a crash are taken whole or not at all", async (scene) => {
    const webhook = await scene.webhook({ maxConcurrency: 1_000 });
    const ids = await failed(scene, webhook, 40);
    const job = await start(scene, webhook);
    // What the crash cuts off may reject or never settle.
    void advance(scene, job, { requeue: ids, examined: 40, next: null }).catch(() => undefined);
    await scene.crash();
    const { queued, state } = await read(scene, job);
    expect([0, 40]).toContain(queued);
    expect(state).toBe(queued === 0 ? "running" : "done");
    expect(await scene.leases(100)).toHaveLength(queued);
  });
}

let ids: IdSource | undefined;

function jobOf(scene: StoreScene, webhook: Webhook, changes: Partial<NewJob> = {}): NewJob {
  ids ??= new IdSource({ now: () => scene.now, setTimer: () => ({ cancel: () => undefined }) });
  const request: ReplayRequest = { since: 0, until: Number.MAX_SAFE_INTEGER, status: "failed", missing: false };
  const { organization, id } = webhook;
  return { id: ids.jobId(), kind: "replay", organization, webhook: id, request, total: null, ...changes };
}

function start(
  scene: StoreScene,
  webhook: Webhook,
  request: Partial<ReplayRequest> = {},
  changes: Partial<NewJob> = {},
): Promise<Job> {
  const job = jobOf(scene, webhook, changes);
  return stored(scene, { ...job, request: { ...job.request, ...request } });
}

async function stored(scene: StoreScene, made: NewJob): Promise<Job> {
  const job = await scene.store.jobs.create(made, scene.now, 100);
  if (job === undefined) throw new Error("There are too many jobs.");
  return job;
}

async function read(scene: StoreScene, { organization, id }: Job): Promise<Job> {
  const job = await scene.store.jobs.get(organization, id);
  if (job === undefined) throw new Error(`Job ${id} is gone.`);
  return job;
}

/** One step of the job as it was given. */
async function advance(scene: StoreScene, job: Job, changes: Partial<JobStep>): Promise<JobStepResult> {
  const webhook = await scene.store.webhooks.get(job.organization, job.webhook);
  const basedOn = webhook?.version ?? 0;
  const step: JobStep = {
    job: job.id,
    version: job.version,
    basedOn,
    requeue: [],
    add: [],
    examined: 0,
    skipped: 0,
    next: null,
    ...changes,
  };
  return scene.store.jobs.advance(step, scene.now);
}

async function pagesOf(
  scene: StoreScene,
  { organization, id: webhook }: Webhook,
  request: Partial<ReplayRequest>,
  limit = 100,
  from = "",
): Promise<readonly ReplayPage[]> {
  const whole: ReplayRequest = {
    since: 0,
    until: Number.MAX_SAFE_INTEGER,
    status: "failed",
    missing: false,
    ...request,
  };
  const pages: ReplayPage[] = [];
  for (let cursor: string | null = from; cursor !== null; ) {
    const page = await scene.store.jobs.find({ organization, webhook, request: whole }, cursor, limit);
    expect(page.examined).toBeLessThanOrEqual(limit);
    expect(page.deliveries.length + page.messages.length).toBeLessThanOrEqual(page.examined);
    expect(page.read).toBeGreaterThanOrEqual(page.examined);
    pages.push(page);
    cursor = page.next;
  }
  return pages;
}

async function all(
  scene: StoreScene,
  webhook: Webhook,
  request: Partial<ReplayRequest>,
  limit = 100,
  from = "",
): Promise<Pick<ReplayPage, "deliveries" | "messages">> {
  const pages = await pagesOf(scene, webhook, request, limit, from);
  return {
    deliveries: pages.flatMap(({ deliveries }) => deliveries),
    messages: pages.flatMap(({ messages }) => messages),
  };
}

/** Deliveries of the webhook that have failed; their ids in order. */
async function failed(scene: StoreScene, webhook: Webhook, count = 1): Promise<readonly DeliveryId[]> {
  return finished(scene, webhook, count, (lease) => ({
    ...settlement(lease),
    verdict: { kind: "failed", failures: 1 } as const,
    attempt: attempt({ number: lease.attempt, status: 500, code: "http_status", error: "The receiver answered 500." }),
  }));
}

async function delivered(scene: StoreScene, webhook: Webhook, count = 1): Promise<readonly DeliveryId[]> {
  return finished(scene, webhook, count, (lease) => settlement(lease));
}

async function finished(
  scene: StoreScene,
  webhook: Webhook,
  count: number,
  end: (lease: Parameters<typeof settlement>[0]) => ReturnType<typeof settlement>,
): Promise<readonly DeliveryId[]> {
  const made = new Set(await scene.waiting(webhook, count));
  let left = made.size;
  while (left > 0) {
    const leases = (await scene.leases(1_000)).filter(({ id }) => made.has(id));
    if (leases.length === 0) throw new Error("What was just stored cannot be claimed.");
    await scene.store.queue.settle(leases.map(end), scene.now);
    left -= leases.length;
  }
  return [...made];
}

/** Messages with a delivery to each of these webhooks, which waits. */
async function unsent(
  scene: StoreScene,
  webhooks: readonly Webhook[],
  count: number,
  organization = scene.organization,
  changes: Partial<Message> = {},
): Promise<readonly Message[]> {
  const basedOn = await scene.changeNumber(organization);
  const targets = webhooks.map(({ id }) => id);
  const drafts = Array.from({ length: count }, () => scene.messages.draft(targets, { organization, ...changes }));
  await scene.append(drafts.map((draft) => scene.messages.entry([], { organization, drafts: [draft], basedOn })));
  return drafts.map(({ message }) => message);
}

function added(
  scene: StoreScene,
  webhook: Webhook,
  message: Pick<Message, "id" | "action">,
  { variants = new Map(), ...changes }: Partial<AddedDelivery["delivery"] & Pick<AddedDelivery, "variants">> = {},
): AddedDelivery {
  const delivery = {
    ...scene.messages.delivery(webhook.id, { action: message.action }),
    webhook: webhook.id,
    ...changes,
  };
  return { message: message.id, delivery, variants };
}

async function test(scene: StoreScene, webhook: Webhook): Promise<void> {
  const message = scene.messages.message();
  const made = attempt({ number: 1, startedAt: scene.now, status: 500, code: "http_status", error: "500" });
  await scene.store.attempts.recordTest({
    message,
    attempts: [made],
    delivery: {
      ...scene.messages.delivery(webhook.id),
      webhook: webhook.id,
      handler: null,
      organization: scene.organization,
      message: message.id,
      project: null,
      status: "failed",
      test: true,
      createdAt: message.createdAt,
      finishedAt: scene.now,
      nextAttemptAt: null,
      attempts: 1,
      lastStatus: 500,
      lastCode: "http_status",
    },
  });
}

async function purge(scene: StoreScene, before: number): Promise<void> {
  for (let step = 0; step < 1_000; step += 1) {
    if (!(await scene.store.attempts.purge(before, scene.now))) return;
  }
  throw new Error("A purge came to no end.");
}

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
