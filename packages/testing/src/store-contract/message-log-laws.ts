import { type EmitEntry, HookwrightError, type IdempotencyClaim, type Message } from "@hookwright/core";
import { expect } from "vitest";
import { organizationId, projectId, webhookId } from "../builders/ids.js";
import { exactly } from "./exactly.js";
import type { Law } from "./law.js";
import { idsOf, leaseDuration, type StoreScene } from "./store-scene.js";

/** Every promise of `MessageLog`. */
export function messageLogLaws(law: Law): void {
  storingLaws(law);
  staleLaws(law);
  idempotencyLaws(law);
  handOverLaws(law);
}

function storingLaws(law: Law): void {
  law("a message is read as it was stored", async (scene) => {
    const message = scene.messages.message({ project: projectId(12), action: "TASKS_CREATED" });
    expect(await storeAlone(scene, message)).toEqual([{ kind: "stored", leases: [], waiting: false }]);
    expectSame(await scene.store.messages.get(scene.organization, message.id), message);
  });

  law("no byte of a payload or of a variant changes, whatever it holds", async (scene) => {
    const webhook = await scene.webhook();
    const variants = new Map([
      ["short", bytes('{"id":1}')],
      ["redacted: e-mail", bytes('{ "e-mail" : "***" }')],
      ["empty", new Uint8Array()],
    ]);
    const draft = scene.messages.draft([webhook.id], { payload: awkwardPayload, variants });
    await scene.append([scene.messages.entry([], { drafts: [draft], basedOn: webhook.version })]);
    expectSame(await scene.store.messages.get(scene.organization, draft.message.id), draft.message);
    expectSame((await scene.claim()).messages.get(draft.message.id), draft.message);
  });

  law("an unknown message is undefined", async (scene) => {
    expect(await scene.store.messages.get(scene.organization, scene.messages.message().id)).toBeUndefined();
  });

  law("an event that no webhook wants is stored with no delivery", async (scene) => {
    const message = scene.messages.message();
    await storeAlone(scene, message);
    expect(await scene.leases()).toEqual([]);
    expectSame(await scene.store.messages.get(scene.organization, message.id), message);
  });

  law("an append of nothing answers nothing", async (scene) => {
    expect(await scene.append([])).toEqual([]);
  });

  law("results come in the order of the entries, and no entry touches another", async (scene) => {
    const webhook = await scene.webhook();
    const basedOn = webhook.version;
    await scene.append([
      scene.messages.entry([], { basedOn, idempotency: claim({ key: "known", fingerprint: "a", answer: "first" }) }),
    ]);
    const results = await scene.append([
      scene.messages.entry([webhook.id], { basedOn }),
      scene.messages.entry([webhook.id], { basedOn: basedOn - 1 }),
      scene.messages.entry([], { basedOn, idempotency: claim({ key: "known", fingerprint: "a" }) }),
      scene.messages.entry([], { basedOn, idempotency: claim({ key: "known", fingerprint: "b" }) }),
      scene.messages.entry([], { basedOn }),
    ]);
    expect(results).toEqual([
      { kind: "stored", leases: [], waiting: true },
      { kind: "stale", change: basedOn },
      { kind: "duplicate", answer: "first" },
      { kind: "conflict" },
      { kind: "stored", leases: [], waiting: false },
    ]);
    expect(await scene.leases()).toHaveLength(1);
  });

  law("the parts of a split event are stored together", async (scene) => {
    const webhook = await scene.webhook();
    const drafts = [
      scene.messages.draft([webhook.id]),
      scene.messages.draft([webhook.id]),
      scene.messages.draft([webhook.id]),
    ];
    await scene.append([scene.messages.entry([], { drafts, basedOn: webhook.version })]);
    const { leases, messages } = await scene.claim();
    expect(idsOf(leases)).toEqual(drafts.flatMap((draft) => idsOf(draft.deliveries)));
    expect([...messages.keys()].sort()).toEqual(drafts.map((draft) => draft.message.id));
  });

  law("a delivery keeps the action and the form that it was matched with", async (scene) => {
    const webhook = await scene.webhook();
    const forms = ["full", "stripped", "variant:short: or not"] as const;
    const deliveries = forms.map((form) => scene.messages.delivery(webhook.id, { action: "TASK_CREATED", form }));
    const drafts = [{ message: scene.messages.message({ action: "TASKS_CREATED" }), deliveries }];
    await scene.append([scene.messages.entry([], { drafts, basedOn: webhook.version })]);
    const leases = await scene.leases();
    expect(leases.map(({ action, form }) => ({ action, form }))).toEqual(
      forms.map((form) => ({ action: "TASK_CREATED", form })),
    );
  });

  law("an id that is stored already fails the whole call, and nothing of it is stored", async (scene) => {
    const webhook = await scene.webhook({ maxConcurrency: 1 });
    const basedOn = webhook.version;
    const known = scene.messages.message();
    await storeAlone(scene, known);
    const good = scene.messages.entry([webhook.id], { basedOn, idempotency: claim({ key: "free" }) });
    const bad = scene.messages.entry([], { basedOn, drafts: [{ message: known, deliveries: [] }] });

    const failure = await scene.append([good, bad], 10).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(HookwrightError);
    expect(failure).toMatchObject({ code: "storage_failed" });
    for (const { message } of good.drafts)
      expect(await scene.store.messages.get(scene.organization, message.id)).toBeUndefined();
    expect(await scene.leases()).toEqual([]);

    // Neither the key nor the webhook's only place was used up.
    const [result] = await scene.append([good], 10);
    expect(result).toMatchObject({ kind: "stored", leases: [{ webhook: webhook.id }] });
  });

  law("appends that arrive together are all stored", async (scene) => {
    const webhook = await scene.webhook({ maxConcurrency: 1_000 });
    const entries = Array.from({ length: 60 }, () => scene.messages.entry([webhook.id], { basedOn: webhook.version }));
    const results = await Promise.all(entries.map((entry) => scene.append([entry])));
    expect(results.flat().map((result) => result.kind)).toEqual(entries.map(() => "stored"));
    expect(idsOf(await scene.leases())).toEqual(deliveryIdsOf(entries));
  });
}

