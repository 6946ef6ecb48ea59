import { AsyncLocalStorage } from "node:async_hooks";
import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { type ClaimedChanges, leaseOf } from "../delivery/claimed-delivery.test.support.js";
import { isSuccess, type Outcome } from "../delivery/outcome.js";
import { systemClock } from "../foundation/clock.js";
import type { DeliveryId } from "../foundation/ids.js";
import { settled } from "../foundation/stepped-clock.test.support.js";
import { currentPlugin, runAs } from "../observe/blame.js";
import { blockLimit, Watchdog } from "../observe/watchdog.js";
import { parseAllowTargets } from "../transport/allow-rules.js";
import { TargetGuard } from "../transport/target-guard.js";
import { createUndiciTransport } from "../transport/undici-transport.js";
import { deadlineLayer } from "./deadline-layer.js";
import type { Middleware } from "./middleware.js";
import { HeldAnswer, limit, never, OnionScene, ok } from "./onion-scene.test.support.js";
import { payloadStrippingLayer } from "./payload-stripping-layer.js";
import type { PassResult } from "./pipeline.js";

let scene: OnionScene;
const unhandled: unknown[] = [];
const noteUnhandled = (reason: unknown): void => void unhandled.push(reason);

beforeEach(() => {
  scene = new OnionScene();
  unhandled.length = 0;
  process.on("unhandledRejection", noteUnhandled);
});

afterEach(async () => {
  await settled();
  process.off("unhandledRejection", noteUnhandled);
  expect(unhandled).toEqual([]);
});

const through: Middleware = (request, next) => next(request);
const asyncThrough: Middleware = async (request, next) => await next(request);

const repeated = { lease: leaseOf({ attempt: 2, failures: 0 }) };

/** The attempt after so many that failed at the sender's side, of the same delivery; what those left to see is gone. */
async function runRepeated(failures = 1): Promise<PassResult> {
  for (let attempt = 1; attempt <= failures; attempt += 1)
    expect((await scene.run({ lease: leaseOf({ attempt }) })).outcome).toMatchObject({ kind: "sender-failed" });
  scene.faults.length = 0;
  return scene.run({ lease: leaseOf({ attempt: failures + 1 }) });
}

function block(milliseconds: number): void {
  const until = performance.now() + milliseconds;
  while (performance.now() < until);
}

describe("whose code runs", () => {
  test.each([
    ["hands on", through],
    ["waits", asyncThrough],
  ])(
    "is known in each middleware of each plugin, and the transport is nobody's, where a middleware %s",
    async (_how, run) => {
      const seen: (readonly [string, string | undefined])[] = [];
      const noting =
        (name: string): Middleware =>
        async (request, next) => {
          seen.push([name, currentPlugin()]);
          const outcome = await run(request, next);
          seen.push([name, currentPlugin()]);
          return outcome;
        };
      for (const plugin of ["one", "one", "two", "application"]) scene.pipeline.use(plugin, "prepare", noting(plugin));
      scene.answer = () => {
        seen.push(["transport", currentPlugin()]);
        return ok;
      };
      await runAs("emitter", () => scene.run());
      const way = [
        ["one", "one"],
        ["one", "one"],
        ["two", "two"],
        ["application", undefined],
      ];
      expect(seen).toEqual([...way, ["transport", undefined], ...way.toReversed()]);
    },
  );

  test("is nobody's in the transport under a plugin's middleware, and in what that leaves behind", async () => {
    const seen: (string | undefined)[] = [];
    scene.pipeline.use("billing", "send", through);
    scene.answer = async () => {
      seen.push(currentPlugin());
      await settled();
      seen.push(currentPlugin());
      return ok;
    };
    await scene.run();
    expect(seen).toEqual([undefined, undefined]);
  });

  test("is known again after the first thousand attempts, when calls are no longer timed", async () => {
    let seen: string | undefined;
    scene.pipeline.use("billing", "prepare", async (request, next) => {
      await Promise.resolve();
      seen = currentPlugin();
      return next(request);
    });
    for (let run = 0; run < 1_001; run += 1) await scene.run();
    seen = undefined;
    await scene.run();
    expect(seen).toBe("billing");
  });

  test("goes along with what others carry: a middleware's own storage reaches the layers below", async () => {
    const spans = new AsyncLocalStorage<string>();
    const seen: (string | undefined)[] = [];
    scene.pipeline.use("telemetry", "observe", (request, next) => spans.run("span", () => next(request)));
    scene.pipeline.use("billing", "prepare", (request, next) => {
      seen.push(spans.getStore());
      return next(request);
    });
    scene.answer = () => {
      seen.push(spans.getStore());
      return ok;
    };
    await scene.run();
    expect(seen).toEqual(["span", "span"]);
  });
});

