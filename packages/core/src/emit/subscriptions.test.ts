import { describe, expect, test } from "vitest";
import type { OrganizationId } from "../foundation/ids.js";
import { createMemoryStore } from "../store/memory-store.js";
import type { NewWebhook, WebhookStore } from "../store/webhook-store.js";
import type { MatchQuery } from "../webhook/webhook-index.js";
import { Subscriptions } from "./subscriptions.js";

const organization = 1 as OrganizationId;
const asked: MatchQuery = { organization, project: null, names: ["MADE"], organizationOnly: false };
const webhook: NewWebhook = {
  organization,
  project: null,
  url: "https://receiver.example/hook",
  sendPayload: true,
  sendForAllActions: true,
  actions: [],
  headers: {},
  isActive: true,
  retrySchedule: null,
  maxConcurrency: null,
  rateLimit: null,
  ordered: false,
  handshake: false,
  allowedRate: null,
};

describe("the subscriptions of a process", () => {
  test("are read once when an organization is first asked for", async () => {
    const { store, reads } = counted();
    await store.create(webhook, 0);
    const subscriptions = new Subscriptions(store);
    expect(await subscriptions.match(asked)).toEqual({
      matches: [expect.objectContaining({ webhook: 1 })],
      basedOn: 1,
    });
    await subscriptions.match(asked);
    expect(reads).toEqual([0]);
  });

  test("say on which change they are based, and learn of a later one when they catch up", async () => {
    const { store, reads } = counted();
    const subscriptions = new Subscriptions(store);
    expect(await subscriptions.match(asked)).toEqual({ matches: [], basedOn: 0 });
    const created = await store.create(webhook, 0);
    expect((await subscriptions.match(asked)).basedOn).toBe(0);
    await subscriptions.catchUp(organization);
    expect(await subscriptions.match(asked)).toMatchObject({ matches: [{ webhook: 1 }], basedOn: 1 });
    await store.delete(organization, created.id, 0);
    await subscriptions.catchUp(organization);
    expect(await subscriptions.match(asked)).toEqual({ matches: [], basedOn: 2 });
    expect(reads).toEqual([0, 0, 1]);
  });

  test("are read in pages to the end", async () => {
    const { store, reads } = counted({ pageSize: 2 });
    for (let count = 0; count < 5; count += 1) await store.create(webhook, 0);
    const { matches, basedOn } = await new Subscriptions(store).match(asked);
    expect([matches.length, basedOn, reads.length]).toEqual([5, 5, 3]);
  });

  test("are not called up to date while pages are missing", async () => {
    const { store, gate } = counted({ pageSize: 2 });
    const subscriptions = new Subscriptions(store);
    await subscriptions.match(asked);
    for (let count = 0; count < 3; count += 1) await store.create(webhook, 0);
    const second = gate(2);
    const catchingUp = subscriptions.catchUp(organization);
    await second.reached;
    expect((await subscriptions.match(asked)).basedOn).toBe(0);
    second.open();
    await catchingUp;
    expect((await subscriptions.match(asked)).basedOn).toBe(3);
  });

  test("are read once for all who catch up at the same time", async () => {
    const { store, reads } = counted();
    const subscriptions = new Subscriptions(store);
    await Promise.all([subscriptions.match(asked), subscriptions.match(asked), subscriptions.catchUp(organization)]);
    expect(reads).toEqual([0]);
  });

  test("are read again after a reading that failed", async () => {
    const { store, failNext } = counted();
    await store.create(webhook, 0);
    const subscriptions = new Subscriptions(store);
    failNext();
    await expect(subscriptions.match(asked)).rejects.toThrow("the store is away");
    expect((await subscriptions.match(asked)).matches).toHaveLength(1);
  });

  test("are not read for an organization that nobody asked for", async () => {
    const { store, reads } = counted();
    const subscriptions = new Subscriptions(store);
    await subscriptions.refresh(organization);
    expect(reads).toEqual([]);
    await subscriptions.match(asked);
    await subscriptions.refresh(organization);
    expect(reads).toEqual([0, 0]);
  });
});

/** A memory store whose readings of changes are counted, paged, held up and failed at will. */
function counted({ pageSize = 1_000 } = {}) {
  const { webhooks } = createMemoryStore();
  const reads: number[] = [];
  let fails = false;
  let held: { readonly at: number; readonly reached: () => void; readonly opened: Promise<void> } | undefined;
  const store: WebhookStore = {
    create: (input, now) => webhooks.create(input, now),
    get: (of, id) => webhooks.get(of, id),
    list: (of, filter, page) => webhooks.list(of, filter, page),
    update: (of, id, change, now) => webhooks.update(of, id, change, now),
    delete: (of, id, now) => webhooks.delete(of, id, now),
    targets: (ids) => webhooks.targets(ids),
    setSecrets: (of, id, change, now) => webhooks.setSecrets(of, id, change, now),
    sealable: (after, limit) => webhooks.sealable(after, limit),
    reseal: (values) => webhooks.reseal(values),
    changes: async (of, since, limit) => {
      if (fails) {
        fails = false;
        throw new Error("the store is away");
      }
      reads.push(since);
      if (held !== undefined && since === held.at) {
        held.reached();
        await held.opened;
      }
      return webhooks.changes(of, since, Math.min(limit, pageSize));
    },
  };
  return {
    store,
    reads,
    failNext: () => {
      fails = true;
    },
    /** Holds the reading that begins after change `at` up until it is opened. */
    gate: (at: number) => {
      const reached = Promise.withResolvers<void>();
      const opened = Promise.withResolvers<void>();
      held = { at, reached: reached.resolve, opened: opened.promise };
      return { reached: reached.promise, open: opened.resolve };
    },
  };
}
