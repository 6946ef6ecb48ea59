import type { HandlerId, HandlerSettings } from "@hookwright/core";
import type { Database, Query } from "../database/database.js";

type HandlerRow = readonly [concurrency: number, ordered: number];

/** Owns which number belongs to which durable handler, and how each is to be run. */
export class HandlerTable {
  readonly #register: Query<readonly [HandlerId]>;
  readonly #byId: Query<HandlerRow>;

  constructor(database: Database) {
    this.#register = database.query(
      `INSERT INTO handlers (id, plugin, name, concurrency, ordered)
       VALUES ((SELECT coalesce(min(id), 0) - 1 FROM handlers), ?, ?, ?, ?)
       ON CONFLICT (plugin, name) DO UPDATE SET concurrency = excluded.concurrency, ordered = excluded.ordered
       RETURNING id`,
    );
    this.#byId = database.query("SELECT concurrency, ordered FROM handlers WHERE id = ?");
  }

  register({ plugin, handler, concurrency, ordered }: HandlerSettings): HandlerId {
    // All rows, though it is one: a statement that is left before its end keeps its transaction open.
    const [row] = this.#register.all(plugin, handler, concurrency, Number(ordered));
    if (row === undefined) throw new Error(`handler ${handler} of plugin ${plugin} got no number`);
    return row[0];
  }

  find(id: HandlerId): Pick<HandlerSettings, "concurrency" | "ordered"> | undefined {
    const row = this.#byId.get(id);
    return row === undefined ? undefined : { concurrency: row[0], ordered: row[1] === 1 };
  }
}
