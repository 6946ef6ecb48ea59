/** What a command works with: the process around it, as far as commands may touch it. */
export interface CommandIo {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly stdin: AsyncIterable<Uint8Array>;
  /** Prints a text and a line's end to standard output: what the command answers. */
  print(text: string): void;
  /** Prints a text and a line's end to standard error: what a person should know beside it. */
  tell(text: string): void;
  /** Draws one line on standard error in place of the last that was drawn; an empty text clears it. Only where a person reads. */
  draw(text: string): void;
  /** Sets the exit code to 1: the command did its work, and the answer is bad news. */
  fail(): void;
  /** Whether a person reads standard error, where the log goes. */
  readonly terminal: boolean;
  /** Whether a person types what standard input gives. */
  readonly typed: boolean;
}

/** Ends a command with one line for the person and exit code 1. */
export class CommandError extends Error {
  override readonly name = "CommandError";
}

/** Ends a command with one line and exit code 2: it was called in a way that it does not understand. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** The process that Node runs, as commands see it. */
export function processIo(): CommandIo {
  // A reader that has seen enough (`| head -1`) closes the pipe; that is no fault of the command's.
  process.stdout.on("error", (error) => {
    if ("code" in error && error.code === "EPIPE") process.exit(0);
    throw error;
  });
  return {
    environment: process.env,
    stdin: process.stdin,
    print: (text) => void process.stdout.write(`${text}\n`),
    tell: (text) => void process.stderr.write(`${text}\n`),
    draw: (text) => void process.stderr.write(`\r\u001b[K${text}`),
    fail: () => {
      process.exitCode = 1;
    },
    terminal: process.stderr.isTTY === true,
    typed: process.stdin.isTTY === true,
  };
}

/** How a person calls this program here: in a clone of the repository through npm, elsewhere by its name. */
export function programName(environment: CommandIo["environment"]): string {
  return environment["HOOKWRIGHT_COMMAND"] ?? "hookwright";
}
