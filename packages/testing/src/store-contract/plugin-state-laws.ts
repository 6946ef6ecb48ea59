import { expect } from "vitest";
import { handlerCommit } from "../builders/handler-commit-builder.js";
import { organizationId, projectId } from "../builders/ids.js";
import { exactly } from "./exactly.js";
import { HandlerScene } from "./handler-scene.js";
import type { Law } from "./law.js";
import { failedAttempt, idsOf, leaseDuration, type StoreScene } from "./store-scene.js";

type HandlerLaw = (title: string, run: (scene: StoreScene, handlers: HandlerScene) => Promise<void>) => void;

/** What a store promises of plugins' state, of durable handlers, and of what both have together: the commit. */
export function pluginStateLaws(everyLaw: Law): void {
  const law: HandlerLaw = (title, run) => everyLaw(title, (scene) => run(scene, new HandlerScene(scene)));
  numberLaws(law);
  stateLaws(law);
  deliveryLaws(law);
  commitLaws(law);
  refusalLaws(law);
  crashLaws((title, run) =>
    law(title, async (scene, handlers) => {
      if (scene.store.capabilities.durable) await run(scene, handlers);
    }),
  );
}

function numberLaws(law: HandlerLaw): void {
  law("a handler's number is below zero, its own, and the same each time it is registered", async (scene) => {
    const one = await scene.handler();
    const [again, other, ofAnother] = exactly(
      3,
      await scene.store.state.register([
        { plugin: "billing", handler: "ANNOTATION_CREATED", concurrency: 2, ordered: true },
        { plugin: "billing", handler: "OTHER", concurrency: 8, ordered: false },
        { plugin: "mail", handler: "ANNOTATION_CREATED", concurrency: 8, ordered: false },
      ]),
    );
    expect(again).toBe(one);
    expect(new Set([one, other, ofAnother]).size).toBe(3);
    for (const id of [one, other, ofAnother]) expect(id).toBeLessThan(0);
  });

  law("no two handlers share a number by the way their names are put together", async (scene) => {
    const ids = await Promise.all(
      [
        { plugin: "a", handler: "b:c" },
        { plugin: "a:b", handler: "c" },
        { plugin: "@a/b", handler: "c" },
        { plugin: "@a", handler: "b/c" },
      ].map((name) => scene.handler(name)),
    );
    expect(new Set(ids).size).toBe(4);
  });
}

