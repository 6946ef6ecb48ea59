import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { HookwrightError } from "../foundation/hookwright-error.js";
import { settled } from "../foundation/stepped-clock.test.support.js";
import type { TransportOutcome } from "../transport/transport.js";
import { HiddenSecret } from "../webhook/signing-secret.js";
import { deadlineLayer } from "./deadline-layer.js";
import type { Layer, Middleware, Phase } from "./middleware.js";
import { phases } from "./middleware.js";
import { HeldAnswer, OnionScene, ok } from "./onion-scene.test.support.js";

let scene: OnionScene;
let steps: string[];

beforeEach(() => {
  scene = new OnionScene();
  steps = [];
});

/** Notes the way in and the way back. */
function traced(name: string): Middleware {
  return async (request, next) => {
    steps.push(`> ${name}`);
    const outcome = await next(request);
    steps.push(`< ${name}`);
    return outcome;
  };
}

function builtin(phase: Phase, name = `core ${phase}`): Layer {
  return { name, owner: "core", phase, order: 0, run: traced(name) };
}

describe("the order of the layers", () => {
  test("is that of the phases, each begun by core's own; the way back is exactly the reverse", async () => {
    scene = new OnionScene(phases.map((phase) => builtin(phase)));
    for (const phase of phases.toReversed()) scene.use(phase, traced(phase));
    await scene.run();
    const wayIn = phases.flatMap((phase) => [`core ${phase}`, phase]);
    expect(steps).toEqual([...wayIn.map((name) => `> ${name}`), ...wayIn.toReversed().map((name) => `< ${name}`)]);
  });

  test("is that of their order inside a phase, and of their adding where that is equal", () => {
    const added = fc.record({ phase: fc.constantFrom(...phases), order: fc.integer({ min: -3, max: 3 }) });
    fc.assert(
      fc.property(fc.array(added, { maxLength: 12 }), (list) => {
        const { pipeline } = new OnionScene([builtin("prepare")]);
        for (const [index, { phase, order }] of list.entries())
          pipeline.use("app", phase, traced(""), { order, name: String(index) });
        const keys = pipeline.layers.map(({ phase, owner, order, name }) => [
          phases.indexOf(phase),
          owner === "core" ? 0 : 1,
          owner === "core" ? 0 : order,
          owner === "core" ? 0 : Number(name.slice("app/".length)),
        ]);
        expect(keys).toHaveLength(list.length + 1);
        expect(keys).toEqual(keys.toSorted(lexically));
      }),
    );
  });

  test("no order is small enough to stand before core's own", async () => {
    scene = new OnionScene([builtin("sign")]);
    scene.use("sign", traced("mine"), { order: -1_000_000 });
    await scene.run();
    expect(steps.slice(0, 2)).toEqual(["> core sign", "> mine"]);
  });
});

function lexically(left: readonly number[], right: readonly number[]): number {
  const index = left.findIndex((value, place) => value !== right[place]);
  return index < 0 ? 0 : (left[index] ?? 0) - (right[index] ?? 0);
}

describe("adding and taking out", () => {
  test("both count from the next attempt on: one under way keeps its layers", async () => {
    const gate = Promise.withResolvers<void>();
    const disposers = [
      scene.use("observe", async (request, next) => {
        await gate.promise;
        return next(request);
      }),
      scene.use("prepare", traced("old")),
    ];
    const first = scene.run();
    for (const dispose of disposers) dispose();
    for (const phase of phases) scene.use(phase, traced(`new ${phase}`));
    gate.resolve();
    await first;
    expect(steps).toEqual(["> old", "< old"]);
    await scene.run();
    expect(steps.slice(2, 6)).toEqual(phases.map((phase) => `> new ${phase}`));
  });

  test("a disposer takes out its own layer once, though the function was added twice", () => {
    const middleware = traced("twice");
    const disposers = [scene.use("prepare", middleware), scene.use("prepare", middleware)];
    disposers[0]?.();
    disposers[0]?.();
    expect(scene.pipeline.layers).toHaveLength(1);
    disposers[1]?.();
    expect(scene.pipeline.layers).toHaveLength(0);
  });

  test("layers are put in order when one is added, and not for an attempt", async () => {
    scene.use("prepare", traced("a"));
    const { layers } = scene.pipeline;
    await scene.run();
    await scene.run();
    expect(scene.pipeline.layers).toBe(layers);
  });
});

describe("a middleware is refused", () => {
  const middleware = traced("a");

  test.each([
    ["that is no function", () => scene.use("prepare", { run: middleware } as unknown as Middleware)],
    ["without one", () => scene.use("prepare", undefined as unknown as Middleware)],
    ["for a phase that does not exist", () => scene.use("before" as Phase, middleware)],
    ["with an order that is none", () => scene.use("sign", middleware, { order: Number.NaN })],
    ["with an order in words", () => scene.use("sign", middleware, { order: "first" as unknown as number })],
  ])("%s, at once and by its owner's name", (_what, adding) => {
    expect(adding).toThrow(HookwrightError);
    expect(adding).toThrow(/app/);
    expect(scene.pipeline.layers).toEqual([]);
  });

  test("no more than that: names say who it is", () => {
    scene.use("prepare", function currencyHeader(request, next) {
      return next(request);
    });
    scene.use("prepare", (request, next) => next(request));
    scene.use("prepare", (request, next) => next(request), { name: "mine" });
    expect(scene.pipeline.layers.map(({ name }) => name)).toEqual(["app/currencyHeader", "app/middleware", "app/mine"]);
  });
});

