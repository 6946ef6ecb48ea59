import { defineEvent, defineExtension, defineService, type Middleware, type PluginContext } from "@hookwright/core";
import type { BadPluginCase, Sign } from "./bad-plugin-case.js";
import { badBody, badPlugin, badThing } from "./bad-thing.js";
import type { Notebook } from "./notebook.js";

type Context = PluginContext<{ readonly [key: string]: unknown }>;

const received: Sign = { kind: "received", body: badBody, times: 1 };

const late = defineEvent({
  action: "LATE_THING",
  summary: "Something came too late.",
  schema: { type: "object" },
  example: {},
});

const stopped: Sign = { kind: "caught", code: "lifecycle_invalid", tells: ["bad@6.6.6", "after it was stopped"] };

export const actsOutOfTurn: readonly BadPluginCase[] = [
  {
    name: "it adds to everything after it was stopped",
    fault: "It kept its context, and goes on when it is long unloaded.",
    plugins: (notebook) => {
      let kept: Context | undefined;
      return [
        badPlugin({
          setup: (ctx) => {
            kept = ctx;
            notebook.whenUnloaded(() => (kept === undefined ? undefined : addToEverything(kept, notebook)));
          },
        }),
      ];
    },
    expectation: {
      kind: "contained",
      signs: [received],
      later: [stopped, { kind: "noted", text: "8 of 8 were refused" }],
    },
  },
  {
    name: "it adds to everything while it is stopped",
    fault: "What it adds in its stop would be left when it is gone.",
    plugins: (notebook) => {
      let kept: Context | undefined;
      return [
        badPlugin({
          setup: (ctx) => {
            kept = ctx;
          },
          stop: () => (kept === undefined ? undefined : addToEverything(kept, notebook)),
        }),
      ];
    },
    expectation: {
      kind: "contained",
      signs: [received],
      later: [stopped, { kind: "noted", text: "8 of 8 were refused" }],
    },
  },
  {
    name: "it adds to everything long after its start, and nothing is lost",
    fault: "It registers when deliveries run already: allowed, and undone all the same.",
    plugins: (notebook) => [
      badPlugin({
        setup: (ctx) =>
          void ctx.on("message.accepted", async ({ action }) => {
            if (action !== badThing.action) return;
            await addToEverything(ctx, notebook);
          }),
      }),
    ],
    expectation: { kind: "contained", signs: [received, { kind: "noted", text: "0 of 8 were refused" }] },
  },
  {
    name: "it takes back twice",
    fault: "It calls each disposer again and again, and after its stop.",
    plugins: () => [
      badPlugin({
        setup(ctx) {
          const undo = [
            ctx.use("prepare", (request, next) => next(request)),
            ctx.on("message.accepted", () => undefined),
            ctx.transform({ variant: "bad", appliesTo: () => false, apply: ({ payload }) => payload }),
            ctx.event(late),
            ctx.handle(badThing, () => undefined),
          ];
          for (const dispose of [...undo, ...undo, ...undo]) dispose();
          ctx.own(() => {
            for (const dispose of undo) dispose();
          });
          ctx.event(late);
        },
      }),
    ],
    expectation: { kind: "contained", signs: [received] },
  },
  {
    name: "a handler uses its state when its call is over",
    fault:
      "It does not wait for what it has begun: what comes late could have no effect, and would be lost without a word.",
    plugins: (notebook) => [
      badPlugin({
        setup: (ctx) =>
          void ctx.handle(badThing, ({ state, emit }) => {
            setImmediate(() =>
              setImmediate(() => {
                void notebook.tried(() => state.set("late", 1));
                void notebook.tried(() => state.get("late"));
                void notebook.tried(() => emit(badThing, { n: 9 }));
              }),
            );
          }),
      }),
    ],
    expectation: {
      kind: "contained",
      signs: [received, { kind: "caught", code: "state_invalid", tells: ["after it had ended"] }],
      later: [{ kind: "received", body: badBody.replace('"n":1', '"n":9'), times: 0 }],
    },
  },
  {
    name: "a handler emits what is not allowed",
    fault: "It emits an unknown event, an invalid payload, and one for another project that is none.",
    plugins: (notebook) => [
      badPlugin({
        setup: (ctx) =>
          void ctx.handle(badThing, async ({ emit }) => {
            await notebook.tried(() => emit("NO_SUCH_THING" as "TASKS_CREATED", {} as never));
            await notebook.tried(() => emit(badThing, { n: "one" } as never));
            await notebook.tried(() => emit(badThing, { n: 1 }, { project: -1 }));
          }),
      }),
    ],
    expectation: {
      kind: "contained",
      signs: [
        received,
        { kind: "caught", code: "action_unknown", tells: ["NO_SUCH_THING"] },
        { kind: "caught", code: "payload_invalid", tells: ["BAD_THING", "/n"] },
        { kind: "caught", code: "scope_invalid", tells: ["-1"] },
      ],
    },
  },
  {
    name: "it undoes by hand what fails in a promise",
    fault: "It takes back what it owns in the middle of its life, and that rejects when nobody waits for it.",
    plugins: () => [
      badPlugin({
        setup(ctx) {
          const dispose = ctx.own(() => Promise.reject(new Error("boom")));
          ctx.on("message.accepted", () => dispose());
        },
      }),
    ],
    expectation: {
      kind: "contained",
      signs: [received, { kind: "log", level: "error", plugin: "bad", tells: "boom" }],
    },
  },
  {
    name: "a middleware adds itself again at each delivery",
    fault: "Each delivery passes more layers than the one before it.",
    plugins: () => [
      badPlugin({
        setup(ctx) {
          const layer: Middleware = (request, next) => {
            ctx.use("prepare", layer, { name: "layer" });
            return next(request);
          };
          ctx.use("prepare", layer, { name: "layer" });
        },
      }),
    ],
    expectation: { kind: "contained", signs: [received] },
  },
  {
    name: "it writes what cannot be written into the log",
    fault: "Its lines hold what throws when it is read.",
    plugins: (notebook) => [
      badPlugin({
        setup(ctx) {
          const hostile = {
            get secret(): string {
              throw new Error("not to be read");
            },
          };
          for (const fields of [hostile, { hostile }, { big: 6n }, { plugin: "witness" }, null, "text"]) {
            try {
              ctx.log.warn("look", fields as Record<string, unknown>);
            } catch {
              notebook.note("thrown");
            }
          }
          ctx.log.warn(Symbol("look") as unknown as string);
        },
      }),
    ],
    expectation: { kind: "contained", signs: [received, { kind: "log", level: "warn", plugin: "bad", tells: "look" }] },
  },
  {
    name: "it asks for a service that nobody provides",
    fault: "It does not say what it requires, and fails where it is started first.",
    plugins: () => [badPlugin({ setup: (ctx) => void ctx.service(defineService<string>("nobody/service")) })],
    expectation: { kind: "fails-to-start", code: "plugin_failed", tells: ["bad@6.6.6", "nobody/service"] },
  },
  {
    name: "it handles an event that there is not",
    fault: "It would wait for ever, without a word.",
    plugins: () => [badPlugin({ setup: (ctx) => void ctx.handle("TASKS_CREATD" as "TASKS_CREATED", () => undefined) })],
    expectation: {
      kind: "fails-to-start",
      code: "plugin_failed",
      tells: ["bad@6.6.6", "TASKS_CREATD", "TASKS_CREATED"],
    },
  },
  {
    name: "it listens to what is never told",
    fault: "It would wait for ever, without a word.",
    plugins: () => [
      badPlugin({ setup: (ctx) => void ctx.on("message.acepted" as "message.accepted", () => undefined) }),
    ],
    expectation: { kind: "fails-to-start", code: "plugin_failed", tells: ["bad@6.6.6", "message.acepted"] },
  },
  ...wrongArguments(),
];

