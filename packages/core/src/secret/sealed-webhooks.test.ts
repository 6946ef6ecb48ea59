import { beforeEach, describe, expect, test } from "vitest";
import type { OrganizationId, WebhookId } from "../foundation/ids.js";
import { createMemoryStore } from "../store/memory-store.js";
import type { NewWebhook, WebhookStore } from "../store/webhook-store.js";
import { discardUnreadable } from "./discard-unreadable.js";
import { SealedWebhooks } from "./sealed-webhooks.js";

const organization = 1 as OrganizationId;
const stranger = 2 as OrganizationId;
const now = 1_767_225_600_000;
const oneKey = "1".repeat(32);
const otherKey = "2".repeat(32);
const plain: NewWebhook = {
  organization,
  project: null,
  url: "https://receiver.example/",
  sendPayload: true,
  sendForAllActions: true,
  actions: [],
  headers: { "X-Key": "header-value", "X-Other": "other-value" },
  isActive: true,
  retrySchedule: null,
  maxConcurrency: null,
  rateLimit: null,
  ordered: false,
  handshake: false,
  allowedRate: null,
};
const secretOf = (text: string) => [{ text, createdAt: now, expiresAt: null }];

let store: WebhookStore;
let webhooks: SealedWebhooks;

beforeEach(async () => {
  store = createMemoryStore().webhooks;
  webhooks = new SealedWebhooks(store);
  await webhooks.unlock([oneKey]);
});

/** A store with some calls of a test's own. */
function seenThrough(inner: WebhookStore, calls: Partial<WebhookStore>): WebhookStore {
  return new Proxy(inner, {
    get: (of, name) => Reflect.get(calls, name) ?? Reflect.get(of, name).bind(of),
  });
}

/** Everything that the store has of header values and secrets. */
async function stored(): Promise<string> {
  return JSON.stringify([await store.sealable(0, 100), await store.list(organization, {}, {})]);
}

async function failures(id: WebhookId): Promise<number | undefined> {
  return (await store.get(organization, id))?.consecutiveFailures;
}

/** As if an attempt had failed. */
async function fail(id: WebhookId): Promise<void> {
  const webhook = await store.get(organization, id);
  if (webhook !== undefined) Object.assign(webhook, { consecutiveFailures: 3 });
}

