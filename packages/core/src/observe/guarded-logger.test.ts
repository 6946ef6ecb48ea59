import { expect, test } from "vitest";
import { runAs } from "./blame.js";
import { guardedLogger } from "./guarded-logger.js";
import type { Logger } from "./logger.js";

test("passes every line on, with its level and fields, to the logger's own methods", () => {
  class Recording implements Logger {
    readonly lines: unknown[] = [];
    isEnabled(level: string): boolean {
      return level !== "debug";
    }
    debug = (...line: unknown[]): void => void this.lines.push(["debug", ...line]);
    info(...line: unknown[]): void {
      this.lines.push(["info", ...line]);
    }
    warn(...line: unknown[]): void {
      this.lines.push(["warn", ...line]);
    }
    error(...line: unknown[]): void {
      this.lines.push(["error", ...line]);
    }
  }
  const recording = new Recording();
  const logger = guardedLogger(recording);
  logger.debug("a", { a: 1 });
  logger.info("b", { b: 1 });
  logger.warn("c", { c: 1 });
  logger.error("d", { d: 1 });
  expect(recording.lines).toEqual([
    ["debug", "a", { a: 1 }],
    ["info", "b", { b: 1 }],
    ["warn", "c", { c: 1 }],
    ["error", "d", { d: 1 }],
  ]);
  expect([logger.isEnabled("debug"), logger.isEnabled("info")]).toEqual([false, true]);
});

test("a logger that throws breaks nothing, and is not asked for costly lines", () => {
  const fail = (): never => {
    throw new Error("disk full");
  };
  const logger = guardedLogger({ isEnabled: fail, debug: fail, info: fail, warn: fail, error: fail });
  expect(logger.isEnabled("error")).toBe(false);
  for (const level of ["debug", "info", "warn", "error"] as const) expect(() => logger[level]("a")).not.toThrow();
});

test("a line out of a plugin's code carries the plugin's name, unless it names one itself", async () => {
  const lines: unknown[] = [];
  const keep = (message: string, fields?: unknown): void => void lines.push([message, fields]);
  const logger = guardedLogger({ isEnabled: () => true, debug: keep, info: keep, warn: keep, error: keep });
  logger.info("core");
  await runAs("billing", async () => {
    logger.info("now");
    await Promise.resolve();
    logger.warn("later", { webhook: 1 });
    logger.error("of another", { plugin: "other" });
  });
  expect(lines).toEqual([
    ["core", undefined],
    ["now", { plugin: "billing" }],
    ["later", { webhook: 1, plugin: "billing" }],
    ["of another", { plugin: "other" }],
  ]);
});