/** What is registered is not what it must be. */
function wrongArguments(): readonly BadPluginCase[] {
  const faults: readonly (readonly [string, (ctx: Context) => unknown, string])[] = [
    ["a middleware that is no function", (ctx) => ctx.use("prepare", "layer" as never), "must be a function"],
    ["a middleware in no phase", (ctx) => ctx.use("after" as never, (request, next) => next(request)), "phase"],
    ["a middleware of no order", (ctx) => ctx.use("prepare", (r, n) => n(r), { order: Number.NaN }), "order"],
    ["a middleware of no name", (ctx) => ctx.use("prepare", (r, n) => n(r), { name: 1 as never }), "name"],
    [
      "a middleware that is required perhaps",
      (ctx) => ctx.use("prepare", (r, n) => n(r), { required: "yes" as never }),
      "required",
    ],
    ["a transform without a variant", (ctx) => ctx.transform({ apply: () => ({}) } as never), "variant"],
    ["no transform", (ctx) => ctx.transform(undefined as never), "transform"],
    ["a listener that is no function", (ctx) => ctx.on("message.accepted", {} as never), "must be a function"],
    ["no event", (ctx) => ctx.event({ action: "LATE_THING" } as never), "event"],
    ["a handler that is no function", (ctx) => ctx.handle(badThing, null as never), "must be a function"],
    [
      "a handler with a timeout without end",
      (ctx) => ctx.handle(badThing, () => 0, { timeout: Number.POSITIVE_INFINITY }),
      "timeout",
    ],
    ["a handler with no retry schedule", (ctx) => ctx.handle(badThing, () => 0, { retry: "often" }), "retry"],
    [
      "a handler with a million calls at once",
      (ctx) => ctx.handle(badThing, () => 0, { concurrency: 1e6 }),
      "concurrency",
    ],
    ["something to own that is no function", (ctx) => ctx.own("undo" as never), "own"],
    [
      "an offer without a receiver",
      (ctx) => ctx.offer(defineExtension<string>("bad/point"), undefined as never),
      "bad/point",
    ],
  ];
  return faults.map(([what, register, tells]) => ({
    name: `it registers ${what}`,
    fault: `It hands in ${what}.`,
    plugins: () => [badPlugin({ setup: (ctx) => void register(ctx) })],
    expectation: { kind: "fails-to-start", code: "plugin_failed", tells: ["bad@6.6.6", tells] },
  }));
}

/** Eight ways to add something, and how many of them were refused. */
async function addToEverything(ctx: Context, notebook: Notebook): Promise<void> {
  const before = notebook.caught.length;
  const ways: readonly (() => unknown)[] = [
    () => ctx.use("prepare", (request, next) => next(request)),
    () => ctx.on("message.accepted", () => undefined),
    () => ctx.transform({ variant: "late", appliesTo: () => false, apply: ({ payload }) => payload }),
    () => ctx.event(late),
    () => ctx.handle(badThing, () => undefined),
    () => ctx.offer(defineExtension<string>("bad/late"), () => undefined),
    () => ctx.provide(defineService<string>("bad/late"), "late"),
    () => ctx.own(() => undefined),
  ];
  for (const way of ways) await notebook.tried(way);
  notebook.note(`${notebook.caught.length - before} of 8 were refused`);
}
