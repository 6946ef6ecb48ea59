import { createHash } from "node:crypto";
import { createTestHost } from "@hookwright/testing";
import { expect, test } from "vitest";
import datasetVersions from "./plugin.js";

const minute = 60_000;
const plugins = [datasetVersions({ quiet_minutes: 30, most_changes: 10 })];
const actions = ["DATASET_VERSION_CREATED"];

test("a burst of changes is one version, told over a real socket with the change after the pause", async () => {
  await using host = await createTestHost({ plugins, project: 12 });
  const repository = await host.realReceiver({ actions });
  await host.emit("TASKS_CREATED", { tasks: [{ id: 1 }, { id: 2 }, { id: 3 }] });
  await host.pass(20 * minute);
  await host.emit("ANNOTATION_CREATED", { annotation: { id: 55 } });
  await host.pass(29 * minute);
  await host.emit("ANNOTATION_UPDATED", { annotation: { id: 55 } });
  await host.idle();
  expect(repository.received).toEqual([]);
  await host.pass(30 * minute);
  await host.emit("TASKS_DELETED", { tasks: [{ id: 3 }] });
  await host.delivered("DATASET_VERSION_CREATED");
  expect(repository.received.map(({ payload }) => payload)).toEqual([
    {
      version: 1,
      digest: expect.stringMatching(/^[0-9a-f]{64}$/),
      parent: "",
      changes: { TASKS_CREATED: 3, ANNOTATION_CREATED: 1, ANNOTATION_UPDATED: 1 },
      since: "2026-01-01T00:00:00.000Z",
      until: "2026-01-01T00:49:00.000Z",
      project: { id: 12 },
    },
  ]);
});

test("many changes end a version at once", async () => {
  await using host = await createTestHost({ plugins });
  const repository = await host.receiver({ actions });
  await host.emit("TASKS_CREATED", { tasks: Array.from({ length: 25 }, (_, index) => ({ id: index + 1 })) });
  await host.delivered("DATASET_VERSION_CREATED");
  expect(repository.received[0]?.payload).toMatchObject({ version: 1, changes: { TASKS_CREATED: 25 } });
});

test("a version can be wanted, and is made when something has changed", async () => {
  await using host = await createTestHost({ plugins });
  const repository = await host.receiver({ actions });
  await host.emit("DATASET_VERSION_WANTED", {});
  await host.emit("ANNOTATIONS_DELETED", { annotations: [{ id: 1 }, { id: 2 }] });
  await host.delivered("ANNOTATIONS_DELETED");
  await host.emit("DATASET_VERSION_WANTED", {});
  await host.delivered("DATASET_VERSION_WANTED", { count: 2 });
  await host.emit("DATASET_VERSION_WANTED", {});
  await host.idle();
  expect(repository.received.map(({ payload }) => payload["changes"])).toEqual([{ ANNOTATIONS_DELETED: 2 }]);
});

test("every version names the one before it, and each project has its own", async () => {
  await using host = await createTestHost({ plugins: [datasetVersions({ quiet_minutes: 30, most_changes: 1 })] });
  const repository = await host.receiver({ actions, project: null });
  for (const project of [1, 2, 1]) {
    await host.emit("ANNOTATION_CREATED", { annotation: { id: 1 } }, { project });
    await host.delivered("DATASET_VERSION_CREATED");
  }
  const versions = repository.received.map(({ payload }) => payload);
  expect(versions.map(({ version, project }) => [version, project])).toEqual([
    [1, { id: 1 }],
    [1, { id: 2 }],
    [2, { id: 1 }],
  ]);
  const [first, , third] = host.accepted.filter(({ action }) => action === "ANNOTATION_CREATED");
  const parent = sha256(`\n${first?.id}`);
  expect(versions[0]).toMatchObject({ parent: "", digest: parent });
  expect(versions[2]).toMatchObject({ parent, digest: sha256(`${parent}\n${third?.id}`) });
});

test("changes at the same time are all in one version", async () => {
  await using host = await createTestHost({ plugins: [datasetVersions({ quiet_minutes: 30, most_changes: 40 })] });
  const repository = await host.receiver({ actions });
  const ids = Array.from({ length: 20 }, (_, index) => index + 1);
  await Promise.all([
    ...ids.map((id) => host.emit("ANNOTATION_CREATED", { annotation: { id } })),
    ...ids.map((id) => host.emit("ANNOTATION_UPDATED", { annotation: { id } })),
  ]);
  await host.delivered("DATASET_VERSION_CREATED");
  expect(repository.received.map(({ payload }) => payload["changes"])).toEqual([
    { ANNOTATION_CREATED: 20, ANNOTATION_UPDATED: 20 },
  ]);
});

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
