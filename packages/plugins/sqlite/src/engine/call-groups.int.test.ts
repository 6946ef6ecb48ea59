import { readFileSync } from "node:fs";
import { newWebhook, organizationId } from "@hookwright/testing";
import { expect, test } from "vitest";
import { deliveriesOf, type Trial, trial } from "../sqlite-rig.test.support.js";

const organization = organizationId(1);

test("calls that are made together share one transaction", async () => {
  const scene = await trial();
  const webhook = await scene.webhook();
  const before = commitsIn(scene.rig.file);
  const appends = Array.from({ length: 50 }, () => scene.append(scene.entries(webhook, 2), 2));
  const token = scene.store.access.add({ organization, name: "t", hash: "h", createdAt: 0 });
  await Promise.all([...appends, token]);
  expect(commitsIn(scene.rig.file) - before).toBe(1);
});

test("a claim and a read write nothing", async () => {
  const scene = await trial();
  const entries = scene.entries(await scene.webhook(), 10);
  await scene.append(entries);
  const before = commitsIn(scene.rig.file);
  expect((await scene.claim()).leases).toHaveLength(10);
  await scene.store.attempts.list(organization, {}, { limit: 10 });
  expect(commitsIn(scene.rig.file)).toBe(before);
});

test("a success of a healthy webhook writes nothing to the webhook", async () => {
  const scene = await trial();
  const webhook = await scene.webhook();
  await scene.append(scene.entries(webhook, 1));
  await scene.deliver((await scene.claim()).leases);
  expect(await scene.store.webhooks.get(organization, webhook.id)).toEqual(webhook);
});

test("one that fails by itself does not fail the others of its group", async () => {
  const scene = await trial();
  const webhook = await scene.webhook({ maxConcurrency: 8 });
  const known = scene.entries(webhook, 1);
  await scene.append(known);
  const groups = Array.from({ length: 10 }, (_, index) => (index % 4 === 1 ? known : scene.entries(webhook, 1)));
  const results = await Promise.allSettled(groups.map((entries) => scene.append(entries)));
  results.forEach((result, index) => {
    if (index % 4 !== 1) expect(result).toMatchObject({ status: "fulfilled", value: [{ kind: "stored" }] });
    else expect(result).toMatchObject({ status: "rejected", reason: { code: "storage_failed" } });
  });
  const stored = deliveriesOf([...known, ...groups.filter((entries) => entries !== known).flat()]);
  const listed = await scene.store.attempts.list(organization, {}, { limit: 100 });
  expect(listed.map(({ id }) => id).toReversed()).toEqual(stored);
  // Leases that the failed transactions gave are taken back: all room is there.
  expect((await scene.claim()).leases).toHaveLength(8);
});

test("a failed group leaves the leases of its members as they were", async () => {
  const scene = await trial();
  const webhook = await scene.webhook({ maxConcurrency: 2 });
  const known = scene.entries(webhook, 2);
  const [stored] = await scene.append(known.slice(0, 1), 1);
  const leases = stored?.kind === "stored" ? stored.leases : [];
  const [bad, good, settled] = await Promise.allSettled([
    // Its first is leased, its second has to wait, and its third is known.
    scene.append([...scene.entries(webhook, 2), ...known.slice(0, 1)], 10),
    scene.append(known.slice(1), 10),
    scene.deliver(leases),
  ]);
  expect(bad.status).toBe("rejected");
  // One lease was out and one is new; the failed call's lease would have been one too many.
  expect(good).toMatchObject({ status: "fulfilled", value: [{ kind: "stored", leases: [{ attempt: 1 }] }] });
  expect(settled).toEqual({ status: "fulfilled", value: [true] });
});

test("a value that cannot travel fails its own call only", async () => {
  const scene = await trial();
  const headers = { a: (() => "no text") as never };
  const results = await Promise.allSettled([
    scene.webhook(),
    scene.store.webhooks.create(newWebhook({ headers }), scene.now),
    scene.webhook(),
  ]);
  expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect(results[1]).toMatchObject({
    reason: { code: "storage_failed", message: expect.stringContaining("createWebhook") },
  });
});

test("where the disk is full, nothing is stored or half stored, and everything goes on once there is room", async () => {
  const maxBytes = 600 * 1_024;
  const scene = await trial({ maxBytes });
  const webhook = await scene.webhook({ maxConcurrency: 1_000 });
  const payload = new TextEncoder().encode(JSON.stringify({ text: "x".repeat(4_000) }));
  const stored = await fill(scene, () =>
    scene.messages.entry([], { drafts: [scene.messages.draft([webhook.id], { payload })], basedOn: webhook.version }),
  );
  expect(stored.length).toBeGreaterThan(20);

  const large = () =>
    scene.messages.entry([], { drafts: [scene.messages.draft([webhook.id], { payload })], basedOn: webhook.version });
  const group = [large(), large(), large()];
  const results = await Promise.allSettled(group.map((entry) => scene.append([entry], 10)));
  for (const result of results) expect(result).toMatchObject({ status: "rejected", reason: { code: "storage_full" } });
  for (const id of deliveriesOf(group)) expect(await scene.statusOf(id)).toBeUndefined();
  expect(
    (await scene.store.attempts.list(organization, {}, { limit: 1_000 })).map(({ id }) => id).toReversed(),
  ).toEqual(stored);

  // What is there can be sent, recorded as far as there is room, and removed; then there is room again.
  await scene.store.webhooks.update(organization, webhook.id, { isActive: false }, scene.now);
  scene.clock.advance(30_000);
  while (await scene.store.attempts.purge(scene.now, scene.now));
  const active = await scene.store.webhooks.update(organization, webhook.id, { isActive: true }, scene.now);
  const [last] = await scene.append([{ ...large(), basedOn: active?.version ?? 0 }], 10);
  expect(last).toMatchObject({ kind: "stored", leases: [{ attempt: 1 }], waiting: false });
  await scene.crash({ maxBytes });
  expect((await scene.claim()).leases).toHaveLength(1);
});

async function fill(scene: Trial, entry: () => Parameters<Trial["append"]>[0][number]): Promise<readonly string[]> {
  const stored: string[] = [];
  for (;;) {
    const next = entry();
    try {
      await scene.append([next], 10);
    } catch (error) {
      expect(error).toMatchObject({ code: "storage_full" });
      return stored;
    }
    stored.push(...deliveriesOf([next]));
  }
}

/** Transactions in the write-ahead log since it was begun anew (https://www.sqlite.org/fileformat2.html#the_write_ahead_log). */
function commitsIn(file: string): number {
  const log = readFileSync(`${file}-wal`);
  const frameLength = 24 + log.readUInt32BE(8);
  const salt = log.subarray(16, 24);
  let commits = 0;
  for (let frame = 32; frame + frameLength <= log.length; frame += frameLength) {
    if (!log.subarray(frame + 8, frame + 16).equals(salt)) break;
    // The size of the database after the commit; 0 where the transaction goes on.
    if (log.readUInt32BE(frame + 4) !== 0) commits += 1;
  }
  return commits;
}
