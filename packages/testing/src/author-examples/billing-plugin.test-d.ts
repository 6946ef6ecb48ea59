import type { EventsOf, KnownAction, WebhookEventMap, Webhooks } from "@hookwright/core";
import { expectTypeOf, test } from "vitest";
import type { billing, invoicePaid } from "./billing-plugin.test.support.js";

declare const hooks: Webhooks;
declare const definition: typeof invoicePaid;

test("a plugin's events are its actions with their payloads", () => {
  expectTypeOf<keyof EventsOf<typeof billing>>().toEqualTypeOf<"INVOICE_PAID">();
  expectTypeOf<EventsOf<typeof billing>["INVOICE_PAID"]["amount_cents"]>().toEqualTypeOf<number>();
});

test("a plugin that extends the event map types emit by its actions", () => {
  expectTypeOf<"INVOICE_PAID">().toExtend<KnownAction>();
  expectTypeOf<WebhookEventMap["INVOICE_PAID"]["note"]>().toEqualTypeOf<string | undefined>();
  hooks.emit("INVOICE_PAID", { invoice_id: 1, amount_cents: 2 }, { project: 12 });
  // @ts-expect-error: a number is wanted
  hooks.emit("INVOICE_PAID", { invoice_id: "1", amount_cents: 2 });
  // @ts-expect-error: a member is missing
  hooks.emit("INVOICE_PAID", { invoice_id: 1 });
  // @ts-expect-error: the schema is closed
  hooks.emit("INVOICE_PAID", { invoice_id: 1, amount_cents: 2, more: 3 });
});

test("the built-in events stay what they are", () => {
  hooks.emit("TASKS_CREATED", { tasks: [{ id: 1 }] });
  hooks.emit(definition, { invoice_id: 1, amount_cents: 2 });
});