function stateLaws(law: HandlerLaw): void {
  law("a key that was never written has no value and version 0", async (_scene, handlers) => {
    expect(await handlers.read(["a", "b"])).toEqual([
      { key: "a", value: null, version: 0 },
      { key: "b", value: null, version: 0 },
    ]);
  });

  law("a value is read as it was written, to the character", async (_scene, handlers) => {
    const text = JSON.stringify({ "ü😀": ["\u0000", "é", 9_007_199_254_740_991], nested: { a: null } });
    await handlers.write("k'ey \"ü", text);
    expect(await handlers.readOne("k'ey \"ü")).toMatchObject({ value: text });
  });

  law("compare-and-set changes a key whose version is the expected one, and no other", async (_scene, handlers) => {
    expect(await handlers.change([{ key: "a", expected: 0, value: "1" }])).toBe(true);
    expect(await handlers.change([{ key: "a", expected: 0, value: "2" }])).toBe(false);
    const { value, version } = await handlers.readOne("a");
    expect(value).toBe("1");
    expect(await handlers.change([{ key: "a", expected: version, value: "2" }])).toBe(true);
    expect(await handlers.change([{ key: "a", expected: version, value: "3" }])).toBe(false);
    expect((await handlers.readOne("a")).value).toBe("2");
  });

  law("one key that has changed refuses the changes of all", async (_scene, handlers) => {
    await handlers.write("a", "1");
    expect(
      await handlers.change([
        { key: "b", expected: 0, value: "2" },
        { key: "a", expected: 0, value: "2" },
        { key: "c", expected: undefined, value: "2" },
      ]),
    ).toBe(false);
    expect((await handlers.read(["a", "b", "c"])).map(({ value }) => value)).toEqual(["1", null, null]);
  });

  law("a key that was only read is checked and left as it is", async (_scene, handlers) => {
    await handlers.write("a", "1");
    const before = await handlers.readOne("a");
    expect(
      await handlers.change([
        { key: "a", expected: before.version, value: undefined },
        { key: "b", expected: undefined, value: "2" },
      ]),
    ).toBe(true);
    expect(await handlers.readOne("a")).toEqual(before);
    expect(
      await handlers.change([
        { key: "a", expected: before.version + 1, value: undefined },
        { key: "b", expected: undefined, value: "3" },
      ]),
    ).toBe(false);
    expect((await handlers.readOne("b")).value).toBe("2");
  });

  law("a key that is removed and made anew never has a version that it had before", async (_scene, handlers) => {
    const seen = new Set<number>();
    for (let round = 0; round < 5; round += 1) {
      await handlers.write("a", "1");
      const { version } = await handlers.readOne("a");
      expect(seen).not.toContain(version);
      seen.add(version);
      await handlers.write("a", null);
      expect(await handlers.readOne("a")).toEqual({ key: "a", value: null, version: 0 });
    }
  });

  law("every write gives another version, also of the same value", async (_scene, handlers) => {
    await handlers.write("a", "1");
    const { version } = await handlers.readOne("a");
    await handlers.write("a", "1");
    expect((await handlers.readOne("a")).version).not.toBe(version);
  });

  law("a plugin sees nothing of another's state, nor of another organization's", async (scene, handlers) => {
    await handlers.write("a", "1");
    expect(await handlers.read(["a"], organizationId(2))).toEqual([{ key: "a", value: null, version: 0 }]);
    const { organization } = scene;
    expect(await scene.store.state.read({ plugin: "mail", organization }, ["a"])).toEqual([
      { key: "a", value: null, version: 0 },
    ]);
    expect(await handlers.change([{ key: "a", expected: 0, value: "2" }], organizationId(2))).toBe(true);
    expect((await handlers.readOne("a")).value).toBe("1");
  });

  law("of many changes at once from one version exactly one is made", async (_scene, handlers) => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, number) => handlers.change([{ key: "a", expected: 0, value: `${number}` }])),
    );
    expect(answers.filter(Boolean)).toHaveLength(1);
    expect((await handlers.readOne("a")).value).toBe(`${answers.indexOf(true)}`);
  });
}

