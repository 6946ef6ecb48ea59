import {
  defineEvent,
  definePlugin,
  type EventsOf,
  type KnownAction,
  type WebhookEventMap,
  type Webhooks,
} from "@hookwright/core";
import { expectTypeOf, test } from "vitest";
import type { billing, invoicePaid } from "./billing-plugin.test.support.js";
import { RowsImported } from "./imported-rows.test.support.js";

declare const hooks: Webhooks;
declare const definition: typeof invoicePaid;

test("a plugin's events are its actions with their payloads", () => {
  expectTypeOf<keyof EventsOf<typeof billing>>().toEqualTypeOf<"INVOICE_PAID">();
  expectTypeOf<EventsOf<typeof billing>["INVOICE_PAID"]["amount_cents"]>().toEqualTypeOf<number>();
});

test("a plugin's decorated classes are left out: they have no action in their type", () => {
  const mixed = definePlugin({ name: "mixed", version: "1.0.0", events: [definition, RowsImported] });
  expectTypeOf<keyof EventsOf<typeof mixed>>().toEqualTypeOf<"INVOICE_PAID">();
  const classes = definePlugin({ name: "classes", version: "1.0.0", events: [RowsImported] });
  expectTypeOf<keyof EventsOf<typeof classes>>().toBeNever();
  const nothing = definePlugin({ name: "nothing", version: "1.0.0" });
  expectTypeOf<keyof EventsOf<typeof nothing>>().toBeNever();
});

test("two plugins that give one action different payloads cannot be in one map", () => {
  const options = { action: "INVOICE_PAID", summary: "s" } as const;
  const other = defineEvent({ ...options, schema: { type: "object", required: ["id"] }, example: { id: 1 } });
  const otherBilling = definePlugin({ name: "other-billing", version: "1.0.0", events: [other] });
  // @ts-expect-error: they are not identical
  interface Map extends EventsOf<typeof billing>, EventsOf<typeof otherBilling> {}
  // Equal ones can: then the host refuses the second plugin, with `action_taken`.
  interface Same extends EventsOf<typeof billing>, EventsOf<typeof billing> {}
  expectTypeOf<keyof (Map | Same)>().toEqualTypeOf<"INVOICE_PAID">();
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
