import { randomBytes } from "node:crypto";
import {
  chmodSync,
  closeSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";

/** The files of a data folder, as absolute paths. */
export interface DataFolder {
  readonly path: string;
  readonly database: string;
  readonly token: string;
  /** Holds what stored secrets are sealed with, unless HOOKWRIGHT_SECRET_KEY does. */
  readonly secretKey: string;
  /** Where the running service listens to commands on this machine. */
  readonly socket: string;
}

/** Where HOOKWRIGHT_DATA points unless it is set, from the working directory. */
export const defaultFolder = "./data";

/** Names the files of a data folder; touches nothing. */
export function dataFolder(folder: string): DataFolder {
  const path = resolve(folder);
  return {
    path,
    database: join(path, "hookwright.db"),
    token: join(path, "token"),
    secretKey: join(path, "secret-key"),
    socket: join(path, "service.sock"),
  };
}

/** The text of a small file, or `undefined` when it is not there. */
export function readSmallFile(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").trim();
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

/**
 * Writes a secret for its owner only (0600), at once: a reader sees the old text or the new one, never half of it. It is on
 * the disk when this returns.
 */
export function writeSecretFile(path: string, secret: string): void {
  const draft = `${path}.${randomBytes(draftBytes).toString("hex")}`;
  try {
    writeFileSync(draft, `${secret}\n`, { mode: 0o600, flag: "wx", flush: true });
    // The mode above is narrowed by the umask, never widened; this keeps 0600 under any.
    chmodSync(draft, 0o600);
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
  syncFolder(dirname(path));
}

/** In the name of a draft, so that no other file is taken for one. */
const draftBytes = 6;

const draftName = /^(?:token|secret-key)\.[0-9a-f]{12}$/;

/** Removes what a crash left of secrets that were being written. Only who holds the database's lock may call it: another one's draft is no rest. */
export function removeSecretDrafts({ path }: DataFolder): void {
  for (const name of readdirSync(path)) if (draftName.test(name)) rmSync(join(path, name), { force: true });
}

/** What to do about a file or folder that is there and open to others than its owner; `undefined` where it is not. */
export function openToOthers(path: string, rights: string): string | undefined {
  // Windows has no such rights; Node makes them up there.
  if (process.platform === "win32") return undefined;
  const mode = (statSync(path, { throwIfNoEntry: false })?.mode ?? 0) & 0o777;
  return (mode & 0o077) === 0 ? undefined : `${path} is open to others (${mode.toString(8)}): chmod ${rights} it.`;
}

/** A rename is lost with the power until its folder is written. */
function syncFolder(path: string): void {
  // Windows opens no folder, and writes renames through by itself.
  if (process.platform === "win32") return;
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
