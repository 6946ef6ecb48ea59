import type { DeliveryId, Job, Message, Store, Webhook } from "@hookwright/core";
import { IdSource } from "@hookwright/core/internal";
import { expect } from "vitest";
import { organizationId } from "../builders/ids.js";
import { exactly } from "./exactly.js";
import type { Law } from "./law.js";
import type { StoreScene } from "./store-scene.js";

type Ports = Omit<Store, "name" | "capabilities" | "open" | "close">;

/** Every method of every port: a new one must be put into the table below, or this file does not compile. */
type Method = { [Port in keyof Ports]: `${Port}.${keyof Ports[Port] & string}` }[keyof Ports];

/** What one organization has. */
interface Owned {
  readonly webhook: Webhook;
  readonly finished: DeliveryId;
  readonly waiting: DeliveryId;
  readonly message: Message;
  readonly token: number;
  readonly job: Job;
}

interface Asked extends Owned {
  readonly store: Store;
  readonly now: number;
}

type Reach =
  /** Takes an organization: asked by another one for what is not its own, it answers as if nothing were there. */
  | { readonly ask: (of: Asked) => Promise<unknown>; readonly nothing: unknown }
  /** Is not called for an organization. Says why nobody sees another's through it. */
  | { readonly within: string };

const stranger = organizationId(2);
const own = "writes what the caller made, under the organization that it names";
const worker = "is called by the worker for all organizations; what it hands out carries its organization";
const upkeep = "is upkeep of the whole store";

const methods: Readonly<Record<Method, Reach>> = {
  "messages.append": { within: own },
  "messages.get": { ask: ({ store, message }) => store.messages.get(stranger, message.id), nothing: undefined },
  "webhooks.create": { within: own },
  "webhooks.get": { ask: ({ store, webhook }) => store.webhooks.get(stranger, webhook.id), nothing: undefined },
  "webhooks.list": { ask: ({ store }) => store.webhooks.list(stranger, {}, {}), nothing: [] },
  "webhooks.update": {
    ask: ({ store, webhook, now }) => store.webhooks.update(stranger, webhook.id, { isActive: false }, now),
    nothing: undefined,
  },
  "webhooks.delete": {
    ask: ({ store, webhook, now }) => store.webhooks.delete(stranger, webhook.id, now),
    nothing: false,
  },
  "webhooks.changes": {
    ask: ({ store }) => store.webhooks.changes(stranger, 0, 100),
    nothing: { changed: [], deleted: [], upTo: 0, more: false },
  },
  "webhooks.targets": { within: worker },
  "webhooks.setSecrets": {
    ask: ({ store, webhook, now }) =>
      store.webhooks.setSecrets(stranger, webhook.id, { version: webhook.version, secrets: [] }, now),
    nothing: undefined,
  },
  "webhooks.sealable": { within: upkeep },
  "webhooks.reseal": { within: upkeep },
  "queue.claim": { within: worker },
  "queue.settle": { within: worker },
  "queue.retry": {
    ask: ({ store, finished, now }) => store.queue.retry(stranger, finished, now),
    nothing: "not_found",
  },
  "notes.list": { within: worker },
  "attempts.list": {
    ask: ({ store, webhook, waiting }) =>
      store.attempts.list(stranger, { webhook: webhook.id }, { limit: 10, before: waiting }),
    nothing: [],
  },
  "attempts.get": { ask: ({ store, finished }) => store.attempts.get(stranger, finished), nothing: undefined },
  "attempts.recordTest": { within: own },
  "attempts.purge": { within: upkeep },
  "access.add": { within: own },
  "access.find": { within: "is asked with the hash of a secret, and answers whose it is" },
  "access.list": { ask: ({ store }) => store.access.list(stranger), nothing: [] },
  "access.remove": { ask: ({ store, token }) => store.access.remove(stranger, token), nothing: false },
  "state.register": { within: upkeep },
  "state.read": {
    ask: ({ store }) => store.state.read({ plugin: "notes", organization: stranger }, ["key"]),
    nothing: [{ key: "key", value: null, version: 0 }],
  },
  "state.compareAndSet": {
    ask: ({ store }) => {
      const changes = [{ key: "key", expected: 1, value: null }];
      return store.state.compareAndSet({ plugin: "notes", organization: stranger }, changes);
    },
    nothing: false,
  },
  "state.commit": { within: worker },
  "jobs.create": { within: own },
  "jobs.get": { ask: ({ store, job }) => store.jobs.get(stranger, job.id), nothing: undefined },
  "jobs.list": { ask: ({ store }) => store.jobs.list(stranger, { limit: 10 }), nothing: [] },
  "jobs.cancel": { ask: ({ store, job, now }) => store.jobs.cancel(stranger, job.id, now), nothing: undefined },
  "jobs.due": { within: worker },
  "jobs.find": {
    ask: async ({ store, job }) => {
      const { deliveries, messages } = await store.jobs.find({ ...job, organization: stranger }, "", 100);
      return { deliveries, messages };
    },
    nothing: { deliveries: [], messages: [] },
  },
  "jobs.advance": { within: worker },
  "jobs.fail": { within: worker },
};

