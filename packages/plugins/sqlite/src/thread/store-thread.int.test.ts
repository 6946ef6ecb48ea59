import { performance } from "node:perf_hooks";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as wait } from "node:timers/promises";
import type { Lease } from "@hookwright/core";
import { organizationId } from "@hookwright/testing";
import { expect, test } from "vitest";
import { SqliteRig, trial } from "../sqlite-rig.test.support.js";
import { StoreProgram } from "../store-program.test.support.js";

const organization = organizationId(1);

test("while the database thread is blocked, timers of this thread fire on time", async () => {
  const scene = await trial();
  const webhook = await scene.webhook();
  const other = new DatabaseSync(scene.rig.file);
  other.exec("BEGIN IMMEDIATE");
  let isAnswered = false;
  const append = scene.append(scene.entries(webhook, 1)).then(() => {
    isAnswered = true;
  });
  const start = performance.now();
  let fired = 0;
  for (; fired < 20; fired += 1) await wait(5);
  const took = performance.now() - start;
  expect(isAnswered).toBe(false);
  // The thread would have been blocked for 5 seconds; twenty timers of 5 ms each need a fraction of one.
  expect(took).toBeLessThan(2_500);
  other.exec("COMMIT");
  other.close();
  await append;
});

test("calls before an open and after a close say so", async () => {
  const rig = SqliteRig.forTest();
  const store = rig.make();
  const list = () => store.webhooks.list(organization, {}, {});
  const notOpen = { code: "storage_failed", message: "The store is not open: call open() first." };
  await expect(list()).rejects.toMatchObject(notOpen);
  await store.open();
  expect(await list()).toEqual([]);
  await store.close();
  await expect(list()).rejects.toMatchObject(notOpen);
});

test("a close waits for what was called, and may be called twice", async () => {
  const scene = await trial();
  const webhook = await scene.webhook();
  const calls = [1, 2, 3].map(() => scene.append(scene.entries(webhook, 100)));
  const list = scene.store.attempts.list(organization, {}, { limit: 1_000 });
  await Promise.all([scene.store.close(), scene.store.close()]);
  for (const results of await Promise.all(calls)) expect(results.every(({ kind }) => kind === "stored")).toBe(true);
  expect(await list).toHaveLength(300);
  await scene.store.close();
});

test("a store can be opened again after its close, and an open may be called twice", async () => {
  const scene = await trial();
  const webhook = await scene.webhook();
  await scene.store.close();
  await Promise.all([scene.store.open(), scene.store.open()]);
  expect(await scene.store.webhooks.get(organization, webhook.id)).toEqual(webhook);
  await Promise.all([scene.store.close(), scene.store.open()]);
  expect(await scene.store.webhooks.get(organization, webhook.id)).toEqual(webhook);
});

test("a store that owes no answer does not keep its process alive", async () => {
  const rig = SqliteRig.forTest();
  const program = StoreProgram.start("open", rig.file);
  expect(await program.nextLine()).toBe("open");
  expect(await program.nextLine()).toBeUndefined();
  await rig.open();
});

test("when the thread dies, what it owes is refused, and the store can be opened again", async () => {
  const scene = await trial();
  const webhook = await scene.webhook();
  const append = scene.append(scene.entries(webhook, 1_000));
  const refused = expect(append).rejects.toMatchObject({
    code: "storage_failed",
    message: expect.stringContaining(`The thread of the database ${scene.rig.file} has ended`),
  });
  await scene.rig.kill();
  await refused;
  await expect(scene.webhook()).rejects.toMatchObject({ code: "storage_failed" });
  await scene.store.open();
  expect(await scene.store.webhooks.get(organization, webhook.id)).toEqual(webhook);
});

test("a delivery that nobody claimed before a clean close has its first attempt after it", async () => {
  const scene = await trial();
  await scene.append(scene.entries(await scene.webhook(), 1));
  await scene.store.close();
  await scene.store.open();
  expect((await scene.claim()).leases).toMatchObject([{ attempt: 1 }]);
});

test("no fence of a life that was cut off is given again in the next", async () => {
  const scene = await trial();
  await scene.append(scene.entries(await scene.webhook(), 1));
  const lost: Lease[] = [];
  for (let life = 0; life < 3; life += 1) {
    // Twice in each life: the first lease runs out.
    for (let turn = 0; turn < 2; turn += 1) {
      const { leases } = await scene.claim();
      expect(leases).toHaveLength(1);
      for (const lease of lost) expect(await scene.deliver([lease])).toEqual([false]);
      lost.push(...leases);
      scene.clock.advance(30_000);
    }
    await scene.crash();
  }
});
