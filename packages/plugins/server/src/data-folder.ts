import { randomBytes } from "node:crypto";
import { chmodSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

/** The files of a data folder, as absolute paths. */
export interface DataFolder {
  readonly path: string;
  readonly database: string;
  readonly token: string;
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

/** Writes a secret for its owner only (0600), at once: a reader sees the old text or the new one, never half of it. */
export function writeSecretFile(path: string, secret: string): void {
  const draft = `${path}.${randomBytes(6).toString("hex")}`;
  writeFileSync(draft, `${secret}\n`, { mode: 0o600, flag: "wx", flush: true });
  // The mode above is narrowed by the umask, never widened; this keeps 0600 under any.
  chmodSync(draft, 0o600);
  renameSync(draft, path);
}
