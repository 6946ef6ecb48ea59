import type { SubscriptionChanges, Webhook, WebhookChange, WebhookId } from "@hookwright/core";
import { expect } from "vitest";
import { organizationId, projectId, webhookId } from "../builders/ids.js";
import { newWebhook } from "../builders/webhook-builder.js";
import { exactly } from "./exactly.js";
import type { Law } from "./law.js";
import { idsOf, type StoreScene } from "./store-scene.js";

/** Every promise of `WebhookStore`. */
export function webhookStoreLaws(law: Law): void {
  createLaws(law);
  listLaws(law);
  updateLaws(law);
  deleteLaws(law);
  changesLaws(law);
  targetLaws(law);
  waitingLaws(law);
}

function createLaws(law: Law): void {
  law("a webhook is read as it was created", async (scene) => {
    const wanted = newWebhook({
      project: projectId(12),
      url: "http://backend:9090/hook?x=%20y#z",
      sendPayload: false,
      sendForAllActions: false,
      actions: ["TASK_CREATED", "ANNOTATION_CREATED"],
      headers: { "X-Token": 'a "quoted" value, with \\', authorization: "Bearer 1" },
      retrySchedule: "5s,1m,10m",
      maxConcurrency: 4,
      rateLimit: 2.5,
      ordered: true,
      handshake: true,
      allowedRate: 90,
    });
    const created = await scene.store.webhooks.create(wanted, scene.now);
    expect(created).toEqual({
      ...wanted,
      id: created.id,
      consecutiveFailures: 0,
      disabledAt: null,
      disabledReason: null,
      secretSet: false,
      createdAt: scene.now,
      updatedAt: scene.now,
      version: 1,
    });
    expect(await scene.store.webhooks.get(scene.organization, created.id)).toEqual(created);
  });

  law("a webhook that is created inactive is so by its user", async (scene) => {
    expect(await scene.webhook({ isActive: false })).toMatchObject({
      isActive: false,
      disabledReason: "user",
      disabledAt: scene.now,
    });
  });

  law("ids rise over organizations and are never used again", async (scene) => {
    const first = await scene.webhook();
    const second = await scene.webhook({ organization: organizationId(2) });
    await scene.store.webhooks.delete(second.organization, second.id, scene.now);
    const third = await scene.webhook();
    expect(second.id).toBeGreaterThan(first.id);
    expect(third.id).toBeGreaterThan(second.id);
  });

  law("each organization counts its changes by itself", async (scene) => {
    const other = organizationId(2);
    const versions = [await scene.webhook(), await scene.webhook({ organization: other }), await scene.webhook()].map(
      ({ version }) => version,
    );
    expect(versions).toEqual([1, 1, 2]);
    expect(await scene.changeNumber(other)).toBe(1);
    expect(await scene.changeNumber(organizationId(3))).toBe(0);
  });

  law("an unknown webhook is undefined", async (scene) => {
    expect(await scene.store.webhooks.get(scene.organization, webhookId(99))).toBeUndefined();
  });

  law("webhooks that are created at the same time get different ids and versions", async (scene) => {
    const created = await Promise.all(Array.from({ length: 20 }, () => scene.webhook()));
    expect(new Set(created.map(({ id }) => id)).size).toBe(20);
    expect(created.map(({ version }) => version).sort((left, right) => left - right)).toEqual(
      Array.from({ length: 20 }, (_, index) => index + 1),
    );
  });
}

function listLaws(law: Law): void {
  law("webhooks are listed by rising id", async (scene) => {
    const created = await scene.webhooks(5);
    expect(await scene.store.webhooks.list(scene.organization, {}, {})).toEqual(created);
    expect(await scene.store.webhooks.list(organizationId(2), {}, {})).toEqual([]);
  });

  law("an update does not move a webhook in the list", async (scene) => {
    const [first, second] = exactly(2, await scene.webhooks(2));
    await scene.update(first, { url: "https://elsewhere.example/" });
    expect(idsIn(await scene.store.webhooks.list(scene.organization, {}, {}))).toEqual([first.id, second.id]);
  });

  law("a project's webhooks and the organization's own are told apart", async (scene) => {
    const general = await scene.webhook();
    const one = await scene.webhook({ project: projectId(1) });
    const two = await scene.webhook({ project: projectId(2) });
    const list = async (project?: Webhook["project"]) =>
      idsIn(await scene.store.webhooks.list(scene.organization, project === undefined ? {} : { project }, {}));
    expect(await list(projectId(1))).toEqual([one.id]);
    expect(await list(projectId(3))).toEqual([]);
    expect(await list(null)).toEqual([general.id]);
    expect(await list()).toEqual([general.id, one.id, two.id]);
  });

  law("a page is what comes after an id", async (scene) => {
    const ids = idsIn(await scene.webhooks(5, { project: projectId(1) }));
    const other = await scene.webhook();
    const page = async (after: WebhookId | undefined) =>
      idsIn(
        await scene.store.webhooks.list(
          scene.organization,
          { project: projectId(1) },
          after === undefined ? { limit: 2 } : { limit: 2, after },
        ),
      );
    expect(await page(undefined)).toEqual(ids.slice(0, 2));
    expect(await page(ids[1])).toEqual(ids.slice(2, 4));
    expect(await page(ids[3])).toEqual(ids.slice(4));
    expect(await page(ids[4])).toEqual([]);
    expect(await page(other.id)).toEqual([]);
  });
}

