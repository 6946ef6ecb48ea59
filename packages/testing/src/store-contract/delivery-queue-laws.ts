import type { DeliveryId, Lease, OrganizationId, ReceiverEffect, Webhook } from "@hookwright/core";
import { expect } from "vitest";
import { organizationId } from "../builders/ids.js";
import { attempt, settlement } from "../builders/settlement-builder.js";
import { exactly } from "./exactly.js";
import type { Law } from "./law.js";
import { countByWebhook, failedAttempt, idsOf, leaseDuration, type StoreScene } from "./store-scene.js";

/** Every promise of `DeliveryQueue`. */
export function deliveryQueueLaws(law: Law): void {
  claimLaws(law);
  turnLaws(law);
  leaseLaws(law);
  nextDueLaws(law);
  settleLaws(law);
  receiverLaws(law);
  orderedLaws(law);
  retryLaws(law);
}

function claimLaws(law: Law): void {
  law("nothing is claimed where nothing waits", async (scene) => {
    await scene.webhook();
    expect(await scene.claim()).toEqual({ leases: [], messages: new Map(), nextDue: undefined });
  });

  law("a claim gives the lease and its message", async (scene) => {
    const webhook = await scene.webhook();
    const entry = scene.messages.entry([webhook.id], { basedOn: webhook.version });
    await scene.append([entry]);
    const due = scene.now;
    scene.clock.advance(5);
    const { leases, messages } = await scene.claim();
    const [draft] = entry.drafts;
    expect(leases).toEqual([
      {
        ...draft?.deliveries[0],
        organization: scene.organization,
        message: draft?.message.id,
        webhookVersion: webhook.version,
        attempt: 1,
        failures: 0,
        due,
        leaseUntil: scene.now + leaseDuration,
      },
    ]);
    expect([...messages.keys()]).toEqual([draft?.message.id]);
  });

  law("one message to several webhooks is given once", async (scene) => {
    const webhooks = await scene.webhooks(3);
    const basedOn = await scene.changeNumber();
    await scene.append([
      scene.messages.entry(
        webhooks.map((webhook) => webhook.id),
        { basedOn },
      ),
    ]);
    const { leases, messages } = await scene.claim();
    expect(leases).toHaveLength(3);
    expect(messages.size).toBe(1);
  });

  law("the oldest due of a webhook goes first, of equal due times the smaller id", async (scene) => {
    const webhook = await scene.webhook();
    const [first, second] = await scene.waiting(webhook, 2);
    scene.clock.advance(10);
    const [third] = await scene.waiting(webhook);
    const retried = (await scene.leases(1))[0];
    if (retried === undefined) throw new Error("A lease was expected.");
    expect(retried.id).toBe(first);
    await scene.retryAfter(retried, 5);
    scene.clock.advance(10);
    const [last] = await scene.waiting(webhook);
    expect(idsOf(await scene.leases(2))).toEqual([second, third]);
    expect(idsOf(await scene.leases(2))).toEqual([first, last]);
  });

  law("no more is claimed than was asked for", async (scene) => {
    const webhook = await scene.webhook();
    await scene.waiting(webhook, 5);
    expect(await scene.leases(0)).toEqual([]);
    expect(await scene.leases(3)).toHaveLength(3);
    expect(await scene.leases(3)).toHaveLength(2);
  });

  law("nothing is claimed before it is due", async (scene) => {
    const webhook = await scene.webhook();
    await scene.waiting(webhook);
    await scene.retryAfter(await scene.lease(), 1_000);
    scene.clock.advance(999);
    expect(await scene.leases()).toEqual([]);
    scene.clock.advance(1);
    expect(await scene.leases()).toHaveLength(1);
  });

  law("no webhook has more under way than its room, and room comes back with each settle", async (scene) => {
    const webhook = await scene.webhook({ maxConcurrency: 3 });
    await scene.waiting(webhook, 10);
    const [first, second, third] = exactly(3, await scene.leases());
    expect(await scene.leases()).toEqual([]);
    await scene.deliver(first);
    expect(await scene.leases()).toHaveLength(1);
    await scene.retryAfter(second, 60_000);
    expect(await scene.leases()).toHaveLength(1);
    await scene.release(third);
    expect(idsOf(await scene.leases())).toEqual([third.id]);
    expect(await scene.leases()).toEqual([]);
  });

  law("claims at the same time never exceed a webhook's room and never give one delivery twice", async (scene) => {
    const webhook = await scene.webhook({ maxConcurrency: 10 });
    const other = await scene.webhook({ maxConcurrency: 4 });
    await scene.waiting(webhook, 30);
    await scene.waiting(other, 30);
    const claims = await Promise.all(Array.from({ length: 20 }, () => scene.leases(3)));
    const leases = claims.flat();
    expect(new Set(idsOf(leases)).size).toBe(leases.length);
    expect(countByWebhook(leases)).toEqual(
      new Map([
        [webhook.id, 10],
        [other.id, 4],
      ]),
    );
  });

  law("nothing of an inactive webhook is claimed", async (scene) => {
    const webhook = await scene.webhook();
    const held = await scene.waiting(webhook, 2);
    await scene.update(webhook, { isActive: false });
    expect(await scene.leases()).toEqual([]);
    await scene.update(webhook, { isActive: true });
    expect(idsOf(await scene.leases())).toEqual(held);
  });

  law("nothing of a deleted webhook is claimed", async (scene) => {
    const webhook = await scene.webhook();
    await scene.waiting(webhook, 2);
    await scene.store.webhooks.delete(scene.organization, webhook.id, scene.now);
    expect(await scene.leases()).toEqual([]);
  });

  law("a webhook whose receiver asked for silence is paused until then, and no other is", async (scene) => {
    const webhook = await scene.webhook();
    const other = await scene.webhook();
    const [first] = await scene.waiting(webhook, 2);
    const [lease] = exactly(1, await scene.leases(1));
    expect(lease.id).toBe(first);
    await scene.retryAfter(lease, 1_000, { kind: "failed", disableAfter: 0, pauseUntil: scene.now + 60_000 });
    await scene.waiting(other);
    scene.clock.advance(59_999);
    expect(idsOf(await scene.leases()).length).toBe(1);
    const entry = scene.messages.entry([webhook.id], { basedOn: await scene.changeNumber() });
    expect(await scene.append([entry], 10)).toEqual([{ kind: "stored", leases: [], waiting: true }]);
    scene.clock.advance(1);
    expect(countByWebhook(await scene.leases())).toEqual(new Map([[webhook.id, 3]]));
  });

  law(
    "no webhook gets more in a second than its receiver allows in a minute, whichever of the two rates is less",
    async (scene) => {
      const webhook = await scene.webhook({ rateLimit: 3, handshake: true, allowedRate: 120 });
      await scene.waiting(webhook, 10);
      expect(await scene.leases()).toHaveLength(2);
      scene.clock.advance(1_000);
      await scene.store.webhooks.update(scene.organization, webhook.id, { allowedRate: 600 }, scene.now);
      expect(await scene.leases()).toHaveLength(3);
      scene.clock.advance(1_000);
      await scene.store.webhooks.update(
        scene.organization,
        webhook.id,
        { rateLimit: null, allowedRate: 60 },
        scene.now,
      );
      expect(await scene.leases()).toHaveLength(1);
    },
  );

  law("no webhook gets more in a second than its rate", async (scene) => {
    const webhook = await scene.webhook({ rateLimit: 3 });
    await scene.waiting(webhook, 10);
    for (const lease of await scene.leases()) await scene.deliver(lease);
    expect((await scene.store.attempts.list(scene.organization, { status: "delivered" }, { limit: 100 })).length).toBe(
      3,
    );
    scene.clock.advance(999);
    expect(await scene.leases()).toEqual([]);
    const { nextDue } = await scene.claim();
    expect(nextDue).toBe(scene.now + 1);
    scene.clock.advance(1);
    expect(await scene.leases()).toHaveLength(3);
  });
}

