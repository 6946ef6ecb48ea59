import { describe, expect, test, vi } from "vitest";
import { HookwrightError } from "../foundation/hookwright-error.js";
import { defineEvent } from "./define-event.js";
import { definitionOf, EventOf, WebhookEvent } from "./event-class.js";
import { EventRegistry } from "./event-registry.js";

const schema = { type: "object", required: ["sku"], properties: { sku: { type: "string" } } } as const;

@WebhookEvent({ action: "STOCK_LOW", summary: "An article runs out.", example: { sku: "A-1" }, aliases: ["LOW"] })
class StockLow extends EventOf(schema) {
  get label(): string {
    return `low: ${this.payload.sku}`;
  }
}

describe("a decorated class", () => {
  test("has a definition, as a class and as an instance", () => {
    const definition = definitionOf(StockLow);
    expect(definition).toMatchObject({
      action: "STOCK_LOW",
      aliases: ["LOW"],
      key: "sku",
      schema,
      example: { sku: "A-1" },
    });
    expect(definitionOf(new StockLow({ sku: "B" }))).toBe(definition);
  });

  test("keeps its payload, and members of its own", () => {
    const event = new StockLow({ sku: "B" });
    expect(event.payload).toEqual({ sku: "B" });
    expect(event.label).toBe("low: B");
  });

  test("gives nothing to a class below it that is not decorated", () => {
    class VeryLow extends StockLow {}
    expect(definitionOf(VeryLow)).toBeUndefined();
    expect(definitionOf(new VeryLow({ sku: "B" }))).toBeUndefined();
  });

  test("may be extended by another event", () => {
    @WebhookEvent({ action: "STOCK_OUT", summary: "An article is gone.", example: { sku: "A-1" } })
    class StockOut extends StockLow {}
    expect(definitionOf(StockOut)?.action).toBe("STOCK_OUT");
    expect(definitionOf(StockLow)?.action).toBe("STOCK_LOW");
  });

  test("without a schema is refused where it is defined", () => {
    const define = () => {
      @WebhookEvent({ action: "STOCK_LOW", summary: "s", example: {} })
      class Bare {
        readonly payload = {};
      }
      return Bare;
    };
    expect(define).toThrow(HookwrightError);
    expect(define).toThrow(
      "@WebhookEvent on class Bare: the class has no schema. Write: class Bare extends EventOf(schema) {}.",
    );
  });
});

test("a definition is its own definition", () => {
  const definition = defineEvent({ action: "A", summary: "s", schema: { type: "object" }, example: {} });
  expect(definitionOf(definition)).toBe(definition);
});

test.each([
  [undefined],
  [null],
  [5],
  ["STOCK_LOW"],
  [{}],
  [[]],
  [class {}],
  [() => {}],
  [Object.create(null)],
  [{ constructor: 5 }],
  [new Date()],
  [{ action: "A" }],
])("%o has no definition", (value) => {
  expect(definitionOf(value)).toBeUndefined();
});

describe("two copies of the package", () => {
  test("take each other's events, whichever way they are written", async () => {
    vi.resetModules();
    const other = { ...(await import("./event-class.js")), ...(await import("./define-event.js")) };
    const { EventRegistry: OtherRegistry } = await import("./event-registry.js");
    expect([other.EventOf, OtherRegistry]).not.toContain(EventOf);
    expect(OtherRegistry).not.toBe(EventRegistry);

    @other.WebhookEvent({ action: "FOREIGN", summary: "s", example: { sku: "A" } })
    class Foreign extends other.EventOf(schema) {}

    @WebhookEvent({ action: "MIXED", summary: "s", example: { sku: "A" } })
    class Mixed extends other.EventOf(schema) {}

    const value = other.defineEvent({ action: "VALUE", summary: "s", schema, example: { sku: "A" } });
    const registry = new EventRegistry();
    for (const event of [Foreign, Mixed, value]) {
      const definition = definitionOf(event);
      if (definition !== undefined) registry.register(definition, { name: "foreign", version: "1.0.0" });
    }
    expect(registry.list().map(({ definition }) => definition.action)).toEqual(["FOREIGN", "MIXED", "VALUE"]);
    expect(definitionOf(new Foreign({ sku: "B" }))?.action).toBe("FOREIGN");
    expect(other.definitionOf(StockLow)?.action).toBe("STOCK_LOW");
  });
});
