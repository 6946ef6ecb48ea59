import { describe, expect, test } from "vitest";
import { defineEvent } from "../event/define-event.js";
import { HookwrightError } from "../foundation/hookwright-error.js";
import { checkedPayload } from "../foundation/payload-bytes.js";
import type { Notifications } from "../observe/hub.js";
import { EmitScene, organizationId, projectId } from "./emit-scene.test.support.js";

const annotation = { annotation: { id: 5 } };
const project = projectId(12);

describe("an event that is emitted", () => {
  test("is stored with one delivery for each webhook that wants it", async () => {
    const scene = new EmitScene();
    const own = await scene.webhook({ project });
    const everywhere = await scene.webhook({ sendPayload: false });
    await scene.webhook({ project: projectId(13) });
    await scene.webhook({ organization: organizationId(2) });
    await scene.webhook({ project, sendForAllActions: false, actions: ["TASKS_CREATED"] });
    await scene.webhook({ project, isActive: false });

    const receipt = await scene.emit("ANNOTATION_CREATED", annotation, { project: 12 });
    expect(receipt).toEqual({
      id: expect.stringMatching(/^msg_/),
      action: "ANNOTATION_CREATED",
      deliveries: 2,
      duplicate: false,
    });
    const deliveries = await scene.deliveries();
    expect(deliveries.map(({ delivery, message }) => [delivery.webhook, delivery.form, message.id])).toEqual(
      expect.arrayContaining([
        [own.id, "full", receipt.id],
        [everywhere.id, "stripped", receipt.id],
      ]),
    );
    expect(deliveries).toHaveLength(2);
  });

  test("reaches organization webhooks alone when no project is named", async () => {
    const scene = new EmitScene();
    await scene.webhook({ project });
    const everywhere = await scene.webhook();
    const { id } = await scene.emit("TASKS_DELETED", { tasks: [{ id: 1 }] });
    expect((await scene.deliveries()).map(({ delivery }) => delivery.webhook)).toEqual([everywhere.id]);
    expect(await scene.payloadText(id)).toBe('{"tasks":[{"id":1}]}');
  });

  test("that nobody wants is stored all the same", async () => {
    const scene = new EmitScene();
    const { id, deliveries } = await scene.emit("ANNOTATION_CREATED", annotation, { project: 12 });
    expect(deliveries).toBe(0);
    expect(await scene.messages([id])).toMatchObject([
      {
        id,
        organization: 1,
        project: 12,
        action: "ANNOTATION_CREATED",
        createdAt: scene.clock.now(),
        variants: new Map(),
      },
    ]);
  });

  test("keeps its payload's bytes", async () => {
    const scene = new EmitScene();
    const text = '{ "annotation": {"id": 9007199254740993 ,"x":1.10}, "project" :null}';
    const payload = checkedPayload(new TextEncoder().encode(text), JSON.parse(text));
    const { id } = await scene.emitPayload("ANNOTATION_CREATED", payload, { project: 12 });
    expect(await scene.payloadText(id)).toBe(text);
  });

  test.each([
    ["has none", { annotation: { id: 5 } }, '{"annotation":{"id":5},"project":{"id":12}}'],
    ["has one", { annotation: { id: 5 }, project: { id: 7 } }, '{"annotation":{"id":5},"project":{"id":7}}'],
    ["has null", { annotation: { id: 5 }, project: null }, '{"annotation":{"id":5},"project":null}'],
  ])("gets its project filled in where its payload %s", async (_, payload, expected) => {
    const scene = new EmitScene();
    const { id } = await scene.emit("ANNOTATION_CREATED", payload, { project: 12 });
    expect(await scene.payloadText(id)).toBe(expected);
  });

  test("is told of once it is stored", async () => {
    const scene = new EmitScene();
    await scene.webhook({ project });
    const told = new Promise<Notifications["message.accepted"]>((resolve) => {
      scene.hub.on("message.accepted", resolve);
    });
    const { id } = await scene.emit("ANNOTATION_CREATED", annotation, { project: 12 });
    expect(await told).toEqual({
      message: id,
      action: "ANNOTATION_CREATED",
      organization: 1,
      project: 12,
      deliveries: 1,
    });
  });

  test("is handed over at once as far as there is room, and the rest is left to the store", async () => {
    const scene = new EmitScene();
    for (let count = 0; count < 3; count += 1) await scene.webhook({ project });
    scene.sink.room = 2;
    const { id } = await scene.emit("ANNOTATION_CREATED", annotation, { project: 12 });
    expect(scene.sink.accepted.map(({ lease, message }) => [lease.message, message?.id, lease.leaseUntil])).toEqual([
      [id, id, scene.clock.now() + 60_000],
      [id, id, scene.clock.now() + 60_000],
    ]);
    expect([scene.sink.reserved, scene.sink.woken]).toEqual([0, 1]);
  });

  test("that was handed over whole wakes nobody", async () => {
    const scene = new EmitScene();
    await scene.webhook({ project });
    scene.sink.room = 10;
    await scene.emit("ANNOTATION_CREATED", annotation, { project: 12 });
    expect([scene.sink.accepted.length, scene.sink.reserved, scene.sink.woken]).toEqual([1, 0, 0]);
  });
});

