import { createMemoryStore, createWebhooks, defineEvent, definePlugin } from "@hookwright/core";
import { expect, onTestFinished, test } from "vitest";
import { describedOnce } from "./described-once.js";

const paid = (summary: string) =>
  definePlugin({
    name: "billing",
    version: "1.0.0",
    events: [defineEvent({ action: "INVOICE_PAID", summary, schema: { type: "object" }, example: {} })],
  });

test("events are described once, and anew when one came, went or was replaced", async () => {
  const hooks = await createWebhooks({ store: createMemoryStore() });
  await hooks.start();
  onTestFinished(() => hooks.stop());
  const describe = describedOnce((events) => ({ last: events.at(-1)?.definition.summary, count: events.length }));
  const first = describe(hooks.events.list());
  expect(describe(hooks.events.list())).toBe(first);
  await hooks.plugins.load(paid("settled"));
  expect(describe(hooks.events.list())).toEqual({ last: "settled", count: first.count + 1 });
  await hooks.plugins.unload("billing");
  await hooks.plugins.load(paid("settled at last"));
  expect(describe(hooks.events.list())).toEqual({ last: "settled at last", count: first.count + 1 });
  await hooks.plugins.unload("billing");
  expect(describe(hooks.events.list())).toEqual(first);
});