describe("on a repeated attempt", () => {
  test.each<[string, Middleware]>([
    [
      "throws",
      () => {
        throw new Error("broken");
      },
    ],
    ["rejects", () => Promise.reject(new Error("broken"))],
    ["rejects later", () => settled().then(() => Promise.reject(new Error("broken")))],
    ["returns nothing", (() => undefined) as unknown as Middleware],
    ["passes on garbage", (_request, next) => next({} as never)],
  ])("a middleware that %s is left out, with what it was given passed on", async (_how, bad) => {
    const after: string[] = [];
    scene.use("prepare", (request, next) => next(request.withHeader("x-before", "1")), { name: "before" });
    scene.use("prepare", bad, { name: "bad" });
    scene.pipeline.use("billing", "prepare", (request, next) => {
      after.push(String(currentPlugin()));
      return next(request.withHeader("x-after", "1"));
    });
    const { outcome, sent, leftOut, stoppedBy } = await runRepeated();
    expect(isSuccess(outcome)).toBe(true);
    expect(sent?.headers).toEqual({ "x-before": "1", "x-after": "1" });
    expect([leftOut, stoppedBy]).toEqual([["app/bad"], "app/bad"]);
    expect(scene.told).toEqual([["app/bad", expect.any(String), "left-out"]]);
    expect(after).toEqual(["billing"]);
  });

  test("one that hangs is left out when its time is up, and cannot send a second time", async () => {
    const gate = Promise.withResolvers<void>();
    scene.use(
      "prepare",
      async (request, next) => {
        await gate.promise;
        return next(request);
      },
      { name: "slow" },
    );
    const hang = async (lease: ClaimedChanges): Promise<PassResult> => {
      const running = scene.run(lease);
      await settled();
      scene.clock.advance(limit + 500);
      return running;
    };
    expect((await hang({})).outcome).toMatchObject({ kind: "sender-failed" });
    expect(await hang(repeated)).toMatchObject({ outcome: ok, leftOut: ["app/slow"] });
    gate.resolve();
    await settled();
    expect(scene.sent).toHaveLength(1);
  });

  test.each([
    ["is in phase sign", "sign", {}],
    ["is required", "prepare", { required: true }],
  ] as const)("one that %s holds the delivery", async (_what, phase, options) => {
    scene.use(phase, () => Promise.reject(new Error("no key")), { name: "bad", ...options });
    const { outcome, leftOut } = await runRepeated();
    expect(outcome).toMatchObject({ kind: "sender-failed", middleware: "app/bad" });
    expect([scene.sent, leftOut]).toEqual([[], []]);
  });

  test("one in phase sign that says it is not required is left out", async () => {
    scene.use("sign", () => Promise.reject(new Error("no key")), { required: false });
    expect((await runRepeated()).outcome).toBe(ok);
  });

  test("several that fail are each left out, and the layers around them are told of nothing", async () => {
    const seen: Outcome[] = [];
    scene.use("observe", async (request, next) => {
      const outcome = await next(request);
      seen.push(outcome);
      return outcome;
    });
    scene.use("prepare", () => Promise.reject(new Error("one")), { name: "one" });
    scene.use("send", () => Promise.reject(new Error("two")), { name: "two" });
    // Each has one attempt in which it fails for the first time.
    expect((await runRepeated(2)).leftOut).toEqual(["app/one", "app/two"]);
    expect(seen).toEqual([expect.anything(), expect.anything(), ok]);
  });

  test("one that fails for the first time is waited for, whatever the attempt is repeated for", async () => {
    scene.use("prepare", () => Promise.reject(new Error("no key")), { name: "bad" });
    const { outcome, leftOut } = await scene.run(repeated);
    expect(outcome).toMatchObject({ kind: "sender-failed", middleware: "app/bad" });
    expect([scene.sent, leftOut]).toEqual([[], []]);
    // What failed with one delivery has not failed with another.
    const other = leaseOf({ id: "dlv_02" as DeliveryId, attempt: 3 });
    expect((await scene.run({ lease: other })).leftOut).toEqual([]);
    expect((await scene.run(repeated)).leftOut).toEqual(["app/bad"]);
    // It was delivered since: sent again, it begins anew.
    expect((await scene.run({ lease: leaseOf({ attempt: 4 }) })).outcome).toMatchObject({ kind: "sender-failed" });
  });

  test("one that fails with more deliveries than are remembered holds none of them up for ever", async () => {
    scene.use("prepare", () => Promise.reject(new Error("no key")), { name: "bad" });
    const leases = Array.from({ length: 10_001 }, (_, index) => leaseOf({ id: `dlv_${index}` as DeliveryId }));
    for (const lease of leases) await scene.run({ lease });
    const forgotten = leaseOf({ id: "dlv_10000" as DeliveryId });
    expect((await scene.run({ lease: forgotten })).leftOut).toEqual([]);
    expect((await scene.run({ lease: { ...forgotten, attempt: 2 } })).leftOut).toEqual(["app/bad"]);
    scene.clock.advance(900_000);
    const first = leaseOf({ id: "dlv_new" as DeliveryId, attempt: 2 });
    expect((await scene.run({ lease: first })).leftOut).toEqual([]);
    expect((await scene.run({ lease: first })).leftOut).toEqual(["app/bad"]);
  });
});

