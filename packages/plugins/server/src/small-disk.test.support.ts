import { spawn, spawnSync } from "node:child_process";
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

const mounting = (folder: string, size: string): string =>
  `mount -t tmpfs -o size=${size},mode=0700 none "${folder}" && echo mounted && cat`;

function unshared(script: string): readonly string[] {
  return ["--map-root-user", "--mount", "sh", "-c", script];
}

/** Whether this machine lets its users mount; containers often do not. */
export function canMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), "hookwright-disk-"));
  const { status } = spawnSync("unshare", [...unshared(mounting(folder, "1m"))], { input: "" });
  rmSync(folder, { recursive: true, force: true });
  return status === 0;
}

/**
 * A real file system of a few megabytes that can be filled up and freed. It is mounted in a namespace of its own, so that it
 * needs no rights and goes with the process that keeps it.
 */
export class SmallDisk {
  /** A folder on it, for those in its namespace. */
  readonly folder: string;
  /** Runs a command in its namespace. */
  readonly under: readonly string[];
  /** The same folder, for those outside. */
  readonly #outside: string;

  private constructor(folder: string, keeper: string) {
    this.folder = folder;
    this.under = ["nsenter", "--target", keeper, "--user", "--mount", "--preserve-credentials"];
    this.#outside = join(`/proc/${keeper}/root`, folder);
  }

  /** @param size - as `mount` has it: `8m` */
  static async mount(size: string): Promise<SmallDisk> {
    const place = mkdtempSync(join(tmpdir(), "hookwright-disk-"));
    const keeper = spawn("unshare", [...unshared(mounting(place, size))], { stdio: ["pipe", "pipe", "inherit"] });
    onTestFinished(() => {
      keeper.kill("SIGKILL");
      rmSync(place, { recursive: true, force: true });
    });
    await new Promise<void>((resolve, reject) => {
      keeper.stdout?.once("data", () => resolve());
      keeper.once("exit", (code) => reject(new Error(`mounting ended with ${code}`)));
    });
    const disk = new SmallDisk(join(place, "data"), String(keeper.pid));
    mkdirSync(disk.#outside, { mode: 0o700 });
    return disk;
  }

  /** Takes all the room that is left. */
  fill(): void {
    const file = openSync(join(this.#outside, "filler"), "a");
    try {
      for (const size of [65_536, 4_096, 1]) while (wrote(file, size));
    } finally {
      closeSync(file);
    }
  }

  free(): void {
    rmSync(join(this.#outside, "filler"), { force: true });
  }
}

function wrote(file: number, size: number): boolean {
  try {
    return writeSync(file, Buffer.alloc(size, 1)) === size;
  } catch {
    return false;
  }
}