function deliveryLaws(law: HandlerLaw): void {
  law("a handler's delivery is leased to a claim that names it, and to no other", async (scene, handlers) => {
    const handler = await scene.handler();
    const [id] = exactly(1, await handlers.waiting(handler));
    scene.unload(handler);
    const before = await scene.claim();
    expect(before.leases).toEqual([]);
    await scene.handler();
    const lease = await handlers.lease();
    expect(lease).toMatchObject({ id, webhook: handler, attempt: 1, failures: 0, form: "full", webhookVersion: 1 });
  });

  law("what waits for a handler that is not named does not make a claim look again", async (scene, handlers) => {
    const handler = await scene.handler();
    await handlers.waiting(handler);
    scene.unload(handler);
    expect((await scene.claim()).nextDue).toBeUndefined();
  });

  law("of two handlers only the one that is named gets its deliveries", async (scene, handlers) => {
    const here = await scene.handler();
    const elsewhere = await scene.handler({ plugin: "mail" });
    scene.unload(elsewhere);
    await handlers.waiting(elsewhere, 2);
    const ids = await handlers.waiting(here, 2);
    expect(idsOf(await handlers.leases(2))).toEqual(ids);
  });

  law("a handler has no more under way than its concurrency, over all organizations", async (scene, handlers) => {
    const handler = await scene.handler({ concurrency: 2 });
    await handlers.waiting(handler, 2);
    await handlers.waiting(handler, 2, organizationId(2));
    const [first] = await handlers.leases(2);
    expect(await scene.leases()).toEqual([]);
    await handlers.commitOne(first);
    await handlers.leases(1);
  });

  law(
    "an ordered handler gets its deliveries one after the other, also while one waits for a retry",
    async (scene, handlers) => {
      const handler = await scene.handler({ ordered: true });
      const [first, second] = exactly(2, await handlers.waiting(handler, 2));
      const lease = await handlers.lease();
      expect(lease.id).toBe(first);
      await scene.retryAfter(lease, 1_000, { kind: "none" });
      expect(await scene.leases()).toEqual([]);
      scene.clock.advance(1_000);
      const again = await handlers.lease();
      expect(again).toMatchObject({ id: first, failures: 1 });
      await handlers.commitOne(again);
      expect((await handlers.lease()).id).toBe(second);
    },
  );

  law("a handler that is registered as ordered gets in order also what waits already", async (scene, handlers) => {
    const handler = await scene.handler();
    const [first, second] = exactly(2, await handlers.waiting(handler, 2));
    const [one, other] = await handlers.leases(2);
    await scene.retryAfter(one, 5_000, { kind: "none" });
    await scene.release(other);
    await scene.handler({ ordered: true });
    expect(await scene.leases()).toEqual([]);
    scene.clock.advance(5_000);
    const lease = await handlers.lease();
    expect(lease.id).toBe(first);
    await handlers.commitOne(lease);
    expect((await handlers.lease()).id).toBe(second);
  });

  law("a handler that is registered anew keeps what is under way", async (scene, handlers) => {
    const handler = await scene.handler({ concurrency: 2 });
    await handlers.waiting(handler, 3);
    const [lease] = await handlers.leases(2);
    await scene.handler({ concurrency: 2 });
    expect(await scene.leases()).toEqual([]);
    expect(await handlers.commitOne(lease)).toBe("committed");
    await handlers.leases(1);
  });

  law("a long backlog of one handler delays no webhook", async (scene, handlers) => {
    const handler = await scene.handler({ concurrency: 1_000 });
    const webhook = await scene.webhook();
    await handlers.waiting(handler, 200);
    const [id] = exactly(1, await scene.waiting(webhook));
    expect(idsOf(await scene.leases(10))).toContain(id);
  });

  law("a handler's delivery is told with the handler's name and no webhook", async (scene, handlers) => {
    const handler = await scene.handler();
    const [id] = exactly(1, await handlers.waiting(handler));
    const record = { webhook: null, handler: { plugin: "billing", handler: "ANNOTATION_CREATED" }, status: "pending" };
    expect((await scene.detail(id)).delivery).toMatchObject(record);
    expect(await scene.store.attempts.list(scene.organization, {}, { limit: 10 })).toMatchObject([record]);
  });

  law("a webhook's list has no handler's deliveries", async (scene, handlers) => {
    const webhook = await scene.webhook();
    const handler = await scene.handler();
    await handlers.waiting(handler);
    const [id] = exactly(1, await scene.waiting(webhook));
    const list = await scene.store.attempts.list(scene.organization, { webhook: webhook.id }, { limit: 10 });
    expect(idsOf(list)).toEqual([id]);
  });

  law(
    "a handler that fails is called again when its retry is due, and no webhook is touched",
    async (scene, handlers) => {
      const webhook = await scene.webhook();
      const handler = await scene.handler();
      const [id] = exactly(1, await handlers.waiting(handler));
      const lease = await handlers.lease();
      await scene.retryAfter(lease, 5_000, { kind: "none" });
      expect((await scene.claim()).nextDue).toBe(scene.now + 5_000);
      scene.clock.advance(5_000);
      expect(await handlers.lease()).toMatchObject({ id, failures: 1 });
      expect((await scene.read(webhook)).consecutiveFailures).toBe(0);
    },
  );

  law("a handler's failed delivery can be sent again, a delivered one cannot", async (scene, handlers) => {
    const handler = await scene.handler();
    const [failed, delivered] = exactly(2, await handlers.waiting(handler, 2));
    const [first, second] = await handlers.leases(2);
    await scene.fail(first, { kind: "none" });
    await handlers.commitOne(second);
    const { queue } = scene.store;
    expect(await queue.retry(scene.organization, delivered, scene.now)).toBe("already_handled");
    expect(await scene.status(delivered)).toBe("delivered");
    expect(await queue.retry(scene.organization, failed, scene.now)).toBe("queued");
    expect(await handlers.lease()).toMatchObject({ id: failed, failures: 0 });
  });

  law("a waiting delivery of a handler that nobody has can be made due, and waits on", async (scene, handlers) => {
    const handler = await scene.handler();
    const [id] = exactly(1, await handlers.waiting(handler));
    scene.unload(handler);
    expect(await scene.leases()).toEqual([]);
    expect(await scene.store.queue.retry(scene.organization, id, scene.now)).toBe("queued");
    expect(await scene.leases()).toEqual([]);
    expect(await scene.status(id)).toBe("pending");
  });

  law("a handler's lease that runs out is due again", async (scene, handlers) => {
    const handler = await scene.handler();
    await handlers.waiting(handler);
    const first = await handlers.lease();
    scene.clock.advance(leaseDuration);
    const second = await handlers.lease();
    expect(second.id).toBe(first.id);
    expect(second.attempt).toBeGreaterThan(first.attempt);
    expect(await handlers.commitOne(first)).toBe("lease_lost");
    expect(await handlers.commitOne(second)).toBe("committed");
  });

  law("a message may go to webhooks and handlers, and be handed over to both", async (scene) => {
    const webhook = await scene.webhook();
    const handler = await scene.handler();
    await scene.claim();
    const entry = scene.messages.entry([webhook.id, handler], { basedOn: webhook.version });
    const [result] = exactly(1, await scene.append([entry], 10));
    expect(result).toMatchObject({ kind: "stored", leases: [{ webhook: webhook.id }, { webhook: handler }] });
  });

  law("nothing is handed over for a handler that the last claim did not name", async (scene) => {
    const handler = await scene.handler();
    scene.unload(handler);
    await scene.claim();
    const [result] = exactly(1, await scene.append([scene.messages.entry([handler])], 10));
    expect(result).toEqual({ kind: "stored", leases: [], waiting: true });
  });

  law("a message keeps how many handlers led to it", async (scene) => {
    const webhook = await scene.webhook();
    const draft = scene.messages.draft([webhook.id], { hops: 7 });
    await scene.append([scene.messages.entry([], { drafts: [draft], basedOn: webhook.version })]);
    const { messages } = await scene.claim();
    expect(messages.get(draft.message.id)?.hops).toBe(7);
    expect((await scene.store.messages.get(scene.organization, draft.message.id))?.hops).toBe(7);
  });

  law(
    "a purge removes a handler's finished deliveries, and waiting ones only where nobody has it",
    async (scene, handlers) => {
      const here = await scene.handler();
      const elsewhere = await scene.handler({ plugin: "mail" });
      const [done, waits] = exactly(2, await handlers.waiting(here, 2));
      const [abandoned] = exactly(1, await handlers.waiting(elsewhere));
      await handlers.write("a", "1");
      const [lease, other] = await handlers.leases(3);
      await handlers.commitOne(lease);
      await scene.release(other);
      scene.clock.advance(leaseDuration + 1);
      await scene.claim(0);
      expect(lease.id).toBe(done);
      const purge = async (): Promise<void> => {
        while (await scene.store.attempts.purge(scene.now, scene.now));
      };
      await purge();
      const { attempts } = scene.store;
      expect(await attempts.get(scene.organization, done)).toBeUndefined();
      expect(await attempts.get(scene.organization, waits)).toBeDefined();
      expect(await attempts.get(scene.organization, abandoned)).toBeDefined();
      scene.unload(elsewhere);
      await scene.claim(0);
      await purge();
      expect(await attempts.get(scene.organization, abandoned)).toBeUndefined();
      expect((await handlers.readOne("a")).value).toBe("1");
    },
  );
}

