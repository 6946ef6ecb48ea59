import { closeSync, existsSync, mkdirSync, openSync, readSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Database } from "./database.js";
import { CannotOpen, isNotADatabase, withAdvice } from "./database-failure.js";
import { FileLock } from "./file-lock.js";
import { FilePlace } from "./file-place.js";
import { applicationId, type Migration, migrate } from "./migrations.js";

export interface DatabaseOptions {
  /** Absolute path. */
  readonly file: string;
  /** The size that the file may grow to. */
  readonly maxBytes: number | undefined;
  readonly migrations: readonly Migration[];
}

/** A database that is ours alone, with the newest schema. */
export interface OpenedDatabase {
  readonly database: Database;
  close(): void;
}

/** Creates what is missing, takes the lock, and refuses what is not ours before SQLite touches it. */
export function openDatabase(options: DatabaseOptions): OpenedDatabase {
  const lock = atPath(options.file, () => {
    createPrivately(options.file);
    return FileLock.take(options.file);
  });
  try {
    const connection = atPath(options.file, () => connect(options));
    return {
      database: new Database(connection, new FilePlace(options.file)),
      close: () => {
        connection.close();
        lock.release();
      },
    };
  } catch (error) {
    if (error instanceof CannotOpen && error.code === "storage_foreign") lock.releaseAndRemove();
    else lock.release();
    throw error;
  }
}

/** Only what is made here gets its rights here: a folder or a file that exists keeps its owner's. */
function createPrivately(file: string): void {
  createFolder(dirname(file));
  // SQLite gives its -wal and -shm files the rights of this one.
  for (const path of [file, `${file}.lock`]) createFile(path);
}

/** Not with `recursive`: Node 24 tries for ever where the system refuses a folder, as in /proc. */
function createFolder(folder: string): void {
  if (existsSync(folder)) return;
  createFolder(dirname(folder));
  mkdirSync(folder, { mode: 0o700 });
}

/** Opens nothing that exists: closing it again would free the locks that another store of this process has on it. */
function createFile(path: string): void {
  try {
    closeSync(openSync(path, "wx", 0o600));
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  }
}

function connect({ file, maxBytes, migrations }: DatabaseOptions): DatabaseSync {
  const isNew = checkHeader(file);
  const connection = new DatabaseSync(file, { timeout: waitForOthers });
  try {
    // Written before WAL is on, and so into the file itself: the header tells who owns it, also after a crash.
    if (isNew) connection.exec(`PRAGMA application_id = ${applicationId}`);
    connection.exec(settings);
    if (maxBytes !== undefined)
      connection.exec(`PRAGMA max_page_count = ${Math.max(1, Math.floor(maxBytes / pageSize))}`);
    migrate(connection, file, migrations);
  } catch (error) {
    connection.close();
    throw error;
  }
  return connection;
}

/** SQLite's default. */
const pageSize = 4_096;

/** A backup or a shell may hold the file for a moment. */
const waitForOthers = 5_000;

const settings = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  PRAGMA trusted_schema = OFF;
  PRAGMA temp_store = MEMORY;
  -- 8 MiB: the ends of all tables and the upper pages of the lists stay in memory; more is not felt (measured).
  PRAGMA cache_size = -8192;
  -- 8 MiB of log: a page that many transactions change is copied into the database once, and copying stalls for some 10 ms.
  PRAGMA wal_autocheckpoint = 2048;
  PRAGMA journal_size_limit = 67108864;
`;

const headerLength = 100;
const applicationIdAt = 68;

/**
 * Whether the file is empty. Reads the header without SQLite, which might replay another program's journal.
 * Safe only under the lock: closing a file frees all of this process's locks on it.
 */
function checkHeader(file: string): boolean {
  const header = Buffer.alloc(headerLength);
  const descriptor = openSync(file, "r");
  const length = readSync(descriptor, header, 0, headerLength, 0);
  closeSync(descriptor);
  if (length === 0) return true;
  if (length < headerLength || header.toString("latin1", 0, 15) !== "SQLite format 3") throw noDatabase(file);
  if (header.readInt32BE(applicationIdAt) !== applicationId) {
    throw new CannotOpen("storage_foreign", `The SQLite file ${file} belongs to another program: name another file.`);
  }
  return false;
}

function noDatabase(file: string, cause?: unknown): CannotOpen {
  return new CannotOpen(
    "storage_foreign",
    `The file ${file} is no SQLite database: name another file, or restore a backup where it was one.`,
    cause,
  );
}

function atPath<Result>(file: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (error instanceof CannotOpen) throw error;
    if (isNotADatabase(error)) throw noDatabase(file, error);
    throw new CannotOpen("storage_failed", `The database ${file} cannot be opened: ${withAdvice(error)}`, error);
  }
}
