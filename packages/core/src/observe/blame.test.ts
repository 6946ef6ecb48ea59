import { EventEmitter } from "node:events";
import { createReadStream } from "node:fs";
import { Readable } from "node:stream";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { blameOf, currentPlugin, runAs, runAsNobody } from "./blame.js";

const boom = new Error("boom");
const caught: (readonly [origin: string, message: string, plugin: string | undefined])[] = [];
let arrived = Promise.withResolvers<void>();

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
const note = (origin: string) => (error: unknown) => {
  caught.push([origin, messageOf(error), blameOf(error)]);
  arrived.resolve();
};
const noteRejection = note("rejection");
const noteException = note("exception");
let others: readonly NodeJS.UncaughtExceptionListener[] = [];

// The test runner's own handlers would fail the run: that nobody catches these is what is tested.
beforeEach(() => {
  caught.length = 0;
  arrived = Promise.withResolvers();
  others = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException");
  process.on("unhandledRejection", noteRejection);
  process.on("uncaughtException", noteException);
});

afterEach(() => {
  process.off("unhandledRejection", noteRejection);
  process.off("uncaughtException", noteException);
  for (const listener of others) process.on("uncaughtException", listener);
});

function throwLater(): never {
  throw boom;
}

describe("what plugin code leaves behind, and nobody catches, is named", () => {
  test.each<[string, () => unknown]>([
    ["a promise rejected at once", () => void Promise.reject(boom)],
    ["an async function that fails later", () => void turn().then(throwLater)],
    ["a rejection in a promise of a promise", () => void Promise.resolve().then(() => turn().then(throwLater))],
    // biome-ignore lint/suspicious/noThenProperty: what pretends to be a promise is what is tested.
    ["a thenable that throws", () => void Promise.resolve({ then: throwLater })],
  ])("%s", async (_what, leave) => {
    runAs("billing", leave);
    await arrived.promise;
    expect(caught).toEqual([["rejection", "boom", "billing"]]);
  });

  test.each<[string, () => unknown]>([
    ["a timer", () => setTimeout(throwLater, 1)],
    ["an immediate", () => setImmediate(throwLater)],
    ["a next tick", () => process.nextTick(throwLater)],
    ["a microtask", () => queueMicrotask(throwLater)],
    ["a timer of a timer", () => setTimeout(() => setTimeout(throwLater, 1), 1)],
    ["an event of an emitter", () => emitLater()],
    ["an error event without a listener", () => void new Readable().destroy(boom)],
    ["a message of a port", () => postLater()],
    ["a listener of a signal", () => AbortSignal.timeout(1).addEventListener("abort", throwLater)],
  ])("%s that throws", async (_what, leave) => {
    runAs("billing", leave);
    await arrived.promise;
    expect(caught).toEqual([["exception", "boom", "billing"]]);
  });

  test("a stream of a file that is not there", async () => {
    runAs("billing", () => createReadStream("/nonexistent/file"));
    await arrived.promise;
    expect(caught).toEqual([["exception", expect.stringContaining("ENOENT"), "billing"]]);
  });

  test("each by its own plugin, however they are mixed", async () => {
    for (const plugin of ["one", "two"]) {
      runAs(plugin, () => void turn().then(() => Promise.reject(new Error(plugin))));
    }
    runAs("one", () => runAs("two", () => void Promise.reject(new Error("two in one"))));
    void Promise.reject(new Error("nobody"));
    while (caught.length < 4) await turn();
    expect(caught.map((entry) => entry.join(" ")).toSorted()).toEqual([
      "rejection nobody ",
      "rejection one one",
      "rejection two in one two",
      "rejection two two",
    ]);
  });

  test("and not what core does when it was asked to by the plugin", async () => {
    runAs("billing", () => runAsNobody(() => void Promise.reject(boom)));
    await arrived.promise;
    expect(caught).toEqual([["rejection", "boom", undefined]]);
  });
});

describe("what plugin code throws", () => {
  test("is known to be its, wherever it is caught", () => {
    const error = new Error("sync");
    expect(() => runAs("billing", () => thrown(error))).toThrow(error);
    expect(blameOf(error)).toBe("billing");
    expect(currentPlugin()).toBeUndefined();
  });

  test("or rejects with, too", async () => {
    const error = new Error("async");
    await expect(runAs("billing", () => Promise.reject(error))).rejects.toBe(error);
    expect(blameOf(error)).toBe("billing");
  });

  test("is the first one's: code that it passes through is not to blame", () => {
    const error = new Error("inner");
    expect(() => runAs("outer", () => runAs("inner", () => thrown(error)))).toThrow(error);
    expect(blameOf(error)).toBe("inner");
  });

  test("is nobody's where it was the application's code", () => {
    const error = new Error("mine");
    expect(() => runAs("application", () => thrown(error))).toThrow(error);
    expect(blameOf(error)).toBeUndefined();
  });
});

test("the name stays with plugin code over its awaits, and goes with nothing else", async () => {
  const seen: (string | undefined)[] = [];
  const working = runAs("billing", async () => {
    seen.push(currentPlugin());
    await turn();
    seen.push(currentPlugin());
    await runAsNobody(async () => void seen.push(currentPlugin()));
    seen.push(currentPlugin());
  });
  expect(currentPlugin()).toBeUndefined();
  await working;
  expect(seen).toEqual(["billing", "billing", undefined, "billing"]);
  expect(currentPlugin()).toBeUndefined();
});

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function thrown(error: Error): never {
  throw error;
}

function emitLater(): void {
  const emitter = new EventEmitter();
  setImmediate(() => emitter.emit("error", boom));
}

function postLater(): void {
  const { port1, port2 } = new MessageChannel();
  port1.on("message", () => {
    port1.close();
    throw boom;
  });
  port2.postMessage("go");
}
