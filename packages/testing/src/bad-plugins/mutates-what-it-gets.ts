import { type ConfiguredPlugin, defineEvent, definePlugin, type OutgoingRequest } from "@hookwright/core";
import type { BadPluginCase, Sign } from "./bad-plugin-case.js";
import { badBody, badPlugin, badThing } from "./bad-thing.js";
import type { Notebook } from "./notebook.js";

const received: Sign = { kind: "received", body: badBody, times: 1 };

/** Tries to change something: whether it is refused or without effect is all the same. */
function change(work: () => unknown): void {
  try {
    work();
  } catch {
    // What is frozen throws.
  }
}

/** Every value that can be reached from an object is overwritten, every list emptied, every byte set to zero. */
function wreck(value: unknown, depth = 0): void {
  if (typeof value !== "object" || value === null || depth > 4) return;
  if (value instanceof Uint8Array) {
    change(() => value.fill(0x20));
    return;
  }
  if (value instanceof Map) for (const member of value.values()) wreck(member, depth + 1);
  for (const key of Reflect.ownKeys(value)) {
    change(() => wreck(Reflect.get(value, key), depth + 1));
    change(() => Reflect.set(value, key, "wrecked"));
    change(() => Reflect.deleteProperty(value, key));
    change(() => Reflect.set(value, "action", "WRECKED"));
  }
  change(() => Reflect.setPrototypeOf(value, null));
}

const deepest = ["delivery", "headers", "body", "url", "timeout"] as const satisfies readonly (keyof OutgoingRequest)[];

