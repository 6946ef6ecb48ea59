import { defineEvent, definePlugin } from "@hookwright/core";
import type { BadPluginCase, Sign } from "./bad-plugin-case.js";
import { badPlugin, badThing } from "./bad-thing.js";

const worseThing = defineEvent({
  action: "WORSE_THING",
  summary: "It got worse.",
  schema: { type: "object", required: ["n"], properties: { n: { type: "integer" } } },
  example: { n: 1 },
});

const ended: readonly Sign[] = [
  { kind: "attempt", action: "BAD_THING", facts: { code: "emit_loop", error: /circle|16/ } },
  { kind: "log", level: "error", plugin: "bad", tells: "BAD_THING" },
];

/** So many requests at most: a circle comes to an end. */
const last = (n: number, times: number): Sign => ({
  kind: "received",
  body: `{"action":"BAD_THING","n":${n},"project":{"id":1}}`,
  times,
});

export const emitsInCircles: readonly BadPluginCase[] = [
  {
    name: "a handler emits its own event",
    fault: "Each event makes another one, without end.",
    plugins: () => [
      badPlugin({
        setup: (ctx) => void ctx.handle(badThing, ({ payload, emit }) => emit(badThing, { n: payload.n + 1 })),
      }),
    ],
    expectation: { kind: "contained", signs: [...ended, last(16, 1), last(40, 0)] },
  },
  {
    name: "a handler emits its own event and catches what stops it",
    fault: "It hides the error that ends the circle.",
    plugins: () => [
      badPlugin({
        setup: (ctx) =>
          void ctx.handle(badThing, ({ payload, emit }) => {
            try {
              emit(badThing, { n: payload.n + 1 });
            } catch {
              // Hidden.
            }
          }),
      }),
    ],
    expectation: { kind: "contained", signs: [...ended, last(16, 1), last(40, 0)] },
  },
  {
    name: "two plugins answer each other",
    fault: "Each one's event makes the other's.",
    plugins: () => [
      badPlugin({
        setup: (ctx) => void ctx.handle(worseThing, ({ payload, emit }) => emit(badThing, { n: payload.n + 1 })),
      }),
      definePlugin({
        name: "worse",
        version: "1.0.0",
        events: [worseThing],
        setup: (ctx) => void ctx.handle(badThing, ({ payload, emit }) => emit(worseThing, { n: payload.n + 1 })),
      }),
    ],
    entrances: ["boot"],
    expectation: {
      kind: "contained",
      signs: [{ kind: "attempt", action: "BAD_THING", facts: { code: "emit_loop" } }, last(17, 1), last(41, 0)],
    },
  },
  {
    name: "a handler answers each event with two",
    fault: "The circle grows: sixteen steps make more than sixty thousand events unless something stops it.",
    plugins: () => [
      badPlugin({
        setup: (ctx) =>
          void ctx.handle(badThing, ({ payload, emit }) => {
            if (payload.n > 4) return;
            emit(badThing, { n: payload.n + 1 });
            emit(badThing, { n: payload.n + 1 });
          }),
      }),
    ],
    expectation: { kind: "contained", signs: [last(5, 16), last(6, 0)] },
  },
];
