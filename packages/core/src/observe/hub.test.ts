import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { HookwrightError } from "../foundation/hookwright-error.js";
import type { DeliveryId } from "../foundation/ids.js";
import { currentPlugin, runAs } from "./blame.js";
import { Hub, type NotificationName, type Notifications } from "./hub.js";
import { blamingScope } from "./owner-scope.js";
import { type Block, Watchdog } from "./watchdog.js";

type StoreFailed = Notifications["store.failed"];
type ListenerFailed = Notifications["listener.failed"];

let hub: Hub;
const unhandled: unknown[] = [];
const noteUnhandled = (reason: unknown): void => void unhandled.push(reason);

beforeEach(() => {
  hub = new Hub();
  unhandled.length = 0;
  process.on("unhandledRejection", noteUnhandled);
});

afterEach(async () => {
  await turns(2);
  process.off("unhandledRejection", noteUnhandled);
  expect(unhandled).toEqual([]);
});

/** Lets the event loop come round so often: everything that was notified before is told. */
async function turns(count = 1): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

function notify(operation: string): void {
  hub.notify("store.failed", { operation, error: undefined });
}

/** What a listener heard, in order. */
function heardBy(hub: Hub): string[] {
  const heard: string[] = [];
  hub.on("store.failed", ({ operation }) => heard.push(operation));
  return heard;
}

/** What was blamed on listeners, in order. */
function blamedOn(hub: Hub): ListenerFailed[] {
  const blamed: ListenerFailed[] = [];
  hub.on("listener.failed", (facts) => blamed.push(facts));
  return blamed;
}

describe("the turn of the notifier", () => {
  test("no listener runs in it, nor in its microtasks", async () => {
    const heard = heardBy(hub);
    notify("a");
    expect(heard).toEqual([]);
    await Promise.resolve();
    await new Promise<void>((resolve) => process.nextTick(resolve));
    expect(heard).toEqual([]);
    await turns();
    expect(heard).toEqual(["a"]);
  });

  test("a notification that is made while listeners are told comes in a later turn", async () => {
    const heard = heardBy(hub);
    const later: string[] = [];
    hub.on("store.failed", ({ operation }) => {
      if (operation === "a") notify("b");
      later.push(`${operation}:${heard.length}`);
    });
    notify("a");
    await turns(2);
    expect(later).toEqual(["a:1", "b:2"]);
  });

  test("nothing that listeners do reaches the notifier", () => {
    hub.on("store.failed", () => {
      throw new Error("listener");
    });
    expect(() => notify("a")).not.toThrow();
  });
});

describe("order", () => {
  test("notifications of all names are told as they were made", async () => {
    const heard: string[] = [];
    hub.on("middleware.failed", ({ middleware }) => heard.push(middleware));
    hub.on("store.failed", ({ operation }) => heard.push(operation));
    notify("1");
    hub.notify("middleware.failed", {
      middleware: "2",
      delivery: "dlv_1" as DeliveryId,
      effect: "stopped",
      error: undefined,
    });
    notify("3");
    await turns();
    expect(heard).toEqual(["1", "2", "3"]);
  });

  test("listeners are called as they were added", async () => {
    const heard: number[] = [];
    for (const number of [1, 2, 3]) hub.on("store.failed", () => heard.push(number));
    notify("a");
    await turns();
    expect(heard).toEqual([1, 2, 3]);
  });

  test("several thousand listeners are told, without a warning", async () => {
    const warnings: unknown[] = [];
    const noteWarning = (warning: unknown): void => void warnings.push(warning);
    process.on("warning", noteWarning);
    let told = 0;
    const disposers = Array.from({ length: 5_000 }, () => hub.on("store.failed", () => (told += 1)));
    notify("a");
    await turns(2);
    process.off("warning", noteWarning);
    expect(told).toBe(5_000);
    expect(warnings).toEqual([]);
    for (const dispose of disposers) dispose();
    notify("b");
    await turns();
    expect(told).toBe(5_000);
  });
});

