import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { isSuccess, type Outcome } from "../delivery/outcome.js";
import { HookwrightError } from "../foundation/hookwright-error.js";
import { settled } from "../foundation/stepped-clock.test.support.js";
import type { Middleware, Next } from "./middleware.js";
import { HeldAnswer, limit, never, OnionScene, ok } from "./onion-scene.test.support.js";
import type { OutgoingRequest } from "./outgoing-request.js";

let scene: OnionScene;
const unhandled: unknown[] = [];
const noteUnhandled = (reason: unknown): void => void unhandled.push(reason);

beforeEach(() => {
  scene = new OnionScene();
  unhandled.length = 0;
  process.on("unhandledRejection", noteUnhandled);
});

// Whatever a middleware does in these tests, no rejection may be left over: it would end the process.
afterEach(async () => {
  await settled();
  process.off("unhandledRejection", noteUnhandled);
  expect(unhandled).toEqual([]);
});

const error = new Error("broken");
const through: Middleware = (request, next) => next(request);

describe("a middleware that fails before next", () => {
  test.each<[string, Middleware]>([
    [
      "throws",
      () => {
        throw error;
      },
    ],
    [
      "rejects",
      async () => {
        throw error;
      },
    ],
    [
      "rejects later",
      async () => {
        await settled();
        throw error;
      },
    ],
  ])("and %s keeps the request from being sent, and is blamed", async (_how, middleware) => {
    scene.use("prepare", middleware, { name: "bad" });
    const result = await scene.run();
    expect(result).toEqual({
      outcome: { kind: "sender-failed", middleware: "app/bad", reason: "app/bad: broken", cause: error },
      sent: undefined,
      changedBy: [],
      stoppedBy: "app/bad",
      slowedBy: [],
      leftOut: [],
    });
    expect(scene.sent).toEqual([]);
    expect(scene.told).toEqual([["app/bad", "broken", "stopped"]]);
  });

  test.each(["prepare", "sign", "send"] as const)("in %s: nothing leaves without it", async (phase) => {
    scene.use(phase, () => Promise.reject(error), { name: "sign" });
    expect((await scene.run()).outcome).toMatchObject({ kind: "sender-failed", middleware: "app/sign" });
    expect(scene.sent).toEqual([]);
  });

  test.each<[string, unknown]>([
    ["nothing", undefined],
    ["null", null],
    ["the request", { url: "https://receiver.example" }],
    ["true", true],
    ["an unknown outcome", { kind: "delivered" }],
    ["half an outcome", { kind: "answered" }],
    ["a stop, which it cannot know of", { kind: "interrupted" }],
  ])("by returning %s without calling it", async (_what, value) => {
    scene.use("prepare", (() => value) as unknown as Middleware, { name: "bad" });
    const { outcome, stoppedBy } = await scene.run();
    expect(outcome).toMatchObject({ kind: "sender-failed", middleware: "app/bad" });
    expect(stoppedBy).toBe("app/bad");
    expect(scene.sent).toEqual([]);
    expect(scene.told).toEqual([["app/bad", expect.stringContaining("returned no outcome"), "stopped"]]);
  });
});

describe("a middleware that fails after next", () => {
  test.each<[string, Middleware]>([
    [
      "throws",
      async (request, next) => {
        await next(request);
        throw error;
      },
    ],
    [
      "throws without waiting",
      (request, next) => {
        void next(request);
        throw error;
      },
    ],
    [
      "returns nothing",
      (async (request: OutgoingRequest, next: Next) => {
        await next(request);
      }) as unknown as Middleware,
    ],
    ["returns at once", ((request: OutgoingRequest, next: Next) => void next(request)) as unknown as Middleware],
    [
      "returns an outcome of its own before there is one",
      (request, next) => {
        void next(request);
        return { ...ok, status: 500 };
      },
    ],
    ["returns garbage", (async (request, next) => ({ ...(await next(request)), status: "x" })) as Middleware],
  ])("and %s does not undo the delivery: its outcome stands, and it is told once", async (_how, middleware) => {
    const held = new HeldAnswer();
    scene.answer = held.answer;
    scene.use("prepare", middleware, { name: "bad" });
    const running = scene.run();
    await settled();
    held.give();
    const { outcome, stoppedBy } = await running;
    expect(outcome).toBe(ok);
    expect(stoppedBy).toBe("app/bad");
    expect(scene.sent).toHaveLength(1);
    expect(scene.told).toEqual([["app/bad", expect.any(String), "ignored"]]);
  });

  test("lets a failure of the receiver stand as well", async () => {
    scene.answer = () => ({ ...ok, status: 503 });
    scene.use("prepare", async (request, next) => {
      await next(request);
      throw error;
    });
    expect((await scene.run()).outcome).toMatchObject({ kind: "answered", status: 503 });
  });
});

