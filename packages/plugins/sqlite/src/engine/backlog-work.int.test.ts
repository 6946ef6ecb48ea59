import type { DeliveryId } from "@hookwright/core";
import { attempt, organizationId, settlement } from "@hookwright/testing";
import { expect, test } from "vitest";
import { deliveriesOf, type Trial, trial } from "../sqlite-rig.test.support.js";

const organization = organizationId(1);

/** More than many steps can do at once. */
const many = 3_000;

test("all that waits for a deleted webhook counts as cancelled at once, while it is cancelled step by step", async () => {
  const scene = await trial();
  const webhook = await scene.webhook({ maxConcurrency: 3 });
  const entries = scene.entries(webhook, many);
  await scene.append(entries);
  const { leases } = await scene.claim();
  expect(leases).toHaveLength(3);
  const deleted = scene.store.webhooks.delete(organization, webhook.id, scene.now);
  const counted = await Promise.all([deleted, ...countsOf(scene)]);
  expect(counted).toEqual([true, 3, 0, many - 3]);
  await until(async () => (await scene.claim()).nextDue === leases[0]?.leaseUntil);
  expect(await Promise.all(countsOf(scene))).toEqual([3, 0, many - 3]);
  await scene.deliver(leases.slice(0, 1));
  scene.clock.advance(30_000);
  await scene.claim();
  expect(await Promise.all(countsOf(scene))).toEqual([0, 1, many - 1]);
  expect(await scene.store.attempts.get(organization, deliveriesOf(entries)[many - 1] ?? missing)).toMatchObject({
    delivery: { status: "cancelled", finishedAt: expect.any(Number), nextAttemptAt: null },
  });
});

test("a page of what is pending is full, however much before it is being cancelled", async () => {
  const scene = await trial();
  const [living, doomed] = [await scene.webhook(), await scene.webhook()];
  const waiting = scene.entries({ ...living, version: doomed.version }, 10);
  await scene.append(waiting);
  for (let turn = 0; turn < 7; turn += 1) await scene.append(scene.entries(doomed, 1_000));
  const [, pending] = await Promise.all([
    scene.store.webhooks.delete(organization, doomed.id, scene.now),
    scene.store.attempts.list(organization, { status: "pending" }, { limit: 5 }),
  ]);
  expect(pending.map(({ id }) => id)).toEqual(deliveriesOf(waiting).toReversed().slice(0, 5));
});

test("a crash in the middle of cancelling goes on at the next open", async () => {
  const scene = await trial();
  const webhook = await scene.webhook();
  const entries = scene.entries(webhook, many);
  await scene.append(entries);
  expect(await scene.store.webhooks.delete(organization, webhook.id, scene.now)).toBe(true);
  await scene.crash();
  expect(await Promise.all(countsOf(scene))).toEqual([0, 0, many]);
  expect((await scene.claim()).leases).toEqual([]);
});

test("deliveries of others go on between the steps", async () => {
  const scene = await trial();
  const [doomed, other] = [await scene.webhook(), await scene.webhook()];
  const basedOn = other.version;
  await scene.append(scene.entries({ ...doomed, version: basedOn }, many));
  await scene.store.webhooks.delete(organization, doomed.id, scene.now);
  const change = basedOn + 1;
  for (let turn = 0; turn < 20; turn += 1) {
    const [result] = await scene.append(scene.entries({ ...other, version: change }, 1), 1);
    expect(result?.kind === "stored" ? await scene.deliver(result.leases) : undefined).toEqual([true]);
  }
});

test.each([
  { from: false, to: true },
  { from: true, to: false },
])("a long backlog is put in its new order, step by step: ordered $from, then $to", async ({ from, to }) => {
  const scene = await trial();
  const webhook = await scene.webhook({ ordered: from });
  const entries = scene.entries(webhook, many);
  await scene.append(entries);
  const ids = deliveriesOf(entries);
  // The first goes behind all others by its due time, and before all others by its id.
  const [first] = (await scene.claim(1)).leases;
  if (first === undefined) throw new Error("Nothing was claimed.");
  await retryLater(scene, first, 1_000);
  await scene.store.webhooks.update(organization, webhook.id, { ordered: to }, scene.now);
  await scene.crash();
  if (to) {
    await until(async () => (await scene.claim(1)).nextDue === scene.now + 1_000);
    scene.clock.advance(1_000);
    expect((await scene.claim()).leases.map(({ id }) => id)).toEqual(ids.slice(0, 1));
  } else {
    let claimed: readonly DeliveryId[] = [];
    await until(async () => {
      claimed = [...claimed, ...(await scene.claim()).leases.map(({ id }) => id)];
      return claimed.length >= many - 1;
    });
    expect(claimed).toEqual(ids.slice(1));
    scene.clock.advance(1_000);
    expect((await scene.claim()).leases.map(({ id }) => id)).toEqual(ids.slice(0, 1));
  }
});

const missing = "dlv_" as DeliveryId;

/** How many are pending, delivered, cancelled. */
function countsOf(scene: Trial): readonly Promise<number>[] {
  return (["pending", "delivered", "cancelled"] as const).map(
    async (status) => (await scene.store.attempts.list(organization, { status }, { limit: 10 * many })).length,
  );
}

async function retryLater(scene: Trial, lease: Parameters<Trial["deliver"]>[0][number], after: number): Promise<void> {
  const verdict = { kind: "retry", at: scene.now + after, failures: 1 } as const;
  const { settled } = await scene.store.queue.settle([settlement(lease, { verdict, attempt: attempt() })], scene.now);
  expect(settled).toEqual([true]);
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds()));
}
