import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

/** The compiled file: a child is plain Node. */
const program = fileURLToPath(new URL("../dist/store-program-child.test.support.js", import.meta.url));

/** A process of its own that has a store; killed when the test is over. */
export class StoreProgram {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  private constructor(child: ChildProcess, lines: AsyncIterator<string>) {
    this.#child = child;
    this.#lines = lines;
  }

  /** `through` is a command that starts it, with less rights or room than this process has. */
  static start(task: "open" | "hold" | "fill", file: string, through: readonly string[] = []): StoreProgram {
    const [command = process.execPath, ...args] = [...through, process.execPath, program, task, file];
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
    const started = new StoreProgram(child, createInterface(child.stdout)[Symbol.asyncIterator]());
    onTestFinished(() => started.kill());
    return started;
  }

  /** What it says next; `undefined` once it has ended. */
  async nextLine(): Promise<string | undefined> {
    const { done, value } = await this.#lines.next();
    return done ? undefined : value;
  }

  /** Ends it without a word, as the kernel would. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill("SIGKILL");
    await once(this.#child, "exit");
  }
}
