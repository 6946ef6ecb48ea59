import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { onTestFinished } from "vitest";
import { program } from "./built-program.test.support.js";

/** Where a process is started, and with what. */
export interface World {
  /** A folder of the test's own, removed when it is over: working directory and place of the data folder. */
  readonly folder: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** A command that runs the program in its own place, and its arguments. */
  readonly under?: readonly string[];
}

/** What a process that ended left behind. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A folder of the test's own. */
export function world(environment: Readonly<Record<string, string>> = {}): World {
  const folder = mkdtempSync(join(tmpdir(), "hookwright-e2e-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return { folder, environment };
}

/** Runs the program until it ends by itself. */
export async function hookwright(of: World, args: readonly string[], input = ""): Promise<Ended> {
  const running = startProgram(of, args);
  // A command that ends without reading its input closes the pipe under the writer.
  running.child.stdin?.on("error", () => undefined).end(input);
  return running.ended;
}

/** Starts the program and leaves it running; it is killed when the test is over. */
export function startProgram({ folder, environment = {}, under = [] }: World, args: readonly string[]): Running {
  const [command = process.execPath, ...all] = [...under, process.execPath, program, ...args];
  return startProcess({ command, args: all, cwd: folder, environment });
}

/** A service that listens, and how to reach it. */
export interface RunningService {
  readonly process: Running;
  readonly url: string;
  readonly token: string;
  /** The world of commands that talk to it. */
  readonly world: World;
}

/** Starts the service on a free port, with loopback receivers allowed, and waits until it listens. */
export async function startService(of: World, ...args: readonly string[]): Promise<RunningService> {
  const environment: Record<string, string> = {
    HOOKWRIGHT_PORT: "0",
    HOOKWRIGHT_ALLOW_TARGETS: "loopback",
    LOG_LEVEL: "debug",
    ...of.environment,
  };
  const running = startProgram({ ...of, environment }, ["start", "--json", ...args]);
  const { url, token_file } = JSON.parse(await running.line(/^\{/));
  const token = token_file === null ? (environment["HOOKWRIGHT_TOKEN"] ?? "") : readFileSync(token_file, "utf8").trim();
  return { process: running, url, token, world: { ...of, environment: { ...environment, HOOKWRIGHT_URL: url } } };
}

/** A child process with its output, line by line. */
export class Running {
  readonly child: ChildProcess;
  readonly #lines: string[] = [];
  readonly #waiting = new Set<() => void>();
  readonly #ended: Promise<Ended>;
  #over = false;
  #stderr = "";

  constructor(child: ChildProcess) {
    this.child = child;
    child.stderr?.on("data", (piece) => {
      this.#stderr += String(piece);
      this.#changed();
    });
    if (child.stdout !== null)
      createInterface({ input: child.stdout }).on("line", (line) => {
        this.#lines.push(line);
        this.#changed();
      });
    this.#ended = new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code, signal) => {
        this.#over = true;
        this.#changed();
        resolve({ code, signal, stdout: this.stdout, stderr: this.#stderr });
      });
    });
  }

  get stdout(): string {
    return this.#lines.map((line) => `${line}\n`).join("");
  }

  get stderr(): string {
    return this.#stderr;
  }

  get ended(): Promise<Ended> {
    return this.#ended;
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Whether the process or anything that it started is still there. */
  get leftBehind(): boolean {
    return this.#signalGroup(0);
  }

  killGroup(): void {
    this.#signalGroup("SIGKILL");
  }

  /** The first line of standard output that fits, also one that came before. Fails when the process ends without it. */
  line(pattern: RegExp): Promise<string> {
    return this.#until(
      () => this.#lines.find((line) => pattern.test(line)),
      `a line like ${pattern} on standard output`,
    );
  }

  /** The first match in standard error. Fails when the process ends without it. */
  told(pattern: RegExp): Promise<string> {
    return this.#until(() => pattern.exec(this.#stderr)?.[0], `${pattern} on standard error`);
  }

  #signalGroup(signal: NodeJS.Signals | 0): boolean {
    if (this.child.pid === undefined) return false;
    try {
      return process.kill(-this.child.pid, signal);
    } catch {
      return false;
    }
  }

  async #until(find: () => string | undefined, what: string): Promise<string> {
    for (;;) {
      const found = find();
      if (found !== undefined) return found;
      if (this.#over) throw new Error(`the process ended without ${what}:\n${this.stdout}${this.#stderr}`);
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  #changed(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}

/** A process to start. */
export interface Start {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** Nothing of the environment in which the tests run reaches the process but what it needs to run at all. */
export function startProcess({ command, args, cwd, environment = {} }: Start): Running {
  const child = spawn(command, args, {
    cwd,
    env: { PATH: process.env["PATH"], HOME: process.env["HOME"], ...environment },
    stdio: ["pipe", "pipe", "pipe"],
    // A process group of its own: whether it left a process behind can be asked, and nothing outlives the test.
    detached: true,
  });
  const running = new Running(child);
  onTestFinished(() => {
    running.killGroup();
    return running.ended.then(() => undefined);
  });
  return running;
}

/** Asks again and again until the answer is there: for states that nothing announces. The test's own timeout is the end. */
export async function eventually<Value>(ask: () => Promise<Value | undefined> | Value | undefined): Promise<Value> {
  for (;;) {
    const value = await ask();
    if (value !== undefined) return value;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