function turnLaws(law: Law): void {
  law("a long backlog leaves every other webhook its share", async (scene) => {
    const [busy, calm, quiet] = exactly(3, await scene.webhooks(3, { maxConcurrency: 100 }));
    await scene.waiting(busy, 150);
    scene.clock.advance(1_000);
    await scene.waiting(calm, 5);
    await scene.waiting(quiet, 5);
    const shares = countByWebhook(await scene.leases(12));
    expect([busy, calm, quiet].map((webhook) => shares.get(webhook.id))).toEqual([4, 4, 4]);
  });

  law("what one webhook leaves of its share goes to the others", async (scene) => {
    const [busy, calm] = exactly(2, await scene.webhooks(2, { maxConcurrency: 100 }));
    await scene.waiting(busy, 50);
    await scene.waiting(calm);
    const shares = countByWebhook(await scene.leases(10));
    expect([busy, calm].map((webhook) => shares.get(webhook.id))).toEqual([9, 1]);
  });

  law("turns go on from one claim to the next", async (scene) => {
    const webhooks = await scene.webhooks(3);
    for (const webhook of webhooks) await scene.waiting(webhook, 10);
    const leases: Lease[] = [];
    for (let claim = 0; claim < 6; claim += 1) leases.push(...(await scene.leases(1)));
    expect([...countByWebhook(leases).values()]).toEqual([2, 2, 2]);
  });

  law("organizations take turns, however many webhooks each has", async (scene) => {
    const many = await scene.webhooks(9);
    const single = await scene.webhook({ organization: organizationId(2) });
    for (const webhook of many) await scene.waiting(webhook, 10);
    await scene.waiting(single, 10);
    const leases = await scene.leases(10);
    const shares = countByWebhook(leases);
    expect(leases).toHaveLength(10);
    expect(shares.get(single.id)).toBe(5);
    expect(Math.max(...many.map((webhook) => shares.get(webhook.id) ?? 0))).toBe(1);
  });

  law("a webhook without room takes no turn from others", async (scene) => {
    const full = await scene.webhook({ maxConcurrency: 1 });
    const open = await scene.webhook();
    await scene.waiting(full, 20);
    await scene.claim();
    await scene.waiting(open, 10);
    expect(countByWebhook(await scene.leases(10))).toEqual(new Map([[open.id, 10]]));
  });
}

