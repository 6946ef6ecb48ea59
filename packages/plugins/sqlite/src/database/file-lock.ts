import { rmSync } from "node:fs";
import { basename, dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { CannotOpen, textOf } from "./database-failure.js";

/**
 * Owns the right to use a database file alone: an exclusive lock on an empty file beside it, which the kernel frees with
 * the process. The database itself stays unlocked, so that a backup or the sqlite3 shell can read it while it is in use.
 */
export class FileLock {
  readonly #path: string;
  readonly #connection: DatabaseSync;

  private constructor(path: string, connection: DatabaseSync) {
    this.#path = path;
    this.#connection = connection;
  }

  /** @throws CannotOpen when another process, or another store of this one, has the file. */
  static take(file: string): FileLock {
    const path = `${file}.lock`;
    const connection = new DatabaseSync(path, { timeout: 0 });
    try {
      // An exclusive transaction that never writes leaves the file empty and needs no journal beside it.
      connection.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
    } catch (error) {
      connection.close();
      throw inUse(file, error);
    }
    return new FileLock(path, connection);
  }

  release(): void {
    this.#connection.close();
  }

  /** For a file that is not ours to use: nothing of ours stays beside it. */
  releaseAndRemove(): void {
    rmSync(this.#path, { force: true });
    this.release();
  }
}

function inUse(file: string, error: unknown): CannotOpen {
  return new CannotOpen(
    "storage_failed",
    `The database ${basename(file)} in folder ${dirname(file)} is in use by another process, or by another store of this one: ` +
      `only one at a time may have it (${textOf(error)}). Stop the other one, or name another folder.`,
    error,
  );
}
