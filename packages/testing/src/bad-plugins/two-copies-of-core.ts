import type * as Core from "@hookwright/core";
import type { BadPluginCase } from "./bad-plugin-case.js";
import { badBody } from "./bad-thing.js";

/** Plugins that were made with another copy of core than the host's own, as it happens when two versions are installed. */
export function twoCopiesOfCore(copy: typeof Core): readonly BadPluginCase[] {
  const { defineEvent, defineExtension, definePlugin, defineService, EventOf, HookwrightError, WebhookEvent } = copy;
  const schema = { type: "object", required: ["n"], properties: { n: { type: "integer" } } } as const;
  const badThing = defineEvent({ action: "BAD_THING", summary: "It came from elsewhere.", schema, example: { n: 1 } });
  const received = { kind: "received", body: badBody, times: 1 } as const;
  return [
    {
      name: "the plugin and its event",
      fault: "It was defined with the functions of another copy.",
      plugins: (notebook) => [
        definePlugin({
          name: "bad",
          version: "6.6.6",
          events: [badThing],
          setup(ctx) {
            ctx.use("prepare", (request, next) => next(request));
            ctx.handle(badThing, ({ payload }) => notebook.note(`handled ${payload.n}`));
          },
        }),
      ],
      expectation: { kind: "contained", signs: [received, { kind: "noted", text: "handled 1" }] },
    },
    {
      name: "an event as a decorated class",
      fault: "Its class was decorated, and made from a base, of another copy.",
      plugins: () => {
        class BadThing extends EventOf(schema) {}
        WebhookEvent({ action: "BAD_THING", summary: "It came from elsewhere.", example: { n: 1 } })(BadThing);
        return [definePlugin({ name: "bad", version: "6.6.6", events: [BadThing] })];
      },
      expectation: { kind: "contained", signs: [received] },
    },
    {
      name: "tokens",
      fault: "Who offers and who contributes have each a token of their own copy.",
      plugins: (notebook) => {
        const mine = defineExtension<string>("bad/point");
        const theirs = { ...defineExtension<string>("bad/point") };
        return [
          definePlugin({
            name: "bad",
            version: "6.6.6",
            events: [badThing],
            setup(ctx) {
              ctx.offer(mine, (contribution) => void notebook.note(contribution));
              ctx.provide(defineService<string>("bad/service"), "a service");
            },
          }),
          definePlugin({
            name: "worse",
            version: "1.0.0",
            requires: { bad: "*" },
            setup(ctx) {
              ctx.contribute(theirs, "a contribution");
              notebook.note(ctx.service(defineService<string>("bad/service")));
            },
          }),
        ];
      },
      expectation: {
        kind: "contained",
        signs: [received, { kind: "noted", text: "a contribution" }, { kind: "noted", text: "a service" }],
      },
    },
    {
      name: "an error",
      fault: "What it throws is an error of another copy's class.",
      plugins: () => [
        definePlugin({
          name: "bad",
          version: "6.6.6",
          setup() {
            throw new HookwrightError("configuration_invalid", "thrown by the other copy");
          },
        }),
      ],
      expectation: { kind: "fails-to-start", code: "plugin_failed", tells: ["bad@6.6.6", "thrown by the other copy"] },
    },
    {
      name: "a plugin that asks for another version of core",
      fault: "The copy that it brings along has a version that the host's own has not.",
      plugins: () => [definePlugin({ name: "bad", version: "6.6.6", hookwright: "^99.0.0" })],
      expectation: {
        kind: "refused-at-boot",
        problems: [{ code: "plugin_version", tells: ["bad@6.6.6", "^99.0.0"] }],
      },
    },
  ];
}