describe("sealed webhooks", () => {
  test("are clear above and sealed in the store", async () => {
    const webhook = await webhooks.create(plain, now);
    expect(webhook.headers).toEqual(plain.headers);
    await webhooks.changeSecrets(organization, webhook.id, () => secretOf("signing-secret"), now);
    expect((await webhooks.get(organization, webhook.id))?.headers).toEqual(plain.headers);
    expect((await webhooks.list(organization, {}, {}))[0]?.headers).toEqual(plain.headers);
    const [opened] = await webhooks.targets([webhook.id], now);
    expect(opened?.target.headers).toEqual(plain.headers);
    expect(opened?.target.signingSecrets.map((secret) => secret.reveal())).toEqual(["signing-secret"]);
    expect(await stored()).not.toMatch(/header-value|other-value|signing-secret/);
  });

  test("show no secret to whatever prints a target", async () => {
    const { id } = await webhooks.create(plain, now);
    await webhooks.changeSecrets(organization, id, () => secretOf("signing-secret"), now);
    const [opened] = await webhooks.targets([id], now);
    const { inspect } = await import("node:util");
    for (const shown of [
      JSON.stringify(opened),
      inspect(opened, { depth: 9, showHidden: true }),
      `${opened?.target.signingSecrets}`,
    ])
      expect(shown).not.toContain("signing-secret");
  });

  test("have a header value opened in its own organization only", async () => {
    const mine = await webhooks.create(plain, now);
    const theirs = await webhooks.create({ ...plain, organization: stranger }, now);
    const stolen = (await store.get(organization, mine.id))?.headers ?? {};
    await store.update(stranger, theirs.id, { headers: stolen }, now);
    expect(await webhooks.get(stranger, theirs.id)).toMatchObject({
      headers: {},
      unreadableHeaders: ["X-Key", "X-Other"],
    });
    expect((await webhooks.targets([theirs.id], now))[0]?.unreadable).toMatchObject({ code: "secret_unreadable" });
  });

  test("have a value opened at their own webhook only", async () => {
    const [mine, other] = [await webhooks.create(plain, now), await webhooks.create(plain, now)];
    await webhooks.changeSecrets(organization, mine.id, () => secretOf("signing-secret"), now);
    const [sealable] = await store.sealable(0, 1);
    await store.update(organization, other.id, { headers: sealable?.headers ?? {} }, now);
    expect(await webhooks.get(organization, other.id)).toMatchObject({ headers: {} });
    const { version = 0 } = (await store.get(organization, other.id)) ?? {};
    await webhooks.update(organization, other.id, { headers: {} }, now);
    await store.setSecrets(organization, other.id, { version: version + 1, secrets: sealable?.secrets ?? [] }, now);
    const [opened] = await webhooks.targets([other.id], now);
    expect(opened).toMatchObject({ unreadable: { code: "secret_unreadable" }, target: { signingSecrets: [] } });
  });

  test("are found while their values are bound to a webhook that was just made", async () => {
    const seen: unknown[] = [];
    const between = seenThrough(store, {
      reseal: async (values) => {
        for (const { id } of values) seen.push((await fresh.targets([id], now))[0]?.target.headers);
        return store.reseal(values);
      },
    });
    const fresh = new SealedWebhooks(between);
    await fresh.unlock([oneKey]);
    await fresh.sealRest();
    const made = await fresh.create(plain, now);
    expect(seen).toEqual([plain.headers]);
    expect((await fresh.get(organization, made.id))?.headers).toEqual(plain.headers);
  });

  test("whose binding fails are made all the same, and bound by the next start", async () => {
    const full = seenThrough(store, { reseal: () => Promise.reject(new Error("full")) });
    const unbound = new SealedWebhooks(full);
    await unbound.unlock([oneKey]);
    const made = await unbound.create(plain, now);
    expect((await unbound.get(organization, made.id))?.headers).toEqual(plain.headers);
    const later = new SealedWebhooks(store);
    await later.unlock([oneKey]);
    expect(await later.sealRest()).toMatchObject({ sealed: 1 });
    expect((await later.get(organization, made.id))?.headers).toEqual(plain.headers);
  });

  test("are not held up by one that cannot be read", async () => {
    const good = await webhooks.create(plain, now);
    const bad = await webhooks.create(plain, now);
    await store.update(organization, bad.id, { headers: { "X-Key": "hw1.000000000000.AAAA" } }, now);
    const [first, second] = await webhooks.targets([good.id, bad.id], now);
    expect(first).toMatchObject({ unreadable: undefined, target: { headers: plain.headers } });
    expect(second).toMatchObject({ target: { headers: {}, signingSecrets: [] } });
    expect(second?.unreadable?.message).toContain(`webhook ${bad.id}`);
    expect(second?.unreadable?.message).toContain("HOOKWRIGHT_SECRET_KEY");
    expect(second?.unreadable?.message).not.toContain("hw1.");
    expect(await webhooks.list(organization, {}, {})).toMatchObject([
      { id: good.id, headers: plain.headers },
      { id: bad.id, headers: {}, unreadableHeaders: ["X-Key"] },
    ]);
    expect(await webhooks.get(organization, good.id)).not.toHaveProperty("unreadableHeaders");
    // Its secret can be set although a header cannot be read.
    expect(await webhooks.changeSecrets(organization, bad.id, () => secretOf("new-secret"), now)).toBe(true);
    // Setting it again repairs it.
    const repaired = await webhooks.update(organization, bad.id, { headers: { "X-Key": "new" } }, now);
    expect(repaired?.headers).toEqual({ "X-Key": "new" });
  });
});

