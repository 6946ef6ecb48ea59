import { beforeEach, expect, test } from "vitest";
import { runAs } from "./blame.js";
import { Hub, type Notifications } from "./hub.js";
import { silentLogger } from "./logger.js";
import { StrayErrors } from "./stray-errors.js";

let lines: unknown[];
let told: Notifications["plugin.failed"][];
let strays: StrayErrors;
const error = new Error("left behind");

beforeEach(() => {
  lines = [];
  told = [];
  const hub = new Hub();
  hub.on("plugin.failed", (facts) => told.push(facts));
  strays = new StrayErrors({
    hub,
    logger: { ...silentLogger, error: (message, fields) => lines.push([message, fields]) },
  });
});

test("an error of a plugin is booked to it, logged and told", async () => {
  expect(runAs("billing", () => strays.take(error, "rejection"))).toBe("billing");
  expect(runAs("billing", () => strays.take(error, "exception"))).toBe("billing");
  await new Promise((resolve) => setImmediate(resolve));
  expect(told.map(({ plugin, origin, count }) => [plugin, origin, count])).toEqual([
    ["billing", "rejection", 1],
    ["billing", "exception", 2],
  ]);
  expect(lines[0]).toEqual([
    "Plugin billing left a rejected promise behind",
    { plugin: "billing", code: "plugin_failed", origin: "rejection", count: 1, error },
  ]);
});

test("an error of nobody's is left to the caller", () => {
  expect(strays.take(error, "exception")).toBeUndefined();
  expect(lines).toEqual([]);
});

test("a flood is counted, and logged only so often", async () => {
  for (let index = 0; index < 1_000; index += 1) runAs("billing", () => strays.take(error, "exception"));
  expect(lines).toHaveLength(10);
  expect(lines.at(-1)).toMatchObject([expect.stringContaining("only counted"), {}]);
  while (told.length < 1_000) await new Promise((resolve) => setImmediate(resolve));
  expect(told.at(-1)?.count).toBe(1_000);
});
