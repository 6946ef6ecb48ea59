import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

/** The compiled files: a child is plain Node. */
const programs = {
  store: fileURLToPath(new URL("../dist/store-program-child.test.support.js", import.meta.url)),
  handlers: fileURLToPath(new URL("../dist/handler-program-child.test.support.js", import.meta.url)),
};

/** A process of its own that has a store; killed when the test is over. */
export class StoreProgram {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  private constructor(child: ChildProcess, lines: AsyncIterator<string>) {
    this.#child = child;
    this.#lines = lines;
  }

  static start(task: "open" | "hold" | "load", file: string): StoreProgram {
    return StoreProgram.#start("store", task, file);
  }

  /** A host with durable handlers; `task` is the point at which it halts. */
  static startHandlers(task: string, file: string): StoreProgram {
    return StoreProgram.#start("handlers", task, file);
  }

  static #start(program: keyof typeof programs, task: string, file: string): StoreProgram {
    const child = spawn(process.execPath, [programs[program], task, file], { stdio: ["ignore", "pipe", "inherit"] });
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