function leaseLaws(law: Law): void {
  law("a lease that ran out is due again, with a new fence", async (scene) => {
    const webhook = await scene.webhook();
    const [id] = await scene.waiting(webhook);
    const lost = await scene.lease();
    scene.clock.advance(leaseDuration - 1);
    expect(await scene.leases()).toEqual([]);
    scene.clock.advance(1);
    const taken = await scene.lease();
    expect(taken.id).toBe(id);
    expect(taken.attempt).toBeGreaterThan(lost.attempt);
    expect(taken.failures).toBe(lost.failures);
  });

  law("who lost a lease to another cannot settle, and nothing of the attempt is stored", async (scene) => {
    const webhook = await scene.webhook();
    const [id] = exactly(1, await scene.waiting(webhook));
    const lost = await scene.lease();
    scene.clock.advance(leaseDuration);
    const taken = await scene.lease();
    expect(await scene.fail(lost)).toBe(false);
    expect((await scene.detail(id)).attempts).toEqual([]);
    expect(await scene.status(id)).toBe("pending");
    expect((await scene.read(webhook)).consecutiveFailures).toBe(0);
    expect(await scene.deliver(taken)).toBe(true);
    expect(await scene.deliver(lost)).toBe(false);
    expect((await scene.detail(id)).attempts).toHaveLength(1);
  });

  law("who is late but lost its lease to nobody can still settle", async (scene) => {
    const webhook = await scene.webhook({ maxConcurrency: 2 });
    const [id] = exactly(1, await scene.waiting(webhook));
    const late = await scene.lease();
    scene.clock.advance(leaseDuration + 1);
    expect(await scene.deliver(late)).toBe(true);
    expect(await scene.status(id)).toBe("delivered");
    expect(await scene.leases()).toEqual([]);
    await scene.waiting(webhook, 5);
    expect(await scene.leases()).toHaveLength(2);
  });

  law("a late settle counts also after the delivery was seen to be due again", async (scene) => {
    const webhook = await scene.webhook({ maxConcurrency: 1 });
    const [first, second] = await scene.waiting(webhook, 2);
    const late = await scene.lease();
    expect(late.id).toBe(first);
    scene.clock.advance(leaseDuration);
    expect(await scene.leases(0)).toEqual([]);
    expect(await scene.deliver(late)).toBe(true);
    expect(idsOf(await scene.leases())).toEqual([second]);
    expect(await scene.leases()).toEqual([]);
  });

  law("a fence is not given again after a release", async (scene) => {
    const webhook = await scene.webhook();
    await scene.waiting(webhook);
    const released = await scene.lease();
    await scene.release(released);
    const taken = await scene.lease();
    expect(taken.attempt).toBeGreaterThan(released.attempt);
    expect(await scene.release(released)).toBe(false);
    expect(await scene.leases()).toEqual([]);
  });

  law("a running lease keeps its place in the webhook's room until it ran out", async (scene) => {
    const webhook = await scene.webhook({ maxConcurrency: 2 });
    await scene.waiting(webhook, 4);
    await scene.leases(1);
    scene.clock.advance(leaseDuration / 2);
    await scene.leases(1);
    scene.clock.advance(leaseDuration / 2);
    expect(await scene.leases()).toHaveLength(1);
    scene.clock.advance(leaseDuration / 2);
    expect(await scene.leases()).toHaveLength(1);
  });
}

