import { EventOf, WebhookEvent } from "@hookwright/core";

const importedRowsSchema = {
  type: "object",
  required: ["rows"],
  properties: {
    rows: {
      type: "array",
      items: { type: "object", required: ["id"], properties: { id: { type: "integer" } } },
    },
  },
} as const;

@WebhookEvent({
  action: "ROWS_IMPORTED",
  aliases: ["ROW_IMPORTED"],
  bulk: "rows",
  scope: "project",
  summary: "Rows were imported; one event per import.",
  example: { rows: [{ id: 1 }] },
})
export class RowsImported extends EventOf(importedRowsSchema) {}
