import type { Command } from "commander";
import { UsageError } from "./command-io.js";

/** The option that every command has. */
export interface JsonOption {
  readonly json?: true;
}

/** Adds `--json`, and the examples that its help ends with. */
export function finish(command: Command, ...examples: readonly string[]): Command {
  return command
    .option("--json", "print the answer as JSON")
    .addHelpText("after", `\nExample:\n${examples.map((example) => `  $ hookwright ${example}`).join("\n")}`);
}

/** An option that may be given several times. */
export function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

/** A positive whole number: an id, a count. @throws UsageError */
export function positive(text: string, name: string): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : 0;
  if (value > 0) return value;
  throw new UsageError(`${name} must be a positive whole number, found ${JSON.stringify(text.slice(0, 100))}.`);
}