function nextDueLaws(law: Law): void {
  law("nextDue tells of what is due later", async (scene) => {
    const webhook = await scene.webhook();
    await scene.waiting(webhook);
    const at = scene.now + 5_000;
    const verdict = { kind: "retry", at, failures: 1 } as const;
    const lease = await scene.lease();
    const { nextDue } = await scene.store.queue.settle(
      [settlement(lease, { verdict, attempt: failedAttempt(lease) })],
      scene.now,
    );
    expect(nextDue).toBe(at);
    expect((await scene.claim()).nextDue).toBe(at);
  });

  law("nextDue is now while more is due than was claimed", async (scene) => {
    const webhook = await scene.webhook();
    await scene.waiting(webhook, 3);
    expect((await scene.claim(2)).nextDue).toBeLessThanOrEqual(scene.now);
  });

  law("nextDue tells of room that a settle made", async (scene) => {
    const webhook = await scene.webhook({ maxConcurrency: 1 });
    await scene.waiting(webhook, 2);
    const { leases, nextDue } = await scene.claim();
    expect(nextDue).toBeGreaterThan(scene.now);
    const settled = await scene.store.queue.settle(
      leases.map((lease) => settlement(lease)),
      scene.now,
    );
    expect(settled.nextDue).toBeLessThanOrEqual(scene.now);
  });

  law("who waits until nextDue finds a lease that ran out", async (scene) => {
    const webhook = await scene.webhook();
    await scene.waiting(webhook);
    const { nextDue } = await scene.claim();
    if (nextDue === undefined) throw new Error("A moment was expected.");
    scene.clock.setTime(nextDue);
    expect(await scene.leases()).toHaveLength(1);
  });

  law("nextDue is undefined when only held deliveries are left", async (scene) => {
    const webhook = await scene.webhook();
    await scene.waiting(webhook, 2);
    await scene.update(webhook, { isActive: false });
    expect((await scene.claim()).nextDue).toBeUndefined();
  });
}

