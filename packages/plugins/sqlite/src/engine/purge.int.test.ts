import { DatabaseSync } from "node:sqlite";
import { organizationId } from "@hookwright/testing";
import { expect, test } from "vitest";
import { type Trial, trial } from "../sqlite-rig.test.support.js";

const organization = organizationId(1);

test("a step removes few, also of one message with very many deliveries", async () => {
  const scene = await trial();
  const webhooks = await Promise.all(Array.from({ length: 1_000 }, () => scene.webhook()));
  const basedOn = Math.max(...webhooks.map(({ version }) => version));
  await scene.append([
    scene.messages.entry(
      webhooks.map(({ id }) => id),
      { basedOn },
    ),
  ]);
  await scene.deliver((await scene.claim()).leases);
  scene.clock.advance(1);
  let left = 1_000;
  let steps = 0;
  for (let more = true; more; steps += 1) {
    more = await scene.store.attempts.purge(scene.now, scene.now);
    const now = await count(scene);
    expect(left - now).toBeLessThanOrEqual(500);
    left = now;
  }
  expect(left).toBe(0);
  expect(steps).toBeGreaterThanOrEqual(2);
});

test("what was removed makes room for what comes", async () => {
  const scene = await trial({ maxBytes: 3 * 1_024 * 1_024 });
  const webhook = await scene.webhook();
  // Ten times what the file could hold at once.
  for (let day = 0; day < 20; day += 1) {
    await scene.append(scene.entries(webhook, 1_000));
    await scene.deliver((await scene.claim()).leases);
    scene.clock.advance(86_400_000);
    while (await scene.store.attempts.purge(scene.now, scene.now));
  }
  expect(await count(scene)).toBe(0);
});

test("of what was removed nothing is left in the file", async () => {
  const scene = await trial();
  const webhook = await scene.webhook();
  const variants = new Map([["short", new Uint8Array(1)]]);
  const idempotency = { key: "k", fingerprint: "f", answer: "a", expiresAt: scene.now };
  const drafts = [scene.messages.draft([webhook.id], { variants })];
  await scene.append([scene.messages.entry([], { drafts, basedOn: webhook.version, idempotency })]);
  // So many that part of them is in the lists.
  for (let turn = 0; turn < 7; turn += 1) await scene.append(scene.entries(webhook, 1_000));
  for (let { leases } = await scene.claim(5_000); leases.length > 0; { leases } = await scene.claim(5_000)) {
    await scene.deliver(leases);
  }
  expect(rowsIn(scene.rig.file, "deliveries_of_webhook")).toBeGreaterThan(2_000);
  scene.clock.advance(1);
  while (await scene.store.attempts.purge(scene.now, scene.now));
  const tables = ["messages", "message_variants", "deliveries", "attempts", "due", "idempotency_keys"];
  for (const table of [...tables, "deliveries_of_webhook", "deliveries_of_organization"]) {
    expect([table, rowsIn(scene.rig.file, table)]).toEqual([table, 0]);
  }
});

test("old deliveries that wait for an active webhook do not keep a purge from its end", async () => {
  const scene = await trial();
  const webhook = await scene.webhook();
  await scene.append(scene.entries(webhook, 1_200));
  const [done] = (await scene.claim(1)).leases;
  await scene.deliver(done === undefined ? [] : [done]);
  scene.clock.advance(1);
  let steps = 0;
  // Time goes on between the steps, as it does for whoever keeps what is younger than some days.
  for (; await scene.store.attempts.purge(scene.now, scene.now); steps += 1) scene.clock.advance(1);
  expect(steps).toBeLessThan(20);
  expect(await count(scene)).toBe(1_199);
});

test("a message that came late with an older time is removed with the others of that time", async () => {
  const scene = await trial();
  const webhook = await scene.webhook();
  const [old, late] = [scene.messages.draft([webhook.id]), scene.messages.draft([webhook.id])];
  scene.clock.advance(1_000);
  const cutoff = scene.now;
  const young = scene.messages.draft([webhook.id]);
  await scene.append([scene.messages.entry([], { drafts: [old, young, late], basedOn: webhook.version })]);
  await scene.deliver((await scene.claim()).leases);
  while (await scene.store.attempts.purge(cutoff, scene.now));
  const left = await scene.store.attempts.list(organization, {}, { limit: 10 });
  expect(left.map(({ id }) => id)).toEqual(young.deliveries.map(({ id }) => id));
});

/** The database can be read from outside while it is in use. */
function rowsIn(file: string, table: string): number {
  const connection = new DatabaseSync(file, { readOnly: true });
  try {
    return Number(connection.prepare(`SELECT count(*) AS rows FROM ${table}`).get()?.["rows"]);
  } finally {
    connection.close();
  }
}

async function count(scene: Trial): Promise<number> {
  return (await scene.store.attempts.list(organization, {}, { limit: 100_000 })).length;
}
