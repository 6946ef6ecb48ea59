import { createMemoryStore, createWebhooks, defineEvent, definePlugin } from "@hookwright/core";
import { Ajv2020 } from "ajv/dist/2020.js";
import { median, rate, report } from "./measure.ts";

const rounds = 7;
const checksARound = 200_000;

const invoiceSchema = {
  type: "object",
  additionalProperties: false,
  required: ["invoice_id", "amount_cents", "lines"],
  properties: {
    invoice_id: { type: "integer", minimum: 1 },
    amount_cents: { type: "integer" },
    currency: { enum: ["EUR", "USD", "GBP"] },
    note: { type: "string", maxLength: 500 },
    customer: {
      type: "object",
      additionalProperties: false,
      required: ["id", "name"],
      properties: { id: { type: "integer" }, name: { type: "string" }, mail: { type: "string" } },
    },
    lines: {
      type: "array",
      items: {
        type: "object",
        additionalProperties: false,
        required: ["sku", "count"],
        properties: { sku: { type: "string" }, count: { type: "integer" }, price: { type: "number" } },
      },
    },
  },
} as const;

const invoice = {
  invoice_id: 17,
  amount_cents: 125_000,
  currency: "EUR",
  note: "thanks for the quick payment",
  customer: { id: 5, name: "Anna", mail: "anna@example.com" },
  lines: Array.from({ length: 5 }, (_, index) => ({ sku: `A-${index}`, count: index, price: 1.5 * index })),
} as const;

/** What it costs to check a payload as a host does, with every bound, against what Ajv's own function costs. */
export async function benchValidation(): Promise<void> {
  const event = defineEvent({ action: "INVOICE", summary: "s", schema: invoiceSchema, example: invoice });
  const plugins = [definePlugin({ name: "invoices", version: "1.0.0", events: [event] })];
  const hooks = await createWebhooks({ store: createMemoryStore(), plugins });
  const { validate } = hooks.events.get("INVOICE");
  const bare = new Ajv2020().compile(invoiceSchema);
  const payload: unknown = JSON.parse(JSON.stringify(invoice));
  const ours = checks(() => validate(payload) === undefined);
  const theirs = checks(() => bare(payload));
  const ratios: number[] = [];
  let each = 0;
  for (let round = 0; round < rounds; round += 1) {
    const bareRate = await rate(checksARound, theirs);
    const ourRate = await rate(checksARound, ours);
    // The first ones are compiled while they run.
    if (round >= 2) ratios.push(bareRate / ourRate);
    each = 1e9 / ourRate;
  }
  report(
    "checking a payload, to bare Ajv",
    `${median(ratios).toFixed(2)} times (${each.toFixed(0)} ns)`,
    "at most 2 times",
  );
  await hooks.stop();
}

function checks(check: () => boolean): (count: number) => Promise<void> {
  return async (count) => {
    let accepted = 0;
    for (let index = 0; index < count; index += 1) if (check()) accepted += 1;
    if (accepted < count) throw new Error("the payload was refused");
  };
}