describe("a listener that fails", () => {
  const error = new Error("listener");

  test.each([
    [
      "throws",
      () => {
        throw error;
      },
    ],
    [
      "rejects at once",
      async () => {
        throw error;
      },
    ],
    [
      "rejects late",
      async () => {
        await turns(2);
        throw error;
      },
    ],
    [
      "returns a foreign promise that rejects",
      // biome-ignore lint/suspicious/noThenProperty: a promise that is none of ours is what is tested.
      () => Object.fromEntries([["then", (_: unknown, reject: (reason: unknown) => void) => reject(error)]]),
    ],
    [
      "returns something that throws when it is awaited",
      () =>
        // biome-ignore lint/suspicious/noThenProperty: as above.
        Object.defineProperty({}, "then", {
          get: () => {
            throw error;
          },
        }),
    ],
  ])("%s, is blamed by name, and stops nobody", async (_way, listener) => {
    const blamed = blamedOn(hub);
    hub.on("store.failed", listener, "billing");
    const heard = heardBy(hub);
    notify("a");
    notify("b");
    await turns(5);
    expect(heard).toEqual(["a", "b"]);
    const blame = { listener: "billing", notification: "store.failed", error };
    expect(blamed).toEqual([blame, blame]);
  });

  test("that listens to failures is the end of the line", async () => {
    let told = 0;
    hub.on("listener.failed", () => {
      told += 1;
      throw new Error("again");
    });
    hub.on("listener.failed", async () => {
      throw new Error("again, later");
    });
    hub.on("store.failed", () => {
      throw error;
    });
    notify("a");
    await turns(10);
    expect(told).toBe(1);
  });

  test("fails unheard when nobody listens to failures", async () => {
    hub.on("store.failed", async () => {
      throw error;
    });
    notify("a");
    await turns(3);
    expect(unhandled).toEqual([]);
  });
});

test("a slow listener delays neither the next one nor the next notification", async () => {
  const never = Promise.withResolvers<void>();
  hub.on("store.failed", () => never.promise);
  const heard = heardBy(hub);
  notify("a");
  notify("b");
  await turns();
  expect(heard).toEqual(["a", "b"]);
});

test("a listener cannot change what the next one hears", async () => {
  const blamed = blamedOn(hub);
  hub.on("store.failed", (facts) => {
    Reflect.deleteProperty(facts, "operation");
    (facts as { operation: string }).operation = "forged";
  });
  const heard = heardBy(hub);
  notify("a");
  await turns(2);
  expect(heard).toEqual(["a"]);
  expect(blamed).toHaveLength(1);
});

describe("who listens", () => {
  test("a listener that removes itself is called no more, and nobody is left out", async () => {
    const heard: string[] = [];
    const dispose = hub.on("store.failed", ({ operation }) => {
      heard.push(`once ${operation}`);
      dispose();
    });
    hub.on("store.failed", ({ operation }) => heard.push(operation));
    notify("a");
    notify("b");
    await turns();
    expect(heard).toEqual(["once a", "a", "b"]);
  });

  test("a listener that another one removes is not called any more, not even for what is being told", async () => {
    const heard: string[] = [];
    hub.on("store.failed", () => dispose());
    const dispose = hub.on("store.failed", ({ operation }) => heard.push(operation));
    notify("a");
    await turns();
    expect(heard).toEqual([]);
  });

  test("a listener that is removed before the turn ends is not called", async () => {
    const heard: string[] = [];
    const dispose = hub.on("store.failed", ({ operation }) => heard.push(operation));
    notify("a");
    dispose();
    await turns();
    expect(heard).toEqual([]);
  });

  test("listeners that are added while one is told hear the next notification, once each", async () => {
    const heard: string[] = [];
    hub.on("store.failed", ({ operation }) => {
      if (operation === "a") hub.on("store.failed", (facts) => heard.push(facts.operation));
    });
    notify("a");
    await turns();
    notify("b");
    await turns();
    expect(heard).toEqual(["b"]);
  });

  test("a function that was added twice is called twice, and removed once by each disposer", async () => {
    let told = 0;
    const listener = (): void => {
      told += 1;
    };
    const disposers = [hub.on("store.failed", listener), hub.on("store.failed", listener)];
    notify("a");
    await turns();
    expect(told).toBe(2);
    disposers[0]?.();
    disposers[0]?.();
    notify("b");
    await turns();
    expect(told).toBe(3);
  });

  test("a notification that nobody hears is not kept for who comes later", async () => {
    notify("a");
    const heard = heardBy(hub);
    await turns();
    expect(heard).toEqual([]);
  });
});

