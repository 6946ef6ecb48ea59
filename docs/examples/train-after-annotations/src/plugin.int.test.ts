import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sqlite } from "@hookwright/plugin-sqlite";
import { createTestHost, startReceiver } from "@hookwright/testing";
import { expect, onTestFinished, test } from "vitest";
import { AnnotatingProgram } from "./annotating-program.test.support.js";
import trainAfterAnnotations from "./plugin.js";

const plugins = [trainAfterAnnotations({ annotations: 3 })];

function annotation(id: number, was_cancelled = false) {
  return { annotation: { id, was_cancelled } };
}

test("a training is due after every so many annotations, over a real socket", async () => {
  await using host = await createTestHost({ plugins, project: 12 });
  const trainer = await host.realReceiver({ actions: ["TRAINING_DUE"] });
  for (let id = 1; id <= 7; id += 1) {
    await host.emit("ANNOTATION_CREATED", annotation(id));
    await host.pass(60_000);
  }
  await host.delivered("TRAINING_DUE", { count: 2 });
  expect(trainer.received.map(({ payload }) => payload)).toEqual([
    {
      round: 1,
      annotations: 3,
      since: "2026-01-01T00:00:00.000Z",
      until: "2026-01-01T00:02:00.000Z",
      project: { id: 12 },
    },
    {
      round: 2,
      annotations: 3,
      since: "2026-01-01T00:03:00.000Z",
      until: "2026-01-01T00:05:00.000Z",
      project: { id: 12 },
    },
  ]);
});

test("annotations made in bulk count each, and may make several trainings due", async () => {
  await using host = await createTestHost({ plugins });
  const trainer = await host.receiver({ actions: ["TRAINING_DUE"] });
  const many = Array.from({ length: 7 }, (_, index) => ({ id: index + 1 }));
  await host.emit("ANNOTATIONS_CREATED", { annotation: many });
  await host.emit("ANNOTATION_CREATED", annotation(8));
  await host.emit("ANNOTATION_CREATED", annotation(9));
  await host.delivered("TRAINING_DUE", { count: 3 });
  expect(trainer.received.map(({ payload }) => payload["round"]).toSorted()).toEqual([1, 2, 3]);
});

test("a skipped task is no annotation, unless it is to count", async () => {
  const rounds = async (count_skipped: boolean): Promise<number> => {
    await using host = await createTestHost({ plugins: [trainAfterAnnotations({ annotations: 3, count_skipped })] });
    const trainer = await host.receiver({ actions: ["TRAINING_DUE"] });
    for (let id = 1; id <= 4; id += 1) await host.emit("ANNOTATION_CREATED", annotation(id, id % 2 === 0));
    await host.idle();
    return trainer.received.length;
  };
  expect([await rounds(false), await rounds(true)]).toEqual([0, 1]);
});

test("every project has its own count", async () => {
  await using host = await createTestHost({ plugins });
  const trainer = await host.receiver({ actions: ["TRAINING_DUE"], project: null });
  for (let id = 1; id <= 5; id += 1) await host.emit("ANNOTATION_CREATED", annotation(id), { project: (id % 2) + 1 });
  await host.delivered("TRAINING_DUE");
  expect(trainer.received.map(({ payload }) => payload["project"])).toEqual([{ id: 2 }]);
});

test("the count outlasts the host, on the embedded database", async () => {
  const folder = mkdtempSync(join(tmpdir(), "hookwright-train-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const store = () => sqlite({ file: join(folder, "hooks.db") });
  for (const day of [1, 2]) {
    await using host = await createTestHost({ plugins, now: Date.UTC(2026, 0, day), store: store() });
    await host.emit("ANNOTATION_CREATED", annotation(day));
    await host.delivered("ANNOTATION_CREATED");
  }
  await using host = await createTestHost({ plugins, now: Date.UTC(2026, 0, 3), store: store() });
  const trainer = await host.receiver({ actions: ["TRAINING_DUE"] });
  await host.emit("ANNOTATION_CREATED", annotation(3));
  await host.delivered("TRAINING_DUE");
  expect(trainer.received[0]?.payload).toMatchObject({ round: 1, since: "2026-01-01T00:00:00.000Z" });
});

test("no crash loses or doubles an annotation", async () => {
  const trainer = await startReceiver();
  onTestFinished(() => trainer.close());
  const [limit, total, crashes] = [5, 60, 3];
  const program = new AnnotatingProgram({ trainer: trainer.url, limit, total });
  for (let crash = 1; crash <= crashes; crash += 1) await program.killAfter(crash * 12);
  await program.untilIdle();
  // A request whose answer was lost is made again with the same id: that is the receiver's to see.
  const trainings = new Map(trainer.received.map(({ messageId, payload }) => [messageId, payload]));
  const rounds = [...trainings.values()].map(({ round }) => Number(round)).toSorted((one, other) => one - other);
  expect(rounds).toEqual(Array.from({ length: total / limit }, (_, index) => index + 1));
}, 60_000);
