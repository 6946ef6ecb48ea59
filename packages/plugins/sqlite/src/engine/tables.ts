import type { Database } from "../database/database.js";
import { AccessTable } from "./access-table.js";
import { AddedDeliveries } from "./added-deliveries.js";
import { DeliveryBlocks } from "./delivery-blocks.js";
import { DeliveryTable } from "./delivery-table.js";
import { DueTable } from "./due-table.js";
import { HandlerTable } from "./handler-table.js";
import { IdempotencyTable } from "./idempotency-table.js";
import { JobTable } from "./job-table.js";
import { ListIndex } from "./list-index.js";
import { MessageBlocks } from "./message-blocks.js";
import { MessageTable } from "./message-table.js";
import { NoteTable } from "./note-table.js";
import { PauseTable } from "./pause-table.js";
import { PluginStateTable } from "./plugin-state-table.js";
import { WebhookTable } from "./webhook-table.js";

/** Everything that is on disk. */
export interface Tables {
  readonly webhooks: WebhookTable;
  readonly handlers: HandlerTable;
  readonly messages: MessageTable;
  readonly deliveries: DeliveryTable;
  readonly due: DueTable;
  readonly pauses: PauseTable;
  readonly notes: NoteTable;
  readonly added: AddedDeliveries;
  readonly lists: ListIndex;
  readonly blocks: DeliveryBlocks;
  readonly messageBlocks: MessageBlocks;
  readonly keys: IdempotencyTable;
  readonly access: AccessTable;
  readonly pluginState: PluginStateTable;
  readonly jobs: JobTable;
}

export function openTables(database: Database, generation: number): Tables {
  const deliveries = new DeliveryTable(database, generation);
  const messageBlocks = new MessageBlocks(database);
  const messages = new MessageTable(database, messageBlocks);
  const blocks = new DeliveryBlocks(database);
  return {
    webhooks: new WebhookTable(database),
    handlers: new HandlerTable(database),
    messages,
    deliveries,
    due: new DueTable(database),
    pauses: new PauseTable(database),
    notes: new NoteTable(database),
    added: new AddedDeliveries(database),
    lists: new ListIndex(database, deliveries, blocks),
    blocks,
    messageBlocks,
    keys: new IdempotencyTable(database),
    access: new AccessTable(database),
    pluginState: new PluginStateTable(database),
    jobs: new JobTable(database),
  };
}
