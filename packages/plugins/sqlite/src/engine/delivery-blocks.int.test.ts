import { DatabaseSync } from "node:sqlite";
import type { DeliveryFilter, DeliveryId, OrganizationId } from "@hookwright/core";
import { newWebhook, organizationId, projectId, webhookId } from "@hookwright/testing";
import { expect, test } from "vitest";
import { applicationId, readMigrations } from "../database/migrations.js";
import { SqliteRig, type Trial, trial } from "../sqlite-rig.test.support.js";

const organization = organizationId(1);

test("a history of the second schema is searched, and replayed, like any other", async () => {
  const rig = SqliteRig.forTest();
  secondSchema(rig.file, 3_000);
  const store = await rig.open();
  const find = async (filter: DeliveryFilter, of: OrganizationId = organization): Promise<readonly DeliveryId[]> =>
    (await store.attempts.list(of, filter, { limit: 5_000 })).map(({ id }) => id);
  expect(await find({})).toHaveLength(2_999);
  expect(await find({ actions: ["ONCE"] })).toEqual([idOf(300)]);
  expect(await find({ actions: ["ONCE"], project: projectId(0 + (300 % 7)) })).toEqual([idOf(300)]);
  expect(await find({ actions: ["ONCE"], project: projectId(5) })).toEqual([]);
  expect(await find({ actions: ["ONCE"] }, organizationId(2))).toEqual([]);
  expect(await find({ project: projectId(3) })).toHaveLength(428);
  expect(await find({ until: 101 })).toHaveLength(99);
  // To the end of a block.
  expect(await find({ until: 257 })).toHaveLength(255);
  expect(await find({ since: 2_901 })).toHaveLength(100);
  const webhook = await store.webhooks.create(newWebhook(), 5_000);
  const request = { since: 0, until: 10_000, status: null, missing: true } as const;
  const found: string[] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const page = await store.jobs.find({ organization, webhook: webhook.id, request }, cursor, 400);
    found.push(...page.messages.map(({ id }) => id));
    cursor = page.next;
  }
  expect(found).toHaveLength(2_999);
});

test("what waits is found among very many, and so is an old delivery that was sent again", async () => {
  const scene = await trial();
  const [busy, calm] = [await scene.webhook(), await scene.webhook()];
  const basedOn = calm.version;
  const old = await appended(scene, calm.id, basedOn, 1_000);
  await scene.deliver((await scene.claim()).leases);
  await appended(scene, busy.id, basedOn, 9_000);
  await scene.store.webhooks.update(organization, busy.id, { isActive: false }, scene.now);
  const pending = (filter: DeliveryFilter, limit = 50) =>
    scene.store.attempts.list(organization, { ...filter, status: "pending" }, { limit });
  expect(await pending({ webhook: calm.id })).toEqual([]);
  expect(await pending({}, 10_000)).toHaveLength(9_000);
  const [first] = old;
  if (first === undefined) throw new Error("Nothing was stored.");
  expect(await scene.store.queue.retry(organization, first, scene.now)).toBe("queued");
  expect((await pending({ webhook: calm.id })).map(({ id }) => id)).toEqual([first]);
  const all = await pending({}, 10_000);
  expect(all).toHaveLength(9_001);
  expect(all.at(-1)?.id).toBe(first);
});

async function appended(scene: Trial, webhook: number, basedOn: number, count: number): Promise<readonly DeliveryId[]> {
  const ids: DeliveryId[] = [];
  for (let left = count; left > 0; left -= 1_000) {
    const entries = scene.entries({ ...(await read(scene, webhook)), version: basedOn }, Math.min(left, 1_000));
    await scene.append(entries);
    ids.push(...entries.flatMap(({ drafts }) => drafts.flatMap(({ deliveries }) => deliveries.map(({ id }) => id))));
  }
  return ids;
}

async function read(scene: Trial, id: number) {
  const webhook = await scene.store.webhooks.get(organization, webhookId(id));
  if (webhook === undefined) throw new Error(`Webhook ${id} is gone.`);
  return webhook;
}

function idOf(number: number): DeliveryId {
  // Ids as they are made: their order is that of the numbers.
  return `dlv_${String(number).padStart(26, "0")}` as DeliveryId;
}

/** A database as the last release left it: delivered by webhook 9, the newest in no list yet, one of another organization. */
function secondSchema(file: string, count: number): void {
  const database = new DatabaseSync(file);
  database.exec(`PRAGMA application_id = ${applicationId}; PRAGMA journal_mode = WAL`);
  for (const { number, sql } of readMigrations()) if (number <= 2) database.exec(sql);
  const listed = Math.floor((count - 500) / 2_048) * 2_048;
  database.exec(`PRAGMA user_version = 2; BEGIN; UPDATE state SET listed_to = ${listed}`);
  const message = database.prepare(
    `INSERT INTO messages (number, id, organization, project, action, created_at, first_delivery, deliveries, variants, payload)
     VALUES (?, ?, ?, ?, ?, ?, ?, 1, 0, x'7b7d')`,
  );
  const delivery = database.prepare(
    `INSERT INTO deliveries (number, id, organization, webhook, message, project, action, form, status, test, created_at, finished_at,
       attempts, fence, generation, failures) VALUES (?, ?, ?, 9, ?, ?, ?, 'full', 1, 0, ?, ?, 1, 1, 0, 0)`,
  );
  for (let number = 1; number <= count; number += 1) {
    const [of, action] = [number === 17 ? 2 : 1, number === 300 ? "ONCE" : "OFTEN"];
    const project = number % 7;
    message.run(number, `msg_${String(number).padStart(26, "0")}`, of, project, action, number, number);
    delivery.run(number, idOf(number), of, number, project, action, number, number);
  }
  for (const [table, column] of [
    ["organization", "organization"],
    ["webhook", "webhook"],
  ])
    database.exec(
      `INSERT INTO deliveries_of_${table} SELECT ${column}, id, number FROM deliveries WHERE number <= ${listed}`,
    );
  database.exec("COMMIT");
  database.close();
}
