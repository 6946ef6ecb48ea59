import { Writable } from "node:stream";
import { expect, test } from "vitest";
import { createLogger, type LoggerOptions } from "./logger.js";

test("a line of JSON has level, time, message and fields", () => {
  const log = lines({ format: "json" });
  log.logger.info("Webhook saved", { webhook: 7 });
  const [line = ""] = log.written;
  expect(JSON.parse(line)).toEqual({ level: "info", time: expect.any(String), msg: "Webhook saved", webhook: 7 });
});

test("an error is shown with its code, its stack and the stacks of its causes", () => {
  const log = lines({ format: "json" });
  const cause = Object.assign(new Error("connect refused"), { code: "ECONNREFUSED" });
  const error = new Error("delivery failed", { cause: new AggregateError([cause], "both addresses failed") });
  log.logger.error("Webhook 1 failed", { error });
  const { error: shown } = JSON.parse(log.written[0] ?? "");
  expect(shown).toMatchObject({ type: "Error", message: "delivery failed" });
  expect(shown.stack).toMatch(/^Error: delivery failed\n {4}at /);
  expect(shown.stack).toContain("\ncaused by: AggregateError: both addresses failed");
  expect(shown.stack).toContain("\ncaused by: Error: connect refused");
});

test("what libraries hang on an error is not written", () => {
  const log = lines({ format: "json" });
  const error = Object.assign(new Error("failed"), { request: { headers: { authorization: "hunter2" } } });
  log.logger.error("failed", { error });
  expect(log.written.join("")).not.toContain("hunter2");
});

test("a chain of causes that bites its own tail comes to an end", () => {
  const log = lines({ format: "json" });
  const error = new Error("round");
  error.cause = error;
  log.logger.error("failed", { error });
  expect(log.written).toHaveLength(1);
});

test("what was thrown without being an error is shown too", () => {
  const log = lines({ format: "json" });
  log.logger.error("failed", { error: "no" });
  expect(JSON.parse(log.written[0] ?? "").error).toEqual({ type: "string", message: "no" });
});

test("lines below the level are not written, and nobody needs to make them", () => {
  const log = lines({ format: "json", level: "warn" });
  log.logger.debug("debug");
  log.logger.info("info");
  log.logger.warn("warn");
  expect(log.written).toHaveLength(1);
  expect(log.logger.isEnabled("info")).toBe(false);
  expect(log.logger.isEnabled("warn")).toBe(true);
});

test("the pretty format is for people: level, message, and a stack on lines of its own", () => {
  const log = lines({ format: "pretty" });
  log.logger.error("Webhook 1 failed", { error: new Error("connect refused"), webhook: 1 });
  const text = log.written.join("");
  expect(text).toContain("ERROR: Webhook 1 failed");
  expect(text).toMatch(/\n\s+at /);
  expect(text).not.toContain("\u001b");
});

test.each(["json", "pretty"] as const)(
  "nothing that a terminal would obey is written as %s, whatever a receiver said",
  (format) => {
    const log = lines({ format });
    const text = "a\u001b[2J\u009b31m\u007f\b\r\u202eb \\u001b";
    log.logger.error(text, { text, error: new Error(text) });
    const [line = ""] = log.written;
    expect(line.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\u202e]/u);
    expect(line).toContain("b \\");
    if (format === "json") expect(JSON.parse(line)).toMatchObject({ msg: text, text });
  },
);

function lines(options: Partial<LoggerOptions>) {
  const written: string[] = [];
  const destination = new Writable({
    write: (chunk, _, done) => {
      written.push(String(chunk));
      done();
    },
  });
  return { written, logger: createLogger({ level: "debug", format: "json", colors: false, destination, ...options }) };
}
