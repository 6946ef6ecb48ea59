import {
  type ConfiguredPlugin,
  createMemoryStore,
  createWebhooks,
  definePlugin,
  type Settings,
} from "@hookwright/core";
import { describe, expect, onTestFinished, test } from "vitest";
import { ManualClock } from "../manual-clock.js";
import { ScriptedTransport } from "../scripted-transport.js";
import { billing, invoicePaid } from "./billing-plugin.test.support.js";
import { RowsImported } from "./imported-rows.test.support.js";

describe("a plugin with an event, as one file", () => {
  test("gets its event validated, listed and delivered, whichever way it is emitted", async () => {
    const { hooks, transport } = await startHost([billing({ currency: "EUR" })]);
    await hooks.webhooks.create({ url: "https://receiver.example/hook", project: 12, actions: ["INVOICE_PAID"] });
    await hooks.emit("INVOICE_PAID", { invoice_id: 1, amount_cents: 2 }, { project: 12 });
    await hooks.emit(invoicePaid, { invoice_id: 2, amount_cents: 3, note: "thanks" }, { project: 12 });
    await transport.sent(2);
    expect(transport.requests.map(({ body }) => new TextDecoder().decode(body))).toEqual([
      '{"action":"INVOICE_PAID","invoice_id":1,"amount_cents":2,"project":{"id":12}}',
      '{"action":"INVOICE_PAID","invoice_id":2,"amount_cents":3,"note":"thanks","project":{"id":12}}',
    ]);
    expect(transport.requests.map(({ headers }) => headers["x-currency"])).toEqual(["EUR", "EUR"]);
  });

  test("has its payloads checked", async () => {
    const { hooks } = await startHost([billing({ currency: "EUR" })]);
    // @ts-expect-error: a number is wanted
    await expect(hooks.emit("INVOICE_PAID", { invoice_id: "1", amount_cents: 2 })).rejects.toMatchObject({
      code: "payload_invalid",
      details: { problem: { pointer: "/invoice_id", expected: "integer" } },
    });
  });

  test("stands in the catalog beside the built-in events", async () => {
    const { hooks } = await startHost([billing({ currency: "EUR" })]);
    expect(hooks.events.list()).toHaveLength(13);
    expect(hooks.events.get("INVOICE_PAID")).toMatchObject({
      owner: { name: "billing", version: "1.0.0" },
      definition: { title: "Invoice paid", key: "invoice_id", example: { invoice_id: 1, amount_cents: 1250 } },
    });
  });

  test("has its configuration checked before any of its code runs", async () => {
    // @ts-expect-error: a text is wanted
    const plugins = [billing({ currency: 5 })];
    const code = "configuration_invalid";
    await expect(createWebhooks({ store: createMemoryStore(), plugins })).rejects.toMatchObject({ code });
  });
});

describe("an event as a decorated class", () => {
  const imports = definePlugin({ name: "imports", version: "1.0.0", events: [RowsImported] });

  test("is delivered under the name that a webhook asked for, and split where it is asked to", async () => {
    const { hooks, transport } = await startHost([imports], { batchSize: 2 });
    const at = { url: "https://receiver.example/hook", project: 12 };
    await hooks.webhooks.create({ ...at, actions: ["ROW_IMPORTED"] });
    const rows = [{ id: 1 }, { id: 2 }, { id: 3 }];
    const { deliveries, parts } = await hooks.emit(new RowsImported({ rows }), { project: 12 });
    expect([deliveries, parts?.length]).toEqual([1, 2]);
    await transport.sent(2);
    expect(transport.requests.map(({ body }) => JSON.parse(new TextDecoder().decode(body)))).toEqual([
      { action: "ROW_IMPORTED", rows: rows.slice(0, 2), project: { id: 12 } },
      { action: "ROW_IMPORTED", rows: rows.slice(2), project: { id: 12 } },
    ]);
  });
});

async function startHost(plugins: readonly ConfiguredPlugin[], settings: Partial<Settings> = {}) {
  const transport = new ScriptedTransport();
  const clock = new ManualClock();
  const hooks = await createWebhooks({ store: createMemoryStore(), plugins, settings, clock, transport });
  await hooks.start();
  onTestFinished(() => hooks.stop());
  return { hooks, transport };
}
