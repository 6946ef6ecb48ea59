import type { Lease, ReceiverEffect, Webhook } from "@hookwright/core";
import { expect } from "vitest";
import { settlement } from "../builders/settlement-builder.js";
import { exactly } from "./exactly.js";
import type { Law } from "./law.js";
import { countByWebhook, failedAttempt, idsOf, type StoreScene } from "./store-scene.js";

/** What a store promises of receivers that ask for silence, and of those that seem to be down. */
export function strainedReceiverLaws(law: Law): void {
  pauseLaws(law);
  strainLaws(law);
  durablePauseLaws((title, run) =>
    law(title, async (scene) => {
      if (scene.store.capabilities.durable) await run(scene);
    }),
  );
}

const narrowing: ReceiverEffect = { kind: "failed", disableAfter: 0, strain: "narrow" };
const resting: ReceiverEffect = { kind: "failed", disableAfter: 0, strain: "rest" };
const minute = 60_000;
/** So long nothing must have come through before a receiver rests. */
const halfMinute = 30_000;

function pauseLaws(law: Law): void {
  law("a shorter pause does not end a longer one", async (scene) => {
    const webhook = await paused(scene, minute);
    await pauseFor(scene, webhook, 1_000);
    scene.clock.advance(minute - 1);
    expect(await scene.leases()).toEqual([]);
    scene.clock.advance(1);
    expect(await scene.leases()).not.toEqual([]);
  });

  law("a new URL or the user's reactivation ends a pause; nothing else does", async (scene) => {
    const webhook = await paused(scene, minute);
    await scene.update(webhook, { headers: { authorization: "Bearer 2" }, maxConcurrency: 4, isActive: true });
    expect(await scene.leases()).toEqual([]);
    await scene.update(webhook, { url: "https://elsewhere.example/" });
    const leases = await scene.leases();
    expect(leases).toHaveLength(4);
    for (const lease of leases) await scene.retryAfter(lease, 0, pausing(scene, minute));
    expect(await scene.leases()).toEqual([]);
    await scene.update(webhook, { isActive: false });
    await scene.update(webhook, { isActive: true });
    expect(await scene.leases()).toHaveLength(4);
  });

  law("a pause is no change of the webhook", async (scene) => {
    const webhook = await scene.webhook();
    await pauseFor(scene, webhook, minute);
    expect(await scene.read(webhook)).toEqual({ ...webhook, consecutiveFailures: 0 });
  });

  law("a pause after the last attempt holds what waits", async (scene) => {
    const webhook = await scene.webhook({ maxConcurrency: 1 });
    const [, second] = await scene.waiting(webhook, 2);
    await scene.fail(await scene.lease(), pausing(scene, minute));
    expect(await scene.claim()).toMatchObject({ leases: [], nextDue: scene.now + minute });
    scene.clock.advance(minute);
    expect(idsOf(await scene.leases())).toEqual([second]);
  });
}