function staleLaws(law: Law): void {
  law("a webhook that changed after matching makes an entry stale, and nothing of it is stored", async (scene) => {
    const webhook = await scene.webhook();
    const later = await scene.webhook();
    const entry = scene.messages.entry([webhook.id], { basedOn: webhook.version, idempotency: claim() });
    expect(await scene.append([entry], 10)).toEqual([{ kind: "stale", change: later.version }]);
    expect(await scene.leases()).toEqual([]);
    for (const { message } of entry.drafts)
      expect(await scene.store.messages.get(scene.organization, message.id)).toBeUndefined();

    const [result] = await scene.append([{ ...entry, basedOn: later.version }]);
    expect(result?.kind).toBe("stored");
  });

  law("an event that matched nothing is stale too when a webhook came since", async (scene) => {
    const basedOn = await scene.changeNumber();
    const webhook = await scene.webhook();
    expect(await scene.append([scene.messages.entry([], { basedOn })])).toEqual([
      { kind: "stale", change: webhook.version },
    ]);
  });

  law("an update, a deletion and a deactivation by a settle make entries stale", async (scene) => {
    const webhook = await scene.webhook();
    await scene.waiting(webhook);
    const lease = await scene.lease();
    const entry = () => scene.messages.entry([webhook.id], { basedOn: webhook.version });
    await scene.fail(lease, { kind: "gone" });
    expect(await scene.append([entry()])).toEqual([{ kind: "stale", change: webhook.version + 1 }]);
    await scene.update(webhook, { isActive: true });
    expect(await scene.append([entry()])).toEqual([{ kind: "stale", change: webhook.version + 2 }]);
    await scene.store.webhooks.delete(webhook.organization, webhook.id, scene.now);
    expect(await scene.append([entry()])).toEqual([{ kind: "stale", change: webhook.version + 3 }]);
  });

  law("another organization's changes make nothing stale", async (scene) => {
    const webhook = await scene.webhook();
    await scene.webhook({ organization: organizationId(2) });
    const [result] = await scene.append([scene.messages.entry([webhook.id], { basedOn: webhook.version })]);
    expect(result?.kind).toBe("stored");
  });

  law("a delivery to a webhook that does not exist is stale", async (scene) => {
    const [result] = await scene.append([scene.messages.entry([webhookId(4_711)])]);
    expect(result?.kind).toBe("stale");
  });
}