/** What every port promises together, method by method: another organization's ids do not exist. */
export function tenantIsolationLaws(law: Law): void {
  for (const [method, reach] of Object.entries(methods)) {
    if ("within" in reach) continue;
    law(`${method}: asked by another organization it knows nothing, and changes nothing`, async (scene) => {
      const owned = await fill(scene);
      const before = await dump(scene, owned);
      expect(await reach.ask({ ...owned, store: scene.store, now: scene.now })).toEqual(reach.nothing);
      expect(await dump(scene, owned)).toEqual(before);
    });
  }

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

/** One of everything, of the scene's organization. */
async function fill(scene: StoreScene): Promise<Owned> {
  const { store, organization, now } = scene;
  const webhook = await scene.webhook();
  const basedOn = await scene.changeNumber();
  const entries = [1, 2].map(() => scene.messages.entry([webhook.id], { basedOn }));
  await scene.append(entries);
  const [first] = exactly(2, await scene.leases());
  await scene.fail(first);
  const [message] = entries.flatMap(({ drafts }) => drafts.map((draft) => draft.message));
  const ids = entries.flatMap(({ drafts }) => drafts.flatMap(({ deliveries }) => deliveries.map(({ id }) => id)));
  const waiting = ids.find((id) => id !== first.id);
  if (message === undefined || waiting === undefined) throw new Error("two messages have a delivery each");
  const token = await store.access.add({ organization, name: "mine", hash: "a".repeat(64), createdAt: now });
  await store.state.compareAndSet({ plugin: "notes", organization }, [{ key: "key", expected: 0, value: '"mine"' }]);
  const job = await store.jobs.create(
    {
      id: new IdSource(scene.clock).jobId(),
      kind: "replay",
      organization,
      webhook: webhook.id,
      request: { since: 0, until: now + 1_000, status: "failed", missing: true },
      total: null,
    },
    now,
    1,
  );
  if (job === undefined) throw new Error("one job may run");
  return { webhook, finished: first.id, waiting, message, token: token.id, job };
}

/** Everything that its owner can read. */
async function dump({ store, organization }: StoreScene, { webhook, message, finished, waiting, job }: Owned) {
  return {
    webhook: await store.webhooks.get(organization, webhook.id),
    changes: await store.webhooks.changes(organization, 0, 100),
    message: await store.messages.get(organization, message.id),
    deliveries: await Promise.all([finished, waiting].map((id) => store.attempts.get(organization, id))),
    tokens: await store.access.list(organization),
    state: await store.state.read({ plugin: "notes", organization }, ["key"]),
    job: await store.jobs.get(organization, job.id),
  };
}
