import { HookwrightError, type LogFields, type Logger, silentLogger } from "@hookwright/core";
import { ManualClock } from "@hookwright/testing";
import { expect, test } from "vitest";
import { answerOf } from "./error-envelope.js";
import { ErrorLog } from "./error-log.js";

interface Line {
  readonly level: string;
  readonly times: unknown;
}

function scene() {
  const lines: Line[] = [];
  const keep =
    (level: string) =>
    (_: string, fields?: LogFields): void =>
      void lines.push({ level, times: fields?.["times"] });
  const logger: Logger = { ...silentLogger, debug: keep("debug"), info: keep("info"), error: keep("error") };
  const clock = new ManualClock();
  const log = new ErrorLog(logger, clock);
  const write = (error: unknown): void => log.write(answerOf(error, "id"), error);
  return { lines, clock, write, at: (level: string) => lines.filter((line) => line.level === level) };
}

test("a full disk is one line a minute, however many are refused", () => {
  const { clock, write, at } = scene();
  const full = new HookwrightError("storage_full", "full");
  for (let count = 0; count < 5_000; count += 1) write(full);
  expect(at("error")).toEqual([{ level: "error", times: undefined }]);
  clock.advance(60_000);
  write(full);
  expect(at("error")).toEqual([
    { level: "error", times: undefined },
    { level: "error", times: 5_000 },
  ]);
});

test("one lasting fault does not hide another, and a bug is told each time", () => {
  const { write, at } = scene();
  write(new HookwrightError("storage_full", "full"));
  write(new HookwrightError("overloaded", "busy"));
  for (let count = 0; count < 3; count += 1) write(new TypeError("a bug"));
  expect(at("error")).toHaveLength(5);
});
