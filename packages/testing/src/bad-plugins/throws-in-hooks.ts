import { defineExtension, definePlugin, type Phase, type PluginContext } from "@hookwright/core";
import type { BadPluginCase, Sign } from "./bad-plugin-case.js";
import { badBody, badPlugin, badThing } from "./bad-thing.js";

type Context = PluginContext<{ readonly [key: string]: unknown }>;

const boom = (): never => {
  throw new Error("boom");
};

const asyncBoom = async (): Promise<never> => {
  await Promise.resolve();
  throw new Error("boom");
};

/** Both ways in which a hook can throw. */
const ways = [
  ["at once", boom],
  ["in a promise", asyncBoom],
] as const;

const received: Sign = { kind: "received", body: badBody, times: 1 };

export const throwsInHooks: readonly BadPluginCase[] = [
  ...ways.flatMap(([way, fault]) => casesOf(way, fault)),
  ...transformCases(),
  ...strangeThrows(),
];

function casesOf(way: string, fault: () => Promise<never> | never): readonly BadPluginCase[] {
  return [
    {
      name: `setup throws ${way}`,
      fault: "Its setup fails after it has added something to everything.",
      plugins: () => [
        badPlugin({
          setup(ctx) {
            addToEverything(ctx);
            return fault();
          },
        }),
      ],
      expectation: { kind: "fails-to-start", code: "plugin_failed", tells: ["bad@6.6.6", "boom"] },
    },
    {
      name: `an essential plugin throws ${way} in setup`,
      fault: "It signs, or removes what must not leave, and it cannot be had.",
      plugins: () => [definePlugin({ name: "bad", version: "6.6.6", essential: true, setup: () => fault() })],
      expectation: { kind: "stops-the-start", code: "plugin_failed", tells: ["bad@6.6.6", "boom"] },
    },
    {
      name: `a plugin that others require throws ${way} in setup`,
      fault: "Its setup fails, and another plugin cannot be without it.",
      plugins: () => [
        badPlugin({ setup: () => fault() }),
        definePlugin({ name: "worse", version: "1.0.0", requires: { bad: "^6.0.0" } }),
      ],
      expectation: { kind: "fails-to-start", code: "plugin_failed", tells: ["bad@6.6.6", "boom"], waiting: ["worse"] },
    },
    {
      name: `stop throws ${way}`,
      fault: "It fails while it is stopped, and what it added must go all the same.",
      plugins: () => [badPlugin({ setup: addToEverything, stop: () => fault() })],
      expectation: {
        kind: "contained",
        signs: [received],
        later: [{ kind: "log", level: "error", plugin: "bad", tells: "bad@6.6.6 failed while it stopped" }],
      },
    },
    {
      name: `what it owns throws ${way} when it is undone`,
      fault: "One of the things that it handed over to be undone fails.",
      plugins: (notebook) => [
        badPlugin({
          setup(ctx) {
            ctx.own(() => notebook.note("undone"));
            ctx.own(() => fault());
            addToEverything(ctx);
          },
        }),
      ],
      expectation: {
        kind: "contained",
        signs: [received],
        later: [
          { kind: "log", level: "error", plugin: "bad", tells: "bad@6.6.6 failed while it stopped" },
          { kind: "noted", text: "undone" },
        ],
      },
    },
    {
      name: `a listener throws ${way}`,
      fault: "A listener fails on everything that it is told.",
      plugins: () => [badPlugin({ setup: (ctx) => void ctx.on("message.accepted", () => fault()) })],
      expectation: {
        kind: "contained",
        signs: [
          received,
          {
            kind: "notification",
            name: "listener.failed",
            facts: { listener: "bad", notification: "message.accepted", error: /^boom$/ },
          },
        ],
      },
    },
    {
      name: `a durable handler throws ${way}`,
      fault: "A handler fails at each call.",
      plugins: () => [badPlugin({ setup: (ctx) => void ctx.handle(badThing, () => fault(), { retry: "5s" }) })],
      expectation: {
        kind: "contained",
        signs: [
          received,
          { kind: "attempt", action: "BAD_THING", facts: { code: "handler_failed", error: /boom/, number: 2 } },
          { kind: "notification", name: "handler.recorded", facts: { plugin: "bad", code: "handler_failed" } },
          { kind: "log", level: "error", plugin: "bad", tells: "BAD_THING" },
        ],
      },
    },
    {
      name: `the receiver of an extension throws ${way}`,
      fault: "It offers an extension and fails for each contribution.",
      plugins: (notebook) => {
        const point = defineExtension<string>("bad/point");
        return [
          // A receiver that is asynchronous is refused by the types only.
          badPlugin({ setup: (ctx) => void ctx.offer(point, () => fault() as never) }),
          definePlugin({
            name: "worse",
            version: "1.0.0",
            setup: (ctx) => notebook.tried(() => ctx.contribute(point, "something")),
          }),
        ];
      },
      expectation: {
        kind: "contained",
        signs:
          fault === boom
            ? [
                received,
                {
                  kind: "caught",
                  code: "contribution_refused",
                  tells: ["bad/point", "bad@6.6.6", "worse@1.0.0", "boom"],
                },
              ]
            : [received, { kind: "log", level: "error", plugin: "bad", tells: "bad/point" }],
      },
    },
    ...(["observe", "prepare", "send"] as const).map((phase): BadPluginCase => middlewareCase(phase, way, fault)),
    {
      name: `a middleware in phase sign throws ${way} for every delivery`,
      fault: "A middleware that nothing may leave without fails before next().",
      plugins: () => [badPlugin({ setup: (ctx) => void ctx.use("sign", () => fault(), { name: "layer" }) })],
      expectation: {
        kind: "contained",
        holdsUp: "unload",
        signs: [
          { kind: "notification", name: "middleware.failed", facts: { middleware: "bad/layer", error: /^boom$/ } },
          {
            kind: "attempt",
            action: "BAD_THING",
            facts: { number: 3, code: "middleware_failed", middleware: "bad/layer", status: null, error: /boom/ },
          },
          { kind: "received", body: badBody, times: 0 },
        ],
        later: [received],
      },
    },
    {
      name: `a middleware throws ${way} after next`,
      fault: "A middleware fails when the receiver has answered already.",
      plugins: () => [
        badPlugin({
          setup: (ctx) =>
            void ctx.use("prepare", async function layer(request, next) {
              await next(request);
              return fault();
            }),
        }),
      ],
      expectation: {
        kind: "contained",
        signs: [
          received,
          { kind: "notification", name: "middleware.failed", facts: { middleware: "bad/layer", error: /^boom$/ } },
          { kind: "log", level: "error", plugin: "bad", tells: "Middleware bad/layer failed" },
          { kind: "attempt", action: "BAD_THING", facts: { number: 1, status: 200, middleware: "bad/layer" } },
        ],
      },
    },
  ];
}

