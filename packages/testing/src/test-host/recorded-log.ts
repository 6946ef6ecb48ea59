import type { LogFields, Logger, LogLevel } from "@hookwright/core";

/** One line of the log. */
export interface LogLine {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
}

/** Keeps every line, of every level. */
export class RecordedLog implements Logger {
  readonly #lines: LogLine[] = [];

  get lines(): readonly LogLine[] {
    return this.#lines;
  }

  isEnabled(): boolean {
    return true;
  }

  debug(message: string, fields: LogFields = {}): void {
    this.#lines.push({ level: "debug", message, fields });
  }

  info(message: string, fields: LogFields = {}): void {
    this.#lines.push({ level: "info", message, fields });
  }

  warn(message: string, fields: LogFields = {}): void {
    this.#lines.push({ level: "warn", message, fields });
  }

  error(message: string, fields: LogFields = {}): void {
    this.#lines.push({ level: "error", message, fields });
  }
}
