import { definePlugin } from "@hookwright/core";
import { expect, onTestFinished, test } from "vitest";
import { ApiRig } from "../api-rig.test.support.js";
import { eventually } from "../program.test.support.js";

const counter = definePlugin({
  name: "counter",
  version: "1.0.0",
  setup(ctx) {
    ctx.handle(
      "TASKS_CREATED",
      ({ payload }) => {
        if (JSON.stringify(payload).includes("13")) throw new Error("unlucky");
      },
      { name: "count", retry: "" },
    );
  },
});

test("what a durable handler did is a delivery, shown with its plugin, and is not counted among the webhooks", async () => {
  const api = await ApiRig.start({ plugins: [counter] });
  onTestFinished(() => api.stop());
  const emit = (id: number) =>
    api.post("/api/events/", { action: "TASKS_CREATED", payload: { tasks: [{ id }] }, project: 3 });
  expect((await emit(1)).json["deliveries"]).toBe(0);
  await emit(13);
  const rows = await eventually(async () => {
    const found = Object.values((await api.get("/api/deliveries/")).json["results"] ?? {});
    return found.length === 2 && found.every((row) => String(row?.["status"]) !== "pending") ? found : undefined;
  });
  for (const row of rows)
    expect(row).toMatchObject({
      webhook: null,
      handler: { plugin: "counter", name: "count" },
      action: "TASKS_CREATED",
    });
  expect(rows.map((row) => [row?.["status"], row?.["last_code"]])).toEqual([
    ["failed", "handler_failed"],
    ["delivered", null],
  ]);
  const shown = await api.get(`/api/deliveries/${rows[0]?.["id"]}/`);
  expect(shown.json).toMatchObject({
    handler: { plugin: "counter" },
    request: { method: null, url: null, headers: {}, body: expect.stringContaining('"tasks":[{"id":13}]') },
    attempts: [{ code: "handler_failed", status: null, error: expect.stringContaining("unlucky") }],
  });
  expect((await api.get("/api/plugins/")).json["results"]).toMatchObject([
    { name: "server" },
    { name: "counter", handlers: ["TASKS_CREATED"], state: "started", waiting_on: [], error: null },
  ]);
});