describe("an attempt always ends with an outcome", () => {
  test.each([
    ["rejects", () => Promise.reject(new Error("socket"))],
    [
      "throws",
      () => {
        throw new Error("socket");
      },
    ],
    ["comes back with nothing", () => undefined as unknown as TransportOutcome],
    ["comes back with half an answer", () => ({ kind: "answered" }) as TransportOutcome],
  ])("when the transport %s", async (_how, answer) => {
    scene.answer = answer;
    scene.use("prepare", traced("a"));
    const { outcome } = await scene.run();
    expect(outcome).toMatchObject({ kind: "sender-failed", middleware: "core/transport" });
    expect(steps).toEqual(["> a", "< a"]);
    expect(scene.faults).toEqual([]);
  });

  test.each([
    ["throws", () => Promise.reject(new Error("broken"))],
    [
      "throws at once",
      () => {
        throw new Error("broken");
      },
    ],
  ] satisfies [string, Middleware][])(
    "when a layer of core's own %s, which is blamed on no one else",
    async (_how, run) => {
      scene = new OnionScene([{ name: "core/body", owner: "core", phase: "prepare", order: 0, run }]);
      scene.use("observe", traced("mine"));
      const { outcome, stoppedBy } = await scene.run();
      expect(outcome).toMatchObject({ kind: "sender-failed", middleware: "core/body", reason: "core/body: broken" });
      expect([stoppedBy, scene.faults]).toEqual([null, []]);
      expect(scene.sent).toEqual([]);
    },
  );
});

test("what reached the transport is told, and nothing where nothing did", async () => {
  scene = new OnionScene([deadlineLayer(750)]);
  const first = await scene.run();
  expect(first.sent?.timeout).toBe(750);
  expect(scene.sent).toMatchObject([{ url: "https://receiver.example/hook", timeout: 750 }]);
  scene.use("send", () => ok);
  expect(await scene.run()).toMatchObject({ outcome: ok, sent: undefined, stoppedBy: "app/middleware" });
});

describe("the watch over middlewares", () => {
  test("costs no timer where there are none", async () => {
    const held = new HeldAnswer();
    scene.answer = held.answer;
    const running = scene.run();
    await settled();
    expect(scene.clock.pendingTimers).toBe(0);
    held.give();
    await running;
  });

  test("is one timer for all attempts, and ends with the last of them", async () => {
    const held = new HeldAnswer();
    scene.answer = held.answer;
    scene.use("prepare", traced("a"));
    const running = Array.from({ length: 50 }, () => scene.run());
    await settled();
    expect(scene.clock.pendingTimers).toBe(1);
    scene.clock.advance(60_000);
    expect(scene.clock.pendingTimers).toBe(1);
    held.give();
    await Promise.all(running);
    scene.clock.advance(1_000);
    expect(scene.clock.pendingTimers).toBe(0);
  });
});

describe("a webhook with a signing secret", () => {
  const target = { signingSecrets: [new HiddenSecret("whsec_s3cr3t")] };

  test.each<[string, Phase, Middleware]>([
    ["nobody signs", "sign", (request, next) => next(request)],
    ["the signature is empty", "sign", (request, next) => next(request.withHeader("webhook-signature", ""))],
  ])("gets nothing when %s, and is not blamed", async (_, phase, middleware) => {
    scene.use(phase, middleware);
    const { outcome } = await scene.run({ target });
    expect(outcome).toMatchObject({ kind: "sender-failed", reason: expect.stringContaining("webhook-signature") });
    expect(scene.sent).toEqual([]);
  });

  test("gets what is signed, by the header that the scheme names", async () => {
    scene.use("sign", (request, next) => next(request.withHeader("Webhook-Signature", "v1,x")));
    expect((await scene.run({ target })).outcome).toBe(ok);
    scene = new OnionScene([], { signatureHeader: () => "x-own-signature" });
    scene.use("sign", (request, next) => next(request.withHeader("x-own-signature", "1")));
    expect((await scene.run({ target })).outcome).toBe(ok);
  });

  test.each<[string, Middleware]>([
    ["takes it off", (request, next) => next(request.withoutHeader("Webhook-Signature"))],
    ["changes the time", (request, next) => next(request.withHeader("webhook-timestamp", "1"))],
  ])("gets nothing when a middleware that comes after the signature %s", async (_, middleware) => {
    scene = new OnionScene([deadlineLayer(1_000)]);
    scene.use("sign", (request, next) => next(request.withHeader("webhook-signature", "v1,x")));
    scene.use("send", middleware);
    const { outcome } = await scene.run({ target });
    expect(outcome).toMatchObject({ kind: "sender-failed", cause: { code: "request_invalid" } });
    expect(scene.sent).toEqual([]);
  });
});