function settleLaws(law: Law): void {
  law("a delivered one is finished and never claimed again", async (scene) => {
    const { id, lease } = await oneLease(scene);
    scene.clock.advance(40);
    const made = attempt({ number: lease.attempt, startedAt: scene.now - 40, duration: 39.25, changedBy: ["signing"] });
    expect(await scene.settle(lease, { attempt: made })).toBe(true);
    const { delivery, attempts } = await scene.detail(id);
    expect(delivery).toMatchObject({
      status: "delivered",
      finishedAt: scene.now,
      nextAttemptAt: null,
      attempts: 1,
      lastStatus: 200,
      lastCode: null,
    });
    expect(attempts).toEqual([made]);
    scene.clock.advance(leaseDuration * 10);
    expect(await scene.leases()).toEqual([]);
  });

  law("a retry is due at its time, and counts its failures", async (scene) => {
    const { id, lease } = await oneLease(scene);
    expect(await scene.retryAfter(lease, 7_000)).toBe(true);
    const at = scene.now + 7_000;
    const { delivery, attempts } = await scene.detail(id);
    expect(delivery).toMatchObject({
      status: "pending",
      finishedAt: null,
      nextAttemptAt: at,
      attempts: 1,
      lastStatus: 500,
      lastCode: "http_status",
    });
    expect(attempts).toEqual([failedAttempt(lease)]);
    scene.clock.setTime(at);
    const again = await scene.lease();
    expect(again).toMatchObject({ id, failures: 1, due: at });
    expect(again.attempt).toBeGreaterThan(lease.attempt);
  });

  law("a failed one is finished and never claimed again", async (scene) => {
    const { id, lease } = await oneLease(scene);
    expect(await scene.fail(lease)).toBe(true);
    expect((await scene.detail(id)).delivery).toMatchObject({
      status: "failed",
      finishedAt: scene.now,
      nextAttemptAt: null,
      lastStatus: 500,
    });
    scene.clock.advance(leaseDuration * 10);
    expect(await scene.leases()).toEqual([]);
  });

  law("a released one is due at once, with no attempt recorded", async (scene) => {
    const { id, lease } = await oneLease(scene);
    scene.clock.advance(100);
    expect(await scene.release(lease)).toBe(true);
    const { delivery, attempts } = await scene.detail(id);
    expect(delivery).toMatchObject({
      status: "pending",
      finishedAt: null,
      attempts: 0,
      lastStatus: null,
      lastCode: null,
    });
    expect(attempts).toEqual([]);
    expect(await scene.lease()).toMatchObject({ id, failures: 0 });
  });

  law("an attempt without an answer is recorded as it was", async (scene) => {
    const { id, lease } = await oneLease(scene);
    const made = attempt({
      number: lease.attempt,
      status: null,
      code: "timeout",
      error: "No answer within 1000 ms “in time”.",
      excerpt: "",
      middleware: "audit",
      changedBy: ["audit", "signing"],
      slowedBy: ["audit"],
      headers: { "x-token": "***", "content-type": "application/json" },
    });
    await scene.settle(lease, {
      verdict: { kind: "failed", failures: 1 },
      attempt: made,
      effect: { kind: "failed", disableAfter: 0 },
    });
    const { delivery, attempts } = await scene.detail(id);
    expect(attempts).toEqual([made]);
    expect(delivery).toMatchObject({ lastStatus: null, lastCode: "timeout" });
  });

  law("a settle that is repeated reports false and stores nothing", async (scene) => {
    const { id, lease } = await oneLease(scene);
    expect(await scene.retryAfter(lease, 1_000)).toBe(true);
    expect(await scene.retryAfter(lease, 90_000)).toBe(false);
    expect(await scene.deliver(lease)).toBe(false);
    expect((await scene.detail(id)).delivery).toMatchObject({
      status: "pending",
      nextAttemptAt: scene.now + 1_000,
      attempts: 1,
    });
    expect((await scene.read(await anyWebhook(scene))).consecutiveFailures).toBe(1);
  });

  law("a release that is repeated reports false", async (scene) => {
    const { lease } = await oneLease(scene);
    expect(await scene.release(lease)).toBe(true);
    expect(await scene.release(lease)).toBe(false);
  });

  law("settlements of one call are answered in order, and one that does not count touches no other", async (scene) => {
    const webhook = await scene.webhook();
    await scene.waiting(webhook, 3);
    const [first, second, third] = exactly(3, await scene.leases());
    const forged = settlement(second, { fence: second.attempt + 1 });
    const { settled } = await scene.store.queue.settle(
      [settlement(first), forged, settlement(first), settlement(third, { verdict: { kind: "failed", failures: 1 } })],
      scene.now,
    );
    expect(settled).toEqual([true, false, false, true]);
    expect(await Promise.all([first, second, third].map(({ id }) => scene.status(id)))).toEqual([
      "delivered",
      "pending",
      "failed",
    ]);
  });

  law("a settlement of a delivery that was never claimed does not count", async (scene) => {
    const { id, lease } = await oneLease(scene);
    const webhook = await anyWebhook(scene);
    const [waiting] = exactly(1, await scene.waiting(webhook));
    for (const fence of [0, 1]) expect(await scene.settle({ ...lease, id: waiting, attempt: fence })).toBe(false);
    expect(await scene.status(waiting)).toBe("pending");
    expect(await scene.status(id)).toBe("pending");
  });

  law("a delivery under way when its webhook is deleted ends as cancelled unless it is delivered", async (scene) => {
    const webhook = await scene.webhook();
    const ids = await scene.waiting(webhook, 4);
    const [delivered, failed, retried, released] = exactly(4, await scene.leases());
    await scene.store.webhooks.delete(scene.organization, webhook.id, scene.now);
    scene.clock.advance(1_000);
    const outcomes = [
      await scene.deliver(delivered),
      await scene.fail(failed),
      await scene.retryAfter(retried, 10),
      await scene.release(released),
    ];
    expect(outcomes).toEqual([true, true, true, true]);
    expect(await Promise.all(ids.map((id) => scene.status(id)))).toEqual([
      "delivered",
      "cancelled",
      "cancelled",
      "cancelled",
    ]);
    expect((await scene.detail(failed.id)).attempts).toHaveLength(1);
    scene.clock.advance(leaseDuration * 2);
    expect(await scene.leases()).toEqual([]);
  });

  law("a delivery whose webhook is deleted and whose lease runs out is cancelled", async (scene) => {
    const { id } = await oneLease(scene);
    const webhook = await anyWebhook(scene);
    await scene.store.webhooks.delete(scene.organization, webhook.id, scene.now);
    scene.clock.advance(leaseDuration);
    expect(await scene.leases()).toEqual([]);
    expect(await scene.status(id)).toBe("cancelled");
  });
}