describe("a change of headers", () => {
  test.each<[string, Readonly<Record<string, string>>, number]>([
    ["the same values", { ...plain.headers }, 3],
    ["the same values in another order", { "X-Other": "other-value", "X-Key": "header-value" }, 3],
    ["another value", { ...plain.headers, "X-Key": "new" }, 0],
    ["one header less", { "X-Key": "header-value" }, 0],
    ["one header more", { ...plain.headers, "X-More": "1" }, 0],
    ["two values exchanged", { "X-Key": "other-value", "X-Other": "header-value" }, 0],
  ])("to %s counts by the clear values", async (_, headers, expected) => {
    const { id } = await webhooks.create(plain, now);
    await fail(id);
    const changed = await webhooks.update(organization, id, { headers }, now);
    expect(changed?.headers).toEqual(headers);
    expect(await failures(id)).toBe(expected);
  });

  test("to the same values seals what was plain or under an older key, and is no change all the same", async () => {
    const early = new SealedWebhooks(store);
    const { id } = await early.create(plain, now);
    await fail(id);
    await webhooks.update(organization, id, { headers: plain.headers }, now);
    expect(await stored()).not.toContain("header-value");
    await webhooks.unlock([otherKey, oneKey]);
    await webhooks.update(organization, id, { headers: plain.headers }, now);
    expect(await failures(id)).toBe(3);
    expect((await webhooks.survey()).counts).toEqual({ plain: 0, "newest-key": 2, "older-key": 0, "unknown-key": 0 });
  });

  test("of another organization's webhook changes nothing", async () => {
    const { id } = await webhooks.create(plain, now);
    expect(await webhooks.update(stranger, id, { headers: { A: "1" } }, now)).toBeUndefined();
    expect((await webhooks.get(organization, id))?.headers).toEqual(plain.headers);
  });
});

describe("what stood there plain", () => {
  test("is sealed by the next start that has a key, and counted", async () => {
    const early = new SealedWebhooks(store);
    const { id } = await early.create(plain, now);
    await early.changeSecrets(organization, id, () => secretOf("signing-secret"), now);
    await webhooks.create(plain, now);
    expect(await webhooks.sealRest()).toMatchObject({ plain: 3, sealed: 1, failure: undefined });
    expect(await stored()).not.toMatch(/header-value|signing-secret/);
    expect(await webhooks.sealRest()).toMatchObject({ plain: 0, sealed: 0, failure: undefined });
    expect((await webhooks.get(organization, id))?.headers).toEqual(plain.headers);
  });

  test("stays plain where there is no key", async () => {
    const early = new SealedWebhooks(store);
    const { id } = await early.create(plain, now);
    expect(await early.sealRest()).toMatchObject({ plain: 0, sealed: 0 });
    expect((await early.get(organization, id))?.headers).toEqual(plain.headers);
  });

  test("and is put there afterwards is taken for nothing", async () => {
    const { id } = await webhooks.create(plain, now);
    await webhooks.sealRest();
    await store.update(organization, id, { headers: { "X-Key": "planted", "X-Other": "hw0.planted" } }, now);
    expect(await webhooks.get(organization, id)).toMatchObject({ headers: {} });
    const [opened] = await webhooks.targets([id], now);
    expect(opened).toMatchObject({ unreadable: { code: "secret_unreadable" }, target: { headers: {} } });
    expect(await webhooks.reseal([otherKey, oneKey]).catch((error: unknown) => error)).toMatchObject({
      code: "secret_unreadable",
    });
    expect((await webhooks.targets([id], now))[0]?.target.headers).toEqual({});
  });

  test("holds nothing up when it cannot be sealed", async () => {
    const early = new SealedWebhooks(store);
    const { id } = await early.create(plain, now);
    const failure = new Error("full");
    const full = new SealedWebhooks(seenThrough(store, { reseal: () => Promise.reject(failure) }));
    await full.unlock([oneKey]);
    expect(await full.sealRest()).toEqual({ plain: 2, sealed: 0, failure });
    expect((await full.get(organization, id))?.headers).toEqual(plain.headers);
  });
});

