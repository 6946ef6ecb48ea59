import { createTestHost, type ReceivedRequest, startReceiver } from "@hookwright/testing";
import { expect, test } from "vitest";
import activeLearning from "./plugin.js";

const tasks = [
  { id: 101, score: 0.97 },
  { id: 102, score: 0.48 },
  { id: 103, score: 0.2 },
  { id: 104, score: 0.55 },
];

function answer(model_version: string, of: readonly unknown[] = tasks) {
  return { status: 200, body: JSON.stringify({ model_version, tasks: of }) };
}

test("the backend gets the annotation, and tells the tasks that it is least sure of", async () => {
  await using backend = await startReceiver({ answers: [answer("7")] });
  await using host = await createTestHost({ plugins: [activeLearning({ backend_url: backend.url, tasks: 2 })] });
  const labeling = await host.realReceiver({ actions: ["TASKS_RANKED"] });
  await host.emit("ANNOTATION_CREATED", { annotation: { id: 55 }, task: { id: 9 } });
  await host.delivered("TASKS_RANKED");
  expect(backend.received[0]?.payload).toEqual({ annotation: { id: 55 }, task: { id: 9 }, project: { id: 1 } });
  expect(labeling.received.map(({ payload }) => payload)).toEqual([
    {
      annotation: 55,
      model_version: "7",
      tasks: [
        { id: 102, score: 0.48 },
        { id: 104, score: 0.55 },
      ],
      project: { id: 1 },
    },
  ]);
});

test("a backend that fails is asked again with the same key, and the event is emitted once", async () => {
  await using backend = await startReceiver({ answers: [503, "hang-up", answer("7")] });
  await using host = await createTestHost({ plugins: [activeLearning({ backend_url: backend.url, tasks: 2 })] });
  const labeling = await host.receiver({ actions: ["TASKS_RANKED"] });
  await host.emit("ANNOTATION_UPDATED", { annotation: { id: 55 } });
  await host.delivered("TASKS_RANKED");
  const [message] = host.accepted;
  const keyOf = ({ headers }: ReceivedRequest) => headers["idempotency-key"];
  expect(backend.received.map(keyOf)).toEqual([message?.id, message?.id, message?.id]);
  expect(labeling.received).toHaveLength(1);
});

test("what a backend says with a failing status does not count", async () => {
  await using backend = await startReceiver({ answers: [{ ...answer("6"), status: 503 }, answer("7")] });
  await using host = await createTestHost({ plugins: [activeLearning({ backend_url: backend.url, tasks: 2 })] });
  const labeling = await host.receiver({ actions: ["TASKS_RANKED"] });
  await host.emit("ANNOTATION_UPDATED", { annotation: { id: 55 } });
  await host.delivered("TASKS_RANKED");
  expect(labeling.received.map(({ payload }) => payload["model_version"])).toEqual(["7"]);
});

test("a backend that has nothing to suggest makes no event", async () => {
  await using backend = await startReceiver({ answers: [answer("7", [])] });
  await using host = await createTestHost({ plugins: [activeLearning({ backend_url: backend.url, tasks: 2 })] });
  await host.emit("ANNOTATION_CREATED", { annotation: { id: 55 } });
  await host.delivered("ANNOTATION_CREATED");
  expect(host.accepted.map(({ action }) => action)).toEqual(["ANNOTATION_CREATED"]);
});

test.each(["no JSON", '{"tasks":[]}', '{"model_version":"7","tasks":[{"id":"1","score":0.5}]}'])(
  "an answer that is none is refused, and named: %s",
  async (body) => {
    await using backend = await startReceiver({ answers: [{ status: 200, body }, answer("8", [])] });
    await using host = await createTestHost({ plugins: [activeLearning({ backend_url: backend.url, tasks: 2 })] });
    await host.emit("ANNOTATION_CREATED", { annotation: { id: 55 } });
    const [handled] = await host.delivered("ANNOTATION_CREATED");
    expect(handled?.attempts.map(({ code }) => code)).toEqual(["handler_failed", null]);
  },
);
