import { expect, test } from "vitest";
import { SteppedClock } from "../foundation/stepped-clock.test.support.js";
import { Hub } from "./hub.js";
import { type Logger, silentLogger } from "./logger.js";
import { StoreHealth } from "./store-health.js";

test("a store that fails for long is one line a minute, and one when it works again", () => {
  const clock = new SteppedClock();
  const lines: string[] = [];
  const logger: Logger = {
    ...silentLogger,
    info: (message) => void lines.push(message),
    error: (message, fields) => void lines.push(`${message} (${fields?.["times"]})`),
  };
  const health = new StoreHealth({ clock, logger, hub: new Hub() });
  const failure = new Error("full");
  for (let second = 0; second <= 60; second += 1) {
    health.failed("settle", failure);
    clock.advance(1_000);
  }
  expect(health.failure).toEqual({ error: failure });
  health.worked();
  health.worked();
  expect(health.failure).toBeUndefined();
  expect(lines).toEqual([
    "The store failed during settle; it is tried again (1)",
    "The store failed during settle; it is tried again (60)",
    "The store works again",
  ]);
});

test("what a caller was told of is not told again", () => {
  const lines: string[] = [];
  const logger: Logger = { ...silentLogger, info: (message) => void lines.push(message) };
  const health = new StoreHealth({ clock: new SteppedClock(), logger, hub: new Hub() });
  health.noted(new Error("full"));
  expect(health.failure).toBeDefined();
  health.worked();
  expect(lines).toEqual([]);
});