export const mutatesWhatItGets: readonly BadPluginCase[] = [
  {
    name: "a middleware wrecks the request",
    fault: "It overwrites headers, bytes, message, webhook and lease of every delivery.",
    plugins: () => [
      badPlugin({
        setup(ctx) {
          for (const phase of ["observe", "prepare", "sign", "send"] as const) {
            ctx.use(
              phase,
              (request, next) => {
                for (const part of deepest) wreck(request[part]);
                wreck(request);
                return next(request);
              },
              { name: phase },
            );
          }
        },
      }),
    ],
    expectation: { kind: "contained", signs: [received] },
  },
  {
    name: "a middleware wrecks the outcome",
    fault: "It makes a failure of what was delivered, for all that look at it after it.",
    plugins: () => [
      badPlugin({
        setup: (ctx) =>
          void ctx.use("send", async (request, next) => {
            const outcome = await next(request);
            wreck(outcome);
            return outcome;
          }),
      }),
    ],
    expectation: {
      kind: "contained",
      signs: [received, { kind: "attempt", action: "BAD_THING", facts: { number: 1, status: 200, code: null } }],
    },
  },
  {
    name: "a middleware wrecks the class of requests",
    fault: "It reaches through a request for what all requests share.",
    plugins: () => [
      badPlugin({
        setup: (ctx) =>
          void ctx.use("prepare", (request, next) => {
            const shared: unknown = Object.getPrototypeOf(request);
            const maker: unknown = Reflect.get(Object(shared), "constructor");
            const wrecked = throughTheClass(maker, request);
            wreck(maker);
            for (const key of Reflect.ownKeys(Object(shared)))
              change(() => Reflect.set(Object(shared), key, () => "wrecked"));
            return next(wrecked);
          }),
      }),
    ],
    expectation: { kind: "contained", signs: [received] },
  },
  {
    name: "a listener wrecks what it is told",
    fault: "It overwrites the facts that others are told after it.",
    plugins: () => [
      badPlugin({
        setup(ctx) {
          for (const name of ["message.accepted", "attempt.recorded", "handler.recorded"] as const)
            ctx.on(name, (facts) => wreck(facts));
        },
      }),
    ],
    expectation: {
      kind: "contained",
      signs: [received, { kind: "notification", name: "attempt.recorded", facts: { action: "BAD_THING", attempt: 1 } }],
    },
  },
  {
    name: "a transform wrecks the event",
    fault:
      "It overwrites the payload that it is asked about, and the one that it is given, and then says that it is for nobody.",
    plugins: () => [
      badPlugin({
        setup(ctx) {
          ctx.transform({
            variant: "bad",
            appliesTo(webhook, event) {
              wreck(webhook);
              wreck(event);
              return false;
            },
            apply: ({ payload }) => payload,
          });
          ctx.transform({
            variant: "worse",
            appliesTo: (_webhook, { action }) => action === badThing.action,
            apply(event) {
              const { payload } = event;
              const copy = structuredClone(payload);
              wreck(event);
              return copy;
            },
          });
        },
      }),
    ],
    expectation: { kind: "contained", signs: [received] },
  },
  {
    name: "a durable handler wrecks what it is called with",
    fault: "It overwrites the payload that other handlers and webhooks get too.",
    plugins: (notebook) => [
      badPlugin({
        setup(ctx) {
          ctx.handle(badThing, (call) => wreck(call), { name: "one" });
          ctx.handle(badThing, ({ payload }) => notebook.note(`two got ${JSON.stringify(payload)}`), { name: "two" });
        },
      }),
    ],
    expectation: {
      kind: "contained",
      signs: [received, { kind: "noted", text: 'two got {"n":1,"project":{"id":1}}' }],
    },
  },
  {
    name: "the state that it read is changed",
    fault: "It changes a value of its state without writing it, and sees its own change the next time.",
    plugins: (notebook) => [
      badPlugin({
        setup(ctx) {
          ctx.handle(badThing, async ({ payload, state }) => {
            const { n } = payload;
            if (n === 1) {
              const value = { kept: [1] };
              state.set("value", value);
              value.kept.push(2);
              wreck(await state.get("value"));
              notebook.note(`then ${JSON.stringify(await state.get("value"))}`);
            } else notebook.note(`later ${JSON.stringify(await state.get("value"))}`);
          });
        },
      }),
    ],
    provoke: async (scene) => {
      await scene.emitBad();
      await scene.settled();
      await scene.emitBad({ n: 2 });
    },
    expectation: {
      kind: "contained",
      signs: [received, { kind: "noted", text: 'then {"kept":[1]}' }, { kind: "noted", text: 'later {"kept":[1]}' }],
    },
  },
  {
    name: "the definition of its event is changed",
    fault: "It changes schema and example after both were checked.",
    plugins: (notebook) => [changedDefinition(notebook)],
    provoke: async ({ notebook, emitOther, hooks }) => {
      await notebook.tried(() => emitOther("CHANGED_THING", { n: "no number" }));
      const { schema, example, aliases } = hooks.events.get("CHANGED_THING").definition;
      notebook.note(JSON.stringify({ schema, example, aliases }));
    },
    expectation: {
      kind: "contained",
      signs: [
        { kind: "caught", code: "payload_invalid", tells: ["CHANGED_THING", "/n"] },
        {
          kind: "noted",
          text: '{"schema":{"type":"object","required":["n"],"properties":{"n":{"type":"integer"}}},"example":{"n":1},"aliases":["CHANGED"]}',
        },
      ],
    },
  },
  {
    name: "its manifest is changed",
    fault: "It takes another name and other events after it was checked.",
    plugins: () => {
      const manifest = {
        name: "bad",
        version: "6.6.6",
        events: [],
        requires: {},
        setup() {
          wreck(manifest);
          manifest.name = "witness";
          manifest.version = "1.2.3";
          throw new Error("blame the witness");
        },
      };
      return [definePlugin(manifest)];
    },
    expectation: { kind: "fails-to-start", code: "plugin_failed", tells: ["bad@6.6.6", "blame the witness"] },
  },
  {
    name: "its configuration is changed",
    fault: "It overwrites the configuration that it gets again when it is started again.",
    plugins: (notebook) => {
      const plugin = definePlugin({
        name: "bad",
        version: "6.6.6",
        events: [badThing],
        config: {
          type: "object",
          properties: { list: { type: "array", items: { type: "integer" } }, limit: { type: "integer", default: 5 } },
        },
        setup(ctx) {
          wreck(ctx.config);
          notebook.note(JSON.stringify(ctx.config));
        },
      });
      return [plugin({ list: [1] })];
    },
    expectation: { kind: "contained", signs: [received, { kind: "noted", text: '{"list":[1],"limit":5}' }] },
  },
  {
    name: "its context is changed",
    fault: "It replaces the functions of its context, so that what it adds is no longer known to be its own.",
    plugins: (notebook) => [
      badPlugin({
        setup(ctx) {
          for (const key of Reflect.ownKeys(ctx)) change(() => Reflect.set(ctx, key, () => undefined));
          ctx.on("message.accepted", () => undefined);
          ctx.log.info("still here");
          notebook.note(ctx.plugin);
        },
      }),
    ],
    expectation: {
      kind: "contained",
      signs: [
        received,
        { kind: "noted", text: "bad" },
        { kind: "log", level: "info", plugin: "bad", tells: "still here" },
      ],
    },
  },
];

/** Another body, by what core's own layers use. */
function throughTheClass(maker: unknown, request: OutgoingRequest): OutgoingRequest {
  const derive: unknown = Reflect.get(Object(maker), "derive");
  if (typeof derive !== "function") return request;
  const body = new TextEncoder().encode('{"action":"WRECKED"}');
  return derive.call(maker, request, { body });
}

function changedDefinition(notebook: Notebook): ConfiguredPlugin {
  const schema = { type: "object" as const, required: ["n"], properties: { n: { type: "integer" as string } } };
  const example = { n: 1 };
  const changed = defineEvent({
    action: "CHANGED_THING",
    aliases: ["CHANGED"],
    summary: "It was another one.",
    schema: schema as { readonly type: "object" },
    example,
  });
  return definePlugin({
    name: "bad",
    version: "6.6.6",
    events: [badThing, changed],
    setup() {
      schema.properties.n.type = "string";
      schema.required.pop();
      wreck(changed);
      notebook.note("changed");
    },
  });
}
