import { type ErrorCode, errorCodes } from "../foundation/error-codes.js";
import { HookwrightError, hasBrand, messageOf } from "../foundation/hookwright-error.js";

/** One thing that is wrong with a plugin, seen before any of its code ran. No text holds a configuration value. */
export interface BootProblem {
  readonly code: ErrorCode;
  /** `billing@1.0.0`. */
  readonly plugin: string;
  readonly expected: string;
  readonly found: string;
  /** What to do, as a sentence. */
  readonly fix: string;
}

const brand: unique symbol = Symbol.for("hookwright:boot-error") as never;

/** A person reads the first ones; programs read `problems`. */
const mostLines = 20;
const longestPart = 300;

/**
 * Everything that is wrong with the plugins of a start, or with one that is loaded into a running host, told at once. None
 * of their code has run. The message has a line for each problem, the first twenty of them; `problems` has all.
 *
 * @example
 * ```ts
 * import { BootError, createMemoryStore, createWebhooks, definePlugin } from "@hookwright/core";
 *
 * const reports = definePlugin({ name: "reports", version: "1.0.0", requires: { billing: "^2.0.0" } });
 * try {
 *   await createWebhooks({ store: createMemoryStore(), plugins: [reports] });
 * } catch (error) {
 *   if (!(error instanceof BootError)) throw error;
 *   for (const { code, plugin, expected, found, fix } of error.problems) console.log(code, plugin, expected, found, fix);
 * }
 * ```
 */
export class BootError extends HookwrightError {
  override readonly name: string = "BootError";
  readonly problems: readonly BootProblem[];

  /** `causes`: the errors behind the problems, where there were any. */
  constructor(problems: readonly BootProblem[], causes: readonly unknown[] = []) {
    const cause = causes.length > 1 ? new AggregateError(causes, `${causes.length} errors`) : causes[0];
    super("plugins_refused", messageFor(problems), { cause, details: { problems } });
    this.problems = problems;
    Object.defineProperty(this, brand, { value: true });
  }

  /** Two installed copies of this package recognise each other's errors. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return hasBrand(value, brand);
  }
}

/** What an error that came up while a plugin was checked tells of it. */
export function problemOf(error: unknown, plugin: string): BootProblem {
  const code = error instanceof HookwrightError ? error.code : "plugin_invalid";
  const details = error instanceof HookwrightError ? error.details : {};
  const text = (member: string): string | undefined =>
    typeof details[member] === "string" ? details[member] : undefined;
  return {
    code,
    plugin,
    expected: text("expected") ?? (code === "schema_invalid" ? "a schema that can be used" : "a usable definition"),
    found: text("found") ?? messageOf(error).replace(/\.$/, ""),
    fix: text("fix") ?? errorCodes[code].remedy,
  };
}

/** What was found, in few words; never asked about a configuration value. */
export function told(value: unknown): string {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "string") return JSON.stringify(value.slice(0, 80));
  if (typeof value === "number" || typeof value === "boolean" || value === null) return String(value);
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

function messageFor(problems: readonly BootProblem[]): string {
  const lines = problems.slice(0, mostLines).map(lineOf);
  if (problems.length <= 1) return lines.join("");
  const more = problems.length - lines.length;
  return [
    `The plugins have ${problems.length} problems:`,
    ...lines.map((line) => `- ${line}`),
    ...(more > 0 ? [`- and ${more} more`] : []),
  ].join("\n");
}

function lineOf({ code, plugin, expected, found, fix }: BootProblem): string {
  return `Plugin ${short(plugin)}: expected ${short(expected)}, found ${short(found)}. ${short(fix)} (${code})`;
}

/** On one line, whatever a plugin wrote into it. */
function short(text: string): string {
  const line = text.replace(/\s+/g, " ");
  return line.length <= longestPart ? line : `${line.slice(0, longestPart - 1)}…`;
}
