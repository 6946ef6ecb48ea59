import { definePlugin, EventOf, WebhookEvent } from "@hookwright/core";

const stockSchema = { type: "object", required: ["sku"], properties: { sku: { type: "string" } } } as const;

@WebhookEvent({ action: "STOCK_GONE", summary: "An article has run out.", example: { sku: "A-1" } })
export class StockGone extends EventOf(stockSchema) {}

export default definePlugin({ name: "stock-class", version: "1.0.0", events: [StockGone] });