describe("one that slows the attempt", () => {
  test.each<[string, Middleware]>([
    [
      "before next",
      async (request, next) => {
        await new Promise((resolve) => scene.clock.setTimer(300, () => resolve(undefined)));
        return next(request);
      },
    ],
    [
      "after next",
      async (request, next) => {
        const outcome = await next(request);
        await new Promise((resolve) => scene.clock.setTimer(300, () => resolve(undefined)));
        return outcome;
      },
    ],
  ])("%s is recorded, and nobody else is", async (_when, slow) => {
    scene.use("observe", asyncThrough, { name: "outer" });
    scene.use("prepare", slow, { name: "slow" });
    scene.use("sign", asyncThrough, { name: "inner" });
    const held = new HeldAnswer();
    scene.answer = held.answer;
    const running = scene.run();
    for (const step of [0, 1, 2, 3, 4, 5]) {
      await settled();
      scene.clock.advance(100);
      if (step === 4) held.give();
    }
    for (let step = 0; step < 8; step += 1) {
      await settled();
      scene.clock.advance(50);
    }
    expect((await running).slowedBy).toEqual(["app/slow"]);
  });

  test.each<[string, Middleware]>([
    [
      "before next",
      (request, next) => {
        block(blockLimit + 20);
        return next(request);
      },
    ],
    [
      "before it waits for next",
      (request, next) => {
        const below = next(request);
        block(blockLimit + 20);
        return below;
      },
    ],
  ])("by blocking %s is recorded, and told of as one that blocks", async (_when, blocking) => {
    scene.use("observe", asyncThrough, { name: "outer" });
    scene.pipeline.use("billing", "prepare", blocking, { name: "blocking" });
    scene.use("prepare", through, { name: "inner" });
    expect((await scene.run()).slowedBy).toEqual(["billing/blocking"]);
    expect(scene.blocks.map(({ owner, callback }) => [owner, callback])).toEqual([
      ["billing", "middleware billing/blocking"],
    ]);
  });

  test("by blocking after next is recorded", async () => {
    scene.use("prepare", async (request, next) => {
      const outcome = await next(request);
      block(120);
      return outcome;
    });
    expect((await scene.run()).slowedBy).toEqual(["app/middleware"]);
  });
});