function idempotencyLaws(law: Law): void {
  law("a key that is used again with equal content answers what the first call answered", async (scene) => {
    const webhook = await scene.webhook();
    const basedOn = webhook.version;
    const first = scene.messages.entry([webhook.id], { basedOn, idempotency: claim({ answer: '{"id":"msg_1"}' }) });
    const second = scene.messages.entry([webhook.id], { basedOn, idempotency: claim({ answer: '{"id":"msg_2"}' }) });
    await scene.append([first]);
    expect(await scene.append([second], 10)).toEqual([{ kind: "duplicate", answer: '{"id":"msg_1"}' }]);
    expect(idsOf(await scene.leases())).toEqual(deliveryIdsOf([first]));
    for (const { message } of second.drafts)
      expect(await scene.store.messages.get(scene.organization, message.id)).toBeUndefined();
  });

  law("a key that is used again with other content is a conflict, and nothing is stored", async (scene) => {
    const webhook = await scene.webhook();
    const basedOn = webhook.version;
    await scene.append([scene.messages.entry([], { basedOn, idempotency: claim({ fingerprint: "a" }) })]);
    const other = scene.messages.entry([webhook.id], { basedOn, idempotency: claim({ fingerprint: "b" }) });
    expect(await scene.append([other], 10)).toEqual([{ kind: "conflict" }]);
    expect(await scene.leases()).toEqual([]);
  });

  law("of two entries of one call with the same key the first wins", async (scene) => {
    const entries = [
      scene.messages.entry([], { idempotency: claim({ fingerprint: "a", answer: "first" }) }),
      scene.messages.entry([], { idempotency: claim({ fingerprint: "a", answer: "second" }) }),
      scene.messages.entry([], { idempotency: claim({ fingerprint: "b", answer: "third" }) }),
    ];
    expect(await scene.append(entries)).toEqual([
      { kind: "stored", leases: [], waiting: false },
      { kind: "duplicate", answer: "first" },
      { kind: "conflict" },
    ]);
  });

  law("of calls at the same time with the same key exactly one is stored", async (scene) => {
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, number) =>
        scene.append([scene.messages.entry([], { idempotency: claim({ answer: `answer ${number}` }) })]),
      ),
    );
    const kinds = results.flat().map((result) => result.kind);
    expect(kinds.filter((kind) => kind === "stored")).toHaveLength(1);
    expect(kinds.filter((kind) => kind === "duplicate")).toHaveLength(19);
    const answers = new Set(results.flat().flatMap((result) => (result.kind === "duplicate" ? [result.answer] : [])));
    expect(answers.size).toBe(1);
  });

  law("a key belongs to its organization", async (scene) => {
    const organization = organizationId(2);
    await scene.append([scene.messages.entry([], { idempotency: claim({ fingerprint: "a" }) })]);
    const [result] = await scene.append([
      scene.messages.entry([], { organization, idempotency: claim({ fingerprint: "b" }) }),
    ]);
    expect(result?.kind).toBe("stored");
  });

  law("an entry that was stale has not used its key up", async (scene) => {
    const basedOn = await scene.changeNumber();
    const webhook = await scene.webhook();
    await scene.append([scene.messages.entry([], { basedOn, idempotency: claim({ fingerprint: "a" }) })]);
    const again = scene.messages.entry([], { basedOn: webhook.version, idempotency: claim({ fingerprint: "b" }) });
    expect((await scene.append([again]))[0]?.kind).toBe("stored");
  });

  law("a known key comes before stale", async (scene) => {
    const basedOn = await scene.changeNumber();
    await scene.append([scene.messages.entry([], { basedOn, idempotency: claim({ answer: "first" }) })]);
    await scene.webhook();
    const repeated = scene.messages.entry([], { basedOn, idempotency: claim({ answer: "second" }) });
    expect(await scene.append([repeated])).toEqual([{ kind: "duplicate", answer: "first" }]);
  });

  law("a key is free again from its end on", async (scene) => {
    const expiresAt = scene.now + 1_000;
    const entry = (fingerprint: string) =>
      scene.messages.entry([], { idempotency: claim({ fingerprint, expiresAt: scene.now + 1_000 }) });
    await scene.append([entry("a")]);
    scene.clock.setTime(expiresAt - 1);
    expect(await scene.append([entry("b")])).toEqual([{ kind: "conflict" }]);
    scene.clock.setTime(expiresAt);
    expect((await scene.append([entry("b")]))[0]?.kind).toBe("stored");
    expect(await scene.append([entry("a")])).toEqual([{ kind: "conflict" }]);
  });
}