function strainLaws(law: Law): void {
  law("failures in a row of a receiver that seems to be down leave it one delivery at a time", async (scene) => {
    const webhook = await scene.webhook({ maxConcurrency: 16 });
    await scene.waiting(webhook, 100);
    const rooms: number[] = [];
    for (let failed = 0; failed < 9; failed += 1) {
      await failOne(scene, narrowing);
      rooms.push(await roomOf(scene));
    }
    expect(rooms).toEqual([16, 16, 16, 16, 8, 4, 2, 1, 1]);
    for (let success = 0; success < 5; success += 1) {
      const [lease] = exactly(1, await scene.leases(1));
      await scene.deliver(lease);
      rooms.push(await roomOf(scene));
    }
    expect(rooms.slice(9)).toEqual([2, 4, 8, 16, 16]);
  });

  law("an answer of a receiver that is there, though a failure, leaves it its room", async (scene) => {
    const webhook = await scene.webhook({ maxConcurrency: 8 });
    await scene.waiting(webhook, 50);
    for (let failed = 0; failed < 20; failed += 1) await failOne(scene, { kind: "failed", disableAfter: 0 });
    expect(await roomOf(scene)).toBe(8);
  });

  law("a success in the same call counts after the failures before it", async (scene) => {
    const webhook = await scene.webhook({ maxConcurrency: 8 });
    await scene.waiting(webhook, 50);
    const leases = await scene.leases(5);
    const ends = leases.map((lease, index) => (index < 4 ? failure(lease, narrowing) : settlement(lease)));
    await scene.store.queue.settle(ends, scene.now);
    await failOne(scene, narrowing);
    expect(await roomOf(scene)).toBe(8);
  });

  law("a receiver whose deliveries are repeated rests, with one attempt in between; no other does", async (scene) => {
    const webhook = await scene.webhook({ maxConcurrency: 1 });
    const other = await scene.webhook();
    await scene.waiting(webhook, 20);
    await failUntilRest(scene);
    expect(await scene.claim()).toMatchObject({ leases: [], nextDue: scene.now + 1_000 });
    const entry = scene.messages.entry([webhook.id, other.id], { basedOn: await scene.changeNumber() });
    const [stored] = await scene.append([entry], 10);
    expect(stored).toMatchObject({ kind: "stored", leases: [{ webhook: other.id }], waiting: true });
    scene.clock.advance(1_000);
    await failOne(scene, resting);
    scene.clock.advance(1_999);
    expect(await scene.leases()).toEqual([]);
    scene.clock.advance(1);
    const [probe] = exactly(1, await scene.leases());
    await scene.deliver(probe);
    expect(countByWebhook(await scene.leases())).toEqual(new Map([[webhook.id, 1]]));
  });

  law("within half a minute no receiver rests, however often it fails", async (scene) => {
    const webhook = await scene.webhook({ maxConcurrency: 1 });
    await scene.waiting(webhook, 30);
    for (let failed = 0; failed < 29; failed += 1) {
      await failOne(scene, resting);
      scene.clock.advance(1_000);
    }
    expect(await scene.leases()).toHaveLength(1);
  });

  law("a receiver whose deliveries are not repeated is never put off", async (scene) => {
    const webhook = await scene.webhook({ maxConcurrency: 1 });
    await scene.waiting(webhook, 50);
    for (let failed = 0; failed < 50; failed += 1) {
      await failOne(scene, narrowing);
      scene.clock.advance(5_000);
    }
    expect(await scene.leases()).toEqual([]);
    const statuses = await scene.store.attempts.list(scene.organization, { status: "failed" }, { limit: 100 });
    expect(statuses).toHaveLength(50);
  });

  law("a delivery that is to be sent again now is sent now, though its receiver rests", async (scene) => {
    const webhook = await scene.webhook({ maxConcurrency: 1 });
    const [first] = await scene.waiting(webhook, 7);
    if (first === undefined) throw new Error("A delivery was expected.");
    await failUntilRest(scene);
    expect(await scene.leases()).toEqual([]);
    await scene.store.queue.retry(scene.organization, first, scene.now);
    expect(await scene.leases()).toHaveLength(1);
  });

  law("a new URL or the user's reactivation trusts the receiver anew", async (scene) => {
    const webhook = await scene.webhook({ maxConcurrency: 4 });
    await scene.waiting(webhook, 60);
    for (const change of [{ url: "https://b.example/" }, { isActive: false }]) {
      for (let failed = 0; failed < 7; failed += 1) await failOne(scene, resting);
      expect(await roomOf(scene)).toBe(1);
      scene.clock.advance(halfMinute);
      await failOne(scene, resting);
      expect(await roomOf(scene)).toBe(0);
      await scene.update(webhook, change);
      if ("isActive" in change) await scene.update(webhook, { isActive: true });
      expect(await roomOf(scene)).toBe(4);
    }
  });
}