function commitLaws(law: HandlerLaw): void {
  law("a commit writes state, emitted messages and the attempt together", async (scene, handlers) => {
    const webhook = await scene.webhook();
    const handler = await scene.handler();
    const [id] = exactly(1, await handlers.waiting(handler));
    const lease = await handlers.lease();
    const draft = scene.messages.draft([webhook.id], { hops: 1, project: projectId(7), action: "TASKS_CREATED" });
    const emits = [scene.messages.entry([], { drafts: [draft], basedOn: webhook.version })];
    const changes = [{ key: "count", expected: 0, value: "1" }];
    const [result] = exactly(1, await handlers.commit([handlerCommit(lease, { emits, changes })]));
    expect(result).toEqual({ kind: "committed", leases: [], waiting: true });
    expect((await handlers.readOne("count")).value).toBe("1");
    const { delivery, attempts } = await scene.detail(id);
    expect(delivery).toMatchObject({ status: "delivered", finishedAt: scene.now, attempts: 1, lastStatus: null });
    expect(attempts).toMatchObject([{ number: 1, status: null, code: null, headers: {} }]);
    const [emitted] = exactly(1, await scene.leases());
    expect(emitted).toMatchObject({ message: draft.message.id, webhook: webhook.id });
    expect(await scene.store.messages.get(scene.organization, draft.message.id)).toEqual(draft.message);
  });

  law("what a commit emits is handed over as far as it fits", async (scene, handlers) => {
    const webhook = await scene.webhook();
    const handler = await scene.handler();
    await handlers.waiting(handler, 2);
    const leases = await handlers.leases(2);
    const entry = () => scene.messages.entry([webhook.id, webhook.id], { basedOn: webhook.version });
    const commits = leases.map((lease) => handlerCommit(lease, { emits: [entry(), entry()] }));
    const results = await handlers.commit(commits, 6);
    expect(results.map((result) => (result.kind === "committed" ? result.leases.length : 0))).toEqual([4, 2]);
    expect(results).toMatchObject([{ waiting: false }, { waiting: true }]);
  });

  law("a commit without effects only records the attempt", async (scene, handlers) => {
    const handler = await scene.handler();
    const [id] = exactly(1, await handlers.waiting(handler));
    expect(await handlers.commitOne(await handlers.lease())).toBe("committed");
    expect(await scene.status(id)).toBe("delivered");
    expect(await scene.leases()).toEqual([]);
  });

  law("a commit frees its place in the handler's lane", async (scene, handlers) => {
    const handler = await scene.handler({ concurrency: 1 });
    const [, second] = exactly(2, await handlers.waiting(handler, 2));
    const lease = await handlers.lease();
    const { nextDue } = await scene.store.state.commit([handlerCommit(lease)], {
      now: scene.now,
      leaseUntil: scene.now + leaseDuration,
      limit: 0,
    });
    expect(nextDue).toBe(scene.now);
    expect((await handlers.lease()).id).toBe(second);
  });

  law("a commit may remove a key, and write one that it has not read", async (scene, handlers) => {
    await handlers.write("old", "1");
    await handlers.write("blind", "1");
    await handlers.waiting(await scene.handler());
    const changes = [
      { key: "old", expected: (await handlers.readOne("old")).version, value: null },
      { key: "blind", expected: undefined, value: "2" },
    ];
    expect(await handlers.commitOne(await handlers.lease(), { changes })).toBe("committed");
    expect((await handlers.read(["old", "blind"])).map(({ value }) => value)).toEqual([null, "2"]);
  });

  law("an event that a handler emits may go to handlers", async (scene, handlers) => {
    const handler = await scene.handler();
    await handlers.waiting(handler);
    const lease = await handlers.lease();
    const emits = [scene.messages.entry([], { drafts: [scene.messages.draft([handler], { hops: 1 })] })];
    const [result] = exactly(1, await handlers.commit([handlerCommit(lease, { emits })], 1));
    expect(result).toMatchObject({ kind: "committed", leases: [{ webhook: handler }] });
  });
}

