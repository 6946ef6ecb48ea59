import { expect, test } from "vitest";
import { deliveriesOf, trial } from "../sqlite-rig.test.support.js";

test("a claim gives out a bounded amount of payload, and the next one goes on", async () => {
  const scene = await trial();
  const webhook = await scene.webhook();
  const payload = new Uint8Array(2 ** 20);
  const entries = Array.from({ length: 40 }, () =>
    scene.messages.entry([], {
      drafts: [scene.messages.draft([webhook.id], { payload })],
      basedOn: webhook.version,
    }),
  );
  await scene.append(entries);
  const first = await scene.claim();
  expect(first).toMatchObject({ leases: { length: 32 }, nextDue: scene.now });
  const second = await scene.claim();
  const claimed = [...first.leases, ...second.leases].map(({ id }) => id);
  expect(claimed).toEqual(deliveriesOf(entries));
});

test("a message of several deliveries travels once", async () => {
  const scene = await trial();
  const webhooks = [await scene.webhook(), await scene.webhook(), await scene.webhook()];
  const draft = scene.messages.draft(webhooks.map(({ id }) => id));
  await scene.append([scene.messages.entry([], { drafts: [draft], basedOn: 3 })]);
  const { leases, messages } = await scene.claim();
  expect(leases).toHaveLength(3);
  expect([...messages.values()]).toEqual([draft.message]);
});
