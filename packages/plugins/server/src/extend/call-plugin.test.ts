import { getEventListeners } from "node:events";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import {
  blameOf,
  createMemoryStore,
  createWebhooks,
  HookwrightError,
  type Notifications,
  type OrganizationId,
} from "@hookwright/core";
import { ManualClock } from "@hookwright/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { RequestProblem } from "../request-problem.js";
import { callPlugin, type PluginCall, PluginFault } from "./call-plugin.js";
import type { Caller } from "./plugin-route.js";

let clock: ManualClock;
let call: Omit<PluginCall<unknown>, "run">;

beforeEach(async () => {
  clock = new ManualClock();
  call = {
    owner: { name: "billing", version: "1.0.0" },
    what: "GET /x",
    // A test names organizations by plain numbers.
    organization: 7 as OrganizationId,
    hooks: await createWebhooks({ store: createMemoryStore() }),
    clock,
    signals: [],
    gone: new AbortController().signal,
  };
});

describe("code of a plugin that answers a request", () => {
  test("is called as the plugin's, and what it gives back is waited for", async () => {
    expect(await callPlugin({ ...call, run: ({ organization }) => [organization, blameOf(undefined)] })).toEqual([
      7,
      "billing",
    ]);
    expect(await callPlugin({ ...call, run: async () => "later" })).toBe("later");
    expect(blameOf(undefined)).toBeUndefined();
  });

  test("that never answers is given up after half a minute, and its signal aborts", async () => {
    let signal: AbortSignal | undefined;
    const answer = callPlugin({
      ...call,
      run: (caller) => {
        signal = caller.signal;
        return new Promise(() => undefined);
      },
    }).catch((error: unknown) => error);
    clock.advance(29_999);
    expect(signal?.aborted).toBe(false);
    clock.advance(1);
    expect(await answer).toMatchObject({
      plugin: "billing",
      message: "Plugin billing@1.0.0 failed in GET /x: It did not answer within 30 seconds.",
    });
    expect(signal?.aborted).toBe(true);
  });

  test("leaves no timer behind", async () => {
    await callPlugin({ ...call, run: () => 1 });
    await callPlugin({ ...call, run: () => Promise.reject(new Error("no")) }).catch(() => undefined);
    expect(clock.pendingTimers).toBe(0);
  });

  test("leaves nothing behind at the signal of its plugin, though it listened to its own", async () => {
    const signals: WeakRef<AbortSignal>[] = [];
    const listen = ({ signal }: Caller): void => {
      signals.push(new WeakRef(signal));
      signal.addEventListener("abort", () => undefined);
    };
    for (let time = 0; time < 20; time += 1) await callPlugin({ ...call, run: listen });
    await callPlugin({ ...call, run: () => Promise.reject(new Error("no")) }).catch(() => undefined);
    expect(getEventListeners(call.gone, "abort")).toEqual([]);
    setFlagsFromString("--expose-gc");
    const collect: () => void = runInNewContext("gc");
    for (let time = 0; time < 10; time += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      collect();
    }
    expect(signals.filter((signal) => signal.deref() !== undefined)).toHaveLength(0);
  });

  test("that holds the event loop up is named for it, with what was called", async () => {
    const told = Promise.withResolvers<Notifications["plugin.blocked"]>();
    call.hooks.on("plugin.blocked", told.resolve);
    const blocking = (): void => {
      const until = performance.now() + 250;
      while (performance.now() < until);
    };
    await callPlugin({ ...call, run: blocking });
    expect(await told.promise).toMatchObject({ plugin: "billing", callback: "GET /x" });
  });

  describe("emits for as long as somebody waits", () => {
    let caller: Caller;
    let left: AbortController;
    let gone: AbortController;
    const emit = (): Promise<unknown> => caller.emit("TASKS_CREATED", { tasks: [{ id: 1 }] }, { project: 1 });
    const begin = (): Promise<unknown> =>
      callPlugin({
        ...call,
        signals: [left.signal],
        gone: gone.signal,
        run: (given) => {
          caller = given;
          return new Promise(() => undefined);
        },
      });

    beforeEach(async () => {
      await call.hooks.start();
      [left, gone] = [new AbortController(), new AbortController()];
    });
    afterEach(() => call.hooks.stop({ timeout: 0 }));

    test.each<[string, () => unknown]>([
      ["the time is over", () => clock.advance(30_000)],
      ["the caller has hung up", () => left.abort()],
      ["the plugin was unloaded", () => gone.abort("unloaded")],
    ])("and no longer once %s", async (_, end) => {
      begin().catch(() => undefined);
      expect(await emit()).toMatchObject({ duplicate: false });
      end();
      expect(caller.signal.aborted).toBe(true);
      const refused = { code: "lifecycle_invalid", message: expect.stringContaining("Plugin billing emits in GET /x") };
      await expect(emit()).rejects.toMatchObject(refused);
    });

    test("and not after its answer, or when nobody waited from the start", async () => {
      const run = (given: Caller): void => {
        caller = given;
      };
      await callPlugin({ ...call, run });
      await expect(emit()).rejects.toMatchObject({ code: "lifecycle_invalid" });
      left.abort("hung up");
      begin().catch(() => undefined);
      expect(caller.signal.reason).toBe("hung up");
      await expect(emit()).rejects.toMatchObject({ code: "lifecycle_invalid" });
    });
  });

  test("is not blamed for what it could no longer do once it was unloaded", async () => {
    const gone = new AbortController();
    const run = async ({ emit }: Caller): Promise<unknown> => {
      gone.abort();
      return emit("TASKS_CREATED", { tasks: [{ id: 1 }] });
    };
    const error = await callPlugin({ ...call, gone: gone.signal, run }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ kind: "stopping", message: "Plugin billing was unloaded." });
  });

  test.each<[string, () => unknown, typeof PluginFault | typeof RequestProblem | typeof HookwrightError]>([
    [
      "throws",
      () => {
        throw new Error("no");
      },
      PluginFault,
    ],
    [
      "throws no error at all",
      () => {
        throw undefined;
      },
      PluginFault,
    ],
    ["rejects", () => Promise.reject(new Error("no")), PluginFault],
    [
      "meets a mistake of its own",
      () => {
        throw new HookwrightError("payload_invalid", "no");
      },
      PluginFault,
    ],
    [
      "meets a service that is full",
      () => {
        throw new HookwrightError("storage_full", "no");
      },
      HookwrightError,
    ],
    [
      "meets a service that is busy",
      () => {
        throw new HookwrightError("overloaded", "no");
      },
      HookwrightError,
    ],
  ])("is blamed when it %s, unless the service is out of order for everyone", async (_, run, kind) => {
    const error = await callPlugin({ ...call, run }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(kind);
  });

  test("may refuse, in a kind that it may use", async () => {
    const refused = (why: string) =>
      callPlugin({ ...call, run: ({ refuse }) => refuse(why as "conflict", "No.") }).catch((thrown: unknown) => thrown);
    expect(await refused("conflict")).toMatchObject({ kind: "conflict", message: "No." });
    // Plugins in JavaScript say anything: a kind of ours, such as that of a missing token, is not theirs to use.
    expect(await refused("no_credentials")).toMatchObject({ kind: "invalid" });
  });
});
