import type { ErrorCode } from "@hookwright/core";

/** An error on its way between the two threads: the other side makes the HookwrightError. */
export interface DatabaseFailure {
  readonly code: Extract<ErrorCode, "storage_full" | "storage_failed" | "storage_foreign">;
  readonly message: string;
  readonly cause?: unknown;
}

/** What stops the work with a database, said for the person who named the file. */
export class CannotOpen extends Error {
  readonly code: DatabaseFailure["code"];

  constructor(code: DatabaseFailure["code"], message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

const full = 13;
const notADatabase = 26;

const held = "Another program holds it: end that, or wait until it lets go.";
const damaged =
  "It is damaged: stop this process, keep a copy of the file and of the -wal file beside it, and restore a backup, or save what can still be read with `sqlite3 FILE .recover`.";

/** What to do, by SQLite's primary result code. */
const advice: Readonly<Record<number, string>> = {
  5: held,
  6: held,
  8: "Give the user of this process the right to write the file and its folder.",
  10: "The system refused to read or write it: look for the disk's errors and for limits on the size of files.",
  11: damaged,
  14: "Look whether its folder is there, and whether the user of this process may open files in it.",
  19: "Every message and every delivery needs an id that was never stored.",
  26: damaged,
};

/** Primary result codes that the database itself is the reason for: whoever asks next will hear the same. */
const environmental = new Set([5, 6, 7, 8, 10, 11, full, 14, 15, notADatabase]);

/** Whether every call of a group would fail as this one did, so that trying them one by one is of no use. */
export function failsEveryCall(error: unknown): boolean {
  const code = resultCode(error);
  return error instanceof CannotOpen || (code !== undefined && environmental.has(code));
}

export function isNotADatabase(error: unknown): boolean {
  return resultCode(error) === notADatabase;
}

export function failureOf(error: unknown, file: string): DatabaseFailure {
  if (error instanceof CannotOpen) return { code: error.code, message: error.message, cause: error.cause };
  if (resultCode(error) === full) {
    const message = `The disk or the size limit of the database ${file} is full: nothing of this call was stored. Make room and call again.`;
    return { code: "storage_full", message, cause: error };
  }
  return { code: "storage_failed", message: `The database ${file} failed: ${withAdvice(error)}`, cause: error };
}

/** What SQLite or the system says, and what can be done about it. */
export function withAdvice(error: unknown): string {
  const what = advice[resultCode(error) ?? 0];
  return what === undefined ? `${textOf(error)}.` : `${textOf(error)}. ${what}`;
}

export function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = resultCode(error);
  return code === undefined ? error.message : `${error.message} (SQLite result ${code})`;
}

/** SQLite's primary result code: the low byte, without what its extended codes add. */
function resultCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("errcode" in error) || typeof error.errcode !== "number") return undefined;
  return error.errcode & 0xff;
}