test("an event that is withdrawn while its webhooks are read is refused, and nothing is stored", async () => {
  const scene = new EmitScene();
  await scene.webhook();
  let isOpen = true;
  const paid = defineEvent({ action: "PAID", summary: "Paid.", schema: { type: "object" }, example: {} });
  scene.registry.register(paid, { name: "billing", version: "1.0.0" }, () => isOpen);
  await expect(scene.emit("PAID", {}, { project: 12 })).resolves.toMatchObject({ deliveries: 1 });
  const emitting = scene.emit("PAID", {}, { project: 12 });
  isOpen = false;
  await expect(emitting).rejects.toMatchObject({ code: "action_unknown" });
  expect(await scene.deliveries()).toHaveLength(1);
});

describe("an alias", () => {
  test("emits the event", async () => {
    const scene = new EmitScene();
    await scene.webhook({ project });
    const tasks = [{ id: 1 }];
    const receipts = [
      await scene.emit("TASK_CREATED", { tasks }, { project: 12, id: "import 1" }),
      await scene.emit("TASKS_CREATED", { tasks }, { project: 12, id: "import 1" }),
    ];
    expect(receipts.map(({ action, duplicate }) => [action, duplicate])).toEqual([
      ["TASKS_CREATED", false],
      ["TASKS_CREATED", true],
    ]);
    expect((await scene.deliveries()).map(({ delivery }) => delivery.action)).toEqual(["TASKS_CREATED"]);
  });

  test.each([
    [["TASK_CREATED"], "TASK_CREATED"],
    [["TASKS_CREATED"], "TASKS_CREATED"],
    [["TASK_CREATED", "TASKS_CREATED"], "TASKS_CREATED"],
  ])("that a webhook listed as %j gives it one delivery with %s in action", async (actions, action) => {
    const scene = new EmitScene();
    await scene.webhook({ project, sendForAllActions: false, actions });
    await scene.emit("TASKS_CREATED", { tasks: [{ id: 1 }] }, { project: 12 });
    expect((await scene.deliveries()).map(({ delivery }) => delivery.action)).toEqual([action]);
  });
});

