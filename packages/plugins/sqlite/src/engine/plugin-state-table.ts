import type { StatementSync } from "node:sqlite";
import type { StateChange, StateEntry, StateOwner } from "@hookwright/core";
import type { Database, Query } from "../database/database.js";

/** Owns what plugins remember. */
export class PluginStateTable {
  readonly #read: Query<readonly [value: string, version: number]>;
  readonly #version: Query<readonly [version: number]>;
  readonly #write: StatementSync;
  readonly #remove: StatementSync;

  constructor(database: Database) {
    const of = "FROM plugin_state WHERE organization = ? AND plugin = ? AND key = ?";
    this.#read = database.query(`SELECT value, version ${of}`);
    this.#version = database.query(`SELECT version ${of}`);
    this.#write = database.prepare(
      "INSERT OR REPLACE INTO plugin_state (organization, plugin, key, value) VALUES (?, ?, ?, ?)",
    );
    this.#remove = database.prepare(`DELETE ${of}`);
  }

  read({ organization, plugin }: StateOwner, keys: readonly string[]): readonly StateEntry[] {
    return keys.map((key) => {
      const row = this.#read.get(organization, plugin, key);
      return { key, value: row?.[0] ?? null, version: row?.[1] ?? 0 };
    });
  }

  /** Whether every key has the version that is expected of it. */
  isAsExpected({ organization, plugin }: StateOwner, changes: readonly StateChange[]): boolean {
    return changes.every(
      ({ key, expected }) =>
        expected === undefined || (this.#version.get(organization, plugin, key)?.[0] ?? 0) === expected,
    );
  }

  apply({ organization, plugin }: StateOwner, changes: readonly StateChange[]): void {
    for (const { key, value } of changes) {
      if (value === null) this.#remove.run(organization, plugin, key);
      else if (value !== undefined) this.#write.run(organization, plugin, key, value);
    }
  }

  /** Makes all changes, or none; which. */
  compareAndSet(owner: StateOwner, changes: readonly StateChange[]): boolean {
    const isFit = this.isAsExpected(owner, changes);
    if (isFit) this.apply(owner, changes);
    return isFit;
  }
}