function handOverLaws(law: Law): void {
  law("what can leave at once is leased to the caller", async (scene) => {
    const webhook = await scene.webhook();
    const entry = scene.messages.entry([webhook.id], { basedOn: webhook.version });
    const [result] = await scene.append([entry], 10);
    const [delivery] = deliveryIdsOf([entry]);
    const lease = {
      id: delivery,
      webhook: webhook.id,
      action: "ANNOTATION_CREATED",
      form: "full",
      organization: scene.organization,
      message: entry.drafts[0]?.message.id,
      webhookVersion: webhook.version,
      attempt: 1,
      failures: 0,
      due: scene.now,
      leaseUntil: scene.now + leaseDuration,
    };
    expect(result).toEqual({ kind: "stored", leases: [lease], waiting: false });
    expect(await scene.leases()).toEqual([]);
  });

  law("a lease that was handed over can be settled, and runs out as any other", async (scene) => {
    const webhook = await scene.webhook();
    const entries = [
      scene.messages.entry([webhook.id], { basedOn: webhook.version }),
      scene.messages.entry([webhook.id], { basedOn: webhook.version }),
    ];
    const [first, second] = exactly(2, leasesOf(await scene.append(entries, 10)));
    expect(await scene.deliver(first)).toBe(true);
    scene.clock.advance(leaseDuration);
    const again = await scene.lease();
    expect(again.id).toBe(second.id);
    expect(again.attempt).toBeGreaterThan(second.attempt);
  });

  law("no more is handed over than was asked for, over the whole call", async (scene) => {
    const [first, second] = exactly(2, await scene.webhooks(2));
    const entries = [1, 2, 3].map(() => scene.messages.entry([first.id, second.id], { basedOn: second.version }));
    const results = await scene.append(entries, 3);
    expect(leasesOf(results)).toHaveLength(3);
    expect(results.map((result) => result.kind === "stored" && result.waiting)).toEqual([false, true, true]);
    const handedOver = idsOf(leasesOf(results));
    const claimed = idsOf(await scene.leases());
    expect([...handedOver, ...claimed].sort()).toEqual(deliveryIdsOf(entries));
  });

  law("no more of a webhook is handed over than it has room for", async (scene) => {
    const webhook = await scene.webhook({ maxConcurrency: 2 });
    const entries = () => [1, 2, 3].map(() => scene.messages.entry([webhook.id], { basedOn: webhook.version }));
    expect(leasesOf(await scene.append(entries(), 10))).toHaveLength(2);
    expect(leasesOf(await scene.append(entries(), 10))).toEqual([]);
    expect(await scene.leases()).toEqual([]);
  });

  law("a webhook that says nothing of its concurrency has room for 32", async (scene) => {
    const webhook = await scene.webhook({ maxConcurrency: null });
    const entries = Array.from({ length: 40 }, () => scene.messages.entry([webhook.id], { basedOn: webhook.version }));
    expect(leasesOf(await scene.append(entries, 100))).toHaveLength(32);
    expect(await scene.leases()).toEqual([]);
  });

  law("an inactive webhook gets nothing handed over: its deliveries are held", async (scene) => {
    const webhook = await scene.webhook({ isActive: false });
    const [result] = await scene.append([scene.messages.entry([webhook.id], { basedOn: webhook.version })], 10);
    expect(result).toEqual({ kind: "stored", leases: [], waiting: true });
    expect(await scene.leases()).toEqual([]);
    await scene.update(webhook, { isActive: true });
    expect(await scene.leases()).toHaveLength(1);
  });

  law("what is new does not overtake what is due already", async (scene) => {
    const webhook = await scene.webhook();
    const [older] = await scene.waiting(webhook);
    const [result] = await scene.append([scene.messages.entry([webhook.id], { basedOn: webhook.version })], 10);
    expect(result).toEqual({ kind: "stored", leases: [], waiting: true });
    expect(idsOf(await scene.leases(1))).toEqual([older]);
  });

  law("what is new does not wait for a retry that is due later", async (scene) => {
    const webhook = await scene.webhook();
    await scene.waiting(webhook);
    await scene.retryAfter(await scene.lease(), 60_000);
    const results = await scene.append([scene.messages.entry([webhook.id], { basedOn: webhook.version })], 10);
    expect(leasesOf(results)).toHaveLength(1);
  });

  law("what is new does not overtake a delivery whose lease ran out", async (scene) => {
    const webhook = await scene.webhook();
    const [older] = exactly(1, await scene.waiting(webhook));
    await scene.lease();
    scene.clock.advance(leaseDuration);
    const [result] = await scene.append([scene.messages.entry([webhook.id], { basedOn: webhook.version })], 10);
    expect(result).toEqual({ kind: "stored", leases: [], waiting: true });
    expect(idsOf(await scene.leases(1))).toEqual([older]);
  });
}