function updateLaws(law: Law): void {
  law("an update changes what is given and nothing else", async (scene) => {
    const before = await scene.webhook({ actions: ["A"], headers: { a: "1" }, maxConcurrency: 4 });
    const changes: readonly WebhookChange[] = [
      { sendPayload: false },
      { sendForAllActions: false, actions: ["TASK_CREATED", "A"] },
      { retrySchedule: "standard" },
      { maxConcurrency: null, rateLimit: 10 },
      { ordered: true },
      {},
    ];
    let expected = before;
    for (const change of changes) {
      scene.clock.advance(1_000);
      expected = { ...expected, ...change, updatedAt: scene.now, version: expected.version + 1 };
      expect(await scene.update(before, change)).toEqual(expected);
      expect(await scene.read(before)).toEqual(expected);
    }
  });

  law("an update of an unknown webhook changes nothing", async (scene) => {
    await scene.webhook();
    expect(
      await scene.store.webhooks.update(scene.organization, webhookId(99), { ordered: true }, scene.now),
    ).toBeUndefined();
    expect(await scene.changeNumber()).toBe(1);
  });

  law("a new URL or new headers set the failure count to 0; the same ones do not", async (scene) => {
    const webhook = await scene.webhook({ url: "https://a.example/", headers: { a: "1", b: "2" } });
    const failuresAfter = async (change: WebhookChange) => {
      await failOnce(scene, webhook);
      return (await scene.update(webhook, change)).consecutiveFailures;
    };
    expect(await failuresAfter({ url: "https://a.example/" })).toBe(1);
    expect(await failuresAfter({ headers: { b: "2", a: "1" } })).toBe(2);
    expect(await failuresAfter({ actions: ["B"] })).toBe(3);
    expect(await failuresAfter({ isActive: true })).toBe(4);
    expect(await failuresAfter({ url: "https://b.example/" })).toBe(0);
    expect(await failuresAfter({ headers: { a: "1", b: "3" } })).toBe(0);
    expect(await failuresAfter({ headers: { a: "1" } })).toBe(0);
    expect(await failuresAfter({ headers: { c: "1" } })).toBe(0);
    expect(await failuresAfter({ headers: {} })).toBe(0);
  });

  law("a user's deactivation is noted, and a reactivation clears the note and the failure count", async (scene) => {
    const webhook = await scene.webhook();
    await failOnce(scene, webhook);
    scene.clock.advance(1_000);
    const disabledAt = scene.now;
    expect(await scene.update(webhook, { isActive: false })).toMatchObject({
      isActive: false,
      disabledAt,
      disabledReason: "user",
      consecutiveFailures: 1,
    });
    scene.clock.advance(1_000);
    expect(await scene.update(webhook, { isActive: false, sendPayload: false })).toMatchObject({
      disabledAt,
      disabledReason: "user",
    });
    expect(await scene.update(webhook, { isActive: true })).toMatchObject({
      isActive: true,
      disabledAt: null,
      disabledReason: null,
      consecutiveFailures: 0,
    });
  });

  law("an update that leaves a deactivated webhook inactive keeps why it is so", async (scene) => {
    const webhook = await scene.webhook();
    await scene.waiting(webhook);
    await scene.fail(await scene.lease(), { kind: "gone" });
    const disabledAt = scene.now;
    scene.clock.advance(1_000);
    expect(await scene.update(webhook, { isActive: false })).toMatchObject({
      isActive: false,
      disabledAt,
      disabledReason: "gone",
    });
    expect(await scene.update(webhook, { isActive: true })).toMatchObject({
      isActive: true,
      disabledAt: null,
      disabledReason: null,
    });
  });
}