function receiverLaws(law: Law): void {
  law("failures in a row are counted, and a success sets the count to 0", async (scene) => {
    const webhook = await scene.webhook();
    await scene.waiting(webhook, 4);
    const [first, second, third, fourth] = exactly(4, await scene.leases());
    await scene.fail(first);
    await scene.retryAfter(second, 1_000);
    expect((await scene.read(webhook)).consecutiveFailures).toBe(2);
    await scene.deliver(third);
    expect((await scene.read(webhook)).consecutiveFailures).toBe(0);
    await scene.fail(fourth);
    expect((await scene.read(webhook)).consecutiveFailures).toBe(1);
  });

  law("a count alone is no change of the webhook", async (scene) => {
    const { lease } = await oneLease(scene);
    const before = await anyWebhook(scene);
    await scene.fail(lease);
    expect(await anyWebhook(scene)).toEqual({ ...before, consecutiveFailures: 1 });
    expect(await scene.changeNumber()).toBe(before.version);
  });

  law("an attempt that says nothing of the receiver leaves the count", async (scene) => {
    const webhook = await scene.webhook();
    await scene.waiting(webhook, 2);
    const [first, second] = exactly(2, await scene.leases());
    await scene.fail(first);
    await scene.retryAfter(second, 10, { kind: "none" });
    expect((await scene.read(webhook)).consecutiveFailures).toBe(1);
  });

  law("disableAfter 0 counts nothing and deactivates nothing", async (scene) => {
    const webhook = await scene.webhook();
    await scene.waiting(webhook, 3);
    for (const lease of await scene.leases()) await scene.fail(lease, { kind: "failed", disableAfter: 0 });
    expect(await scene.read(webhook)).toMatchObject({ isActive: true, consecutiveFailures: 0 });
  });

  law("the failure that reaches disableAfter deactivates the webhook, once, and is a change", async (scene) => {
    const webhook = await scene.webhook();
    await scene.waiting(webhook, 4);
    const leases = await scene.leases();
    scene.clock.advance(50);
    const effect: ReceiverEffect = { kind: "failed", disableAfter: 3 };
    const failures = leases.map((lease) =>
      settlement(lease, { verdict: { kind: "failed", failures: 1 }, attempt: failedAttempt(lease), effect }),
    );
    const { settled, deactivated } = await scene.store.queue.settle(failures, scene.now);
    expect(settled).toEqual([true, true, true, true]);
    expect(deactivated).toEqual([
      { organization: scene.organization, webhook: webhook.id, reason: "failures", consecutiveFailures: 3 },
    ]);

    const after = await scene.read(webhook);
    expect(after).toMatchObject({
      isActive: false,
      disabledReason: "failures",
      disabledAt: scene.now,
      // Nobody has edited it.
      updatedAt: webhook.updatedAt,
      version: webhook.version + 1,
    });
    const changes = await scene.store.webhooks.changes(scene.organization, webhook.version, 10);
    expect(changes).toMatchObject({
      changed: [{ id: webhook.id, isActive: false }],
      deleted: [],
      upTo: webhook.version + 1,
      more: false,
    });
  });

  law("a deactivation is reported once over calls too", async (scene) => {
    const webhook = await scene.webhook();
    await scene.waiting(webhook, 2);
    const reports: number[] = [];
    for (const lease of await scene.leases()) {
      const { deactivated } = await scene.store.queue.settle(
        [settlement(lease, { effect: { kind: "failed", disableAfter: 1 } })],
        scene.now,
      );
      reports.push(deactivated.length);
    }
    expect(reports).toEqual([1, 0]);
    expect(await scene.changeNumber()).toBe(webhook.version + 1);
  });

  law("410 deactivates at once", async (scene) => {
    const { lease } = await oneLease(scene);
    const webhook = await anyWebhook(scene);
    const gone = settlement(lease, { verdict: { kind: "failed", failures: 1 }, effect: { kind: "gone" } });
    const { deactivated } = await scene.store.queue.settle([gone, gone], scene.now);
    expect(deactivated).toMatchObject([{ organization: scene.organization, webhook: webhook.id, reason: "gone" }]);
    expect(await scene.read(webhook)).toMatchObject({
      isActive: false,
      disabledReason: "gone",
      disabledAt: scene.now,
      version: webhook.version + 1,
    });
  });

  law("what waits for a webhook that a settle deactivated is held until it is active again", async (scene) => {
    const webhook = await scene.webhook({ maxConcurrency: 1 });
    const [, ...others] = await scene.waiting(webhook, 3);
    await scene.fail(await scene.lease(), { kind: "gone" });
    expect(await scene.leases()).toEqual([]);
    for (const id of others) expect(await scene.status(id)).toBe("pending");
    await scene.update(webhook, { isActive: true });
    expect(idsOf(await scene.leases())).toEqual(others.slice(0, 1));
  });

  law("an attempt after the webhook was deleted changes no webhook", async (scene) => {
    const { lease } = await oneLease(scene);
    const webhook = await anyWebhook(scene);
    await scene.store.webhooks.delete(scene.organization, webhook.id, scene.now);
    const { settled, deactivated } = await scene.store.queue.settle(
      [settlement(lease, { effect: { kind: "failed", disableAfter: 1 } })],
      scene.now,
    );
    expect({ settled, deactivated }).toEqual({ settled: [true], deactivated: [] });
    expect(await scene.changeNumber()).toBe(webhook.version + 1);
  });
}

