import { type LogFields, type Logger, type LogLevel, systemClock } from "@hookwright/core";
import { currentPlugin } from "@hookwright/core/internal";
import { pino } from "pino";
import { prettyFactory } from "pino-pretty";
import { harmlessJson } from "./command/json-text.js";
import { type LogSink, standardErrorSink } from "./log-sink.js";

/** How a log is written. */
export interface LoggerOptions {
  readonly level: LogLevel;
  readonly format: "pretty" | "json";
  /** Whether the pretty format may use colours. */
  readonly colors: boolean;
  /** Where lines go; the standard error of this process unless given. */
  readonly destination?: LogSink;
}

/**
 * Makes the service's log. It goes to standard error, so that standard output holds only what a command answers: the
 * addresses that `start` prints stay readable, and can be read by a program.
 */
export function createLogger({ level, format, colors, destination }: LoggerOptions): Logger {
  const prettyLine = prettyFactory({
    colorize: colors,
    translateTime: "SYS:yyyy-mm-dd HH:MM:ss.l",
    errorLikeObjectKeys: ["error"],
    singleLine: true,
  });
  // The formatter alone and not pino-pretty's stream: a stream would hold lines back.
  const shown = (line: string): string =>
    format === "json" ? harmlessJson(line) : String(prettyLine(withoutControls(line)));
  const sink = destination ?? standardErrorSink((lost) => shown(lossLine(lost)));
  const lines = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: describeError },
      // Whoever writes the line: it tells of what a plugin's code did.
      mixin: () => {
        const plugin = currentPlugin();
        return plugin === undefined ? {} : { plugin };
      },
      mixinMergeStrategy: (fields, mixed) => ({ ...mixed, ...fields }),
    },
    { write: (line) => sink.write(shown(line)) },
  );
  return {
    isEnabled: (asked) => lines.isLevelEnabled(asked),
    debug: (message, fields) => lines.debug(fields ?? {}, message),
    info: (message, fields) => lines.info(fields ?? {}, message),
    warn: (message, fields) => lines.warn(fields ?? {}, message),
    error: (message, fields) => lines.error(fields ?? {}, message),
  };
}

function lossLine(lost: number): string {
  const msg = `Nobody read the log: ${lost} lines were lost`;
  return `${JSON.stringify({ level: "warn", time: new Date(systemClock.now()).toISOString(), lost, msg })}\n`;
}

/**
 * A line for a terminal, before it is coloured: what receivers and plugins said must not move its cursor. Tab and line feed stay, which stacks
 * are made of.
 */
function withoutControls(jsonLine: string): string {
  return harmlessJson(jsonLine).replace(/\\(?:u(?:00[01789][0-9a-f]|20[0-9a-f]{2})|.)/g, (written) =>
    written.startsWith("\\u") || /^\\[bfr]$/.test(written) ? "\ufffd" : written,
  );
}

/** Enough for any chain that people read; a cause may name itself. */
const longestChain = 8;

/**
 * An error as a line shows it: kind, code, message, and the stack with those of its causes. Nothing else that hangs on an
 * error is written: libraries attach requests, and with them header values.
 */
function describeError(error: unknown): LogFields {
  if (!(error instanceof Error)) return { type: typeof error, message: String(error) };
  const code = "code" in error && typeof error.code === "string" ? { code: error.code } : {};
  return { type: error.name, ...code, message: error.message, stack: stacksOf(error).join("\ncaused by: ") };
}

function stacksOf(error: Error): readonly string[] {
  const stacks: string[] = [];
  const open: unknown[] = [error];
  for (let next = open.shift(); next !== undefined && stacks.length < longestChain; next = open.shift()) {
    if (!(next instanceof Error)) {
      stacks.push(String(next));
      continue;
    }
    stacks.push(next.stack ?? `${next.name}: ${next.message}`);
    if (next instanceof AggregateError) open.push(...next.errors);
    if (next.cause !== undefined) open.push(next.cause);
  }
  return stacks;
}
