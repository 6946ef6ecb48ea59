import { expect } from "vitest";
import { organizationId, projectId } from "../builders/ids.js";
import { newWebhook } from "../builders/webhook-builder.js";
import { exactly } from "./exactly.js";
import type { Law } from "./law.js";
import { idsOf, type StoreScene } from "./store-scene.js";

/** What a durable store promises of a crash: all that was answered is there, and every lease is void. */
export function crashLaws(everyLaw: Law): void {
  everyLaw("a durable store can be reopened, and only a durable one", async (scene) => {
    expect(scene.canReopen).toBe(scene.store.capabilities.durable);
  });

  everyLaw("a store can be closed twice", async (scene) => {
    await scene.store.close();
    await scene.store.close();
  });

  durableLaws((title, run) =>
    everyLaw(title, async (scene) => {
      if (scene.store.capabilities.durable) await run(scene);
    }),
  );
}

function durableLaws(law: Law): void {
  law("what was appended survives a crash, to the byte", async (scene) => {
    const webhook = await scene.webhook();
    const payload = new TextEncoder().encode('{"b":9007199254740993, "a":"ü😀"}');
    const variants = new Map([["short", new TextEncoder().encode("{}")]]);
    const draft = scene.messages.draft([webhook.id], { payload, variants, project: projectId(7) });
    await scene.append([scene.messages.entry([], { drafts: [draft], basedOn: webhook.version })]);
    await scene.crash();
    const { leases, messages } = await scene.claim();
    expect(idsOf(leases)).toEqual(idsOf(draft.deliveries));
    const message = messages.get(draft.message.id);
    expect(Buffer.from(message?.payload ?? []).toString("hex")).toBe(Buffer.from(payload).toString("hex"));
    expect([...(message?.variants ?? [])].map(([name, body]) => [name, Buffer.from(body).toString()])).toEqual([
      ["short", "{}"],
    ]);
    expect(message).toMatchObject({ project: 7, createdAt: draft.message.createdAt });
  });

  law("a crash voids every lease, handed over or claimed, and frees all room", async (scene) => {
    const webhook = await scene.webhook({ maxConcurrency: 2 });
    await scene.append([scene.messages.entry([webhook.id], { basedOn: webhook.version })], 10);
    await scene.waiting(webhook);
    await scene.lease();
    expect(await scene.leases()).toEqual([]);
    await scene.crash();
    const leases = await scene.leases();
    expect(leases).toHaveLength(2);
    for (const lease of leases) expect(await scene.deliver(lease)).toBe(true);
    expect(await scene.leases()).toEqual([]);
  });

  law("what was settled survives a crash", async (scene) => {
    const webhook = await scene.webhook();
    const ids = await scene.waiting(webhook, 3);
    const [delivered, failed, retried] = exactly(3, await scene.leases());
    await scene.deliver(delivered);
    await scene.fail(failed);
    await scene.retryAfter(retried, 60_000);
    const before = await Promise.all(ids.map((id) => scene.detail(id)));
    await scene.crash();
    expect(await Promise.all(ids.map((id) => scene.detail(id)))).toEqual(before);
    expect((await scene.claim()).nextDue).toBe(scene.now + 60_000);
    scene.clock.advance(60_000);
    const again = await scene.lease();
    expect(again).toMatchObject({ id: retried.id, failures: 1 });
    expect(again.attempt).toBeGreaterThan(retried.attempt);
  });

  law("a delivery that is sent again after a crash goes on counting its attempts", async (scene) => {
    const webhook = await scene.webhook();
    const [id] = exactly(1, await scene.waiting(webhook));
    await scene.fail(await scene.lease());
    await scene.crash();
    await scene.store.queue.retry(scene.organization, id, scene.now);
    await scene.crash();
    const lease = await scene.lease();
    expect(lease).toMatchObject({ id, failures: 0 });
    expect(await scene.deliver(lease)).toBe(true);
    const { attempts } = await scene.detail(id);
    expect(attempts.map(({ number }) => number)).toEqual([1, lease.attempt]);
    expect(lease.attempt).toBeGreaterThan(1);
  });

  law("webhooks, their counters and their change numbers survive a crash", async (scene) => {
    const [kept, deleted] = exactly(2, await scene.webhooks(2));
    await scene.waiting(kept);
    await scene.fail(await scene.lease());
    await scene.update(kept, { headers: { a: "1" }, actions: ["A"], sendForAllActions: false });
    await scene.waiting(kept);
    await scene.fail(await scene.lease());
    await scene.store.webhooks.delete(scene.organization, deleted.id, scene.now);
    const before = await scene.read(kept);
    await scene.crash();
    expect(await scene.read(kept)).toEqual(before);
    expect(before.consecutiveFailures).toBe(1);
    expect(await scene.store.webhooks.changes(scene.organization, 2, 10)).toMatchObject({
      changed: [{ id: kept.id }],
      deleted: [deleted.id],
      upTo: 4,
    });
    expect((await scene.store.webhooks.create(newWebhook(), scene.now)).id).toBeGreaterThan(deleted.id);
  });

  law("keys and tokens survive a crash", async (scene) => {
    const idempotency = { key: "k", fingerprint: "f", answer: "first", expiresAt: scene.now + 1_000 };
    await scene.append([scene.messages.entry([], { idempotency })]);
    const token = await scene.store.access.add({
      organization: organizationId(1),
      name: "t",
      hash: "a".repeat(64),
      createdAt: scene.now,
    });
    await scene.crash();
    expect(await scene.append([scene.messages.entry([], { idempotency })])).toEqual([
      { kind: "duplicate", answer: "first" },
    ]);
    expect(await scene.store.access.find(token.hash)).toEqual(token);
  });

  law("held and ordered deliveries wait on after a crash", async (scene) => {
    const held = await scene.webhook();
    const ordered = await scene.webhook({ ordered: true });
    const [heldId] = exactly(1, await scene.waiting(held));
    await scene.update(held, { isActive: false });
    const [first, second] = exactly(2, await scene.waiting(ordered, 2));
    await scene.retryAfter(await scene.lease(), 5_000);
    await scene.crash();
    expect(await scene.leases()).toEqual([]);
    scene.clock.advance(5_000);
    const lease = await scene.lease();
    expect(lease.id).toBe(first);
    await scene.deliver(lease);
    expect(idsOf(await scene.leases())).toEqual([second]);
    await scene.update(held, { isActive: true });
    expect(idsOf(await scene.leases())).toEqual([heldId]);
  });

  law("a delivery under way to a deleted webhook is cancelled by a crash", async (scene) => {
    const webhook = await scene.webhook();
    const ids = await scene.waiting(webhook, 2);
    await scene.leases(1);
    await scene.store.webhooks.delete(scene.organization, webhook.id, scene.now);
    await scene.crash();
    expect(await scene.leases()).toEqual([]);
    expect(await Promise.all(ids.map((id) => scene.status(id)))).toEqual(["cancelled", "cancelled"]);
  });

  law(
    "appends at the moment of a crash are stored whole or not at all, and those that were answered are stored",
    async (scene) => {
      const webhook = await scene.webhook({ maxConcurrency: 1_000 });
      const { answered, entries } = await appendWhileCrashing(scene, webhook.version, webhook.id);
      const found = await Promise.all(
        entries.map(async (entry) => {
          const ids = entry.drafts.flatMap((draft) => idsOf(draft.deliveries));
          const stored = await Promise.all(
            ids.map(async (id) => (await scene.store.attempts.get(scene.organization, id)) !== undefined),
          );
          return { all: stored.every(Boolean), none: !stored.some(Boolean) };
        }),
      );
      expect(found.filter(({ all, none }) => !all && !none)).toEqual([]);
      entries.forEach((entry, index) => {
        if (answered.has(entry)) expect(found[index]).toMatchObject({ all: true });
      });
    },
  );

  law("a store survives several crashes", async (scene) => {
    const webhook = await scene.webhook();
    const ids: string[] = [];
    for (let life = 0; life < 4; life += 1) {
      ids.push(...(await scene.waiting(webhook)));
      await scene.leases(1);
      await scene.crash();
    }
    expect(idsOf(await scene.leases())).toEqual(ids);
  });
}

async function appendWhileCrashing(
  scene: StoreScene,
  basedOn: number,
  webhook: Parameters<StoreScene["messages"]["delivery"]>[0],
) {
  const entries = Array.from({ length: 40 }, () => {
    const drafts = [scene.messages.draft([webhook]), scene.messages.draft([webhook])];
    return scene.messages.entry([], { drafts, basedOn });
  });
  const answered = new Set<(typeof entries)[number]>();
  // A call that the crash cuts off may reject or never settle; only what was answered counts.
  for (const entry of entries) {
    scene.append([entry]).then(
      ([result]) => {
        if (result?.kind === "stored") answered.add(entry);
      },
      () => {},
    );
  }
  await scene.crash();
  return { answered, entries };
}