function refusalLaws(law: HandlerLaw): void {
  law("a commit is carried out once, however often it is called", async (scene, handlers) => {
    const webhook = await scene.webhook();
    await handlers.waiting(await scene.handler());
    const lease = await handlers.lease();
    const commit = () =>
      handlerCommit(lease, {
        changes: [{ key: "count", expected: undefined, value: "1" }],
        emits: [scene.messages.entry([webhook.id], { basedOn: webhook.version })],
      });
    const results = await handlers.commit([commit(), commit()]);
    expect(results.map(({ kind }) => kind)).toEqual(["committed", "lease_lost"]);
    const { version } = await handlers.readOne("count");
    expect((await handlers.commit([commit()])).map(({ kind }) => kind)).toEqual(["lease_lost"]);
    expect((await handlers.readOne("count")).version).toBe(version);
    expect(await scene.leases()).toHaveLength(1);
  });

  law("a key that has changed stores nothing and leaves the lease", async (scene, handlers) => {
    const webhook = await scene.webhook();
    const [id] = exactly(1, await handlers.waiting(await scene.handler()));
    const lease = await handlers.lease();
    await handlers.write("a", "1");
    const changes = [
      { key: "b", expected: 0, value: "2" },
      { key: "a", expected: 0, value: undefined },
    ];
    const emits = [scene.messages.entry([webhook.id], { basedOn: webhook.version })];
    expect(await handlers.commitOne(lease, { changes, emits })).toBe("state_changed");
    expect((await handlers.readOne("b")).value).toBeNull();
    expect((await scene.detail(id)).attempts).toEqual([]);
    expect(await scene.leases()).toEqual([]);
    const { version } = await handlers.readOne("a");
    const fresh = [{ key: "a", expected: version, value: "3" }];
    expect(await handlers.commitOne(lease, { changes: fresh })).toBe("committed");
  });

  law("webhooks that changed after the match store nothing and leave the lease", async (scene, handlers) => {
    const webhook = await scene.webhook();
    await handlers.waiting(await scene.handler());
    const lease = await handlers.lease();
    const emits = () => [scene.messages.entry([webhook.id], { basedOn: webhook.version })];
    const { version } = await scene.update(webhook, { actions: ["A"] });
    const changes = [{ key: "a", expected: 0, value: "1" }];
    const [stale] = exactly(1, await handlers.commit([handlerCommit(lease, { changes, emits: emits() })]));
    expect(stale).toEqual({ kind: "stale", change: version });
    expect((await handlers.readOne("a")).value).toBeNull();
    const matched = [scene.messages.entry([webhook.id], { basedOn: version })];
    expect(await handlers.commitOne(lease, { changes, emits: matched })).toBe("committed");
  });

  law("one entry of several that is stale stores none of them", async (scene, handlers) => {
    const webhook = await scene.webhook();
    await handlers.waiting(await scene.handler());
    const lease = await handlers.lease();
    const good = scene.messages.entry([webhook.id], { basedOn: webhook.version });
    const stale = scene.messages.entry([webhook.id], { basedOn: webhook.version - 1 });
    expect(await handlers.commitOne(lease, { emits: [good, stale] })).toBe("stale");
    expect(await scene.leases()).toEqual([]);
  });

  law("the very same commit once more is told as a lost lease, and fails no other", async (scene, handlers) => {
    const webhook = await scene.webhook();
    await handlers.waiting(await scene.handler(), 2);
    const [lease, other] = await handlers.leases(2);
    const emits = [scene.messages.entry([webhook.id], { basedOn: webhook.version })];
    const commit = handlerCommit(lease, { emits });
    expect((await handlers.commit([commit, commit])).map(({ kind }) => kind)).toEqual(["committed", "lease_lost"]);
    const results = await handlers.commit([commit, handlerCommit(other)]);
    expect(results.map(({ kind }) => kind)).toEqual(["lease_lost", "committed"]);
  });

  law("of the reasons against a commit the lost lease is told first, then the state", async (scene, handlers) => {
    const webhook = await scene.webhook();
    await handlers.waiting(await scene.handler());
    const lease = await handlers.lease();
    await handlers.write("a", "1");
    const changes = [{ key: "a", expected: 0, value: "2" }];
    const emits = [scene.messages.entry([webhook.id], { basedOn: webhook.version - 1 })];
    expect(await handlers.commitOne(lease, { changes, emits })).toBe("state_changed");
    await handlers.commitOne(lease);
    expect(await handlers.commitOne(lease, { changes, emits })).toBe("lease_lost");
  });

  law("one bad member fails no other of its group", async (scene, handlers) => {
    const handler = await scene.handler();
    const ids = await handlers.waiting(handler, 3);
    const [one, two, three] = await handlers.leases(3);
    await handlers.commitOne(one);
    await handlers.write("a", "1");
    const lost = handlerCommit(one, { changes: [{ key: "lost", expected: undefined, value: "1" }] });
    const changed = handlerCommit(two, { changes: [{ key: "a", expected: 0, value: "2" }] });
    const good = handlerCommit(three, { changes: [{ key: "good", expected: 0, value: "1" }] });
    const results = await handlers.commit([lost, changed, good]);
    expect(results.map(({ kind }) => kind)).toEqual(["lease_lost", "state_changed", "committed"]);
    expect((await handlers.read(["lost", "a", "good"])).map(({ value }) => value)).toEqual([null, "1", "1"]);
    expect(await Promise.all(ids.map((id) => scene.status(id)))).toEqual(["delivered", "pending", "delivered"]);
  });

  law("of two commits of a group that read one key, the second sees what the first wrote", async (scene, handlers) => {
    await handlers.waiting(await scene.handler(), 2);
    const leases = await handlers.leases(2);
    const changes = [{ key: "count", expected: 0, value: "1" }];
    const results = await handlers.commit(leases.map((lease) => handlerCommit(lease, { changes })));
    expect(results.map(({ kind }) => kind)).toEqual(["committed", "state_changed"]);
  });

  law("a lease that was given back cannot be committed", async (scene, handlers) => {
    await handlers.waiting(await scene.handler());
    const lease = await handlers.lease();
    await scene.release(lease);
    expect(await handlers.commitOne(lease)).toBe("lease_lost");
    const again = await handlers.lease();
    expect(again.attempt).toBeGreaterThan(lease.attempt);
    expect(await handlers.commitOne(again)).toBe("committed");
  });

  law("a failed attempt whose retry waits cannot be committed", async (scene, handlers) => {
    const [id] = exactly(1, await handlers.waiting(await scene.handler()));
    const lease = await handlers.lease();
    await scene.settle(lease, {
      verdict: { kind: "retry", at: scene.now + 1_000, failures: 1 },
      attempt: failedAttempt(lease),
      effect: { kind: "none" },
    });
    expect(await handlers.commitOne(lease)).toBe("lease_lost");
    expect(await scene.status(id)).toBe("pending");
  });

  law("an id that is stored already fails the whole call, with nothing stored", async (scene, handlers) => {
    await handlers.waiting(await scene.handler(), 2);
    const [one, two] = await handlers.leases(2);
    const known = scene.messages.draft([]);
    await scene.append([scene.messages.entry([], { drafts: [known] })]);
    const changes = [{ key: "a", expected: undefined, value: "1" }];
    const commits = [
      handlerCommit(one, { changes }),
      handlerCommit(two, { emits: [scene.messages.entry([], { drafts: [known] })] }),
    ];
    await expect(handlers.commit(commits)).rejects.toMatchObject({ code: "storage_failed" });
    expect((await handlers.readOne("a")).value).toBeNull();
    expect(await handlers.commitOne(one, { changes })).toBe("committed");
    expect(await handlers.commitOne(two)).toBe("committed");
  });
}

