import { expect, test } from "vitest";
import { HookwrightError } from "../foundation/hookwright-error.js";
import { checkDefinition } from "./check-definition.js";
import { defineEvent } from "./define-event.js";
import type { EventDefinition } from "./event-definition.js";

const owner = { name: "billing", version: "1.2.3" };

const invoicePaid: EventDefinition = defineEvent({
  action: "INVOICE_PAID",
  aliases: ["INVOICE_SETTLED"],
  summary: "An invoice was settled.",
  schema: { type: "object", properties: { lines: { type: "array" } } },
  example: { lines: [] },
  bulk: "lines",
});

test("a sound definition passes", () => {
  expect(() => checkDefinition(invoicePaid, owner)).not.toThrow();
});

test("what the author left out is filled in", () => {
  expect(invoicePaid).toMatchObject({
    key: "lines",
    title: "Invoice paid",
    description: "",
    version: 1,
    scope: "project",
  });
  const least = defineEvent({
    action: "stock.low",
    summary: "s",
    schema: { type: "object", required: ["sku", "id"] },
    example: { sku: 1, id: 2 },
  });
  expect(least).toMatchObject({ key: "sku", title: "Stock low", aliases: [], bulk: [] });
  expect(defineEvent({ action: "A", summary: "s", schema: { type: "object" }, example: {} }).key).toBe("");
});

test.each(["A", "a", "a.b:c-d_9", "A".repeat(128)])("%j is an action", (action) => {
  expect(() => checkDefinition({ ...invoicePaid, action }, owner)).not.toThrow();
});

// What a definition holds when its author wrote JavaScript, or made it by hand.
type Faulty = { readonly [Field in keyof EventDefinition]?: unknown };

test.each<[Faulty, string]>([
  [{ action: "" }, "action must be a letter followed by up to 127 letters, digits, _ . : or -"],
  [{ action: "1A" }, "action must be"],
  [{ action: "A B" }, "action must be"],
  [{ action: "A\n" }, "action must be"],
  [{ action: "A".repeat(129) }, "action must be"],
  [{ action: undefined }, "action must be"],
  [{ action: 5n }, "action must be"],
  [{ aliases: ["B", "C D"] }, "each alias must be written like an action"],
  [{ aliases: "INVOICE" }, "each alias must be"],
  [{ aliases: undefined }, "each alias must be"],
  [{ aliases: ["B", "B"] }, "the aliases must differ from each other and from the action"],
  [{ aliases: ["INVOICE_PAID"] }, "the aliases must differ"],
  [{ scope: "world" }, 'scope must be "project" or "organization"'],
  [{ summary: " " }, "summary must say in one sentence what happened"],
  [{ summary: undefined }, "summary must say"],
  [{ title: "" }, "title must be a text"],
  [{ description: null }, "description must be a text"],
  [{ key: 5 }, "key must name a member of the payload"],
  [{ version: 0 }, "version must be a whole number from 1"],
  [{ version: 1.5 }, "version must be"],
  [{ version: "1" }, "version must be"],
  [{ schema: true }, "schema must be a JSON Schema object"],
  [{ schema: { properties: {} } }, 'schema must have type "object": a payload is a JSON object'],
  [{ schema: { type: ["object", "null"] } }, "schema must have type"],
  [{ example: undefined }, "example must be a payload, a JSON object"],
  [{ example: [] }, "example must be a payload"],
  [{ schema: { type: "object", properties: { action: {}, lines: {} } } }, 'the payload cannot have a member "action"'],
  [{ example: { action: "X" } }, 'the payload cannot have a member "action"'],
  [{ bulk: undefined }, "bulk must name an array of the payload, or a list of them"],
  [{ bulk: 5 }, "bulk must name"],
  [{ bulk: ["lines", "taxes"] }, 'bulk names "taxes", which the schema does not declare'],
  [{ bulk: ["toString"] }, 'bulk names "toString"'],
])("%o is refused by owner, event and field", (fault, expected) => {
  const definition = { ...invoicePaid, ...fault } as EventDefinition;
  const check = () => checkDefinition(definition, owner);
  expect(check).toThrow(HookwrightError);
  expect(check).toThrow(expected);
  expect(check).toThrow(`Event ${JSON.stringify(String(definition.action).slice(0, 128))} of billing@1.2.3: `);
});
