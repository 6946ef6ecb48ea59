import type { DeliveryFact, EmitEntry, Lease, Note, Webhook } from "@hookwright/core";
import { expect } from "vitest";
import { organizationId } from "../builders/ids.js";
import { settlement } from "../builders/settlement-builder.js";
import { exactly } from "./exactly.js";
import type { Law } from "./law.js";
import { failedAttempt, type StoreScene } from "./store-scene.js";

/** Every promise of `NoteLog`: each note is written with what it tells of, and taken away with the event that tells it. */
export function noteLaws(law: Law): void {
  writingLaws(law);
  tellingLaws(law);
  purgeLaws(law);
  durableLaws((title, run) =>
    law(title, async (scene) => {
      if (scene.store.capabilities.durable) await run(scene);
    }),
  );
}

function writingLaws(law: Law): void {
  law("no settle writes a note that was not asked for", async (scene) => {
    const webhook = await scene.webhook();
    await scene.waiting(webhook, 3);
    const [delivered, failed, retried] = exactly(3, await scene.leases());
    await scene.deliver(delivered);
    await scene.fail(failed);
    await scene.retryAfter(retried, 1_000);
    expect(await scene.store.notes.list(0, 10)).toEqual([]);
  });

  law("a settlement's note is written with it, and read as it was given", async (scene) => {
    const webhook = await scene.webhook();
    await scene.waiting(webhook, 2);
    const [first, second] = exactly(2, await scene.leases());
    scene.clock.advance(40);
    const [exhausted, recovered] = [factOf(first, "exhausted"), factOf(second, "recovered")];
    const { noted, settled } = await scene.store.queue.settle(
      [settlement(first, { note: exhausted }), settlement(second, { note: recovered })],
      scene.now,
    );
    expect({ noted, settled }).toEqual({ noted: true, settled: [true, true] });
    const common = { organization: scene.organization, webhook: webhook.id, at: scene.now };
    const notes = await scene.store.notes.list(0, 10);
    expect(notes).toEqual([
      { ...common, id: notes[0]?.id, fact: exhausted },
      { ...common, id: notes[1]?.id, fact: recovered },
    ]);
    expect(notes[1]?.id).toBeGreaterThan(notes[0]?.id ?? Number.POSITIVE_INFINITY);
  });

  law("a deactivation writes its note by itself, once", async (scene) => {
    const webhook = await scene.webhook();
    await scene.waiting(webhook, 3);
    const leases = await scene.leases();
    const failures = leases.map((lease) => failing(lease, { effect: { kind: "failed", disableAfter: 2 } }));
    const { noted } = await scene.store.queue.settle(failures, scene.now);
    expect(noted).toBe(true);
    expect(await facts(scene)).toEqual([{ kind: "disabled", reason: "failures", consecutiveFailures: 2 }]);
    const gone = await scene.webhook();
    await scene.waiting(gone);
    await scene.settle(await scene.lease(), { verdict: { kind: "failed", failures: 1 }, effect: { kind: "gone" } });
    expect((await facts(scene))[1]).toEqual({ kind: "disabled", reason: "gone", consecutiveFailures: 0 });
  });

  law("a user's deactivation writes none", async (scene) => {
    const webhook = await scene.webhook();
    await scene.update(webhook, { isActive: false });
    expect(await scene.store.notes.list(0, 10)).toEqual([]);
  });

  law("a silent settlement counts, and writes no note, not of a deactivation either", async (scene) => {
    const webhook = await scene.webhook();
    await scene.waiting(webhook);
    const lease = await scene.lease();
    const told = { note: factOf(lease, "exhausted"), silent: true, effect: { kind: "gone" } } as const;
    const { noted, settled, deactivated } = await scene.store.queue.settle([failing(lease, told)], scene.now);
    expect({ noted, settled }).toEqual({ noted: false, settled: [true] });
    expect(deactivated).toHaveLength(1);
    expect(await scene.store.notes.list(0, 10)).toEqual([]);
  });

  law("a settlement that does not count writes no note; one that is repeated writes no second", async (scene) => {
    const webhook = await scene.webhook();
    await scene.waiting(webhook);
    const lease = await scene.lease();
    const real = settlement(lease, { note: factOf(lease, "recovered") });
    const forged = { ...real, fence: real.fence + 1 };
    expect(await scene.store.queue.settle([forged], scene.now)).toMatchObject({ settled: [false], noted: false });
    expect(await scene.store.queue.settle([real, real], scene.now)).toMatchObject({ settled: [true, false] });
    expect(await scene.store.queue.settle([real], scene.now)).toMatchObject({ settled: [false], noted: false });
    expect(await scene.store.notes.list(0, 10)).toHaveLength(1);
  });

  law("a settlement of a deleted webhook writes no note", async (scene) => {
    const webhook = await scene.webhook();
    await scene.waiting(webhook);
    const lease = await scene.lease();
    await scene.store.webhooks.delete(scene.organization, webhook.id, scene.now);
    const { noted } = await scene.store.queue.settle([failing(lease, { note: factOf(lease, "exhausted") })], scene.now);
    expect(noted).toBe(false);
    expect(await scene.store.notes.list(0, 10)).toEqual([]);
  });

  law("notes of all organizations come in pages by rising id", async (scene) => {
    const ids: (readonly [number, number])[] = [];
    for (const organization of [1, 2, 1]) {
      const webhook = await scene.webhook({ organization: organizationId(organization) });
      await write(scene, webhook);
      ids.push([organization, webhook.id]);
    }
    const first = await scene.store.notes.list(0, 2);
    const rest = await scene.store.notes.list(first[1]?.id ?? 0, 2);
    expect([...first, ...rest].map(({ organization, webhook }) => [organization, webhook])).toEqual(ids);
    expect(await scene.store.notes.list(rest[0]?.id ?? 0, 2)).toEqual([]);
  });

  law("a lease says whether the last attempt failed", async (scene) => {
    const webhook = await scene.webhook();
    const [id] = exactly(1, await scene.waiting(webhook));
    const first = await scene.lease();
    expect(first.afterFailure).toBeUndefined();
    await scene.release(first);
    const released = await scene.lease();
    expect(released.afterFailure).toBeUndefined();
    await scene.retryAfter(released, 0);
    const again = await scene.lease();
    expect(again.afterFailure).toBe(true);
    await scene.release(again);
    const third = await scene.lease();
    expect(third.afterFailure).toBe(true);
    await scene.fail(third);
    await scene.store.queue.retry(scene.organization, id, scene.now);
    const byHand = await scene.lease();
    expect(byHand).toMatchObject({ failures: 0, afterFailure: true });
    await scene.deliver(byHand);
    await scene.store.queue.retry(scene.organization, id, scene.now);
    expect((await scene.lease()).afterFailure).toBeUndefined();
  });
}