describe("a listener that would wait for ever", () => {
  test.each(["", "store.fail", "toString", "error", undefined, Symbol("store.failed")])(
    "for the name %s is refused, and its owner named",
    (name) => {
      const adding = () => hub.on(name as NotificationName, () => undefined, "billing");
      expect(adding).toThrow(HookwrightError);
      expect(adding).toThrow(/billing.*store\.failed/);
    },
  );

  test("because it is no function is refused", () => {
    const listener = { handle: () => undefined } as unknown as (facts: StoreFailed) => void;
    expect(() => hub.on("store.failed", listener, "billing")).toThrow(/billing for store\.failed must be a function/);
  });
});

test.each([
  ["a value", () => 1],
  ["a promise", async () => undefined],
])("a listener that answers at once hears every notification of a flood: by %s", async (_what, answer) => {
  let told = 0;
  const blamed = blamedOn(hub);
  hub.on("store.failed", () => {
    told += 1;
    return answer();
  });
  for (let count = 1; count <= 5_000; count += 1) notify(String(count));
  await turns(20);
  expect(told).toBe(5_000);
  expect(blamed).toEqual([]);
});

describe("a flood", () => {
  test("of notifications that nobody can hear in time is let go beyond a bound, and told of", async () => {
    const lost: number[] = [];
    const heard: string[] = [];
    hub.on("notifications.lost", ({ count }) => lost.push(count));
    hub.on("store.failed", ({ operation }) => heard.push(operation));
    for (let index = 0; index < 25_000; index += 1) notify(String(index));
    while (lost.length === 0) await turns();
    expect(heard).toEqual(Array.from({ length: 10_000 }, (_, index) => String(index)));
    expect(lost).toEqual([15_000]);
    notify("after");
    await turns(2);
    expect(heard.at(-1)).toBe("after");
  });

  test("that listeners hear slowly leaves the event loop to others", async () => {
    let heard = 0;
    hub.on("store.failed", () => {
      heard += 1;
      const until = performance.now() + 5;
      while (performance.now() < until);
    });
    for (let index = 0; index < 10; index += 1) notify(String(index));
    const atTurn: number[] = [];
    while (heard < 10) {
      await turns();
      atTurn.push(heard);
    }
    expect(atTurn.length).toBeGreaterThan(2);
    expect(atTurn.toSorted((left, right) => left - right)).toEqual(atTurn);
  });

  test("into a listener that never comes to an end stops at a bound, is told once, and goes on when one has ended", async () => {
    const blamed = blamedOn(hub);
    const ends: (() => void)[] = [];
    let called = 0;
    hub.on("store.failed", () => {
      called += 1;
      return new Promise<void>((resolve) => ends.push(resolve));
    });
    for (let index = 0; index < 1_500; index += 1) notify(String(index));
    while (blamed.length === 0) await turns();
    await turns(3);
    expect(called).toBe(1_000);
    expect(blamed).toHaveLength(1);
    expect(blamed[0]).toMatchObject({ listener: "application", error: { code: "listener_failed" } });
    ends[0]?.();
    await turns();
    notify("after");
    await turns(2);
    expect(called).toBe(1_001);
    for (const end of ends) end();
    await turns();
  });
});

describe("whose code a listener is", () => {
  test("is known in it and in what it leaves behind, and not to the next one", async () => {
    const watchdog = new Watchdog((block) => blocks.push(block));
    const blocks: Block[] = [];
    const named = new Hub(blamingScope(watchdog));
    const seen: (string | undefined)[] = [];
    named.on("store.failed", () => void seen.push(currentPlugin()), "billing");
    named.on(
      "store.failed",
      async () => {
        await turns();
        seen.push(currentPlugin());
      },
      "other",
    );
    named.on("store.failed", () => void seen.push(currentPlugin()));
    runAs("emitter", () => named.notify("store.failed", { operation: "a", error: undefined }));
    await turns(3);
    expect(seen).toEqual(["billing", undefined, "other"]);
    named.on(
      "store.failed",
      () => {
        const until = performance.now() + 220;
        while (performance.now() < until);
      },
      "slow",
    );
    named.notify("store.failed", { operation: "a", error: undefined });
    await turns(3);
    expect(blocks.map(({ owner, callback }) => [owner, callback])).toEqual([["slow", "listener for store.failed"]]);
  });
});
