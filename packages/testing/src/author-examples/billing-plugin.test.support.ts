import { defineEvent, definePlugin, type EventsOf } from "@hookwright/core";

export const invoicePaid = defineEvent({
  action: "INVOICE_PAID",
  summary: "An invoice was settled.",
  schema: {
    type: "object",
    additionalProperties: false,
    required: ["invoice_id", "amount_cents"],
    properties: { invoice_id: { type: "integer" }, amount_cents: { type: "integer" }, note: { type: "string" } },
  },
  example: { invoice_id: 1, amount_cents: 1250 },
});

const billing = definePlugin({
  name: "billing",
  version: "1.0.0",
  hookwright: "^1.0.0",
  events: [invoicePaid],
  config: { type: "object", properties: { currency: { type: "string" } }, required: ["currency"] },
  setup(ctx) {
    ctx.use("prepare", function currencyHeader(request, next) {
      return next(request.withHeader("x-currency", ctx.config.currency));
    });
  },
});

export { billing };

declare module "@hookwright/core" {
  interface WebhookEventMap extends EventsOf<typeof billing> {}
}