function orderedLaws(law: Law): void {
  law("an ordered webhook has one delivery under way, in the order of acceptance", async (scene) => {
    const webhook = await scene.webhook({ ordered: true, maxConcurrency: 8 });
    const ids = await scene.waiting(webhook, 4);
    expect(await deliverAll(scene)).toEqual(ids);
  });

  law("an ordered webhook's deliveries wait behind one that is retried", async (scene) => {
    const webhook = await scene.webhook({ ordered: true });
    const ids = await scene.waiting(webhook, 3);
    await scene.retryAfter(await scene.lease(), 10_000);
    scene.clock.advance(9_999);
    expect(await scene.leases()).toEqual([]);
    const late = scene.messages.entry([webhook.id], { basedOn: webhook.version });
    expect(await scene.append([late], 10)).toEqual([{ kind: "stored", leases: [], waiting: true }]);
    expect((await scene.claim()).nextDue).toBe(scene.now + 1);
    scene.clock.advance(1);
    expect(await deliverAll(scene)).toEqual([...ids, ...late.drafts.flatMap((draft) => idsOf(draft.deliveries))]);
  });

  law("an ordered webhook goes on after one that failed for good", async (scene) => {
    const webhook = await scene.webhook({ ordered: true });
    const [, second] = await scene.waiting(webhook, 2);
    await scene.fail(await scene.lease());
    expect(idsOf(await scene.leases())).toEqual([second]);
  });

  law("an ordered webhook's released or lost delivery stays the first", async (scene) => {
    const webhook = await scene.webhook({ ordered: true });
    const [first, second] = await scene.waiting(webhook, 2);
    await scene.release(await scene.lease());
    expect(idsOf(await scene.leases())).toEqual([first]);
    scene.clock.advance(leaseDuration);
    const again = await scene.lease();
    expect(again.id).toBe(first);
    await scene.deliver(again);
    expect(idsOf(await scene.leases())).toEqual([second]);
  });

  law("an ordered webhook gets one handed over where nothing waits", async (scene) => {
    const webhook = await scene.webhook({ ordered: true });
    const entries = [1, 2].map(() => scene.messages.entry([webhook.id], { basedOn: webhook.version }));
    const results = await scene.append(entries, 10);
    expect(results.map((result) => result.kind === "stored" && result.leases.length)).toEqual([1, 0]);
  });

  law("an ordered webhook that waits holds up no other", async (scene) => {
    const ordered = await scene.webhook({ ordered: true });
    const other = await scene.webhook({ ordered: true });
    await scene.waiting(ordered, 2);
    await scene.retryAfter(await scene.lease(), 60_000);
    await scene.waiting(other, 2);
    expect(countByWebhook(await scene.leases())).toEqual(new Map([[other.id, 1]]));
  });

  law("a webhook that becomes ordered, or stops being so, is so for what waits", async (scene) => {
    const webhook = await scene.webhook();
    const [first, second, third] = await scene.waiting(webhook, 3);
    const [lease] = exactly(1, await scene.leases(1));
    await scene.retryAfter(lease, 1_000);
    await scene.update(webhook, { ordered: true });
    expect(await scene.leases()).toEqual([]);
    await scene.update(webhook, { ordered: false });
    expect(idsOf(await scene.leases())).toEqual([second, third]);
    scene.clock.advance(1_000);
    expect(idsOf(await scene.leases())).toEqual([first]);
  });
}