describe("next", () => {
  test("called a second time rejects, sends nothing more, and is blamed once however often", async () => {
    const thrown: unknown[] = [];
    scene.use("prepare", async (request, next) => {
      const first = await next(request);
      for (const _ of [2, 3]) await next(request).catch((error: unknown) => thrown.push(error));
      return first;
    });
    const { outcome } = await scene.run();
    await settled();
    expect(outcome).toBe(ok);
    expect(scene.sent).toHaveLength(1);
    const message = "Middleware app/middleware called next() a second time.";
    expect(thrown).toHaveLength(2);
    expect(thrown[0]).toBeInstanceOf(HookwrightError);
    expect(thrown[0]).toMatchObject({ code: "middleware_failed", message });
    expect(scene.told).toEqual([["app/middleware", message, "ignored"]]);
  });

  test("called twice at once sends once", async () => {
    scene.use("prepare", (request, next) => {
      void next(request);
      return next(request);
    });
    expect((await scene.run()).outcome).toBe(ok);
    expect(scene.sent).toHaveLength(1);
    expect(scene.faults).toHaveLength(1);
  });

  test("called a second time without waiting leaves no rejection behind", async () => {
    scene.use("prepare", async (request, next) => {
      const outcome = await next(request);
      void next(request);
      return outcome;
    });
    expect((await scene.run()).outcome).toBe(ok);
    expect(scene.faults).toHaveLength(1);
  });

  test("called after the attempt ended sends nothing, and is told", async () => {
    const kept: (() => Promise<Outcome>)[] = [];
    scene.use("prepare", (request, next) => {
      kept.push(() => next(request));
      return ok;
    });
    await scene.run();
    for (const late of kept) {
      await expect(late()).rejects.toThrow("called next() after its attempt had ended");
      await expect(late()).rejects.toThrow("called next() after its attempt had ended");
    }
    expect(scene.sent).toEqual([]);
    expect(scene.told).toEqual([["app/middleware", expect.stringContaining("after its attempt had ended"), "ignored"]]);
  });

  test("called by a timer that nobody waits for ends nothing but itself", async () => {
    scene.use("prepare", (request, next) => {
      scene.clock.setTimer(5, () => next(request));
      return ok;
    });
    await scene.run();
    expect(() => scene.clock.advance(10)).not.toThrow();
    expect(scene.sent).toEqual([]);
    expect(scene.faults).toHaveLength(1);
  });

  test("called after the middleware was given up does not send late", async () => {
    const gate = Promise.withResolvers<void>();
    let released = false;
    scene.use("prepare", async (request, next) => {
      try {
        await gate.promise;
        return await next(request);
      } finally {
        released = true;
      }
    });
    const running = scene.run();
    await settled();
    scene.clock.advance(limit + 500);
    expect((await running).outcome).toMatchObject({ kind: "sender-failed" });
    gate.resolve();
    await settled();
    expect(scene.sent).toEqual([]);
    expect(released).toBe(true);
    expect(scene.faults).toHaveLength(1);
  });

  test.each<[string, unknown]>([
    ["nothing", undefined],
    ["a plain object", { url: "https://elsewhere.example", headers: {} }],
  ])("called with %s sends nothing", async (_what, value) => {
    scene.use("prepare", (_request, next) => next(value as OutgoingRequest), { name: "bad" });
    const { outcome } = await scene.run();
    expect(outcome).toMatchObject({ kind: "sender-failed", middleware: "app/bad" });
    expect(scene.sent).toEqual([]);
    expect(scene.faults).toHaveLength(1);
  });

  test("called with the request of another attempt sends nothing to the wrong receiver", async () => {
    const requests: OutgoingRequest[] = [];
    scene.use("prepare", (request, next) => {
      requests.push(request);
      return next(requests[0] ?? request);
    });
    const first = await scene.run({ target: { url: "https://one.example/" } });
    const second = await scene.run({ target: { url: "https://two.example/" } });
    expect(isSuccess(first.outcome)).toBe(true);
    expect(second.outcome).toMatchObject({ kind: "sender-failed" });
    expect(scene.sent.map(({ url }) => url)).toEqual(["https://one.example/"]);
  });

  test("does not reject for what happens below", async () => {
    const seen: string[] = [];
    scene.use("observe", async (request, next) => {
      const outcome = await next(request);
      seen.push(outcome.kind);
      return outcome;
    });
    scene.use("prepare", () => Promise.reject(error));
    await scene.run();
    expect(seen).toEqual(["sender-failed"]);
  });
});

