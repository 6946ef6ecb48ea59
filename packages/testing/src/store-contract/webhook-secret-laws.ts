import type { SealableValues, StoredSecret, StoredTarget, Webhook, WebhookId } from "@hookwright/core";
import { expect } from "vitest";
import { organizationId, webhookId } from "../builders/ids.js";
import { exactly } from "./exactly.js";
import type { Law } from "./law.js";
import type { StoreScene } from "./store-scene.js";

const newer: StoredSecret = { secret: "hw1.0123456789ab.AAAA", createdAt: 2, expiresAt: null };
const older: StoredSecret = { secret: 'a "plain" one', createdAt: 1, expiresAt: 86_400_000 };

/** What `WebhookStore` promises of signing secrets and of values in another form. */
export function webhookSecretLaws(law: Law): void {
  secretLaws(law);
  sealableLaws(law);
  resealLaws(law);
}

function secretLaws(law: Law): void {
  law("signing secrets are kept to the letter and in their order, and are a change of the webhook", async (scene) => {
    const webhook = await scene.webhook({ headers: { "X-A": "1" } });
    scene.clock.advance(1_000);
    const signed = await set(scene, webhook, [newer, older]);
    expect(signed).toEqual({ ...webhook, secretSet: true, updatedAt: scene.now, version: 2 });
    expect(await scene.read(webhook)).toEqual(signed);
    expect(await targetOf(scene, webhook.id)).toMatchObject({ secrets: [newer, older], version: 2 });
    expect(await scene.changeNumber()).toBe(2);
    expect(await set(scene, signed, [])).toMatchObject({ secretSet: false, version: 3 });
    expect(await targetOf(scene, webhook.id)).toMatchObject({ secrets: [] });
  });

  law("signing secrets outlive every other change of their webhook, and its own outlive theirs", async (scene) => {
    const webhook = await scene.webhook();
    await set(scene, webhook, [newer]);
    const changed = await scene.update(webhook, { url: "https://new.example/", headers: { "X-B": "2" } });
    expect(changed.secretSet).toBe(true);
    await set(scene, changed, [older]);
    expect(await targetOf(scene, webhook.id)).toMatchObject({
      url: "https://new.example/",
      headers: { "X-B": "2" },
      secrets: [older],
    });
  });

  law("a change of secrets that was made from another version changes nothing", async (scene) => {
    const webhook = await scene.webhook();
    await set(scene, webhook, [older]);
    const before = await scene.read(webhook);
    expect(await attempt(scene, webhook, [newer])).toBe("stale");
    expect(await scene.read(webhook)).toEqual(before);
    expect(await targetOf(scene, webhook.id)).toMatchObject({ secrets: [older] });
  });

  law("of changes of secrets that are made at once from one version, one wins", async (scene) => {
    const webhook = await scene.webhook();
    const all = await Promise.all([1, 2, 3].map(() => attempt(scene, webhook, [newer])));
    expect(all.filter((result) => result !== "stale")).toHaveLength(1);
    expect(await scene.changeNumber()).toBe(2);
  });

  law("a stranger and a deleted webhook have no secret to change", async (scene) => {
    const webhook = await scene.webhook();
    const change = { version: webhook.version, secrets: [newer] };
    const { webhooks } = scene.store;
    expect(await webhooks.setSecrets(organizationId(2), webhook.id, change, scene.now)).toBeUndefined();
    expect(await webhooks.setSecrets(scene.organization, webhookId(99), change, scene.now)).toBeUndefined();
    await set(scene, webhook, [newer]);
    await webhooks.delete(scene.organization, webhook.id, scene.now);
    expect(await webhooks.setSecrets(scene.organization, webhook.id, change, scene.now)).toBeUndefined();
    expect(await webhooks.sealable(0 as WebhookId, 10)).toEqual([]);
  });

  crashLaw(law, "signing secrets survive a crash", async (scene) => {
    const webhook = await scene.webhook();
    await set(scene, webhook, [newer, older]);
    await scene.crash();
    expect(await targetOf(scene, webhook.id)).toMatchObject({ secrets: [newer, older] });
    expect(await scene.read(webhook)).toMatchObject({ secretSet: true });
  });
}

