import { expect } from "vitest";
import { organizationId } from "../builders/ids.js";
import { exactly } from "./exactly.js";
import type { Law } from "./law.js";

const stranger = organizationId(2);

/** What every port that takes an organization promises together: another organization's ids do not exist. */
export function tenantIsolationLaws(law: Law): void {
  law("no organization reads another's webhooks", async (scene) => {
    const webhook = await scene.webhook();
    expect(await scene.store.webhooks.get(stranger, webhook.id)).toBeUndefined();
    expect(await scene.store.webhooks.list(stranger, {}, {})).toEqual([]);
    expect(await scene.store.webhooks.list(stranger, { project: null }, { limit: 10 })).toEqual([]);
    expect(await scene.store.webhooks.changes(stranger, 0, 10)).toEqual({
      changed: [],
      deleted: [],
      upTo: 0,
      more: false,
    });
  });

  law("no organization changes or deletes another's webhooks", async (scene) => {
    const webhook = await scene.webhook();
    const [waiting] = exactly(1, await scene.waiting(webhook));
    expect(await scene.store.webhooks.update(stranger, webhook.id, { isActive: false }, scene.now)).toBeUndefined();
    expect(await scene.store.webhooks.delete(stranger, webhook.id, scene.now)).toBe(false);
    expect(await scene.read(webhook)).toEqual(webhook);
    expect(await scene.changeNumber()).toBe(webhook.version);
    expect(await scene.changeNumber(stranger)).toBe(0);
    expect(await scene.status(waiting)).toBe("pending");
  });

  law("no organization reads another's messages", async (scene) => {
    const entry = scene.messages.entry([]);
    await scene.append([entry]);
    for (const { message } of entry.drafts)
      expect(await scene.store.messages.get(stranger, message.id)).toBeUndefined();
  });

  law("no organization reads another's deliveries", async (scene) => {
    const webhook = await scene.webhook();
    const [id] = exactly(1, await scene.waiting(webhook));
    expect(await scene.store.attempts.get(stranger, id)).toBeUndefined();
    expect(await scene.store.attempts.list(stranger, {}, { limit: 10 })).toEqual([]);
    expect(await scene.store.attempts.list(stranger, { webhook: webhook.id }, { limit: 10 })).toEqual([]);
    expect(await scene.store.attempts.list(stranger, { status: "pending" }, { limit: 10, before: id })).toEqual([]);
  });

  law("no organization sends another's deliveries again", async (scene) => {
    const webhook = await scene.webhook();
    const [finished, waiting] = exactly(2, await scene.waiting(webhook, 2));
    const [first, second] = exactly(2, await scene.leases());
    await scene.fail(first);
    await scene.retryAfter(second, 60_000);
    expect(await scene.store.queue.retry(stranger, finished, scene.now)).toBe("not_found");
    expect(await scene.store.queue.retry(stranger, waiting, scene.now)).toBe("not_found");
    expect(await scene.leases()).toEqual([]);
    expect(await scene.status(finished)).toBe("failed");
  });

  law("equal things of two organizations do not mix", async (scene) => {
    const mine = await scene.webhook();
    const theirs = await scene.webhook({ organization: stranger });
    const [mineId] = exactly(1, await scene.waiting(mine));
    const [theirId] = exactly(1, await scene.waiting(theirs));
    const leases = await scene.leases();
    expect(
      leases
        .map(({ id, organization }) => ({ id, organization }))
        .sort((left, right) => left.organization - right.organization),
    ).toEqual([
      { id: mineId, organization: scene.organization },
      { id: theirId, organization: stranger },
    ]);
    for (const lease of leases) await scene.fail(lease, { kind: "gone" });
    expect(await scene.changeNumber(stranger)).toBe(theirs.version + 1);
    await scene.store.webhooks.delete(stranger, theirs.id, scene.now);
    expect(await scene.changeNumber()).toBe(mine.version + 1);
    const listed = await scene.store.attempts.list(scene.organization, {}, { limit: 10 });
    expect(listed.map(({ id }) => id)).toEqual([mineId]);
  });
}
