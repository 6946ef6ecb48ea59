import { defineEvent, definePlugin, type EventsOf } from "@hookwright/core";

export const stockLow = defineEvent({
  action: "STOCK_LOW",
  summary: "An article runs out.",
  schema: { type: "object", required: ["sku"], properties: { sku: { type: "string" }, left: { type: "integer" } } },
  example: { sku: "A-1", left: 2 },
});

const stock = definePlugin({ name: "stock", version: "1.0.0", events: [stockLow] });
export default stock;

declare module "@hookwright/core" {
  interface WebhookEventMap extends EventsOf<typeof stock> {}
}
