import { statSync } from "node:fs";
import { CannotOpen } from "./database-failure.js";

/**
 * Knows whether the file that is open is still the one that the next process will find under its name. SQLite goes on
 * writing into a file that was deleted or replaced, and what is answered then is lost with the process.
 */
export class FilePlace {
  readonly #path: string;
  readonly #opened: string | undefined;

  constructor(path: string) {
    this.#path = path;
    this.#opened = identityOf(path);
  }

  /** @throws CannotOpen when another file or none stands there. */
  check(): void {
    const found = identityOf(this.#path);
    if (found === this.#opened) return;
    throw new CannotOpen(
      "storage_failed",
      `The database ${this.#path} was ${found === undefined ? "deleted" : "replaced"} while it was in use: nothing is stored any more. Stop this process, put the right file there with the -wal file that belongs to it, and start again.`,
    );
  }
}

/** Exact: the numbers of some file systems do not fit into a number. */
function identityOf(path: string): string | undefined {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found === undefined ? undefined : `${found.dev} ${found.ino}`;
}