function deleteLaws(law: Law): void {
  law("a deleted webhook is gone", async (scene) => {
    const webhook = await scene.webhook();
    const other = await scene.webhook();
    expect(await scene.store.webhooks.delete(scene.organization, webhook.id, scene.now)).toBe(true);
    expect(await scene.store.webhooks.get(scene.organization, webhook.id)).toBeUndefined();
    expect(await scene.store.webhooks.list(scene.organization, {}, {})).toEqual([other]);
    expect(await scene.store.webhooks.targets([webhook.id])).toEqual([]);
    expect(
      await scene.store.webhooks.update(scene.organization, webhook.id, { ordered: true }, scene.now),
    ).toBeUndefined();
    expect(await scene.store.webhooks.delete(scene.organization, webhook.id, scene.now)).toBe(false);
    expect(await scene.changeNumber()).toBe(other.version + 1);
  });

  law("deleting a webhook cancels what waits for it, held and retried ones too, and nothing else", async (scene) => {
    const webhook = await scene.webhook();
    const other = await scene.webhook();
    const ids = await scene.waiting(webhook, 2);
    const [retried] = exactly(1, await scene.leases(1));
    await scene.retryAfter(retried, 60_000);
    const kept = await scene.waiting(other);
    await scene.update(webhook, { isActive: false });
    scene.clock.advance(10);
    await scene.store.webhooks.delete(scene.organization, webhook.id, scene.now);
    for (const id of ids) {
      const { delivery } = await scene.detail(id);
      expect(delivery).toMatchObject({
        webhook: webhook.id,
        status: "cancelled",
        finishedAt: scene.now,
        nextAttemptAt: null,
      });
    }
    expect(idsOf(await scene.leases())).toEqual(kept);
  });

  law("deleting a webhook leaves what is finished as it is", async (scene) => {
    const webhook = await scene.webhook();
    const [delivered, failed] = exactly(2, await scene.waiting(webhook, 2));
    const [first, second] = exactly(2, await scene.leases());
    await scene.deliver(first);
    await scene.fail(second);
    await scene.store.webhooks.delete(scene.organization, webhook.id, scene.now);
    expect([await scene.status(delivered), await scene.status(failed)]).toEqual(["delivered", "failed"]);
  });
}

function changesLaws(law: Law): void {
  law("changes from 0 on are all webhooks, with what matching needs", async (scene) => {
    const webhook = await scene.webhook({
      project: projectId(3),
      sendForAllActions: false,
      actions: ["B", "A"],
      sendPayload: false,
    });
    const inactive = await scene.webhook({ isActive: false });
    expect(await scene.store.webhooks.changes(scene.organization, 0, 10)).toEqual({
      changed: [webhook, inactive].map(
        ({ id, organization, project, sendPayload, sendForAllActions, actions, isActive }) => ({
          id,
          organization,
          project,
          sendPayload,
          sendForAllActions,
          actions,
          isActive,
        }),
      ),
      deleted: [],
      upTo: inactive.version,
      more: false,
    });
  });

  law("changes are those since a number, each webhook once, in order of its last change", async (scene) => {
    const [first, second, third] = exactly(3, await scene.webhooks(3));
    const since = third.version;
    await scene.update(second, { sendPayload: false });
    await scene.update(first, { isActive: false });
    await scene.update(second, { isActive: false });
    const changes = await scene.store.webhooks.changes(scene.organization, since, 10);
    expect(changes.changed.map(({ id, isActive, sendPayload }) => ({ id, isActive, sendPayload }))).toEqual([
      { id: first.id, isActive: false, sendPayload: true },
      { id: second.id, isActive: false, sendPayload: false },
    ]);
    expect(changes).toMatchObject({ deleted: [], upTo: since + 3, more: false });
  });

  law("changes tell of deletions", async (scene) => {
    const [first, second] = exactly(2, await scene.webhooks(2));
    const since = second.version;
    await scene.update(first, { ordered: true });
    await scene.store.webhooks.delete(scene.organization, first.id, scene.now);
    expect(await scene.store.webhooks.changes(scene.organization, since, 10)).toEqual({
      changed: [],
      deleted: [first.id],
      upTo: since + 2,
      more: false,
    });
  });

  law("where nothing changed, changes say so", async (scene) => {
    const nothing: SubscriptionChanges = { changed: [], deleted: [], upTo: 0, more: false };
    expect(await scene.store.webhooks.changes(scene.organization, 0, 10)).toEqual(nothing);
    const { version } = await scene.webhook();
    expect(await scene.store.webhooks.changes(scene.organization, version, 10)).toEqual({ ...nothing, upTo: version });
  });

  law("changes come in pages that miss nothing", async (scene) => {
    const webhooks = await scene.webhooks(7);
    const [first, , third] = webhooks;
    if (first === undefined || third === undefined) throw new Error("Seven webhooks were expected.");
    await scene.store.webhooks.delete(scene.organization, third.id, scene.now);
    await scene.update(first, { sendPayload: false });

    const seen = { changed: new Set<WebhookId>(), deleted: new Set<WebhookId>(), steps: 0, since: 1 };
    for (let more = true; more; seen.steps += 1) {
      const page = await scene.store.webhooks.changes(scene.organization, seen.since, 2);
      expect(page.changed.length + page.deleted.length).toBeLessThanOrEqual(2);
      expect(page.upTo).toBeGreaterThan(seen.since);
      for (const { id } of page.changed) seen.changed.add(id);
      for (const id of page.deleted) seen.deleted.add(id);
      seen.since = page.upTo;
      more = page.more;
    }
    expect(seen.since).toBe(9);
    expect([...seen.changed].sort()).toEqual(idsIn(webhooks.filter((webhook) => webhook !== third)));
    expect([...seen.deleted]).toEqual([third.id]);
    expect(seen.steps).toBeGreaterThanOrEqual(4);
  });
}