describe("signing secrets", () => {
  test("that are changed at once all end up there", async () => {
    const { id } = await webhooks.create(plain, now);
    const add = (text: string) =>
      webhooks.changeSecrets(organization, id, (current) => [...secretOf(text), ...current()], now);
    await Promise.all(["a", "b", "c", "d"].map(add));
    const [opened] = await webhooks.targets([id], now);
    expect(opened?.target.signingSecrets.map((secret) => secret.reveal()).sort()).toEqual(["a", "b", "c", "d"]);
  });

  test("that have run out are not given, and the next one to run out is known", async () => {
    const { id } = await webhooks.create(plain, now);
    const secrets = [
      { text: "new", createdAt: now, expiresAt: null },
      { text: "old", createdAt: now, expiresAt: now + 1_000 },
      { text: "older", createdAt: now, expiresAt: now + 500 },
    ];
    await webhooks.changeSecrets(organization, id, () => secrets, now);
    const at = async (time: number) => {
      const [opened] = await webhooks.targets([id], time);
      return [opened?.target.signingSecrets.map((secret) => secret.reveal()), opened?.validUntil];
    };
    expect(await at(now)).toEqual([["new", "old", "older"], now + 500]);
    expect(await at(now + 500)).toEqual([["new", "old"], now + 1_000]);
    expect(await at(now + 1_000)).toEqual([["new"], Number.POSITIVE_INFINITY]);
  });
});