function tellingLaws(law: Law): void {
  law("an event takes its note away, and is stored only as long as the note is there", async (scene) => {
    const webhook = await scene.webhook();
    const note = await write(scene, webhook);
    const [first, second] = [entryOf(scene, webhook, note), entryOf(scene, webhook, note)];
    expect(await scene.append([first])).toEqual([{ kind: "stored", leases: [], waiting: true }]);
    expect(await scene.store.notes.list(0, 10)).toEqual([]);
    expect(await scene.append([second])).toEqual([{ kind: "told" }]);
    expect(await scene.leases()).toHaveLength(1);
    for (const { message } of second.drafts)
      expect(await scene.store.messages.get(scene.organization, message.id)).toBeUndefined();
  });

  law("of two events for one note in one call the first is stored", async (scene) => {
    const webhook = await scene.webhook();
    const note = await write(scene, webhook);
    const results = await scene.append([entryOf(scene, webhook, note), entryOf(scene, webhook, note)]);
    expect(results.map(({ kind }) => kind)).toEqual(["stored", "told"]);
  });

  law("a stale event leaves its note", async (scene) => {
    const webhook = await scene.webhook();
    const note = await write(scene, webhook);
    const stale = { ...entryOf(scene, webhook, note), basedOn: webhook.version - 1 };
    expect(await scene.append([stale])).toEqual([{ kind: "stale", change: webhook.version }]);
    expect(await scene.store.notes.list(0, 10)).toEqual([note]);
  });

  law("a note is taken away without an event, whatever changed", async (scene) => {
    const webhook = await scene.webhook();
    const note = await write(scene, webhook);
    await scene.store.webhooks.delete(scene.organization, webhook.id, scene.now);
    const nothing = scene.messages.entry([], { drafts: [], basedOn: Number.MAX_SAFE_INTEGER, note: note.id });
    expect(await scene.append([nothing])).toEqual([{ kind: "stored", leases: [], waiting: false }]);
    expect(await scene.store.notes.list(0, 10)).toEqual([]);
    expect(await scene.append([nothing])).toEqual([{ kind: "told" }]);
  });

  law("a note's id is not used again", async (scene) => {
    const webhook = await scene.webhook();
    const before = await write(scene, webhook);
    await scene.append([entryOf(scene, webhook, before)]);
    for (const lease of await scene.leases()) await scene.deliver(lease);
    const after = await write(scene, webhook);
    expect(after.id).toBeGreaterThan(before.id);
  });
}

