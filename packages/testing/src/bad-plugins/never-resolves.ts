import { defineExtension, definePlugin } from "@hookwright/core";
import type { BadPluginCase, Sign } from "./bad-plugin-case.js";
import { badBody, badPlugin, badThing } from "./bad-thing.js";

const never = (): Promise<never> => new Promise(() => undefined);

const received: Sign = { kind: "received", body: badBody, times: 1 };

const stoppedLate: Sign = { kind: "log", level: "error", plugin: "bad", tells: "bad@6.6.6 failed while it stopped" };

export const neverResolves: readonly BadPluginCase[] = [
  {
    name: "setup never resolves",
    fault: "Its setup waits for something that never comes.",
    plugins: () => [badPlugin({ setup: never })],
    expectation: { kind: "fails-to-start", code: "plugin_timeout", tells: ["bad@6.6.6", "10000 ms"] },
  },
  {
    name: "the setup of an essential plugin never resolves",
    fault: "A plugin that the host may not run without waits for something that never comes.",
    plugins: () => [definePlugin({ name: "bad", version: "6.6.6", essential: true, setup: never })],
    expectation: { kind: "stops-the-start", code: "plugin_timeout", tells: ["bad@6.6.6"] },
  },
  {
    name: "setup goes on after it was given up",
    fault: "Its setup takes too long, goes on as if nothing had happened, and then fails.",
    plugins: (notebook) => {
      const rest = Promise.withResolvers<void>();
      return [
        badPlugin({
          async setup(ctx) {
            ctx.signal.addEventListener("abort", () => rest.resolve());
            await rest.promise;
            await notebook.tried(() => ctx.use("prepare", (request, next) => next(request)));
            throw new Error("too late");
          },
        }),
      ];
    },
    expectation: {
      kind: "fails-to-start",
      code: "plugin_timeout",
      tells: ["bad@6.6.6"],
      signs: [
        { kind: "caught", code: "lifecycle_invalid", tells: ["bad@6.6.6"] },
        { kind: "log", level: "error", plugin: "bad", tells: "bad@6.6.6 failed in setup after it had been given up" },
      ],
    },
  },
  {
    name: "stop never resolves",
    fault: "It never ends its stop.",
    plugins: () => [badPlugin({ setup: (ctx) => void ctx.on("message.accepted", () => undefined), stop: never })],
    expectation: { kind: "contained", signs: [received], later: [stoppedLate] },
  },
  {
    name: "what it owns is never undone",
    fault: "One of the things that it handed over to be undone never comes to an end.",
    plugins: (notebook) => [
      badPlugin({
        setup(ctx) {
          ctx.own(() => notebook.note("undone"));
          ctx.own(never);
        },
      }),
    ],
    expectation: { kind: "contained", signs: [received], later: [stoppedLate, { kind: "noted", text: "undone" }] },
  },
  {
    name: "a middleware never resolves",
    fault: "A middleware takes every delivery and neither passes it on nor fails.",
    plugins: () => [badPlugin({ setup: (ctx) => void ctx.use("prepare", never, { name: "layer" }) })],
    expectation: {
      kind: "contained",
      holdsUp: "retry",
      signs: [
        received,
        { kind: "notification", name: "middleware.failed", facts: { middleware: "bad/layer", error: /own time/ } },
        {
          kind: "attempt",
          action: "BAD_THING",
          facts: { number: 1, code: "middleware_failed", middleware: "bad/layer" },
        },
      ],
    },
  },
  {
    name: "a middleware in phase sign never resolves",
    fault: "A middleware that nothing may leave without hangs.",
    plugins: () => [badPlugin({ setup: (ctx) => void ctx.use("sign", never, { name: "layer" }) })],
    expectation: {
      kind: "contained",
      holdsUp: "unload",
      signs: [
        {
          kind: "attempt",
          action: "BAD_THING",
          facts: { number: 3, code: "middleware_failed", middleware: "bad/layer" },
        },
        { kind: "received", body: badBody, times: 0 },
      ],
      later: [received],
    },
  },
  {
    name: "a middleware never resolves after next",
    fault: "A middleware hangs when the receiver has answered already.",
    plugins: () => [
      badPlugin({
        setup: (ctx) =>
          void ctx.use("observe", async function layer(request, next) {
            await next(request);
            return never();
          }),
      }),
    ],
    expectation: {
      kind: "contained",
      signs: [
        received,
        { kind: "notification", name: "middleware.failed", facts: { middleware: "bad/layer", error: /own time/ } },
        { kind: "attempt", action: "BAD_THING", facts: { number: 1, status: 200, middleware: "bad/layer" } },
      ],
    },
  },
  {
    name: "a middleware returns what never settles",
    fault: "A middleware returns an object with a method then() that never answers.",
    plugins: () => [
      badPlugin({
        // biome-ignore lint/suspicious/noThenProperty: a promise that is none is the fault.
        setup: (ctx) => void ctx.use("send", () => ({ then: () => undefined }) as never, { name: "layer" }),
      }),
    ],
    expectation: {
      kind: "contained",
      holdsUp: "retry",
      signs: [
        received,
        { kind: "notification", name: "middleware.failed", facts: { middleware: "bad/layer", error: /own time/ } },
      ],
    },
  },
  {
    name: "a listener never resolves",
    fault: "A listener promises an end that never comes.",
    plugins: () => [badPlugin({ setup: (ctx) => void ctx.on("message.accepted", never) })],
    expectation: { kind: "contained", signs: [received] },
  },
  {
    name: "a durable handler never resolves",
    fault: "A handler hangs at each call and does not look at its signal.",
    plugins: () => [
      badPlugin({ setup: (ctx) => void ctx.handle(badThing, never, { retry: "5s", timeout: 1_000, name: "hung" }) }),
    ],
    expectation: {
      kind: "contained",
      signs: [
        received,
        { kind: "attempt", action: "BAD_THING", facts: { code: "handler_failed", error: /1000 ms/, number: 2 } },
        { kind: "notification", name: "handler.recorded", facts: { plugin: "bad", handler: "hung" } },
        { kind: "log", level: "error", plugin: "bad", tells: "hung" },
      ],
    },
  },
  {
    name: "an ordered handler never resolves",
    fault: "A handler that gets its events one after the other hangs, and all that come later wait behind it.",
    plugins: () => [
      badPlugin({
        setup: (ctx) => void ctx.handle(badThing, never, { retry: "5s", timeout: 1_000, ordered: true, name: "hung" }),
      }),
    ],
    provoke: async (scene) => {
      await scene.emitBad();
      await scene.emitBad({ n: 2 });
    },
    expectation: {
      kind: "contained",
      signs: [received, { kind: "attempt", action: "BAD_THING", facts: { code: "handler_failed", number: 2 } }],
    },
  },
  {
    name: "a contribution is never taken back",
    fault: "It offers an extension and never ends what it does when a contribution goes.",
    plugins: () => {
      const point = defineExtension<string>("bad/point");
      return [
        badPlugin({
          setup(ctx) {
            ctx.offer(point, () => never);
            ctx.contribute(point, "something of its own");
          },
        }),
      ];
    },
    expectation: { kind: "contained", signs: [received] },
  },
];
