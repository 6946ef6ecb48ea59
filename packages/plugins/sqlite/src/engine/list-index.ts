import type { StatementSync } from "node:sqlite";
import type { Database, Query } from "../database/database.js";
import { afterAll, type DeliveryBlocks } from "./delivery-blocks.js";
import type { DeliveryTable } from "./delivery-table.js";
import { finishedAmong, type OldRows } from "./old-rows.js";

/**
 * Deliveries that are in no list yet. More make a query slower, which reads them all; fewer make listing dearer: sorted by
 * webhook, many of a step share a page.
 */
const longestTail = 4_096;

/** So many at a time: a step takes some ten milliseconds, most of them spent on pages that many webhooks need. */
const stepSize = 2_048;

/**
 * Owns the lists of deliveries by organization and by webhook, which follow the deliveries at a distance: an entry made
 * with its delivery would be a random write for each; entries made in bulk are a few sorted ones. Whoever reads a list
 * reads the tail of the deliveries too, from {@link listedTo} on.
 */
export class ListIndex {
  readonly #deliveries: DeliveryTable;
  readonly #blocks: DeliveryBlocks;
  readonly #addToOrganizations: StatementSync;
  readonly #addToWebhooks: StatementSync;
  readonly #removeFromOrganizations: StatementSync;
  readonly #removeFromWebhooks: StatementSync;
  readonly #save: StatementSync;
  readonly #load: Query<readonly [number]>;
  readonly #firstId: Query<readonly [string | null]>;
  #listedTo = 0;
  /** The smallest id of the tail, as far as it was read. */
  #tail: { readonly readTo: number; readonly firstId: string } | undefined;

  constructor(database: Database, deliveries: DeliveryTable, blocks: DeliveryBlocks) {
    this.#deliveries = deliveries;
    this.#blocks = blocks;
    this.#addToOrganizations = database.prepare(
      `INSERT INTO deliveries_of_organization SELECT organization, id, number FROM deliveries
       WHERE number > ? AND number <= ? ORDER BY organization, id`,
    );
    this.#addToWebhooks = database.prepare(
      `INSERT INTO deliveries_of_webhook SELECT webhook, id, number FROM deliveries
       WHERE number > ? AND number <= ? ORDER BY webhook, id`,
    );
    this.#removeFromOrganizations = database.prepare(
      `DELETE FROM deliveries_of_organization WHERE (organization, id) IN
         (SELECT organization, id FROM deliveries WHERE ${finishedAmong})`,
    );
    this.#removeFromWebhooks = database.prepare(
      `DELETE FROM deliveries_of_webhook WHERE (webhook, id) IN
         (SELECT webhook, id FROM deliveries WHERE ${finishedAmong})`,
    );
    this.#save = database.prepare("UPDATE state SET listed_to = ?");
    this.#load = database.query("SELECT listed_to FROM state");
    this.#firstId = database.query("SELECT min(+id) FROM deliveries WHERE number > ? AND number <= ?");
    this.reload();
  }

  /** The last delivery that is in the lists. */
  get listedTo(): number {
    return this.#listedTo;
  }

  /** Takes the step of a failed transaction back. */
  reload(): void {
    this.#tail = undefined;
    this.#listedTo = this.#load.get()?.[0] ?? 0;
  }

  get isBehind(): boolean {
    return this.#deliveries.lastNumber - this.#listedTo > longestTail;
  }

  /** Whether no delivery of the tail has an id before this one. Each is read for that once. */
  isTailBehind(id: string): boolean {
    const { lastNumber } = this.#deliveries;
    let { readTo, firstId } = this.#tail ?? { readTo: this.#listedTo, firstId: afterAll };
    const [first] = readTo < lastNumber ? (this.#firstId.get(readTo, lastNumber) ?? []) : [];
    if (typeof first === "string" && first < firstId) firstId = first;
    readTo = lastNumber;
    this.#tail = { readTo, firstId };
    return firstId > id;
  }

  step(): void {
    this.#tail = undefined;
    const from = this.#listedTo;
    this.#listedTo = Math.min(from + stepSize, this.#deliveries.lastNumber);
    this.#addToOrganizations.run(from, this.#listedTo);
    this.#addToWebhooks.run(from, this.#listedTo);
    this.#blocks.add(from, this.#listedTo);
    this.#save.run(this.#listedTo);
  }

  /** Removes the finished ones among these deliveries, which must be there still. */
  remove(rows: OldRows): void {
    this.#removeFromOrganizations.run({ ...rows });
    this.#removeFromWebhooks.run({ ...rows });
  }
}
