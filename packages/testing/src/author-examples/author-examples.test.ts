import { createMemoryStore, createWebhooks, definePlugin } from "@hookwright/core";
import { describe, expect, test } from "vitest";
import { createTestHost } from "../test-host/create-test-host.js";
import { billing, invoicePaid } from "./billing-plugin.test.support.js";
import { RowsImported } from "./imported-rows.test.support.js";

describe("a plugin with an event, as one file", () => {
  test("gets its event validated, listed and delivered, whichever way it is emitted", async () => {
    await using host = await createTestHost({ plugins: [billing({ currency: "EUR" })], project: 12 });
    const shop = await host.receiver({ actions: ["INVOICE_PAID"] });
    await host.emit("INVOICE_PAID", { invoice_id: 1, amount_cents: 2 });
    await host.emit(invoicePaid, { invoice_id: 2, amount_cents: 3, note: "thanks" });
    await host.delivered("INVOICE_PAID", { count: 2 });
    expect(shop.received.map(({ body }) => new TextDecoder().decode(body))).toEqual([
      '{"action":"INVOICE_PAID","invoice_id":1,"amount_cents":2,"project":{"id":12}}',
      '{"action":"INVOICE_PAID","invoice_id":2,"amount_cents":3,"note":"thanks","project":{"id":12}}',
    ]);
    expect(shop.received.map(({ headers }) => headers["x-currency"])).toEqual(["EUR", "EUR"]);
  });

  test("has its payloads checked", async () => {
    await using host = await createTestHost({ plugins: [billing({ currency: "EUR" })] });
    // @ts-expect-error: a number is wanted
    await expect(host.emit("INVOICE_PAID", { invoice_id: "1", amount_cents: 2 })).rejects.toMatchObject({
      code: "payload_invalid",
      details: { problem: { pointer: "/invoice_id", expected: "integer" } },
    });
  });

  test("stands in the catalog beside the built-in events", async () => {
    await using host = await createTestHost({ plugins: [billing({ currency: "EUR" })] });
    const { hooks } = host;
    expect(hooks.events.list()).toHaveLength(16);
    expect(hooks.events.get("INVOICE_PAID")).toMatchObject({
      owner: { name: "billing", version: "1.0.0" },
      definition: { title: "Invoice paid", key: "invoice_id", example: { invoice_id: 1, amount_cents: 1250 } },
    });
  });

  test("has its configuration checked before any of its code runs", async () => {
    // @ts-expect-error: a text is wanted
    const plugins = [billing({ currency: 5 })];
    const problems = [{ code: "configuration_invalid", plugin: "billing@1.0.0" }];
    await expect(createWebhooks({ store: createMemoryStore(), plugins })).rejects.toMatchObject({ problems });
  });
});

describe("an event as a decorated class", () => {
  const imports = definePlugin({ name: "imports", version: "1.0.0", events: [RowsImported] });

  test("is delivered under the name that a webhook asked for, and split where it is asked to", async () => {
    await using host = await createTestHost({ plugins: [imports], settings: { batchSize: 2 }, project: 12 });
    const sheet = await host.receiver({ actions: ["ROW_IMPORTED"] });
    const rows = [{ id: 1 }, { id: 2 }, { id: 3 }];
    const { deliveries, parts } = await host.emit(new RowsImported({ rows }));
    expect([deliveries, parts?.length]).toEqual([1, 2]);
    await host.delivered("ROWS_IMPORTED", { count: 2 });
    expect(sheet.received.map(({ action, payload }) => [action, payload])).toEqual([
      ["ROW_IMPORTED", { rows: rows.slice(0, 2), project: { id: 12 } }],
      ["ROW_IMPORTED", { rows: rows.slice(2), project: { id: 12 } }],
    ]);
  });
});