describe("the time of a middleware", () => {
  test.each<[string, Middleware, Partial<Outcome>, number]>([
    ["before next", never, { kind: "sender-failed" }, 0],
    [
      "after next",
      async (request, next) => {
        await next(request);
        return never();
      },
      ok,
      1,
    ],
  ])("ends while it hangs %s", async (_when, middleware, outcome, sent) => {
    scene.use("prepare", middleware, { name: "slow" });
    const running = scene.run();
    await settled();
    scene.clock.advance(limit);
    await settled();
    expect(scene.faults).toEqual([]);
    scene.clock.advance(500);
    const result = await running;
    expect(result.outcome).toMatchObject(outcome);
    expect(result.stoppedBy).toBe("app/slow");
    expect(scene.sent).toHaveLength(sent);
    expect(scene.told).toEqual([
      [
        "app/slow",
        `Middleware app/slow took more than ${limit} ms of its own time.`,
        sent === 0 ? "stopped" : "ignored",
      ],
    ]);
  });

  test("is not the transport's: ten seconds below are no time of its own", async () => {
    const held = new HeldAnswer();
    scene.answer = held.answer;
    scene.use("observe", through);
    scene.use("send", through);
    const running = scene.run();
    await settled();
    scene.clock.advance(10_000);
    held.give();
    expect(await running).toMatchObject({ outcome: ok, stoppedBy: null });
    expect(scene.faults).toEqual([]);
  });

  test("is added up before and after next", async () => {
    const [before, after] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const held = new HeldAnswer();
    scene.answer = held.answer;
    scene.use("prepare", async (request, next) => {
      await before.promise;
      const outcome = await next(request);
      await after.promise;
      return outcome;
    });
    const running = scene.run();
    await settled();
    scene.clock.advance(600);
    before.resolve();
    await settled();
    scene.clock.advance(5_000);
    held.give();
    await settled();
    scene.clock.advance(300);
    expect(scene.faults).toEqual([]);
    scene.clock.advance(600);
    expect(scene.faults).toHaveLength(1);
    after.resolve();
    expect((await running).outcome).toBe(ok);
  });

  test("is not that of a middleware below it, which alone is given up", async () => {
    const seen: Outcome[] = [];
    scene.use(
      "observe",
      async (request, next) => {
        const outcome = await next(request);
        seen.push(outcome);
        return outcome;
      },
      { name: "outer" },
    );
    scene.use("prepare", never, { name: "inner" });
    const running = scene.run();
    await settled();
    scene.clock.advance(20_000);
    const { outcome, stoppedBy } = await running;
    expect(outcome).toMatchObject({ kind: "sender-failed", middleware: "app/inner" });
    expect(stoppedBy).toBe("app/inner");
    expect(seen).toEqual([outcome]);
    expect(scene.faults).toHaveLength(1);
  });

  test("goes on for an outer middleware once the inner one has left", async () => {
    scene.use(
      "observe",
      async (request, next) => {
        await next(request);
        return never();
      },
      { name: "outer" },
    );
    scene.use("prepare", through, { name: "inner" });
    const running = scene.run();
    await settled();
    scene.clock.advance(limit + 500);
    expect(await running).toMatchObject({ outcome: ok, stoppedBy: "app/outer" });
  });

  test("does not end for one that rejects after it was given up", async () => {
    const gate = Promise.withResolvers<Outcome>();
    scene.use("prepare", () => gate.promise);
    const running = scene.run();
    await settled();
    scene.clock.advance(limit + 500);
    await running;
    gate.reject(error);
    await settled();
    expect(scene.faults).toHaveLength(1);
  });
});