describe("an organization-only event", () => {
  const created = { project: { id: 12 } };

  test("reaches organization webhooks while they are allowed", async () => {
    const scene = new EmitScene({ organizationWebhooks: true });
    await scene.webhook({ project });
    const everywhere = await scene.webhook();
    const { id, deliveries } = await scene.emit("PROJECT_CREATED", created);
    expect(deliveries).toBe(1);
    expect((await scene.deliveries()).map(({ delivery }) => delivery.webhook)).toEqual([everywhere.id]);
    expect(await scene.payloadText(id)).toBe('{"project":{"id":12}}');
  });

  test("is recorded and sent to nobody while they are not", async () => {
    const scene = new EmitScene();
    await scene.webhook();
    const { id, deliveries } = await scene.emit("PROJECT_CREATED", created);
    expect([deliveries, await scene.deliveries()]).toEqual([0, []]);
    expect(await scene.messages([id])).toHaveLength(1);
  });

  test("is refused with a project", async () => {
    const scene = new EmitScene({ organizationWebhooks: true });
    await expectRefusal(scene, () => scene.emit("PROJECT_CREATED", created, { project: 12 }), {
      code: "scope_invalid",
      message: "PROJECT_CREATED is an organization-only event: emit it without a project, found project 12.",
    });
  });
});

describe("a payload that is refused stores nothing:", () => {
  test.each<[string, object, object]>([
    ["one that misses what the schema demands", {}, { pointer: "/annotation", expected: "a value", found: "nothing" }],
    [
      "one with a value of the wrong kind",
      { annotation: { id: "5" } },
      { pointer: "/annotation/id", expected: "integer", found: "a string of 1 character" },
    ],
    ["one with an action of its own", { ...annotation, action: "OTHER" }, { pointer: "/action" }],
    [
      "one that JSON has no number for",
      { annotation: { id: Number.NaN } },
      { pointer: "/annotation/id", found: "null" },
    ],
  ])("%s", async (_, payload, problem) => {
    const scene = new EmitScene();
    await expectRefusal(scene, () => scene.emit("ANNOTATION_CREATED", payload, { project: 12 }), {
      code: "payload_invalid",
      details: { problem },
    });
  });
});

describe("a bulk event", () => {
  const tasks = [1, 2, 3, 4, 5].map((id) => ({ id }));

  test("is one message unless it is to be split", async () => {
    const scene = new EmitScene();
    const receipt = await scene.emit("TASKS_CREATED", { tasks }, { project: 12 });
    expect(receipt).not.toHaveProperty("parts");
  });

  test("is split into messages of at most so many elements, with everything else in each", async () => {
    const scene = new EmitScene({ batchSize: 2 });
    for (let count = 0; count < 3; count += 1) await scene.webhook({ project });
    const receipt = await scene.emit("TASKS_CREATED", { note: "import", tasks }, { project: 12 });
    const parts = receipt.parts ?? [];
    expect(receipt).toMatchObject({ id: parts[0], deliveries: 3, duplicate: false });
    expect(await Promise.all(parts.map((part) => scene.payloadText(part)))).toEqual([
      '{"note":"import","tasks":[{"id":1},{"id":2}],"project":{"id":12}}',
      '{"note":"import","tasks":[{"id":3},{"id":4}],"project":{"id":12}}',
      '{"note":"import","tasks":[{"id":5}],"project":{"id":12}}',
    ]);
    expect(await scene.deliveries()).toHaveLength(9);
    expect(new Set(parts).size).toBe(3);
  });

  test("that fits is one message", async () => {
    const scene = new EmitScene({ batchSize: 5 });
    const receipt = await scene.emit("TASKS_CREATED", { tasks }, { project: 12 });
    expect(receipt).not.toHaveProperty("parts");
  });

  test("repeated under its key gives all parts again", async () => {
    const scene = new EmitScene({ batchSize: 2 });
    const first = await scene.emit("TASKS_CREATED", { tasks }, { project: 12, id: "import 1" });
    const again = await scene.emit("TASKS_CREATED", { tasks }, { project: 12, id: "import 1" });
    expect(again).toEqual({ ...first, duplicate: true });
    expect(first.parts).toHaveLength(3);
  });

  test("of annotations has its tasks split alike", async () => {
    const scene = new EmitScene({ batchSize: 1 });
    const payload = { annotation: [{ id: 1 }, { id: 2 }], task: [{ id: 8 }, { id: 9 }] };
    const { parts = [] } = await scene.emit("ANNOTATIONS_CREATED", payload);
    expect(await Promise.all(parts.map((part) => scene.payloadText(part)))).toEqual([
      '{"annotation":[{"id":1}],"task":[{"id":8}]}',
      '{"annotation":[{"id":2}],"task":[{"id":9}]}',
    ]);
  });

  test("leaves an event that is no bulk event whole", async () => {
    const scene = new EmitScene({ batchSize: 1 });
    scene.define(defineEvent({ action: "LISTED", summary: "s", schema: { type: "object" }, example: {} }));
    expect(await scene.emit("LISTED", { list: [1, 2, 3] })).not.toHaveProperty("parts");
  });
});

