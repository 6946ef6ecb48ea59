import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

/** Plain Node runs the sources: it strips the types, as it does for users of the plugin. */
const [program, plugin] = ["annotating-child.test.support.ts", "plugin.ts"].map((file) =>
  fileURLToPath(new URL(file, import.meta.url)),
);

export interface AnnotatingOptions {
  /** The URL of the webhook for TRAINING_DUE. */
  readonly trainer: string;
  /** Annotations that start a training. */
  readonly limit: number;
  /** Annotations in all. */
  readonly total: number;
}

/** A process with a database that annotates, and can be killed and started again. */
export class AnnotatingProgram {
  readonly #options: AnnotatingOptions;
  readonly #folder = mkdtempSync(join(tmpdir(), "hookwright-train-"));

  constructor(options: AnnotatingOptions) {
    this.#options = options;
    onTestFinished(() => rmSync(this.#folder, { recursive: true, force: true }));
  }

  /** Kills the process as soon as so many annotations were accepted; it takes no leave. */
  async killAfter(accepted: number): Promise<void> {
    await this.#run(`accepted ${accepted}`, "SIGKILL");
  }

  /** Lets it go on until everything is accepted and delivered. */
  async untilIdle(): Promise<void> {
    await this.#run("idle", "SIGTERM");
  }

  async #run(lastLine: string, signal: NodeJS.Signals): Promise<void> {
    const { trainer, limit, total } = this.#options;
    const file = join(this.#folder, "hooks.db");
    const args = [program ?? "", JSON.stringify({ plugin, file, trainer, limit, total })];
    const child: ChildProcess = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    const ended = once(child, "exit");
    onTestFinished(() => void child.kill("SIGKILL"));
    if (child.stdout === null) throw new TypeError("the program has an output");
    for await (const line of createInterface(child.stdout)) {
      if (line !== lastLine) continue;
      child.kill(signal);
      await ended;
      return;
    }
    throw new Error(`The program ended without saying ${lastLine}.`);
  }
}