describe("what a middleware does to what it was given", () => {
  test("reaches neither another layer, nor another delivery of the message, nor what leaves", async () => {
    scene = new OnionScene([payloadStrippingLayer]);
    const written = new Set<string>();
    const attempt = (name: string, write: () => unknown): void => {
      try {
        write();
        written.add(name);
      } catch {
        // Frozen: that is one way to be safe.
      }
    };
    let isWriting = true;
    scene.pipeline.use("evil", "send", (request, next) => {
      if (!isWriting) return next(request);
      const { delivery } = request;
      attempt("payload", () => delivery.message.payload.fill(0x78));
      attempt("variant", () => delivery.message.variants.get("redacted")?.fill(0x78));
      attempt("variants", () => (delivery.message.variants as Map<string, Uint8Array>).clear());
      attempt("body", () => request.body.fill(0x78));
      attempt("headers", () => Object.assign(request.headers, { "x-evil": "1" }));
      attempt("method", () => Object.assign(request, { header: () => "evil" }));
      attempt("target", () => Object.assign(delivery.target, { url: "https://evil.example/" }));
      attempt("target headers", () => Object.assign(delivery.target.headers, { "x-evil": "1" }));
      attempt("lease", () => Object.assign(delivery.lease, { attempt: 9 }));
      attempt("message", () => Object.assign(delivery.message, { id: "msg_evil" }));
      attempt("delivery", () => Object.assign(delivery, { test: true }));
      return next(request);
    });
    const message = { ...scene.request().delivery.message };
    const payload = new TextEncoder().encode('{"n":1}');
    const shared = { ...message, payload, variants: new Map([["redacted", new TextEncoder().encode('{"n":0}')]]) };
    const deliveries = ["full", "variant:redacted"] as const;
    const send = () => Promise.all(deliveries.map((form) => scene.run({ message: shared, lease: leaseOf({ form }) })));
    await send();
    isWriting = false;
    await send();
    const [first, second, third, fourth] = scene.sent.map(({ body, url, headers }) => ({
      body: new TextDecoder().decode(body),
      url,
      headers,
    }));
    expect(first).toEqual(third);
    expect(second).toEqual(fourth);
    expect(third?.body).toMatch(/^\{"action":"[A-Z_]+","n":1\}$/);
    expect(fourth?.body).toMatch(/^\{"action":"[A-Z_]+","n":0\}$/);
    expect(new TextDecoder().decode(payload)).toBe('{"n":1}');
    // Bytes cannot be frozen: those were copies.
    expect([...written]).toEqual(["payload", "variant", "variants", "body"]);
  });
});

test("a middleware in phase sign signs the bytes that leave", async () => {
  const received: { body: string; signature: string | undefined }[] = [];
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on("data", (piece: Buffer) => pieces.push(piece));
    request.on("end", () => {
      const header = request.headers["x-signature"];
      received.push({
        body: Buffer.concat(pieces).toString(),
        signature: typeof header === "string" ? header : undefined,
      });
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const transport = createUndiciTransport({ guard: new TargetGuard(parseAllowTargets("loopback")) });
  onTestFinished(async () => {
    await transport.close();
    server.close();
  });
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  scene = new OnionScene([payloadStrippingLayer, deadlineLayer(5_000)], { transport, clock: systemClock });
  const sign = (bytes: Uint8Array | string): string => createHmac("sha256", "key").update(bytes).digest("hex");
  scene.pipeline.use("signing", "sign", (request, next) => next(request.withHeader("x-signature", sign(request.body))));
  const { outcome } = await scene.run({ target: { url: `http://127.0.0.1:${port}/` } });
  expect(isSuccess(outcome)).toBe(true);
  expect(received).toHaveLength(1);
  expect(received[0]?.signature).toBe(sign(received[0]?.body ?? ""));
});

test("what hangs at a plugin's side keeps no other attempt from being made", async () => {
  scene.pipeline.use("billing", "prepare", (request, next) => (request.url.includes("hang") ? never() : next(request)));
  const hanging = scene.run({ target: { url: "https://hang.example/" } });
  const results = await Promise.all(Array.from({ length: 100 }, () => scene.run()));
  expect(results.every(({ outcome }) => isSuccess(outcome))).toBe(true);
  scene.clock.advance(limit + 500);
  expect((await hanging).outcome).toMatchObject({ kind: "sender-failed", middleware: "billing/middleware" });
});

test("an alert of the watchdog has every call timed again", async () => {
  const watchdog = new Watchdog((block) => scene.blocks.push(block));
  scene = new OnionScene([], { watchdog });
  let isBlocking = false;
  scene.pipeline.use("billing", "prepare", (request, next) => {
    if (isBlocking) block(blockLimit + 20);
    return next(request);
  });
  for (let run = 0; run < 1_001; run += 1) await scene.run();
  isBlocking = true;
  await scene.run();
  expect(scene.blocks).toEqual([]);
  watchdog.isAlert = true;
  await scene.run();
  expect(scene.blocks).toHaveLength(1);
});
