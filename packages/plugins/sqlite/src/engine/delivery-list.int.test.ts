import type { DeliveryFilter, DeliveryRecord, EmitEntry } from "@hookwright/core";
import { attempt, organizationId, projectId, settlement } from "@hookwright/testing";
import { expect, test } from "vitest";
import { type Trial, trial } from "../sqlite-rig.test.support.js";

const organization = organizationId(1);

/** Enough for a part that is in the lists, a tail that is not, and several steps of reading. */
const many = 9_000;

test("lists are right over listed and unlisted deliveries, for every filter and page size", async () => {
  const scene = await trial();
  const stored = await history(scene);
  const seed = Math.floor(Math.random() * 2 ** 31);
  const random = randomSource(seed);
  for (let turn = 0; turn < 60; turn += 1) {
    const filter = randomFilter(random, stored);
    const limit = [1, 7, 100, 2_500, 20_000][Math.floor(random() * 5)] ?? 1;
    const before = random() < 0.5 ? stored[Math.floor(random() * stored.length)]?.id : undefined;
    const page = before === undefined ? { limit } : { limit, before };
    const expected = stored
      .filter((record) => passes(record, filter) && (before === undefined || record.id < before))
      .slice(0, limit);
    const found = await scene.store.attempts.list(organization, filter, page);
    expect(found, `seed ${seed}, turn ${turn}, ${JSON.stringify({ filter, page })}`).toEqual(expected);
  }
});

test("a list that reads through everything holds up no other call", async () => {
  const scene = await trial();
  await history(scene);
  const webhook = await scene.webhook();
  let isListed = false;
  const list = scene.store.attempts.list(organization, { status: "delivered" }, { limit: 20_000 }).then((found) => {
    isListed = true;
    return found;
  });
  // Posted in the same turn: it is answered after the first step of the list, and not after the last.
  await scene.append(scene.entries({ ...webhook, version: webhook.version }, 1));
  expect(isListed).toBe(false);
  expect((await list).length).toBeGreaterThan(4_096);
});

/** Several webhooks, projects, actions and ends, over ten hours; newest first, as the store tells each by itself. */
async function history(scene: Trial): Promise<readonly DeliveryRecord[]> {
  const webhooks = await Promise.all([1, 2, 3].map(() => scene.webhook()));
  const basedOn = Math.max(...webhooks.map(({ version }) => version));
  for (let left = many; left > 0; left -= 1_000) {
    const entries = Array.from({ length: 1_000 }, (_, index): EmitEntry => {
      scene.clock.advance(4_000);
      const webhook = webhooks[index % 10 === 0 ? 1 : index % 97 === 0 ? 2 : 0];
      const action = index % 5 === 0 ? "A" : "B";
      const message = scene.messages.message({ action, project: index % 3 === 0 ? projectId(7) : null });
      const deliveries = webhook === undefined ? [] : [scene.messages.delivery(webhook.id, { action })];
      return scene.messages.entry([], { drafts: [{ message, deliveries }], basedOn });
    });
    await scene.append(entries);
    await settleSome(scene);
  }
  const records = await scene.store.attempts.list(organization, {}, { limit: many });
  expect(records).toHaveLength(many);
  return Promise.all(
    records.map(async ({ id }) => {
      const found = await scene.store.attempts.get(organization, id);
      if (found === undefined) throw new Error(`${id} is gone.`);
      return found.delivery;
    }),
  );
}

async function settleSome(scene: Trial): Promise<void> {
  const { leases } = await scene.claim();
  const settlements = leases.flatMap((lease, index) => {
    if (index % 50 === 0) return [];
    if (index % 20 !== 0) return [settlement(lease)];
    const verdict = { kind: "failed", failures: 1 } as const;
    return [settlement(lease, { verdict, attempt: attempt({ status: 500, code: "http_status" }) })];
  });
  await scene.store.queue.settle(settlements, scene.now);
}

function randomFilter(random: () => number, stored: readonly DeliveryRecord[]): DeliveryFilter {
  const some = (): DeliveryRecord | undefined => stored[Math.floor(random() * stored.length)];
  const status = (["pending", "delivered", "failed", "cancelled"] as const)[Math.floor(random() * 4)];
  const webhook = some()?.webhook ?? undefined;
  return {
    ...(random() < 0.4 && webhook !== undefined ? { webhook } : {}),
    ...(random() < 0.3 ? { actions: random() < 0.5 ? ["A"] : ["A", "C"] } : {}),
    ...(random() < 0.3 ? { project: projectId(7) } : {}),
    ...(random() < 0.5 && status !== undefined ? { status } : {}),
    ...(random() < 0.3 ? { since: some()?.createdAt ?? 0 } : {}),
    ...(random() < 0.3 ? { until: some()?.createdAt ?? 0 } : {}),
  };
}

function passes(record: DeliveryRecord, { webhook, actions, project, status, since, until }: DeliveryFilter): boolean {
  return (
    (webhook === undefined || record.webhook === webhook) &&
    (actions === undefined || actions.includes(record.action)) &&
    (project === undefined || record.project === project) &&
    (status === undefined || record.status === status) &&
    (since === undefined || record.createdAt >= since) &&
    (until === undefined || record.createdAt < until)
  );
}

/** Numbers from 0 to 1 that a seed decides (mulberry32). */
function randomSource(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