describe("blame", () => {
  test("is the lower one's for what it throws, though the error passes nobody above", async () => {
    for (const name of ["one", "two"]) scene.use("observe", through, { name });
    scene.use("prepare", () => Promise.reject(error), { name: "three" });
    scene.use("sign", through, { name: "four" });
    const { outcome, stoppedBy } = await scene.run();
    expect(outcome).toMatchObject({ middleware: "app/three" });
    expect(stoppedBy).toBe("app/three");
    expect(scene.told).toEqual([["app/three", "broken", "stopped"]]);
  });

  test("is each one's own when several fail; the record names the first", async () => {
    scene.use(
      "observe",
      async (request, next) => {
        await next(request);
        throw new Error("outer");
      },
      { name: "outer" },
    );
    scene.use("prepare", () => Promise.reject(new Error("inner")), { name: "inner" });
    const { outcome, stoppedBy } = await scene.run();
    expect(outcome).toMatchObject({ kind: "sender-failed", middleware: "app/inner" });
    expect(stoppedBy).toBe("app/inner");
    expect(scene.told).toEqual([
      ["app/inner", "inner", "stopped"],
      ["app/outer", "outer", "ignored"],
    ]);
  });

  test("does not mix up two attempts at once", async () => {
    const gate = Promise.withResolvers<void>();
    scene.use(
      "prepare",
      async (request, next) => {
        await gate.promise;
        if (request.url.includes("bad")) throw error;
        return next(request.withHeader("x-url", request.url));
      },
      { name: "picky" },
    );
    const running = Array.from({ length: 20 }, (_, index) =>
      scene.run({ target: { url: `https://${index % 2 === 0 ? "bad" : "good"}-${index}.example/` } }),
    );
    await settled();
    gate.resolve();
    const results = await Promise.all(running);
    for (const [index, { outcome, stoppedBy, changedBy }] of results.entries()) {
      expect(isSuccess(outcome)).toBe(index % 2 === 1);
      expect(stoppedBy).toBe(index % 2 === 0 ? "app/picky" : null);
      expect(changedBy).toEqual(index % 2 === 0 ? [] : ["app/picky"]);
    }
    for (const { url, headers } of scene.sent) expect(headers).toEqual({ "x-url": url });
    expect(scene.sent).toHaveLength(10);
  });

  test("one attempt that hangs is given up alone", async () => {
    let isFirst = true;
    scene.use("prepare", (request, next) => {
      if (!isFirst) return next(request);
      isFirst = false;
      return never();
    });
    const hanging = scene.run();
    await settled();
    scene.clock.advance(limit - 200);
    const held = new HeldAnswer();
    scene.answer = held.answer;
    const fine = scene.run();
    await settled();
    scene.clock.advance(600);
    expect((await hanging).outcome).toMatchObject({ kind: "sender-failed" });
    held.give();
    expect((await fine).outcome).toBe(ok);
    expect(scene.faults).toHaveLength(1);
  });
});

describe("the record", () => {
  test("names those that changed the request, in order and once, and nobody else", async () => {
    scene.use("sign", (request, next) => next(request.withHeader("x-two", "2")), { name: "two" });
    scene.use("observe", through, { name: "none" });
    scene.use("prepare", (request, next) => next(request.withHeader("x-one", "1")), { name: "one" });
    const { changedBy, stoppedBy, sent } = await scene.run();
    expect(changedBy).toEqual(["app/one", "app/two"]);
    expect(stoppedBy).toBeNull();
    expect(sent?.headers).toEqual({ "x-one": "1", "x-two": "2" });
  });

  test("names one that changed the outcome, which then counts", async () => {
    scene.answer = () => ({ ...ok, status: 409 });
    scene.use(
      "prepare",
      async (request, next) => {
        const outcome = await next(request);
        return outcome.kind === "answered" && outcome.status === 409 ? { ...outcome, status: 200 } : outcome;
      },
      { name: "conflict" },
    );
    const { outcome, changedBy, stoppedBy } = await scene.run();
    expect(isSuccess(outcome)).toBe(true);
    expect([changedBy, stoppedBy]).toEqual([["app/conflict"], null]);
  });

  test("names one that ended the attempt on purpose, which is no fault", async () => {
    const own: Outcome = { kind: "unreachable", code: "timeout", reason: "circuit open", cause: undefined };
    scene.use("prepare", () => own, { name: "breaker" });
    const { outcome, changedBy, stoppedBy, sent } = await scene.run();
    expect([outcome, changedBy, stoppedBy, sent]).toEqual([own, [], "app/breaker", undefined]);
    expect(scene.faults).toEqual([]);
  });

  test("is not changed by an outcome that somebody writes to", async () => {
    scene.answer = () => ({ ...ok, status: 500 });
    scene.use("prepare", async (request, next) => Object.assign(await next(request), { status: 200 }), { name: "bad" });
    const { outcome, stoppedBy } = await scene.run();
    expect(outcome).toMatchObject({ status: 500 });
    expect(stoppedBy).toBe("app/bad");
  });
});

test("the transport's word that the service stops passes through", async () => {
  scene.answer = () => ({ kind: "interrupted" });
  scene.use("prepare", through);
  expect(await scene.run()).toMatchObject({ outcome: { kind: "interrupted" }, stoppedBy: null });
});

test("a middleware gets no more than its two arguments", async () => {
  let self: unknown = "unset";
  scene.use("prepare", function who(this: unknown, request, next) {
    self = this;
    return next(request);
  });
  await scene.run();
  expect(self).toBeUndefined();
});