describe("a change of keys", () => {
  test("seals everything anew, changes no webhook, and leaves nothing to the old key", async () => {
    const ids: WebhookId[] = [];
    for (let count = 0; count < 250; count += 1) ids.push((await webhooks.create(plain, now)).id);
    const [first = 0 as WebhookId] = ids;
    await webhooks.changeSecrets(organization, first, () => secretOf("signing-secret"), now);
    const before = await webhooks.list(organization, {}, {});
    const steps: number[] = [];
    const report = await webhooks.reseal([otherKey, oneKey], { onProgress: (step) => steps.push(step.webhooks) });
    expect(report).toEqual({ webhooks: 250, resealed: 250 });
    expect(steps).toEqual([100, 200, 250]);
    expect(await webhooks.list(organization, {}, {})).toEqual(before);
    const later = new SealedWebhooks(store);
    await later.unlock([otherKey]);
    expect(await later.list(organization, {}, {})).toEqual(before);
    expect(await webhooks.reseal([otherKey])).toEqual({ webhooks: 250, resealed: 0 });
  });

  test("meets changes that are made meanwhile", async () => {
    const ids: WebhookId[] = [];
    for (let count = 0; count < 120; count += 1) ids.push((await webhooks.create(plain, now)).id);
    const edits = ids.flatMap((id, index) => [
      webhooks.update(organization, id, { headers: { "X-Key": `new ${index}` } }, now),
      webhooks.changeSecrets(organization, id, () => secretOf(`secret ${index}`), now),
    ]);
    const resealing = webhooks.reseal([otherKey, oneKey]);
    const late = ids.map((id) => webhooks.update(organization, id, { headers: { "X-Late": "late" } }, now));
    await Promise.all([...edits, resealing, ...late]);
    const later = new SealedWebhooks(store);
    await later.unlock([otherKey]);
    expect((await later.list(organization, {}, {})).map(({ headers }) => headers)).toEqual(
      ids.map(() => ({ "X-Late": "late" })),
    );
    const targets = await later.targets(ids, now);
    expect(targets.map(({ target }) => target.signingSecrets[0]?.reveal())).toEqual(ids.map((_, i) => `secret ${i}`));
  });

  test("waits for what was sealed before and is not stored yet", async () => {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const slow = seenThrough(store, { create: (webhook, at) => held.then(() => store.create(webhook, at)) });
    const gated = new SealedWebhooks(slow);
    await gated.unlock([oneKey]);
    const creating = gated.create(plain, now);
    const resealing = gated.reseal([otherKey, oneKey]);
    await new Promise((resolve) => setImmediate(resolve));
    release();
    await Promise.all([creating, resealing]);
    expect((await gated.survey()).counts).toMatchObject({ "newest-key": 2, "older-key": 0 });
  });

  test("looks again at what was changed between the look and the change", async () => {
    const one = await webhooks.create(plain, now);
    await webhooks.create(plain, now);
    const stillOld = { headers: (await store.get(organization, one.id))?.headers ?? {} };
    await webhooks.update(organization, one.id, { headers: { "X-Key": "a", "X-Other": "b" } }, now);
    let looks = 0;
    const busy = seenThrough(store, {
      sealable: async (after, limit) => {
        const page = await store.sealable(after, limit);
        looks += 1;
        if (looks === 1) await store.update(organization, one.id, stillOld, now);
        return page;
      },
    });
    const meanwhile = new SealedWebhooks(busy);
    expect(await meanwhile.reseal([otherKey, oneKey])).toEqual({ webhooks: 2, resealed: 2 });
    expect((await meanwhile.survey()).counts).toMatchObject({ "newest-key": 4, "older-key": 0 });
  });

  test("that was cut off is gone on with", async () => {
    for (let count = 0; count < 250; count += 1) await webhooks.create(plain, now);
    const cut = new AbortController();
    const first = webhooks.reseal([otherKey, oneKey], { signal: cut.signal, onProgress: () => cut.abort() });
    await expect(first).rejects.toThrow();
    const later = new SealedWebhooks(store);
    await later.unlock([otherKey, oneKey]);
    expect((await later.survey()).counts).toMatchObject({ "newest-key": 200, "older-key": 300 });
    expect(await later.reseal([otherKey, oneKey])).toEqual({ webhooks: 250, resealed: 150 });
  });

  test("tells of a value that no key opens, after all others were sealed", async () => {
    const bad = await webhooks.create(plain, now);
    await webhooks.create(plain, now);
    await store.update(organization, bad.id, { headers: { "X-Key": "hw1.000000000000.AAAA" } }, now);
    await expect(webhooks.reseal([otherKey, oneKey])).rejects.toMatchObject({
      code: "secret_unreadable",
      details: { webhook: bad.id },
    });
    expect((await webhooks.survey()).counts).toEqual({ plain: 0, "newest-key": 2, "older-key": 0, "unknown-key": 1 });
  });

  test("needs a key", async () => {
    await expect(webhooks.reseal([])).rejects.toMatchObject({ code: "configuration_invalid" });
  });
});

describe("a store whose values need another key", () => {
  test("can be begun anew with: what no key opens is taken out, and its webhooks are deactivated", async () => {
    const lost = await webhooks.create(plain, now);
    await webhooks.changeSecrets(organization, lost.id, () => secretOf("lost"), now);
    const later = new SealedWebhooks(store);
    await expect(later.unlock([otherKey])).rejects.toMatchObject({ code: "secret_unreadable" });
    const kept = await later.create(plain, now);
    expect(await discardUnreadable(store, [otherKey], now + 1)).toEqual([lost.id]);
    await later.unlock([otherKey]);
    expect(await later.list(organization, {}, {})).toMatchObject([
      { id: lost.id, headers: {}, secretSet: false, isActive: false, disabledReason: "user", disabledAt: now + 1 },
      kept,
    ]);
    expect(await discardUnreadable(store, [otherKey], now + 2)).toEqual([]);
  });

  test("is refused at once, with one line that names the first webhook and says what to do", async () => {
    const { id } = await webhooks.create(plain, now);
    for (const keys of [[otherKey], []]) {
      await expect(new SealedWebhooks(store).unlock(keys)).rejects.toMatchObject({
        code: "secret_unreadable",
        message: expect.stringMatching(new RegExp(`webhook ${id}.*HOOKWRIGHT_SECRET_KEY`)),
      });
    }
    await new SealedWebhooks(store).unlock([otherKey, oneKey]);
  });
});
