import { beforeEach, describe, expect, test } from "vitest";
import { leaseOf } from "../delivery/claimed-delivery.test.support.js";
import type { WebhookLease } from "../delivery/delivery.js";
import type { OrganizationId, WebhookId } from "../foundation/ids.js";
import { settled } from "../foundation/stepped-clock.test.support.js";
import { SealedWebhooks } from "../secret/sealed-webhooks.js";
import { createMemoryStore } from "../store/memory-store.js";
import type { WebhookChange, WebhookStore } from "../store/webhook-store.js";
import type { Webhook } from "../webhook/webhook.js";
import { TargetCache } from "./target-cache.js";

const organization = 1 as OrganizationId;
const now = 1_767_225_600_000;

let webhooks: WebhookStore;
let sealed: SealedWebhooks;
let time: number;
let readings: (readonly WebhookId[])[];
/** Each reading waits for what this returns before it hands over what it read. */
let hold: () => Promise<void>;
let cache: TargetCache;

beforeEach(() => {
  webhooks = createMemoryStore().webhooks;
  sealed = new SealedWebhooks(webhooks);
  time = now;
  readings = [];
  hold = async () => undefined;
  cache = new TargetCache(
    {
      targets: async (ids, at) => {
        readings.push(ids);
        const read = await sealed.targets(ids, at);
        await hold();
        return read;
      },
    },
    { now: () => time },
    [1_000],
  );
});

function create(changes: WebhookChange = {}): Promise<Webhook> {
  const settings = { sendPayload: true, sendForAllActions: true, actions: [], headers: {}, isActive: true };
  const limits = { retrySchedule: null, maxConcurrency: null, rateLimit: null, allowedRate: null, ordered: false };
  const target = { organization, project: null, url: "https://one.example/", handshake: false };
  const webhook = { ...target, ...settings, ...limits, ...changes };
  return webhooks.create(webhook, now);
}

async function change({ id }: Webhook, changes: WebhookChange): Promise<Webhook> {
  const changed = await webhooks.update(organization, id, changes, now);
  if (changed === undefined) throw new Error("the webhook is gone");
  return changed;
}

function leaseFor({ id, version }: Webhook): WebhookLease {
  return leaseOf({ webhook: id, webhookVersion: version });
}

test("a target is read once, and found from then on", async () => {
  const lease = leaseFor(await create());
  expect(cache.find(lease)).toBeUndefined();
  expect((await cache.load([lease, lease])).get(lease.webhook)?.target.url).toBe("https://one.example/");
  expect(cache.find(lease)?.target.url).toBe("https://one.example/");
  await cache.load([lease]);
  expect(readings).toEqual([[lease.webhook]]);
});

test("only what is missing is read", async () => {
  const [known, other] = [leaseFor(await create()), leaseFor(await create({ url: "https://two.example/" }))];
  await cache.load([known]);
  const targets = await cache.load([known, other]);
  expect([...targets.values()].map(({ target }) => target.url)).toEqual([
    "https://one.example/",
    "https://two.example/",
  ]);
  expect(readings).toEqual([[known.webhook], [other.webhook]]);
});

test("an older target is not found for a newer lease, and is read again", async () => {
  const webhook = await create();
  await cache.load([leaseFor(webhook)]);
  const lease = leaseFor(await change(webhook, { url: "https://new.example/" }));
  expect(cache.find(lease)).toBeUndefined();
  expect((await cache.load([lease])).get(lease.webhook)?.target.url).toBe("https://new.example/");
});

test("a newer target serves an older lease", async () => {
  const webhook = await create();
  await cache.load([leaseFor(await change(webhook, { url: "https://new.example/" }))]);
  expect(cache.find(leaseFor(webhook))?.target.url).toBe("https://new.example/");
});

