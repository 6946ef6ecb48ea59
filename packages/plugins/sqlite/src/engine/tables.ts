import type { Database } from "../database/database.js";
import { AccessTable } from "./access-table.js";
import { DeliveryTable } from "./delivery-table.js";
import { DueTable } from "./due-table.js";
import { HandlerTable } from "./handler-table.js";
import { IdempotencyTable } from "./idempotency-table.js";
import { ListIndex } from "./list-index.js";
import { MessageTable } from "./message-table.js";
import { PluginStateTable } from "./plugin-state-table.js";
import { WebhookTable } from "./webhook-table.js";

/** Everything that is on disk. */
export interface Tables {
  readonly webhooks: WebhookTable;
  readonly handlers: HandlerTable;
  readonly messages: MessageTable;
  readonly deliveries: DeliveryTable;
  readonly due: DueTable;
  readonly lists: ListIndex;
  readonly keys: IdempotencyTable;
  readonly access: AccessTable;
  readonly pluginState: PluginStateTable;
}

export function openTables(database: Database, generation: number): Tables {
  const deliveries = new DeliveryTable(database, generation);
  return {
    webhooks: new WebhookTable(database),
    handlers: new HandlerTable(database),
    messages: new MessageTable(database),
    deliveries,
    due: new DueTable(database),
    lists: new ListIndex(database, deliveries),
    keys: new IdempotencyTable(database),
    access: new AccessTable(database),
    pluginState: new PluginStateTable(database),
  };
}