function durablePauseLaws(law: Law): void {
  law("a pause survives a crash", async (scene) => {
    const webhook = await paused(scene, minute);
    await scene.crash();
    expect(await scene.claim()).toMatchObject({ leases: [], nextDue: scene.now + minute });
    const entry = scene.messages.entry([webhook.id], { basedOn: await scene.changeNumber() });
    expect(await scene.append([entry], 10)).toEqual([{ kind: "stored", leases: [], waiting: true }]);
    scene.clock.advance(minute - 1);
    await scene.crash();
    expect(await scene.leases()).toEqual([]);
    scene.clock.advance(1);
    expect(await scene.leases()).not.toEqual([]);
  });

  law("a restart brings no webhook more than its rate", async (scene) => {
    const webhook = await scene.webhook({ rateLimit: 3 });
    const slow = await scene.webhook({ rateLimit: 0.01 });
    await scene.waiting(webhook, 10);
    await scene.waiting(slow, 2);
    expect(await scene.leases()).toHaveLength(4);
    await scene.crash();
    const fresh = await scene.webhook({ rateLimit: 1 });
    await scene.waiting(fresh, 2);
    const { leases, nextDue } = await scene.claim();
    expect([...countByWebhook(leases)]).toEqual([[fresh.id, 1]]);
    expect(nextDue).toBe(scene.now + 1_000);
    scene.clock.advance(1_000);
    expect(countByWebhook(await scene.leases()).get(webhook.id)).toBe(3);
    scene.clock.advance(98_999);
    expect(countByWebhook(await scene.leases()).get(slow.id)).toBeUndefined();
    scene.clock.advance(1);
    expect(countByWebhook(await scene.leases()).get(slow.id)).toBe(1);
  });

  law(
    "an ordered webhook keeps its order through a pause, a deactivation, a retry by hand and a crash",
    async (scene) => {
      const webhook = await scene.webhook({ ordered: true });
      const ids = await scene.waiting(webhook, 4);
      const [first, second] = ids;
      if (first === undefined || second === undefined) throw new Error("Deliveries were expected.");
      await scene.retryAfter(await scene.lease(), 1_000, pausing(scene, minute));
      await scene.store.queue.retry(scene.organization, second, scene.now);
      scene.clock.advance(minute - 1);
      expect(await scene.leases()).toEqual([]);
      scene.clock.advance(1);
      const again = await scene.lease();
      expect(again.id).toBe(first);
      await scene.retryAfter(again, 1_000, { kind: "gone" });
      await scene.crash();
      scene.clock.advance(minute);
      expect(await scene.leases()).toEqual([]);
      await scene.update(webhook, { isActive: true });
      await scene.fail(await scene.lease());
      // One that is sent again stands where it stood: before all that came later.
      await scene.store.queue.retry(scene.organization, first, scene.now);
      const order: string[] = [];
      for (let turn = 0; turn < 4; turn += 1) {
        const lease = await scene.lease();
        order.push(lease.id);
        await scene.deliver(lease);
      }
      expect(order).toEqual(ids);
    },
  );

  law("what survives is the longest pause that was asked for", async (scene) => {
    const webhook = await scene.webhook({ maxConcurrency: 3 });
    await scene.waiting(webhook, 4);
    const waits = [2_000, minute, 1_000];
    const leases = await scene.leases();
    const ends = leases.map((lease, index) =>
      failure(lease, { kind: "failed", disableAfter: 50, pauseUntil: scene.now + (waits[index] ?? 0) }),
    );
    for (const end of ends) await scene.store.queue.settle([end], scene.now);
    await scene.crash();
    expect(await scene.claim()).toMatchObject({ leases: [], nextDue: scene.now + minute });
    expect((await scene.read(webhook)).consecutiveFailures).toBe(3);
  });

  law("a pause that was ended stays so after a crash, and an edit ends none", async (scene) => {
    const ended = await paused(scene, minute);
    const kept = await paused(scene, minute);
    await scene.update(ended, { url: "https://elsewhere.example/" });
    await scene.update(kept, { maxConcurrency: 4 });
    await scene.crash();
    expect([...countByWebhook(await scene.leases()).keys()]).toEqual([ended.id]);
    await scene.update(kept, { isActive: false });
    await scene.update(kept, { isActive: true });
    await scene.crash();
    expect([...countByWebhook(await scene.leases()).keys()]).toContain(kept.id);
  });
}

/** A webhook with deliveries that wait until its pause is over. */
async function paused(scene: StoreScene, wait: number): Promise<Webhook> {
  const webhook = await scene.webhook();
  await pauseFor(scene, webhook, wait);
  await scene.waiting(webhook, 3);
  expect(await scene.leases()).toEqual([]);
  return webhook;
}

/** Has a receiver ask for silence, by way of a delivery that was under way already. */
async function pauseFor(scene: StoreScene, webhook: Webhook, wait: number): Promise<void> {
  const held = await scene.leases();
  const entry = scene.messages.entry([webhook.id], { basedOn: await scene.changeNumber() });
  const [result] = await scene.append([entry], 1);
  if (result?.kind !== "stored") throw new Error(`The store answered ${result?.kind}.`);
  const lease = result.leases[0] ?? held.find((one) => one.webhook === webhook.id);
  // One that is paused already gives nothing out: the longer pause is what is looked at.
  if (lease !== undefined) await scene.retryAfter(lease, 0, pausing(scene, wait));
}

function pausing(scene: StoreScene, wait: number): ReceiverEffect {
  return { kind: "failed", disableAfter: 0, pauseUntil: scene.now + wait };
}

function failure(lease: Lease, effect: ReceiverEffect) {
  return settlement(lease, { verdict: { kind: "failed", failures: 1 }, attempt: failedAttempt(lease), effect });
}

async function failOne(scene: StoreScene, effect: ReceiverEffect): Promise<void> {
  const [lease] = exactly(1, await scene.leases(1));
  await scene.fail(lease, effect);
}

/** Six failures of a webhook that has one delivery under way at a time, over half a minute. */
async function failUntilRest(scene: StoreScene): Promise<void> {
  for (let failed = 0; failed < 5; failed += 1) await failOne(scene, resting);
  scene.clock.advance(halfMinute);
  await failOne(scene, resting);
}

/** How many may be under way at once, found by trying; what was leased goes back. */
async function roomOf(scene: StoreScene): Promise<number> {
  const leases = await scene.leases();
  for (const lease of leases) await scene.release(lease);
  return leases.length;
}
