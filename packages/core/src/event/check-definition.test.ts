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

const actionForm = "a letter followed by up to 127 letters, digits, _ . : or -";
const otherNames = "names that differ from each other and from the action";

test.each<[Faulty, string, string]>([
  [{ action: "" }, "action", `${actionForm}, found ""`],
  [{ action: "1A" }, "action", `${actionForm}, found "1A"`],
  [{ action: "A B" }, "action", `${actionForm}, found "A B"`],
  [{ action: "A\n" }, "action", `${actionForm}, found "A\\n"`],
  [{ action: "A".repeat(129) }, "action", `${actionForm}, found a string of 129 characters`],
  [{ action: undefined }, "action", `${actionForm}, found nothing`],
  [{ action: 5n }, "action", `${actionForm}, found the bigint 5`],
  [{ aliases: ["B", "C D"] }, "aliases", `names like an action, each ${actionForm}, found "C D"`],
  [{ aliases: "INVOICE" }, "aliases", 'a list of names, found "INVOICE"'],
  [{ aliases: undefined }, "aliases", "a list of names, found nothing"],
  [{ aliases: ["B", "B"] }, "aliases", `${otherNames}, found "B"`],
  [{ aliases: ["INVOICE_PAID"] }, "aliases", `${otherNames}, found "INVOICE_PAID"`],
  [{ scope: "world" }, "scope", '"project" or "organization", found "world"'],
  [{ summary: " " }, "summary", 'one sentence that says what happened, found " "'],
  [{ summary: undefined }, "summary", "one sentence that says what happened, found nothing"],
  [{ title: "" }, "title", 'a text, found ""'],
  [{ description: null }, "description", "a text, found null"],
  [{ key: 5 }, "key", "the name of a member, found the number 5"],
  [{ version: 0 }, "version", "a whole number from 1, found the number 0"],
  [{ version: 1.5 }, "version", "a whole number from 1, found the number 1.5"],
  [{ version: "1" }, "version", 'a whole number from 1, found "1"'],
  [{ schema: true }, "schema", "a JSON Schema object, found the boolean true"],
  [{ schema: { properties: {} } }, "schema", 'one of type "object", since a payload is a JSON object, found nothing'],
  [
    { schema: { type: ["object", "null"] } },
    "schema",
    'one of type "object", since a payload is a JSON object, found an array of 2',
  ],
  [{ example: undefined }, "example", "a payload, a JSON object, found nothing"],
  [{ example: [] }, "example", "a payload, a JSON object, found an array of 0"],
  [
    { schema: { type: "object", properties: { action: {}, lines: {} } } },
    "schema",
    "one without a member action, which the body has already, found an object",
  ],
  [{ example: { action: "X" } }, "example", "one without a member action, which the body has already, found an object"],
  [{ bulk: undefined }, "bulk", "the name of an array, or a list of such, found nothing"],
  [{ bulk: 5 }, "bulk", "the name of an array, or a list of such, found the number 5"],
  [{ bulk: ["lines", "taxes"] }, "bulk", 'a name that the schema declares, found "taxes"'],
  [{ bulk: ["toString"] }, "bulk", 'a name that the schema declares, found "toString"'],
])("%o is refused by owner, event and field, with what was found", (fault, field, expected) => {
  const definition = { ...invoicePaid, ...fault } as EventDefinition;
  const event = JSON.stringify(String(definition.action).slice(0, 128));
  const check = () => checkDefinition(definition, owner);
  expect(check).toThrow(HookwrightError);
  expect(check).toThrow(`The ${field} of event ${event} of billing@1.2.3 must be ${expected}.`);
});

test("what is refused is told in parts, too", () => {
  const definition = { ...invoicePaid, scope: "world" } as unknown as EventDefinition;
  expect(() => checkDefinition(definition, owner)).toThrow(
    expect.objectContaining({
      details: {
        field: "scope",
        expected: 'the scope of event "INVOICE_PAID" to be "project" or "organization"',
        found: '"world"',
      },
    }),
  );
});
