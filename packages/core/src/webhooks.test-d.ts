import { expectTypeOf, test } from "vitest";
import type { EmitReceipt } from "./emit/emit-event.js";
import { AnnotationCreated } from "./event/builtin/annotation-events.js";
import { TasksCreated } from "./event/builtin/task-events.js";
import { defineEvent } from "./event/define-event.js";
import type { KnownAction, WebhookEventMap } from "./event/webhook-event-map.js";
import type { Webhooks } from "./webhooks.js";

declare const hooks: Webhooks;

const invoicePaid = defineEvent({
  action: "INVOICE_PAID",
  summary: "An invoice was settled.",
  schema: { type: "object", required: ["id"], properties: { id: { type: "integer" } }, additionalProperties: false },
  example: { id: 1 },
});

test("emit takes an instance of an event class", () => {
  expectTypeOf(
    hooks.emit(new TasksCreated({ tasks: [{ id: 1 }] }), { project: 12 }),
  ).resolves.toEqualTypeOf<EmitReceipt>();
  expectTypeOf(new AnnotationCreated({ annotation: { id: 1 } }).payload.annotation.id).toEqualTypeOf<number>();
  // @ts-expect-error: a task has an id
  hooks.emit(new TasksCreated({ tasks: [{}] }));
  // @ts-expect-error: no event
  hooks.emit({ tasks: [] });
});

test("emit takes a definition with its payload", () => {
  expectTypeOf(hooks.emit(invoicePaid, { id: 1 }, { id: "key" })).resolves.toEqualTypeOf<EmitReceipt>();
  // @ts-expect-error: a number
  hooks.emit(invoicePaid, { id: "1" });
  // @ts-expect-error: the schema is closed
  hooks.emit(invoicePaid, { id: 1, more: 2 });
  // @ts-expect-error: the payload is missing
  hooks.emit(invoicePaid);
});

test("emit takes a built-in action with its payload", () => {
  expectTypeOf(
    hooks.emit("TASKS_DELETED", { tasks: [{ id: 1 }] }, { project: 12 }),
  ).resolves.toEqualTypeOf<EmitReceipt>();
  expectTypeOf<WebhookEventMap["TASKS_CREATED"]["tasks"][number]["id"]>().toEqualTypeOf<number>();
  // @ts-expect-error: another event's payload
  hooks.emit("TASKS_DELETED", { annotation: { id: 1 } });
  // @ts-expect-error: no such action
  hooks.emit("TASKS_DELETE", { tasks: [{ id: 1 }] });
  // @ts-expect-error: no such option
  hooks.emit("TASKS_DELETED", { tasks: [{ id: 1 }] }, { projekt: 12 });
});

test("the built-in actions are known by name", () => {
  expectTypeOf<"PROJECT_CREATED" | "LABEL_LINK_DELETED">().toExtend<KnownAction>();
  expectTypeOf<"NO_SUCH_ACTION">().not.toExtend<KnownAction>();
});
