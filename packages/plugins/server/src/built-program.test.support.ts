import { execFile } from "node:child_process";
import { mkdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

export const repository = fileURLToPath(new URL("../../../../", import.meta.url));

/** The program as a user starts it. */
export const program = join(repository, "packages/plugins/server/dist/main.js");

/** Longer than any build takes: a lock of this age is a killed test run's. */
const oldest = 120_000;

/**
 * Builds the program that the tests start; takes a moment when nothing changed. Test files run side by side, and two
 * compilers at once would write over each other, so they take turns.
 */
export async function buildProgram(): Promise<void> {
  const lock = join(repository, "node_modules/.building");
  while (!take(lock)) await wait(50);
  try {
    await promisify(execFile)("node_modules/.bin/tsc", ["-b", "packages/plugins/server"], { cwd: repository });
  } catch (error) {
    throw new Error(`The program does not build: ${Object(error).stdout}`);
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

function take(lock: string): boolean {
  const taken = statSync(lock, { throwIfNoEntry: false });
  if (taken !== undefined && Date.now() - taken.mtimeMs > oldest) rmSync(lock, { recursive: true, force: true });
  try {
    mkdirSync(lock);
    return true;
  } catch {
    return false;
  }
}