test("two readings that come back in the wrong order leave the newer target", async () => {
  const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let reading = 0;
  hold = () => gates[reading++]?.promise ?? Promise.resolve();
  const webhook = await create();
  const first = cache.load([leaseFor(webhook)]);
  await settled();
  const newer = leaseFor(await change(webhook, { url: "https://new.example/" }));
  const second = cache.load([newer]);
  await settled();
  gates[1]?.resolve();
  expect((await second).get(newer.webhook)?.target.url).toBe("https://new.example/");
  gates[0]?.resolve();
  await first;
  expect(cache.find(newer)?.target.url).toBe("https://new.example/");
});

test("a deleted webhook is not among the targets, and is forgotten", async () => {
  const webhook = await create();
  await cache.load([leaseFor(webhook)]);
  const newer = leaseFor(await change(webhook, { url: "https://new.example/" }));
  await webhooks.delete(organization, webhook.id, now);
  expect((await cache.load([newer])).size).toBe(0);
  expect(cache.find(leaseFor(webhook))).toBeUndefined();
});

test("a failing reading changes nothing, and the next one succeeds", async () => {
  const webhook = await create();
  await cache.load([leaseFor(webhook)]);
  hold = () => Promise.reject(new Error("disk"));
  const newer = leaseFor(await change(webhook, { url: "https://new.example/" }));
  await expect(cache.load([newer])).rejects.toThrow("disk");
  expect(cache.find(leaseFor(webhook))?.target.url).toBe("https://one.example/");
  hold = async () => undefined;
  expect((await cache.load([newer])).size).toBe(1);
});

test("more webhooks than the memory keeps are all there for the call that asks for them", async () => {
  const leases: WebhookLease[] = [];
  for (let index = 0; index < 10_050; index += 1) leases.push(leaseFor(await create()));
  expect((await cache.load(leases)).size).toBe(10_050);
  expect(leases.filter((lease) => cache.find(lease) !== undefined)).toHaveLength(10_000);
});

describe("the schedule of a webhook", () => {
  test.each([
    ["is the setting's where the webhook has none", null, [1_000]],
    ["is its own where it has one", "5s,1m", [5_000, 60_000]],
    ["is empty where that is its own", "", []],
    ["is the setting's where the stored one cannot be read, and holds up nobody else", "whenever", [1_000]],
  ])("%s", async (_what, retrySchedule, waits) => {
    const lease = leaseFor(await create({ retrySchedule }));
    const other = leaseFor(await create({ retrySchedule: "7s" }));
    const targets = await cache.load([lease, other]);
    expect(targets.get(lease.webhook)?.schedule).toEqual(waits);
    expect(targets.get(other.webhook)?.schedule).toEqual([7_000]);
  });
});

test("a target is read again when one of its signing secrets has run out, and not before", async () => {
  const webhook = await create();
  const secrets = [
    { text: "new", createdAt: now, expiresAt: null },
    { text: "old", createdAt: now, expiresAt: now + 1_000 },
  ];
  await sealed.changeSecrets(organization, webhook.id, () => secrets, now);
  const signed = await sealed.get(organization, webhook.id);
  if (signed === undefined) throw new Error("the webhook is gone");
  const lease = leaseFor(signed);
  const known = () => cache.find(lease)?.target.signingSecrets.map((secret) => secret.reveal());
  await cache.load([lease]);
  time = now + 999;
  expect(known()).toEqual(["new", "old"]);
  time = now + 1_000;
  expect(known()).toBeUndefined();
  await cache.load([lease]);
  expect(known()).toEqual(["new"]);
});

test("a target that cannot be read is told, holds up no other, and is not kept", async () => {
  const [bad, good] = [await create(), await create()];
  const damaged = await change(bad, { headers: { "X-Key": "hw1.000000000000.AAAA" } });
  const found = await cache.load([leaseFor(damaged), leaseFor(good)]);
  expect(found.get(bad.id)?.unreadable).toMatchObject({ code: "secret_unreadable" });
  expect(found.get(good.id)?.unreadable).toBeUndefined();
  expect(cache.find(leaseFor(damaged))).toBeUndefined();
  expect(cache.find(leaseFor(good))).toBeDefined();
});
