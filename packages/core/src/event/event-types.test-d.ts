import { describe, expectTypeOf, test } from "vitest";
import { defineEvent } from "./define-event.js";
import { EventOf, WebhookEvent } from "./event-class.js";

const schema = {
  type: "object",
  required: ["kind"],
  properties: { kind: { enum: ["low", "out"] }, tags: { type: "array", items: { type: "string" } } },
} as const;

describe("defineEvent", () => {
  test("types action and payload", () => {
    const event = defineEvent({ action: "STOCK", summary: "s", schema, example: { kind: "low", tags: ["a"] } });
    expectTypeOf(event.action).toEqualTypeOf<"STOCK">();
    expectTypeOf(event.example.kind).toEqualTypeOf<"low" | "out">();
    expectTypeOf(event.example.tags).toEqualTypeOf<readonly string[] | undefined>();
  });

  test("refuses an example that does not fit the schema", () => {
    // @ts-expect-error: no such kind
    defineEvent({ action: "STOCK", summary: "s", schema, example: { kind: "high" } });
    // @ts-expect-error: a member is missing
    defineEvent({ action: "STOCK", summary: "s", schema, example: {} });
    // @ts-expect-error: a list of texts
    defineEvent({ action: "STOCK", summary: "s", schema, example: { kind: "low", tags: [1] } });
    // @ts-expect-error: no example at all
    defineEvent({ action: "STOCK", summary: "s", schema });
  });

  test("refuses a member that a closed schema does not have", () => {
    defineEvent({
      action: "STOCK",
      summary: "s",
      schema: { type: "object", additionalProperties: false, properties: { id: { type: "integer" } } },
      // @ts-expect-error: the schema is closed
      example: { id: 1, more: 2 },
    });
  });

  test("refuses options that do not exist, and values that they do not have", () => {
    // @ts-expect-error: no such option
    defineEvent({ action: "STOCK", summary: "s", schema, example: { kind: "low" }, colour: "red" });
    // @ts-expect-error: no such scope
    defineEvent({ action: "STOCK", summary: "s", schema, example: { kind: "low" }, scope: "world" });
  });
});

describe("@WebhookEvent", () => {
  test("types payload and constructor by the schema", () => {
    @WebhookEvent({ action: "STOCK", summary: "s", example: { kind: "low", tags: [] } })
    class Stock extends EventOf(schema) {}
    expectTypeOf(new Stock({ kind: "out" }).payload.kind).toEqualTypeOf<"low" | "out">();
    // @ts-expect-error: no such kind
    new Stock({ kind: "high" });
    // @ts-expect-error: nothing is given
    new Stock();
  });

  test("refuses an example that does not fit the schema", () => {
    // @ts-expect-error: no such kind
    @WebhookEvent({ action: "STOCK", summary: "s", example: { kind: "high" } })
    class WrongKind extends EventOf(schema) {}

    // @ts-expect-error: a member is missing
    @WebhookEvent({ action: "STOCK", summary: "s", example: {} })
    class Missing extends EventOf(schema) {}

    // @ts-expect-error: a list of texts
    @WebhookEvent({ action: "STOCK", summary: "s", example: { kind: "low", tags: [1] } })
    class WrongTags extends EventOf(schema) {}

    expectTypeOf([WrongKind, Missing, WrongTags]).toBeArray();
  });

  test("refuses a class that has no payload", () => {
    // @ts-expect-error: write `extends EventOf(schema)`
    @WebhookEvent({ action: "STOCK", summary: "s", example: {} })
    class Bare {}
    expectTypeOf(Bare).toBeConstructibleWith();
  });
});
