import { describe, expect, test } from "vitest";
import { EmitScene, projectId } from "./emit-scene.test.support.js";

const annotation = { annotation: { id: 5, result: "secret" } };
const project = projectId(12);

describe("a transform", () => {
  test("is asked once per message, and what it makes is stored for all who get it", async () => {
    const scene = new EmitScene();
    const plain = await scene.webhook({ project, url: "https://plain.example" });
    const redacted = [await scene.webhook({ project }), await scene.webhook({ project })];
    let made = 0;
    scene.transforms.add("privacy", {
      variant: "redacted",
      appliesTo: ({ webhook }) => webhook !== plain.id,
      apply: () => {
        made += 1;
        return { annotation: { id: 5 } };
      },
    });
    const { id } = await scene.emit("ANNOTATION_CREATED", annotation, { project: 12 });
    expect(made).toBe(1);
    const forms = new Map((await scene.deliveries()).map(({ delivery }) => [delivery.webhook, delivery.form]));
    expect([plain, ...redacted].map((webhook) => forms.get(webhook.id))).toEqual([
      "full",
      "variant:redacted",
      "variant:redacted",
    ]);
    const [message] = await scene.messages([id]);
    expect([...(message?.variants ?? [])].map(([name, bytes]) => [name, new TextDecoder().decode(bytes)])).toEqual([
      ["redacted", '{"annotation":{"id":5}}'],
    ]);
    expect(await scene.payloadText(id)).toBe('{"annotation":{"id":5,"result":"secret"},"project":{"id":12}}');
  });

  test("sees the event as it is sent, under its canonical name", async () => {
    const scene = new EmitScene();
    await scene.webhook({ project });
    const seen: unknown[] = [];
    scene.transforms.add("spy", {
      variant: "seen",
      apply: (event) => {
        seen.push(event);
        return event.payload;
      },
    });
    await scene.emit("TASK_CREATED", { tasks: [{ id: 1 }] }, { project: 12 });
    expect(seen).toEqual([
      { action: "TASKS_CREATED", organization: 1, project: 12, payload: { tasks: [{ id: 1 }], project: { id: 12 } } },
    ]);
  });

  test("is not asked for a webhook that takes no payload", async () => {
    const scene = new EmitScene();
    await scene.webhook({ project, sendPayload: false });
    scene.transforms.add("loud", {
      variant: "loud",
      apply: () => {
        throw new Error("asked");
      },
    });
    await scene.emit("ANNOTATION_CREATED", annotation, { project: 12 });
    expect((await scene.deliveries()).map(({ delivery }) => delivery.form)).toEqual(["stripped"]);
  });

  test("that changes what it is given changes nothing else", async () => {
    const scene = new EmitScene();
    await scene.webhook({ project });
    scene.transforms.add("careless", {
      variant: "careless",
      apply: (event) => Object.assign(event.payload, { annotation: "gone" }),
    });
    const payload = structuredClone(annotation);
    const { id } = await scene.emit("ANNOTATION_CREATED", payload, { project: 12 });
    expect(await scene.payloadText(id)).toBe('{"annotation":{"id":5,"result":"secret"},"project":{"id":12}}');
    expect(payload).toEqual(annotation);
  });

  test.each(["apply", "appliesTo"] as const)("whose %s fails stores nothing", async (part) => {
    const scene = new EmitScene();
    await scene.webhook({ project });
    const fail = (): never => {
      throw new Error("no mask at hand");
    };
    scene.transforms.add("privacy", { variant: "masked", apply: (event) => event.payload, [part]: fail });
    await expect(scene.emit("ANNOTATION_CREATED", annotation, { project: 12 })).rejects.toMatchObject({
      code: "middleware_failed",
      message: "Transform masked of privacy failed for ANNOTATION_CREATED: no mask at hand.",
    });
    expect([scene.appended, await scene.deliveries()]).toEqual([[], []]);
  });

  test("makes its variant once, also when the webhooks change meanwhile, and only what is wanted is stored", async () => {
    const scene = new EmitScene();
    const first = await scene.webhook({ project });
    let made = 0;
    scene.transforms.add("counter", {
      variant: "counted",
      appliesTo: ({ webhook }) => webhook === first.id,
      apply: () => {
        made += 1;
        return { made };
      },
    });
    let rounds = 0;
    scene.around(async (_, next) => {
      rounds += 1;
      if (rounds === 1) await scene.webhook({ project });
      if (rounds === 2) await scene.store.webhooks.delete(first.organization, first.id, scene.clock.now());
      return next();
    });
    const { id } = await scene.emit("ANNOTATION_CREATED", annotation, { project: 12 });
    expect([rounds, made]).toEqual([3, 1]);
    expect((await scene.deliveries()).map(({ delivery }) => delivery.form)).toEqual(["full"]);
    expect((await scene.messages([id]))[0]?.variants.size).toBe(0);
  });

  test("makes a variant of each part of a split event", async () => {
    const scene = new EmitScene({ batchSize: 1 });
    await scene.webhook({ project });
    scene.transforms.add("counter", {
      variant: "short",
      apply: ({ payload }) => ({ tasks: payload["tasks"] ?? null }),
    });
    const { parts = [] } = await scene.emit("TASKS_CREATED", { tasks: [{ id: 1 }, { id: 2 }] }, { project: 12 });
    const variants = (await scene.messages(parts)).map(({ variants: made }) =>
      new TextDecoder().decode(made.get("short")),
    );
    expect(variants).toEqual(['{"tasks":[{"id":1}]}', '{"tasks":[{"id":2}]}']);
  });
});