function retryLaws(law: Law): void {
  law("a finished delivery is sent again under its id", async (scene) => {
    for (const finish of [(lease: Lease) => scene.fail(lease), (lease: Lease) => scene.deliver(lease)]) {
      const { id, lease } = await oneLease(scene);
      await finish(lease);
      scene.clock.advance(1_000);
      expect(await scene.store.queue.retry(scene.organization, id, scene.now)).toBe("queued");
      expect((await scene.detail(id)).delivery).toMatchObject({
        status: "pending",
        finishedAt: null,
        nextAttemptAt: scene.now,
        attempts: 1,
      });
      const again = await scene.lease();
      expect(again).toMatchObject({ id, failures: 0, due: scene.now, message: lease.message });
      expect(again.attempt).toBeGreaterThan(lease.attempt);
      expect(await scene.deliver(again)).toBe(true);
      const { delivery, attempts } = await scene.detail(id);
      expect(delivery).toMatchObject({ status: "delivered", attempts: 2, lastStatus: 200 });
      expect(attempts.map(({ number }) => number)).toEqual([lease.attempt, again.attempt]);
    }
  });

  law("a finished delivery that is queued again is in the list once", async (scene) => {
    const { id, lease } = await oneLease(scene);
    await scene.fail(lease);
    await scene.store.queue.retry(scene.organization, id, scene.now);
    expect(await listedIds(scene)).toEqual([id]);
    expect(await scene.store.queue.retry(scene.organization, id, scene.now)).toBe("queued");
    await scene.deliver(await scene.lease());
    expect(await listedIds(scene)).toEqual([id]);
    expect(await scene.leases()).toEqual([]);
  });

  law("a delivery that waits for its retry goes at once", async (scene) => {
    const { id, lease } = await oneLease(scene);
    await scene.retryAfter(lease, 3_600_000);
    scene.clock.advance(5);
    expect(await scene.store.queue.retry(scene.organization, id, scene.now)).toBe("queued");
    expect(await scene.lease()).toMatchObject({ id, failures: 1, due: scene.now });
  });

  law("a delivery that is under way stays so", async (scene) => {
    const { id, lease } = await oneLease(scene);
    expect(await scene.store.queue.retry(scene.organization, id, scene.now)).toBe("queued");
    expect(await scene.leases()).toEqual([]);
    expect(await scene.deliver(lease)).toBe(true);
    expect(await scene.status(id)).toBe("delivered");
    expect(await scene.leases()).toEqual([]);
  });

  law("a held delivery stays held", async (scene) => {
    const webhook = await scene.webhook();
    const [id] = exactly(1, await scene.waiting(webhook));
    await scene.update(webhook, { isActive: false });
    expect(await scene.store.queue.retry(scene.organization, id, scene.now)).toBe("queued");
    expect(await scene.leases()).toEqual([]);
    await scene.update(webhook, { isActive: true });
    expect(idsOf(await scene.leases())).toEqual([id]);
  });

  law("a delivery of a deleted webhook is not sent again", async (scene) => {
    const webhook = await scene.webhook();
    const [delivered, cancelled] = exactly(2, await scene.waiting(webhook, 2));
    for (const lease of await scene.leases(1)) await scene.deliver(lease);
    await scene.store.webhooks.delete(scene.organization, webhook.id, scene.now);
    for (const id of [delivered, cancelled])
      expect(await scene.store.queue.retry(scene.organization, id, scene.now)).toBe("webhook_deleted");
    expect(await Promise.all([delivered, cancelled].map((id) => scene.status(id)))).toEqual(["delivered", "cancelled"]);
  });

  law("a delivery that does not exist is not found", async (scene) => {
    const { id } = scene.messages.delivery((await scene.webhook()).id);
    expect(await scene.store.queue.retry(scene.organization, id, scene.now)).toBe("not_found");
  });
}

async function oneLease(scene: StoreScene): Promise<{ readonly id: DeliveryId; readonly lease: Lease }> {
  await scene.waiting(await scene.webhook());
  const lease = await scene.lease();
  return { id: lease.id, lease };
}

/** The webhook of {@link oneLease}. */
async function anyWebhook(scene: StoreScene, organization: OrganizationId = scene.organization): Promise<Webhook> {
  const [webhook] = exactly(1, await scene.store.webhooks.list(organization, {}, { limit: 1 }));
  return webhook;
}

/** Delivers one claim after the other until nothing is left; the ids in the order in which they were claimed. */
async function deliverAll(scene: StoreScene): Promise<readonly DeliveryId[]> {
  const delivered: DeliveryId[] = [];
  for (;;) {
    const leases = await scene.leases();
    if (leases.length === 0) return delivered;
    for (const lease of leases) await scene.deliver(lease);
    delivered.push(...idsOf(leases));
  }
}

async function listedIds(scene: StoreScene): Promise<readonly DeliveryId[]> {
  return idsOf(await scene.store.attempts.list(scene.organization, {}, { limit: 100 }));
}