function purgeLaws(law: Law): void {
  law("a purge removes notes that were written before its moment, and leaves the younger ones", async (scene) => {
    const webhook = await scene.webhook();
    const old = [await write(scene, webhook), await write(scene, webhook)];
    scene.clock.advance(1);
    const cutoff = scene.now;
    const young = await write(scene, webhook);
    while (await scene.store.attempts.purge(old[0]?.at ?? 0, scene.now));
    expect(await scene.store.notes.list(0, 10)).toHaveLength(3);
    while (await scene.store.attempts.purge(cutoff, scene.now));
    expect(await scene.store.notes.list(0, 10)).toEqual([young]);
    expect(await scene.append([entryOf(scene, webhook, old[0] as Note)])).toEqual([{ kind: "told" }]);
  });
}

function durableLaws(law: Law): void {
  law("notes survive a crash as they are, and so does that one was taken away", async (scene) => {
    const webhook = await scene.webhook();
    const told = await write(scene, webhook);
    const left = await write(scene, webhook);
    const entry = entryOf(scene, webhook, told);
    await scene.append([entry]);
    await scene.crash();
    expect(await scene.store.notes.list(0, 10)).toEqual([left]);
    expect(await scene.append([entryOf(scene, webhook, told)])).toEqual([{ kind: "told" }]);
    expect(await scene.append([entryOf(scene, webhook, left)])).toMatchObject([{ kind: "stored" }]);
    await scene.crash();
    expect(await scene.store.notes.list(0, 10)).toEqual([]);
    for (const lease of await scene.leases()) await scene.deliver(lease);
    expect(await write(scene, webhook).then(({ id }) => id)).toBeGreaterThan(left.id);
  });

  law("at the moment of a crash there is the note or its event, never both and never neither", async (scene) => {
    const webhook = await scene.webhook({ maxConcurrency: 1_000 });
    const notes: Note[] = [];
    for (let number = 0; number < 30; number += 1) notes.push(await write(scene, webhook));
    const entries = notes.map((note) => entryOf(scene, webhook, note));
    await whileCrashing(scene, entries, (entry) => scene.append([entry]));
    const left = new Set((await scene.store.notes.list(0, 100)).map(({ id }) => id));
    for (const { note = 0, drafts } of entries) {
      const [draft] = exactly(1, drafts);
      const stored = (await scene.store.messages.get(scene.organization, draft.message.id)) !== undefined;
      expect([note, stored]).toEqual([note, !left.has(note)]);
    }
  });

  law("at the moment of a crash a delivery is settled together with its note, or not at all", async (scene) => {
    const webhook = await scene.webhook({ maxConcurrency: 1_000 });
    await scene.waiting(webhook, 30);
    const leases = await scene.leases();
    await whileCrashing(scene, leases, (lease) =>
      scene.store.queue.settle([failing(lease, { note: factOf(lease, "exhausted") })], scene.now),
    );
    const noted = new Set((await facts(scene)).map((fact) => ("delivery" in fact ? fact.delivery : "")));
    for (const { id } of leases)
      expect([id, await scene.status(id)]).toEqual([id, noted.has(id) ? "failed" : "pending"]);
  });
}

/** Makes a call for each item, and crashes with about half of them under way. Those that the crash cuts off may never be answered. */
async function whileCrashing<Item>(
  scene: StoreScene,
  items: readonly Item[],
  call: (item: Item) => Promise<unknown>,
): Promise<void> {
  const half = items.length / 2;
  await Promise.all(items.slice(0, half).map(call));
  for (const item of items.slice(half)) call(item).catch(() => undefined);
  await scene.crash();
}

/** Writes a note about one more delivery of the webhook. */
async function write(scene: StoreScene, webhook: Webhook): Promise<Note> {
  const known = new Set((await scene.store.notes.list(0, 1_000)).map(({ id }) => id));
  await scene.waiting(webhook);
  const lease = await scene.lease();
  await scene.settle(lease, { note: factOf(lease, "recovered") });
  const [note] = exactly(
    1,
    (await scene.store.notes.list(0, 1_000)).filter(({ id }) => !known.has(id)),
  );
  return note;
}

function entryOf(scene: StoreScene, webhook: Webhook, { id: note }: Note): EmitEntry {
  return scene.messages.entry([webhook.id], { basedOn: Number.MAX_SAFE_INTEGER, note });
}

function factOf(lease: Lease, kind: DeliveryFact["kind"]): DeliveryFact {
  const { id: delivery, message, attempt } = lease;
  return { kind, delivery, message, action: "TASKS_CREATED", hops: 3, attempt, status: null, code: "timeout" };
}

function failing(lease: Lease, changes: Partial<Parameters<typeof settlement>[1]>) {
  const verdict = { kind: "failed", failures: 1 } as const;
  return settlement(lease, { verdict, attempt: failedAttempt(lease), effect: { kind: "none" }, ...changes });
}

async function facts(scene: StoreScene): Promise<readonly Note["fact"][]> {
  return (await scene.store.notes.list(0, 100)).map(({ fact }) => fact);
}
