import { createTestHost, type TestHost } from "@hookwright/testing";
import { expect, test } from "vitest";
import tellAnnotators from "./plugin.js";

const plugins = [tellAnnotators({ projects_url: "https://labels.example/projects/" })];
const actions = ["PROJECT_READY"];

const configured = {
  id: 12,
  title: "Street signs",
  expert_instruction: "Draw a box around each sign.",
  label_config: '<View><Image name="image" value="$image"/></View>',
  is_published: true,
};

function importTasks(host: TestHost, count: number): Promise<unknown> {
  return host.emit("TASKS_CREATED", { tasks: Array.from({ length: count }, (_, index) => ({ id: index + 1 })) });
}

test("the chat gets its message once, over a real socket, when the last piece is there", async () => {
  await using host = await createTestHost({ plugins, project: 12 });
  const chat = await host.realReceiver({ actions });
  await host.emit("PROJECT_UPDATED", { project: { ...configured, label_config: "<View></View>" } });
  await importTasks(host, 2);
  await host.emit("PROJECT_UPDATED", { project: { ...configured, is_published: false } });
  await host.idle();
  expect(chat.received).toEqual([]);
  await host.emit("PROJECT_UPDATED", { project: configured });
  await host.delivered("PROJECT_READY");
  await importTasks(host, 3);
  await host.emit("PROJECT_UPDATED", { project: { ...configured, title: "Signs" } });
  await host.idle();
  expect(chat.received.map(({ payload }) => payload)).toEqual([
    {
      text: "*Street signs* is ready: 2 tasks wait for you.\nDraw a box around each sign.\nhttps://labels.example/projects/12",
    },
  ]);
});

test("tasks may be the last piece", async () => {
  await using host = await createTestHost({ plugins, project: 12 });
  const chat = await host.receiver({ actions });
  await host.emit("PROJECT_UPDATED", { project: configured });
  await importTasks(host, 1);
  await host.delivered("PROJECT_READY");
  expect(chat.received[0]?.payload["text"]).toContain("1 task waits for you");
});

test("both pieces at once are told once", async () => {
  await using host = await createTestHost({ plugins, project: 12 });
  const chat = await host.receiver({ actions });
  await Promise.all([
    host.emit("PROJECT_UPDATED", { project: configured }),
    importTasks(host, 1),
    host.emit("PROJECT_UPDATED", { project: configured }),
    importTasks(host, 1),
  ]);
  await host.idle();
  expect(chat.received).toHaveLength(1);
});

test("every attempt sends the same message", async () => {
  await using host = await createTestHost({
    plugins: [tellAnnotators({ projects_url: "https://labels.example/projects/", channel: "#labels" })],
    project: 12,
  });
  const chat = await host.receiver({ actions, answers: [500, 500, 200] });
  await host.emit("PROJECT_UPDATED", { project: { ...configured, task_number: 5 } });
  await host.delivered("PROJECT_READY");
  expect(chat.received).toHaveLength(3);
  expect(new Set(chat.received.map(({ body }) => Buffer.from(body).toString())).size).toBe(1);
  expect(chat.received[0]?.payload).toMatchObject({ channel: "#labels" });
});
