import type { StatementSync } from "node:sqlite";
import type { Database, Query } from "../database/database.js";
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
  readonly #addToOrganizations: StatementSync;
  readonly #addToWebhooks: StatementSync;
  readonly #removeFromOrganizations: StatementSync;
  readonly #removeFromWebhooks: StatementSync;
  readonly #save: StatementSync;
  readonly #load: Query<readonly [number]>;
  #listedTo = 0;

  constructor(database: Database, deliveries: DeliveryTable) {
    this.#deliveries = deliveries;
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
    this.reload();
  }

  /** The last delivery that is in the lists. */
  get listedTo(): number {
    return this.#listedTo;
  }

  /** Takes the step of a failed transaction back. */
  reload(): void {
    this.#listedTo = this.#load.get()?.[0] ?? 0;
  }

  get isBehind(): boolean {
    return this.#deliveries.lastNumber - this.#listedTo > longestTail;
  }

  step(): void {
    const from = this.#listedTo;
    this.#listedTo = Math.min(from + stepSize, this.#deliveries.lastNumber);
    this.#addToOrganizations.run(from, this.#listedTo);
    this.#addToWebhooks.run(from, this.#listedTo);
    this.#save.run(this.#listedTo);
  }

  /** Removes the finished ones among these deliveries, which must be there still. */
  remove(rows: OldRows): void {
    this.#removeFromOrganizations.run({ ...rows });
    this.#removeFromWebhooks.run({ ...rows });
  }
}