/** Integers beyond 2⁵³, blanks, escapes, characters of one to four bytes, an unusual number, and no trailing order that a parser would keep. */
const awkwardPayload = bytes(
  '{ "b":9007199254740993,\n"a":1e400,"é":"ü€😀\\u0000\\ud83d","__proto__":{"x":-0.0},"a":[]\t}',
);

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function claim(changes: Partial<IdempotencyClaim> = {}): IdempotencyClaim {
  return { key: "invoice 12", fingerprint: "a", answer: "{}", expiresAt: Number.MAX_SAFE_INTEGER, ...changes };
}

async function storeAlone(scene: StoreScene, message: Message) {
  return scene.append([
    scene.messages.entry([], { drafts: [{ message, deliveries: [] }], basedOn: await scene.changeNumber() }),
  ]);
}

function deliveryIdsOf(entries: readonly EmitEntry[]) {
  return entries.flatMap((entry) => entry.drafts.flatMap((draft) => idsOf(draft.deliveries)));
}

function leasesOf(results: Awaited<ReturnType<StoreScene["append"]>>) {
  return results.flatMap((result) => (result.kind === "stored" ? result.leases : []));
}

/** Compares bytes as text of hex digits, so that a store may answer any kind of byte array. */
function expectSame(found: Message | undefined, expected: Message): void {
  expect(readable(found)).toEqual(readable(expected));
}

function readable(message: Message | undefined): unknown {
  if (message === undefined) return undefined;
  const { payload, variants, ...rest } = message;
  return { ...rest, payload: hex(payload), variants: [...variants].map(([name, body]) => [name, hex(body)]).sort() };
}

function hex(body: Uint8Array): string {
  return Buffer.from(body).toString("hex");
}
