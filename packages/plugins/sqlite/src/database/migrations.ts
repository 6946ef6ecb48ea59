import { readdirSync, readFileSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { CannotOpen } from "./database-failure.js";

/** One step of the schema. Numbers count up from 1 without a gap. */
export interface Migration {
  readonly number: number;
  readonly sql: string;
}

/** "hook" in ASCII: what marks a SQLite file as ours (https://www.sqlite.org/pragma.html#pragma_application_id). */
export const applicationId = 0x686f6f6b;

// The SQL files stay where they were written: this path is right from the sources and from dist alike.
const folder = new URL("../../src/migrations/", import.meta.url);

export function readMigrations(): readonly Migration[] {
  const names = readdirSync(folder).filter((name) => name.endsWith(".sql"));
  return names
    .sort()
    .map((name) => ({ number: Number.parseInt(name, 10), sql: readFileSync(new URL(name, folder), "utf8") }));
}

/**
 * Brings the schema to the newest version: all missing steps in one transaction, each once.
 *
 * @throws CannotOpen `storage_foreign` when a newer program wrote the file.
 */
export function migrate(connection: DatabaseSync, file: string, migrations: readonly Migration[]): void {
  const newest = migrations.at(-1)?.number ?? 0;
  const version = schemaVersion(connection);
  if (version > newest) {
    throw new CannotOpen(
      "storage_foreign",
      `The database ${file} has schema version ${version}, this program knows versions up to ${newest}: run the version of Hookwright that wrote it, or name another file.`,
    );
  }
  if (version === newest) return;
  connection.exec("BEGIN IMMEDIATE");
  try {
    for (const { number, sql } of migrations) if (number > version) connection.exec(sql);
    connection.exec(`PRAGMA user_version = ${newest}; COMMIT`);
  } catch (error) {
    if (connection.isTransaction) connection.exec("ROLLBACK");
    throw error;
  }
}

function schemaVersion(connection: DatabaseSync): number {
  return Number(connection.prepare("PRAGMA user_version").get()?.["user_version"]);
}