function crashLaws(law: HandlerLaw): void {
  law("state and handlers' numbers survive a crash", async (scene, handlers) => {
    const handler = await scene.handler();
    await handlers.write("a", "1");
    await handlers.write("b", "1");
    await handlers.write("b", null);
    const before = await handlers.read(["a", "b"]);
    await scene.crash();
    expect(await handlers.read(["a", "b"])).toEqual(before);
    expect(await scene.handler()).toBe(handler);
    await handlers.write("b", "2");
    expect((await handlers.readOne("b")).version).toBeGreaterThan(before[0]?.version ?? 0);
  });

  law("a version is not used again after a crash", async (scene, handlers) => {
    await handlers.write("a", "1");
    const { version } = await handlers.readOne("a");
    await handlers.write("a", null);
    await scene.crash();
    await handlers.write("a", "2");
    expect((await handlers.readOne("a")).version).not.toBe(version);
  });

  law("what was committed survives a crash, and cannot be committed again", async (scene, handlers) => {
    const webhook = await scene.webhook();
    const handler = await scene.handler();
    const [id] = exactly(1, await handlers.waiting(handler));
    const lease = await handlers.lease();
    const commit = () =>
      handlerCommit(lease, {
        changes: [{ key: "count", expected: undefined, value: "1" }],
        emits: [scene.messages.entry([webhook.id], { basedOn: webhook.version })],
      });
    await handlers.commit([commit()]);
    const state = await handlers.readOne("count");
    await scene.crash();
    await scene.handler();
    expect(await handlers.readOne("count")).toEqual(state);
    expect(await scene.status(id)).toBe("delivered");
    expect((await handlers.commit([commit()])).map(({ kind }) => kind)).toEqual(["lease_lost"]);
    expect(await scene.leases()).toMatchObject([{ webhook: webhook.id }]);
  });

  law(
    "a handler's delivery that was under way is leased again after a crash, with another fence",
    async (scene, handlers) => {
      const handler = await scene.handler({ concurrency: 1 });
      const [id] = exactly(1, await handlers.waiting(handler));
      const before = await handlers.lease();
      await scene.crash();
      await scene.handler({ concurrency: 1 });
      const lease = await handlers.lease();
      expect(lease.id).toBe(id);
      expect(lease.attempt).toBeGreaterThan(before.attempt);
      expect(await handlers.commitOne(before)).toBe("lease_lost");
      expect(await handlers.commitOne(lease)).toBe("committed");
    },
  );

  law("deliveries of a handler that is not registered after a crash wait until it is", async (scene, handlers) => {
    const handler = await scene.handler();
    const ids = await handlers.waiting(handler, 2);
    scene.unload(handler);
    await scene.crash();
    expect(await scene.leases()).toEqual([]);
    expect((await scene.detail(ids[0] ?? never())).delivery.handler).toEqual({
      plugin: "billing",
      handler: "ANNOTATION_CREATED",
    });
    await scene.handler();
    expect(idsOf(await handlers.leases(2))).toEqual(ids);
  });

  law("commits at the moment of a crash are carried out whole or not at all", async (scene, handlers) => {
    const webhook = await scene.webhook({ maxConcurrency: 1_000 });
    const handler = await scene.handler({ concurrency: 100 });
    await handlers.waiting(handler, 40);
    const leases = await handlers.allLeases();
    const answered = new Set<string>();
    const drafts = leases.map(() => scene.messages.draft([webhook.id], { hops: 1 }));
    leases.forEach((lease, number) => {
      const draft = drafts[number];
      if (draft === undefined) return;
      const commit = handlerCommit(lease, {
        changes: [{ key: lease.id, expected: 0, value: "1" }],
        emits: [scene.messages.entry([], { drafts: [draft], basedOn: webhook.version })],
      });
      // A call that the crash cuts off may reject or never settle; only what was answered counts.
      handlers.commit([commit]).then(
        ([result]) => result?.kind === "committed" && answered.add(lease.id),
        () => undefined,
      );
    });
    await scene.crash();
    await scene.handler({ concurrency: 100 });
    for (const [number, lease] of leases.entries()) {
      const isState = (await handlers.readOne(lease.id)).value === "1";
      const isDelivered = (await scene.status(lease.id)) === "delivered";
      const id = drafts[number]?.message.id ?? never();
      const isEmitted = (await scene.store.messages.get(scene.organization, id)) !== undefined;
      expect([isState, isDelivered, isEmitted]).toEqual(Array.from({ length: 3 }, () => isState));
      if (answered.has(lease.id)) expect(isState).toBe(true);
    }
  });
}

function never(): never {
  throw new Error("unreachable");
}
