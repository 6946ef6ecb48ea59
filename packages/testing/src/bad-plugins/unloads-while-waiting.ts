import { definePlugin, defineService } from "@hookwright/core";
import type { BadPluginCase, Sign } from "./bad-plugin-case.js";
import { badBody, badPlugin, badThing } from "./bad-thing.js";

const received: Sign = { kind: "received", body: badBody, times: 1 };

export const unloadsWhileWaiting: readonly BadPluginCase[] = [
  {
    name: "deliveries of its event wait",
    fault: "It is unloaded before its event was delivered: the delivery goes on without it.",
    plugins: () => [
      badPlugin({
        setup: (ctx) => void ctx.use("sign", () => Promise.reject(new Error("not yet")), { name: "layer" }),
      }),
    ],
    provoke: async (scene) => {
      await scene.emitBad();
      await scene.settled();
      await scene.unload("bad");
    },
    expectation: {
      kind: "contained",
      holdsUp: "unload",
      states: { bad: undefined },
      signs: [received, { kind: "attempt", action: "BAD_THING", facts: { number: 1, middleware: "bad/layer" } }],
    },
  },
  {
    name: "a delivery is in the middle of its middleware",
    fault: "It is unloaded while its middleware has a delivery in hand.",
    plugins: () => {
      const rest = Promise.withResolvers<void>();
      return [
        badPlugin({
          setup(ctx) {
            ctx.use(
              "prepare",
              async (request, next) => {
                if (request.delivery.message.action === badThing.action) await rest.promise;
                return next(request);
              },
              { name: "layer" },
            );
            ctx.own(() => rest.resolve());
          },
        }),
      ];
    },
    provoke: async (scene) => {
      await scene.emitBad();
      await scene.settled();
      await scene.unload("bad");
    },
    expectation: {
      kind: "contained",
      states: { bad: undefined },
      signs: [received, { kind: "attempt", action: "BAD_THING", facts: { number: 1, status: 200 } }],
    },
  },
  {
    name: "a handler is in the middle of its call",
    fault:
      "It is unloaded while its handler works: the call is given up, and its delivery waits until the plugin is back.",
    plugins: (notebook) => [
      badPlugin({
        setup: (ctx) =>
          void ctx.handle(badThing, ({ signal, state, attempt }) => {
            notebook.note(`call ${attempt}`);
            if (attempt > 1) return undefined;
            state.set("half", true);
            return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
          }),
      }),
    ],
    provoke: async (scene) => {
      const [plugin] = scene.badPlugins;
      await scene.emitBad();
      await scene.settled();
      await scene.unload("bad");
      await scene.settled();
      await scene.load(plugin);
    },
    expectation: {
      kind: "contained",
      signs: [received, { kind: "noted", text: "call 1" }, { kind: "noted", text: "call 2" }],
    },
  },
  {
    name: "its handler's deliveries wait",
    fault: "Its event is emitted when it is unloaded; when it comes back, it is called for what waited.",
    plugins: (notebook) => [
      badPlugin({
        setup: (ctx) =>
          void ctx.handle(
            badThing,
            ({ payload, attempt }) => {
              notebook.note(`n ${payload.n}, attempt ${attempt}`);
              if (attempt === 1) throw new Error("not yet");
            },
            { retry: "5s,5s" },
          ),
      }),
    ],
    provoke: async (scene) => {
      const [plugin] = scene.badPlugins;
      await scene.emitBad();
      await scene.settled();
      await scene.unload("bad");
      await scene.pass(60_000);
      await scene.load(plugin);
    },
    expectation: {
      kind: "contained",
      signs: [
        received,
        { kind: "noted", text: "n 1, attempt 2" },
        { kind: "attempt", action: "BAD_THING", facts: { code: "handler_failed", number: 1 } },
      ],
    },
  },
  {
    name: "it is loaded and unloaded again and again",
    fault: "It comes and goes fifty times while deliveries run.",
    plugins: () => [
      badPlugin({
        setup(ctx) {
          ctx.use("prepare", (request, next) => next(request));
          ctx.handle(badThing, () => undefined);
          ctx.on("message.accepted", () => undefined);
        },
      }),
    ],
    provoke: async (scene) => {
      const [plugin] = scene.badPlugins;
      for (let time = 1; time <= 50; time += 1) {
        await scene.unload("bad");
        await scene.load(plugin);
      }
      await scene.emitBad();
    },
    expectation: { kind: "contained", signs: [received] },
  },
  {
    name: "another plugin uses its service",
    fault: "It goes while another plugin holds what it provides, which has not said that it requires it.",
    plugins: (notebook) => {
      const service = defineService<{ answer(): number }>("bad/answers");
      return [
        badPlugin({ setup: (ctx) => void ctx.provide(service, { answer: () => 6 }) }),
        definePlugin({
          name: "worse",
          version: "1.0.0",
          setup: (ctx) => notebook.note(`the answer is ${ctx.service(service).answer()}`),
        }),
      ];
    },
    provoke: async (scene) => {
      const [plugin] = scene.badPlugins;
      await scene.notebook.tried(() => scene.hooks.plugins.unload("bad"));
      await scene.unload("bad");
      const [waiting] = scene.hooks.plugins.status().filter(({ name }) => name === "worse");
      scene.notebook.note(`worse is ${waiting?.state} on ${waiting?.waitingOn.map(({ plugin: on }) => on).join()}`);
      await scene.load(plugin);
      await scene.emitBad();
    },
    expectation: {
      kind: "contained",
      signs: [
        received,
        { kind: "caught", code: "plugin_in_use", tells: ["bad@6.6.6", "worse"] },
        { kind: "noted", text: "worse is waiting on bad" },
        { kind: "noted", text: "the answer is 6" },
      ],
    },
  },
  {
    name: "it is unloaded twice at once",
    fault: "Two unloads of one plugin meet, and a load comes between them.",
    plugins: () => [badPlugin({ setup: (ctx) => void ctx.on("message.accepted", () => undefined) })],
    provoke: async (scene) => {
      const [plugin] = scene.badPlugins;
      const loading = [
        scene.unload("bad"),
        scene.notebook.tried(() => scene.unload("bad")),
        scene.load(plugin),
        scene.notebook.tried(() => scene.load(plugin)),
      ];
      await Promise.all(loading);
      await scene.emitBad();
    },
    expectation: {
      kind: "contained",
      signs: [
        received,
        { kind: "caught", code: "plugin_missing", tells: ["bad"] },
        { kind: "caught", code: "plugins_refused", tells: ["bad@6.6.6"] },
      ],
    },
  },
];
