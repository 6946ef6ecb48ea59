import { DatabaseSync } from "node:sqlite";
import type { Webhook } from "@hookwright/core";
import { IdSource } from "@hookwright/core/internal";
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
    expect(left - now).toBeLessThanOrEqual(100);
    left = now;
  }
  expect(left).toBe(0);
  expect(steps).toBeGreaterThanOrEqual(10);
});

test("what was removed makes room for what comes", async () => {
  const scene = await trial({ maxBytes: 3 * 1_024 * 1_024 });
  const webhook = await scene.webhook();
  const sizes: number[] = [];
  // Ten times what the file could hold at once.
  for (let day = 0; day < 20; day += 1) {
    sizes.push(pagesOf(scene.rig.file));
    await scene.append(scene.entries(webhook, 1_000));
    await scene.deliver((await scene.claim()).leases);
    scene.clock.advance(86_400_000);
    while (await scene.store.attempts.purge(scene.now, scene.now));
  }
  expect(await count(scene)).toBe(0);
  // Whatever it grew to in the first days is enough for all days.
  expect(Math.max(...sizes)).toBeLessThanOrEqual(Math.max(...sizes.slice(0, 5)));
});

test("a step takes few large bodies, so that none holds the thread long", async () => {
  const scene = await trial();
  const payload = new TextEncoder().encode(JSON.stringify({ text: "x".repeat(1_500_000) }));
  const short = new Uint8Array(1_500_000);
  // Six megabytes in two messages, then eight small ones.
  const large = [1, 2].map(() => scene.messages.draft([], { payload, variants: new Map([["short", short]]) }));
  const small = Array.from({ length: 8 }, () => scene.messages.draft([]));
  const drafts = [...large, ...large.map(() => scene.messages.draft([], { payload })), ...small];
  await scene.append([scene.messages.entry([], { drafts })]);
  scene.clock.advance(1);
  const left: number[] = [];
  while (await scene.store.attempts.purge(scene.now, scene.now)) left.push(rowsIn(scene.rig.file, "messages"));
  expect(left).toEqual([10, 0]);
});

test("what is emitted and sent while old rows are removed waits for a step at most", async () => {
  const scene = await trial();
  const webhook = await scene.webhook();
  for (let turn = 0; turn < 8; turn += 1) await scene.append(scene.entries(webhook, 1_000));
  await scene.deliver((await scene.claim()).leases);
  scene.clock.advance(1);
  const cutoff = scene.now;
  let steps = 0;
  const purge = async (): Promise<void> => {
    while (await scene.store.attempts.purge(cutoff, scene.now)) steps += 1;
  };
  const purging = purge();
  let left = 0;
  // Append, claim and settle: three calls, and so a step beside each.
  for (let turn = 0; turn < 8; turn += 1) {
    const before = steps;
    await scene.append(scene.entries(webhook, 1));
    expect(await scene.deliver((await scene.claim()).leases)).toEqual([true]);
    expect(steps - before).toBeLessThanOrEqual(4);
    if (turn === 0) left = rowsIn(scene.rig.file, "deliveries");
  }
  expect(left).toBeGreaterThan(5_000);
  await purging;
  expect(rowsIn(scene.rig.file, "deliveries")).toBe(8);
  expect(steps).toBeGreaterThan(20);
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
  await replayAll(scene, await scene.webhook());
  await scene.deliver((await scene.claim()).leases);
  const listed = ["deliveries_of_webhook", "delivery_blocks", "message_blocks", "added_deliveries", "jobs"];
  for (const table of listed) expect([table, rowsIn(scene.rig.file, table)]).not.toEqual([table, 0]);
  scene.clock.advance(1);
  while (await scene.store.attempts.purge(scene.now, scene.now));
  const tables = ["messages", "message_variants", "deliveries", "attempts", "due", "idempotency_keys"];
  for (const table of [...tables, ...listed, "deliveries_of_organization"]) {
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
  expect(steps).toBeLessThan(40);
  expect(await count(scene)).toBe(1_199);
});

test("a message that came late with an older time is removed with the others of that time", async () => {
  const scene = await trial();
  const webhook = await scene.webhook();
  const [old, late] = [scene.messages.draft([webhook.id]), scene.messages.draft([webhook.id])];
  const cutoff = scene.now + 1_000;
  const young = scene.messages.draft([webhook.id], { createdAt: cutoff });
  await scene.append([scene.messages.entry([], { drafts: [old, young, late], basedOn: webhook.version })]);
  await scene.deliver((await scene.claim()).leases);
  while (await scene.store.attempts.purge(cutoff, scene.now));
  const left = await scene.store.attempts.list(organization, {}, { limit: 10 });
  expect(left.map(({ id }) => id)).toEqual(young.deliveries.map(({ id }) => id));
});

/** Gives a webhook a delivery of the first messages, as a job that comes to its end. */
async function replayAll(scene: Trial, { organization: of, id: webhook, version }: Webhook): Promise<void> {
  const ids = new IdSource(scene.clock);
  const request = { since: 0, until: scene.now + 1, status: null, missing: true };
  const made = { id: ids.jobId(), kind: "replay", organization: of, webhook, request, total: null } as const;
  const job = await scene.store.jobs.create(made, scene.now, 1);
  if (job === undefined) throw new Error("one job may run");
  const { messages } = await scene.store.jobs.find(job, "", 100);
  expect(messages).toHaveLength(100);
  const add = messages.map(({ id: message }) => {
    const delivery = { ...scene.messages.delivery(webhook), webhook };
    return { message, delivery, variants: new Map<string, Uint8Array>() };
  });
  const step = {
    job: job.id,
    version: job.version,
    basedOn: version,
    requeue: [],
    add,
    examined: 100,
    skipped: 0,
    next: null,
  };
  expect(await scene.store.jobs.advance(step, scene.now)).toMatchObject({ kind: "moved", job: { created: 100 } });
}

/** The database can be read from outside while it is in use. */
function rowsIn(file: string, table: string): number {
  return ask(file, `SELECT count(*) AS answer FROM ${table}`);
}

/** The size of the file as it is, or will be once the log is copied into it. */
function pagesOf(file: string): number {
  return ask(file, "SELECT page_count AS answer FROM pragma_page_count()");
}

function ask(file: string, sql: string): number {
  const connection = new DatabaseSync(file, { readOnly: true });
  try {
    return Number(connection.prepare(sql).get()?.["answer"]);
  } finally {
    connection.close();
  }
}

async function count(scene: Trial): Promise<number> {
  return (await scene.store.attempts.list(organization, {}, { limit: 100_000 })).length;
}