function sealableLaws(law: Law): void {
  law("everything that may be sealed is paged over all organizations by rising id", async (scene) => {
    const first = await scene.webhook({ headers: { "X-A": "1", "x-b": "2" } });
    await scene.webhook();
    const third = await scene.webhook({ organization: organizationId(2) });
    await set(scene, third, [newer]);
    const fourth = await scene.webhook({ headers: { "X-C": "3" } });
    const gone = await scene.webhook({ headers: { "X-D": "4" } });
    await scene.store.webhooks.delete(gone.organization, gone.id, scene.now);
    const expected = [
      { id: first.id, organization: first.organization, headers: { "X-A": "1", "x-b": "2" }, secrets: [] },
      { id: third.id, organization: third.organization, headers: {}, secrets: [newer] },
      { id: fourth.id, organization: fourth.organization, headers: { "X-C": "3" }, secrets: [] },
    ];
    const { webhooks } = scene.store;
    expect(await webhooks.sealable(0, 10)).toEqual(expected);
    expect(await webhooks.sealable(0, 2)).toEqual(expected.slice(0, 2));
    expect(await webhooks.sealable(third.id, 2)).toEqual(expected.slice(2));
    expect(await webhooks.sealable(fourth.id, 2)).toEqual([]);
  });
}

function resealLaws(law: Law): void {
  law("values in another form are no change that anybody sees", async (scene) => {
    const webhook = await signed(scene);
    await scene.waiting(webhook);
    await scene.fail(await scene.lease());
    const before = await scene.read(webhook);
    scene.clock.advance(5_000);
    expect(await scene.store.webhooks.reseal([{ id: webhook.id, from: plain, to: sealed }])).toEqual([true]);
    expect(await scene.read(webhook)).toEqual({ ...before, headers: sealed.headers });
    expect(before.consecutiveFailures).toBe(1);
    expect(await targetOf(scene, webhook.id)).toMatchObject(sealed);
    expect(await scene.changeNumber()).toBe(before.version);
  });

  law("only what stands there to the letter is put in another form, each webhook by itself", async (scene) => {
    const [one, two] = [await signed(scene), await signed(scene)];
    const changed = await scene.update(two, { headers: { "X-A": "changed" } });
    const gone = await signed(scene);
    await scene.store.webhooks.delete(gone.organization, gone.id, scene.now);
    const reseals = [two, one, gone].map(({ id }) => ({ id, from: plain, to: sealed }));
    expect(await scene.store.webhooks.reseal(reseals)).toEqual([false, true, false]);
    expect(await scene.read(two)).toEqual(changed);
    expect((await scene.read(one)).headers).toEqual(sealed.headers);
    // The secrets count as well.
    const other = { ...sealed, secrets: [newer] };
    expect(await scene.store.webhooks.reseal([{ id: one.id, from: other, to: plain }])).toEqual([false]);
    expect(await scene.store.webhooks.reseal([])).toEqual([]);
  });

  crashLaw(law, "values in another form survive a crash", async (scene) => {
    const webhook = await signed(scene);
    await scene.store.webhooks.reseal([{ id: webhook.id, from: plain, to: sealed }]);
    await scene.crash();
    expect(await targetOf(scene, webhook.id)).toMatchObject(sealed);
  });
}

/** What is not durable has nothing to survive. */
const crashLaw = (law: Law, title: string, run: (scene: StoreScene) => Promise<void>): void =>
  law(title, async (scene) => (scene.canReopen ? run(scene) : undefined));

const plain: SealableValues = { headers: { "X-A": "1", "X-B": "2" }, secrets: [older] };
const sealed: SealableValues = {
  headers: { "X-A": "hw1.a", "X-B": "hw1.b" },
  secrets: [{ ...older, secret: "hw1.c" }],
};

async function signed(scene: StoreScene): Promise<Webhook> {
  const webhook = await scene.webhook({ headers: plain.headers });
  return set(scene, webhook, plain.secrets);
}

function attempt(
  scene: StoreScene,
  { organization, id, version }: Webhook,
  secrets: readonly StoredSecret[],
): Promise<Webhook | "stale" | undefined> {
  return scene.store.webhooks.setSecrets(organization, id, { version, secrets }, scene.now);
}

async function set(scene: StoreScene, webhook: Webhook, secrets: readonly StoredSecret[]): Promise<Webhook> {
  const changed = await attempt(scene, webhook, secrets);
  if (changed === undefined || changed === "stale")
    throw new Error(`The secrets of webhook ${webhook.id} were not set.`);
  return changed;
}

async function targetOf(scene: StoreScene, id: WebhookId): Promise<StoredTarget> {
  const [target] = exactly(1, await scene.store.webhooks.targets([id]));
  return target;
}
