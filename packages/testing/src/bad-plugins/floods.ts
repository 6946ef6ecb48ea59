import { defineEvent, type JsonSchema } from "@hookwright/core";
import type { BadPluginCase, Sign } from "./bad-plugin-case.js";
import { badBody, badPlugin, badThing } from "./bad-thing.js";

const received: Sign = { kind: "received", body: badBody, times: 1 };

export const floods: readonly BadPluginCase[] = [
  {
    name: "the log",
    fault: "It writes ten thousand lines, and one of a megabyte.",
    plugins: () => [
      badPlugin({
        setup(ctx) {
          for (let line = 1; line <= 10_000; line += 1) ctx.log.warn(`line ${line}`);
          ctx.log.error("x".repeat(1_000_000), { plugin: "witness", error: new Error("forged") });
        },
      }),
    ],
    expectation: {
      kind: "contained",
      signs: [
        received,
        { kind: "log", level: "warn", plugin: "bad", tells: "line 10000" },
        { kind: "log", level: "error", plugin: "bad", tells: "xxx" },
      ],
    },
  },
  {
    name: "the listeners",
    fault: "It listens two thousand times.",
    plugins: () => [
      badPlugin({
        setup(ctx) {
          for (let count = 1; count <= 2_000; count += 1) ctx.on("message.accepted", () => undefined);
        },
      }),
    ],
    expectation: { kind: "contained", signs: [received] },
  },
  {
    name: "the events of one call",
    fault: "One call of a handler emits more than one transaction should hold.",
    plugins: (notebook) => [
      badPlugin({
        setup: (ctx) =>
          void ctx.handle(
            badThing,
            async ({ payload, emit }) => {
              if (payload.n !== 1) return;
              await notebook.tried(() => {
                for (let n = 2; n < 5_000; n += 1) emit(badThing, { n });
              });
            },
            { retry: "" },
          ),
      }),
    ],
    expectation: { kind: "contained", signs: [{ kind: "caught", code: "overloaded", tells: ["1000"] }] },
  },
  {
    name: "its state",
    fault: "One call of a handler touches more keys than one transaction should hold.",
    plugins: (notebook) => [
      badPlugin({
        setup: (ctx) =>
          void ctx.handle(badThing, async ({ state }) => {
            await notebook.tried(() => {
              for (let key = 1; key <= 5_000; key += 1) state.set(`key-${key}`, key);
            });
          }),
      }),
    ],
    expectation: {
      kind: "contained",
      signs: [received, { kind: "caught", code: "state_invalid", tells: ["1000 keys"] }],
    },
  },
  {
    name: "the list of events",
    fault: "It registers five hundred events while it runs.",
    plugins: () => [
      badPlugin({
        setup(ctx) {
          const schema: JsonSchema = { type: "object" };
          for (let count = 1; count <= 500; count += 1)
            ctx.event(defineEvent({ action: `BAD_THING_${count}`, summary: "One of many.", schema, example: {} }));
        },
      }),
    ],
    expectation: { kind: "contained", signs: [received] },
  },
  {
    name: "the headers",
    fault: "A middleware adds a header of a megabyte to its own deliveries, more than any receiver reads.",
    plugins: () => [
      badPlugin({
        setup: (ctx) =>
          void ctx.use("prepare", function layer(request, next) {
            const isOwn = request.delivery.message.action === badThing.action;
            return next(isOwn ? request.withHeader("x-bad", "x".repeat(1_000_000)) : request);
          }),
      }),
    ],
    expectation: {
      kind: "contained",
      signs: [{ kind: "attempt", action: "BAD_THING", facts: { number: 1, changedBy: ["bad/layer"] } }],
    },
  },
  {
    name: "the microtasks",
    fault: "It keeps the event loop from its next turn for a while by promises alone.",
    plugins: () => [
      badPlugin({
        setup: (ctx) =>
          void ctx.handle(badThing, async () => {
            const end = performance.now() + 100;
            while (performance.now() < end) await Promise.resolve();
          }),
      }),
    ],
    expectation: { kind: "contained", signs: [received] },
  },
];