/** It is not required: what it fails for is repeated, and then goes without it. */
function middlewareCase(phase: Phase, way: string, fault: () => Promise<never> | never): BadPluginCase {
  return {
    name: `a middleware in phase ${phase} throws ${way} for every delivery`,
    fault: "A middleware fails before next(), and it is one that a delivery can go without.",
    plugins: () => [badPlugin({ setup: (ctx) => void ctx.use(phase, () => fault(), { name: "layer" }) })],
    expectation: {
      kind: "contained",
      holdsUp: "retry",
      signs: [
        received,
        { kind: "notification", name: "middleware.failed", facts: { middleware: "bad/layer", error: /^boom$/ } },
        {
          kind: "attempt",
          action: "BAD_THING",
          facts: { number: 1, code: "middleware_failed", middleware: "bad/layer", status: null, error: /boom/ },
        },
        { kind: "attempt", action: "BAD_THING", facts: { number: 2, code: null, status: 200 } },
      ],
    },
  };
}

function transformCases(): readonly BadPluginCase[] {
  const transformed = (parts: {
    readonly appliesTo?: () => never;
    readonly apply: () => never;
  }): BadPluginCase["plugins"] => {
    return () => [
      badPlugin({
        setup(ctx) {
          const isOwn = (action: string): boolean => action === badThing.action;
          ctx.transform({
            variant: "bad",
            appliesTo: (_webhook, { action }) => isOwn(action) && (parts.appliesTo?.() ?? true),
            apply: parts.apply,
          });
        },
      }),
    ];
  };
  const expectation: BadPluginCase["expectation"] = {
    kind: "contained",
    signs: [
      { kind: "caught", code: "middleware_failed", tells: ["BAD_THING", "bad", "boom"] },
      { kind: "received", body: badBody, times: 0 },
    ],
  };
  const provoke: BadPluginCase["provoke"] = (scene) => scene.notebook.tried(() => scene.emitBad());
  return [
    {
      name: "a transform throws in apply",
      fault: "A transform fails: the event must not be stored as it was, since it might hold what was to be removed.",
      plugins: transformed({ apply: boom }),
      provoke,
      expectation,
    },
    {
      name: "a transform throws in appliesTo",
      fault: "A transform fails when it is asked whom it is for.",
      plugins: transformed({ appliesTo: boom, apply: boom }),
      provoke,
      expectation,
    },
    {
      name: "a transform is asynchronous",
      fault: "A transform returns a promise, which later rejects.",
      // Types would refuse it.
      plugins: transformed({ apply: asyncBoom as unknown as () => never }),
      provoke,
      expectation: {
        kind: "contained",
        signs: [{ kind: "caught", code: "middleware_failed", tells: ["BAD_THING", "bad", "at once"] }],
      },
    },
  ];
}