function targetLaws(law: Law): void {
  law("targets are what an attempt needs, as it is now, in any organization", async (scene) => {
    const first = await scene.webhook({
      project: projectId(5),
      headers: { "X-A": "1" },
      retrySchedule: "5s",
      ordered: true,
      handshake: true,
    });
    const second = await scene.webhook({ organization: organizationId(2) });
    const changed = await scene.update(first, { url: "https://new.example/", headers: { "X-B": "2" } });
    const targets = await scene.store.webhooks.targets([second.id, webhookId(99), first.id]);
    const expected = [changed, second].map(
      ({ id, organization, project, url, headers, retrySchedule, ordered, handshake, version }) => ({
        id,
        organization,
        project,
        url,
        headers,
        retrySchedule,
        ordered,
        handshake,
        version,
        secrets: [],
      }),
    );
    expect([...targets].sort((left, right) => left.id - right.id)).toEqual(expected);
    expect(await scene.store.webhooks.targets([])).toEqual([]);
  });
}

function waitingLaws(law: Law): void {
  law("the next attempt goes to the webhook as it is by then", async (scene) => {
    const webhook = await scene.webhook();
    await scene.waiting(webhook);
    const first = await scene.lease();
    await scene.retryAfter(first, 1_000);
    const changed = await scene.update(webhook, { url: "https://new.example/" });
    scene.clock.advance(1_000);
    expect(first.webhookVersion).toBe(webhook.version);
    expect((await scene.lease()).webhookVersion).toBe(changed.version);
    expect((await scene.store.webhooks.targets([webhook.id]))[0]?.url).toBe("https://new.example/");
  });

  law("waiting deliveries keep action and form when the webhook wants others", async (scene) => {
    const webhook = await scene.webhook();
    await scene.waiting(webhook);
    await scene.update(webhook, { actions: ["OTHER"], sendForAllActions: false, sendPayload: false });
    expect(await scene.lease()).toMatchObject({ action: "ANNOTATION_CREATED", form: "full" });
  });

  law("what a user holds waits with its due time, and goes on in its order", async (scene) => {
    const webhook = await scene.webhook();
    const [first, second] = exactly(2, await scene.waiting(webhook, 2));
    const [lease] = exactly(1, await scene.leases(1));
    await scene.retryAfter(lease, 5_000);
    await scene.update(webhook, { isActive: false });
    expect(await scene.status(first)).toBe("pending");
    scene.clock.advance(3_000);
    await scene.update(webhook, { isActive: true });
    expect(idsOf(await scene.leases())).toEqual([second]);
    scene.clock.advance(2_000);
    expect(idsOf(await scene.leases())).toEqual([first]);
  });

  law(
    "what is under way when its user deactivates a webhook is recorded as it ends, and its retry is held",
    async (scene) => {
      const webhook = await scene.webhook();
      await scene.waiting(webhook, 2);
      const [first, second] = exactly(2, await scene.leases());
      await scene.update(webhook, { isActive: false });
      expect(await scene.deliver(first)).toBe(true);
      expect(await scene.retryAfter(second, 10)).toBe(true);
      scene.clock.advance(10);
      expect(await scene.leases()).toEqual([]);
      await scene.update(webhook, { isActive: true });
      expect(idsOf(await scene.leases())).toEqual([second.id]);
    },
  );

  law("a change of the room counts what is under way", async (scene) => {
    const webhook = await scene.webhook({ maxConcurrency: 2 });
    await scene.waiting(webhook, 10);
    const [first, second] = exactly(2, await scene.leases());
    await scene.update(webhook, { maxConcurrency: 5 });
    expect(await scene.leases()).toHaveLength(3);
    await scene.update(webhook, { maxConcurrency: 4 });
    await scene.deliver(first);
    expect(await scene.leases()).toEqual([]);
    await scene.deliver(second);
    expect(await scene.leases()).toHaveLength(1);
  });
}

async function failOnce(scene: StoreScene, webhook: Webhook): Promise<void> {
  await scene.waiting(webhook);
  await scene.fail(await scene.lease());
}

function idsIn(webhooks: readonly Webhook[]): readonly WebhookId[] {
  return webhooks.map(({ id }) => id);
}
