import type { BadPluginCase, Sign } from "./bad-plugin-case.js";
import { badBody, badPlugin, badThing } from "./bad-thing.js";

/** Longer than what the watchdog lets pass, and short enough for a test; in milliseconds of the machine's clock. */
const blocking = 260;

/** Nothing else in the process runs meanwhile. */
function block(): void {
  const end = performance.now() + blocking;
  while (performance.now() < end);
}

const received: Sign = { kind: "received", body: badBody, times: 1 };

const named = (callback: string): Sign => ({
  kind: "notification",
  name: "plugin.blocked",
  facts: { plugin: "bad", callback },
});

/** Once for `BAD_THING`: the witness's deliveries would be blocked as well. */
const isBad = (action: string): boolean => action === badThing.action;

export const blocksTheLoop: readonly BadPluginCase[] = [
  {
    name: "setup blocks",
    fault: "Its setup computes for too long without a pause.",
    plugins: () => [badPlugin({ setup: block })],
    expectation: { kind: "contained", signs: [received, named("setup")] },
  },
  {
    name: "a middleware blocks",
    fault: "A middleware computes for too long without a pause.",
    plugins: () => [
      badPlugin({
        setup: (ctx) =>
          void ctx.use("prepare", function layer(request, next) {
            if (isBad(request.delivery.message.action)) block();
            return next(request);
          }),
      }),
    ],
    expectation: {
      kind: "contained",
      signs: [
        received,
        named("middleware bad/layer"),
        { kind: "attempt", action: "BAD_THING", facts: { slowedBy: ["bad/layer"] } },
      ],
    },
  },
  {
    name: "a transform blocks",
    fault: "A transform computes for too long without a pause.",
    plugins: () => [
      badPlugin({
        setup: (ctx) =>
          void ctx.transform({
            variant: "bad",
            appliesTo: (_webhook, { action }) => isBad(action),
            apply: ({ payload }) => {
              block();
              return payload;
            },
          }),
      }),
    ],
    expectation: { kind: "contained", signs: [received, named("transform bad")] },
  },
  {
    name: "a listener blocks",
    fault: "A listener computes for too long without a pause.",
    plugins: () => [
      badPlugin({ setup: (ctx) => void ctx.on("message.accepted", ({ action }) => void (isBad(action) && block())) }),
    ],
    expectation: { kind: "contained", signs: [received, named("listener for message.accepted")] },
  },
  {
    name: "a durable handler blocks",
    fault: "A handler computes for too long without a pause.",
    plugins: () => [badPlugin({ setup: (ctx) => void ctx.handle(badThing, block) })],
    expectation: { kind: "contained", signs: [received, named("handler of BAD_THING")] },
  },
  {
    name: "stop blocks",
    fault: "Its stop computes for too long without a pause.",
    plugins: () => [badPlugin({ stop: block })],
    expectation: { kind: "contained", signs: [received], later: [named("stop")] },
  },
];