/** Whatever can be thrown, besides errors. */
function strangeThrows(): readonly BadPluginCase[] {
  const hostile = new Proxy(
    {},
    {
      get() {
        throw new Error("nothing may be read of it");
      },
      getPrototypeOf() {
        throw new Error("nothing may be asked of it");
      },
      has() {
        throw new Error("nothing may be asked of it");
      },
      ownKeys() {
        throw new Error("nothing may be listed of it");
      },
      getOwnPropertyDescriptor() {
        throw new Error("nothing may be listed of it");
      },
    },
  );
  const unreadable = Object.defineProperty(new Error("hidden"), "message", {
    get() {
      throw new Error("the message cannot be read");
    },
  });
  const thrown: readonly (readonly [string, unknown])[] = [
    ["undefined", undefined],
    ["null", null],
    ["a text", "boom"],
    ["a symbol", Symbol("boom")],
    ["an object without a prototype", Object.create(null)],
    ["a frozen error", Object.freeze(new Error("boom"))],
    ["an error whose message throws", unreadable],
    ["a text that throws when it is read", { toString: boom, [Symbol.toPrimitive]: boom }],
    ["a proxy that throws at every touch", hostile],
    ["an error that is its own cause", ownCause()],
    ["an error with a message of a megabyte", new Error("x".repeat(1_000_000))],
    [
      "an error that is an imitation of one of core's",
      Object.assign(new Error("boom"), { code: "plugin_missing", name: "HookwrightError" }),
    ],
  ];
  return thrown.flatMap(([what, value]): readonly BadPluginCase[] => {
    const fault = (): never => {
      throw value;
    };
    return [
      {
        name: `setup throws ${what}`,
        fault: "What its setup throws is no error, or one that does harm to who looks at it.",
        plugins: () => [badPlugin({ setup: fault })],
        expectation: { kind: "fails-to-start", code: "plugin_failed", tells: ["bad@6.6.6"] },
      },
      {
        name: `a middleware, a listener and a handler throw ${what}`,
        fault: "What its hooks throw is no error, or one that does harm to who looks at it.",
        plugins: () => [
          badPlugin({
            setup(ctx) {
              ctx.use("prepare", async function layer(request, next) {
                await next(request);
                return fault();
              });
              ctx.on("message.accepted", fault);
              ctx.handle(badThing, fault, { retry: "5s" });
              ctx.own(fault);
            },
          }),
        ],
        expectation: {
          kind: "contained",
          signs: [
            received,
            { kind: "notification", name: "middleware.failed", facts: { middleware: "bad/layer" } },
            { kind: "notification", name: "listener.failed", facts: { listener: "bad" } },
            { kind: "attempt", action: "BAD_THING", facts: { code: "handler_failed", number: 2 } },
          ],
          later: [{ kind: "log", level: "error", plugin: "bad", tells: "bad@6.6.6 failed while it stopped" }],
        },
      },
    ];
  });
}

function ownCause(): Error {
  const error = new Error("boom");
  error.cause = error;
  return error;
}

/** So that there is something of every kind to undo. */
function addToEverything(ctx: Context): void {
  ctx.use("prepare", (request, next) => next(request.withHeader("x-bad", "1").withoutHeader("x-bad")));
  ctx.on("attempt.recorded", () => undefined);
  ctx.transform({ variant: "bad", appliesTo: () => false, apply: ({ payload }) => payload });
  ctx.handle(badThing, () => undefined);
  ctx.offer(defineExtension<string>("bad/everything"), () => undefined);
}
