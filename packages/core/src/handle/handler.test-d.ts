import { expectTypeOf, test } from "vitest";
import { TasksCreated } from "../event/builtin/task-events.js";
import { defineEvent } from "../event/define-event.js";
import type { JsonValue } from "../foundation/json.js";
import type { PluginContext } from "../plugin/plugin.js";

declare const ctx: PluginContext<unknown>;

const invoicePaid = defineEvent({
  action: "INVOICE_PAID",
  summary: "An invoice was settled.",
  schema: { type: "object", required: ["id"], properties: { id: { type: "integer" } }, additionalProperties: false },
  example: { id: 1 },
});

test("a handler's payload is that of the action, of the definition, of the class", () => {
  ctx.handle("TASKS_CREATED", ({ payload }) => {
    expectTypeOf(payload.tasks[0]?.id).toEqualTypeOf<number | undefined>();
  });
  ctx.handle(invoicePaid, ({ payload }) => {
    expectTypeOf(payload.id).toEqualTypeOf<number>();
  });
  ctx.handle(TasksCreated, ({ payload }) => {
    expectTypeOf(payload.tasks[0]?.id).toEqualTypeOf<number | undefined>();
  });
  // @ts-expect-error: there is no such action
  ctx.handle("TASKS_CRATED", () => undefined);
});

test("what a handler emits is typed as for anyone else", () => {
  ctx.handle(invoicePaid, ({ emit }) => {
    emit(invoicePaid, { id: 1 });
    emit("TASKS_DELETED", { tasks: [] }, { project: 4 });
    emit(new TasksCreated({ tasks: [] }), { project: null });
    // @ts-expect-error: a number
    emit(invoicePaid, { id: "1" });
    // @ts-expect-error: not of an organization of its choice
    emit(invoicePaid, { id: 1 }, { organization: 2 });
  });
});

test("state holds JSON, of the type that the plugin says", () => {
  ctx.handle(invoicePaid, async ({ state }) => {
    expectTypeOf(await state.get("a")).toEqualTypeOf<JsonValue | undefined>();
    expectTypeOf(await state.get<number>("a")).toEqualTypeOf<number | undefined>();
    state.set("a", { list: [1, null] });
    // @ts-expect-error: no JSON
    state.set("a", new Map());
  });
  expectTypeOf(ctx.state.of(1).get<string>("a")).resolves.toEqualTypeOf<string | undefined>();
  expectTypeOf(ctx.state.of(1).update<number>("a", (value) => (value ?? 0) + 1)).resolves.toEqualTypeOf<
    number | undefined
  >();
});