describe("an idempotency key", () => {
  const at = { project: 12, id: "order 7" };

  test("makes a repeated event the first one again, whatever its spelling", async () => {
    const scene = new EmitScene();
    await scene.webhook({ project });
    const first = await scene.emit("ANNOTATION_CREATED", { annotation: { id: 5, a: 1, b: 2 } }, at);
    await scene.webhook({ project });
    const text = '{"annotation": {"b": 2.0, "a": 1, "id": 5}}';
    const again = await scene.emitPayload(
      "ANNOTATION_CREATED",
      checkedPayload(new TextEncoder().encode(text), JSON.parse(text)),
      at,
    );
    expect(again).toEqual({ ...first, duplicate: true });
    expect(await scene.deliveries()).toHaveLength(1);
  });

  test.each<[string, string, object, object]>([
    ["other content", "ANNOTATION_CREATED", { annotation: { id: 6 } }, at],
    ["another event", "ANNOTATION_UPDATED", annotation, at],
    ["another project", "ANNOTATION_CREATED", annotation, { ...at, project: 13 }],
  ])("is refused for %s", async (_, action, payload, elsewhere) => {
    const scene = new EmitScene();
    await scene.emit("ANNOTATION_CREATED", annotation, at);
    await expectRefusal(scene, () => scene.emit(action, payload, elsewhere), {
      code: "idempotency_conflict",
      message: 'The id "order 7" was used in the last 24 hours for an event with other content. Use a new one.',
    });
  });

  test("tells ids apart that a double would take for one", async () => {
    const scene = new EmitScene();
    const emit = (id: string) => {
      const text = `{"annotation":{"id":${id}}}`;
      return scene.emitPayload(
        "ANNOTATION_CREATED",
        checkedPayload(new TextEncoder().encode(text), JSON.parse(text)),
        at,
      );
    };
    await emit("9007199254740993");
    await expect(emit("9007199254740992")).rejects.toMatchObject({ code: "idempotency_conflict" });
  });

  test("belongs to its organization", async () => {
    const scene = new EmitScene();
    await scene.emit("ANNOTATION_CREATED", annotation, at);
    const other = await scene.emit("ANNOTATION_CREATED", { annotation: { id: 6 } }, { ...at, organization: 2 });
    expect(other.duplicate).toBe(false);
  });

  test("is free again after 24 hours", async () => {
    const scene = new EmitScene();
    const first = await scene.emit("ANNOTATION_CREATED", annotation, at);
    scene.clock.time += 24 * 3_600_000 - 1;
    expect(await scene.emit("ANNOTATION_CREATED", annotation, at)).toEqual({ ...first, duplicate: true });
    scene.clock.time += 1;
    const later = await scene.emit("ANNOTATION_CREATED", annotation, at);
    expect(later.duplicate).toBe(false);
    expect(later.id).not.toBe(first.id);
  });

  test("of a hundred emits at once lets one through", async () => {
    const scene = new EmitScene();
    await scene.webhook({ project });
    const receipts = await Promise.all(
      Array.from({ length: 100 }, () => scene.emit("ANNOTATION_CREATED", annotation, at)),
    );
    expect(new Set(receipts.map(({ id }) => id)).size).toBe(1);
    expect(receipts.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
    expect(await scene.deliveries()).toHaveLength(1);
  });

  test("is free after an emit that failed", async () => {
    const scene = new EmitScene();
    scene.around(async () => {
      throw new HookwrightError("storage_full", "The disk is full.");
    });
    await expectRefusal(scene, () => scene.emit("ANNOTATION_CREATED", annotation, at), { code: "storage_full" });
    scene.around((_, next) => next());
    expect(await scene.emit("ANNOTATION_CREATED", annotation, at)).toMatchObject({ duplicate: false });
  });
});

describe("a webhook that changes between matching and storing", () => {
  test("is seen when it was just created", async () => {
    const scene = new EmitScene();
    const created: number[] = [];
    scene.around(async (_, next) => {
      // Twice: a change may fall into the second round, too.
      if (created.length < 2) created.push((await scene.webhook({ project })).id);
      return next();
    });
    const { deliveries } = await scene.emit("ANNOTATION_CREATED", annotation, { project: 12 });
    expect(deliveries).toBe(2);
    expect((await scene.deliveries()).map(({ delivery }) => Number(delivery.webhook)).toSorted()).toEqual(created);
    expect(scene.appended).toHaveLength(3);
  });

  test("gets nothing when it was just deleted, and the event goes to the others", async () => {
    const scene = new EmitScene();
    const gone = await scene.webhook({ project });
    const stays = await scene.webhook({ project });
    scene.around(async (_, next) => {
      await scene.store.webhooks.delete(organizationId(1), gone.id, scene.clock.now());
      return next();
    });
    await scene.emit("ANNOTATION_CREATED", annotation, { project: 12 });
    expect((await scene.deliveries()).map(({ delivery }) => delivery.webhook)).toEqual([stays.id]);
  });

  test("does not change the message's id", async () => {
    const scene = new EmitScene();
    let rounds = 0;
    scene.around(async (_, next) => {
      rounds += 1;
      if (rounds === 1) await scene.webhook({ project });
      return next();
    });
    const { id } = await scene.emit("ANNOTATION_CREATED", annotation, { project: 12 });
    expect(scene.appended.map((entry) => entry.drafts[0]?.message.id)).toEqual([id, id]);
  });

  test("that never rests ends in overload, with nothing stored", async () => {
    const scene = new EmitScene();
    await scene.webhook({ project });
    scene.around(async (entries) => entries.map((entry) => ({ kind: "stale", change: entry.basedOn + 1 })));
    await expectRefusal(scene, () => scene.emit("ANNOTATION_CREATED", annotation, { project: 12 }), {
      code: "overloaded",
    });
  });

  test("in another organization is not waited for", async () => {
    const scene = new EmitScene();
    scene.around(async (_, next) => {
      await scene.webhook({ organization: organizationId(2) });
      return next();
    });
    await scene.emit("ANNOTATION_CREATED", annotation, { project: 12 });
    expect(scene.appended).toHaveLength(1);
  });
});

describe("a store that fails", () => {
  test.each(["storage_full", "storage_failed"] as const)(
    "with %s fails the emit, keeps no room and stores nothing",
    async (code) => {
      const scene = new EmitScene();
      await scene.webhook({ project });
      scene.sink.room = 5;
      scene.around(async () => {
        throw new HookwrightError(code, "The database answered with an error.");
      });
      await expectRefusal(scene, () => scene.emit("ANNOTATION_CREATED", annotation, { project: 12 }), { code });
      // Asked for once more: what a lost answer was about may be stored all the same.
      expect([scene.sink.reserved, scene.sink.accepted, scene.sink.woken]).toEqual([0, [], 1]);
    },
  );

  test("once is forgotten with the next emit", async () => {
    const scene = new EmitScene();
    let calls = 0;
    scene.around((_, next) => {
      calls += 1;
      return calls === 1 ? Promise.reject(new HookwrightError("storage_failed", "Once.")) : next();
    });
    await expect(scene.emit("ANNOTATION_CREATED", annotation)).rejects.toMatchObject({ code: "storage_failed" });
    await expect(scene.emit("ANNOTATION_CREATED", annotation)).resolves.toMatchObject({ deliveries: 0 });
  });

  test("and does not keep up is told by its callers, who may try again", async () => {
    const scene = new EmitScene();
    const gate = Promise.withResolvers<void>();
    scene.around(async (_, next) => {
      await gate.promise;
      return next();
    });
    const waiting = Array.from({ length: 10_000 }, () => scene.emit("ANNOTATION_CREATED", annotation));
    await expect(scene.emit("ANNOTATION_CREATED", annotation)).rejects.toMatchObject({ code: "overloaded" });
    gate.resolve();
    expect(await Promise.all(waiting)).toHaveLength(10_000);
    await expect(scene.emit("ANNOTATION_CREATED", annotation)).resolves.toMatchObject({ duplicate: false });
  });

  test("and does not keep up is told of large events earlier", async () => {
    const scene = new EmitScene();
    const gate = Promise.withResolvers<void>();
    scene.around(async (_, next) => {
      await gate.promise;
      return next();
    });
    const text = `{"annotation":{"id":1,"result":"${"x".repeat(32 * 1_048_576)}"}}`;
    const large = checkedPayload(new TextEncoder().encode(text), JSON.parse(text));
    const waiting = Array.from({ length: 8 }, () => scene.emitPayload("ANNOTATION_CREATED", large));
    await expect(scene.emit("ANNOTATION_CREATED", annotation)).rejects.toMatchObject({ code: "overloaded" });
    gate.resolve();
    await Promise.all(waiting);
    await expect(scene.emit("ANNOTATION_CREATED", annotation)).resolves.toMatchObject({ duplicate: false });
  });
});

describe("emits that arrive together", () => {
  test("share a transaction, and one that is refused there takes none with it", async () => {
    const scene = new EmitScene();
    const calls: number[] = [];
    scene.around((entries, next) => {
      calls.push(entries.length);
      return next();
    });
    await scene.emit("ANNOTATION_CREATED", annotation, { id: "taken" });
    const results = await Promise.allSettled([
      scene.emit("ANNOTATION_CREATED", annotation),
      scene.emit("ANNOTATION_CREATED", { annotation: { id: 6 } }, { id: "taken" }),
      scene.emit("ANNOTATION_CREATED", annotation),
    ]);
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(calls).toEqual([1, 3]);
  });

  test("are stored in the order in which they came", async () => {
    const scene = new EmitScene();
    await scene.webhook({ project });
    const receipts = await Promise.all(
      Array.from({ length: 600 }, (_, id) => scene.emit("ANNOTATION_CREATED", { annotation: { id } }, { project: 12 })),
    );
    const ids = receipts.map(({ id }) => id);
    expect(ids.toSorted()).toEqual(ids);
    expect((await scene.deliveries()).map(({ message }) => message.id)).toEqual(ids);
  });
});

/** The call must be refused, and leave the store as it was. */
async function expectRefusal(scene: EmitScene, run: () => Promise<unknown>, expected: object): Promise<void> {
  const deliveries = (await scene.deliveries()).length;
  const before = scene.appended.length;
  const error = await run().then(
    () => "nothing was refused",
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(HookwrightError);
  expect(error).toMatchObject(expected);
  expect(await scene.deliveries()).toHaveLength(deliveries);
  const messages = scene.appended.slice(before).flatMap(({ drafts }) => drafts.map(({ message }) => message));
  for (const { organization, id } of messages) expect(await scene.store.messages.get(organization, id)).toBeUndefined();
}
