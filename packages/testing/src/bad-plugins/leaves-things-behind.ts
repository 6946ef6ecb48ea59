import { type FSWatcher, watch } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import type { BadPluginCase, Sign } from "./bad-plugin-case.js";
import { badBody, badPlugin, badThing } from "./bad-thing.js";

const received: Sign = { kind: "received", body: badBody, times: 1 };

/** What it leaves, and how the test takes it away afterwards. */
interface Leak {
  readonly name: string;
  readonly fault: string;
  readonly leave: () => () => void;
  readonly leaves: string;
}

const leaks: readonly Leak[] = [
  {
    name: "an interval",
    fault: "It starts a timer in setup and never ends it.",
    leave: () => {
      const timer = setInterval(() => undefined, 3_600_000);
      return () => clearInterval(timer);
    },
    leaves: "bad: a timer",
  },
  {
    name: "a timer that another timer has started",
    fault: "Its timer starts the next one.",
    leave: () => {
      let timer = setTimeout(() => {
        timer = setTimeout(() => undefined, 3_600_000);
      }, 0);
      return () => clearTimeout(timer);
    },
    leaves: "bad: a timer",
  },
  {
    name: "a listener of the process",
    fault: "It listens to the process and never stops to.",
    leave: () => {
      const listener = (): void => undefined;
      process.on("SIGUSR2", listener);
      return () => process.off("SIGUSR2", listener);
    },
    leaves: "bad: a listener of process for SIGUSR2",
  },
  {
    name: "a server",
    fault: "It listens on a port and never closes it.",
    leave: () => {
      const server = createServer().listen(0, "127.0.0.1");
      return () => server.close();
    },
    leaves: "bad: a listening server",
  },
  {
    name: "a file watcher",
    fault: "It watches a folder for ever.",
    leave: () => {
      const watcher: FSWatcher = watch(tmpdir(), { persistent: false });
      return () => watcher.close();
    },
    leaves: "bad: a file watcher",
  },
];

/** In which hook it is left. */
const hooks = ["setup", "handler", "middleware", "listener"] as const;

function leaving(hook: (typeof hooks)[number], leave: () => void): ReturnType<typeof badPlugin> {
  let isLeft = false;
  const leaveOnce = (): void => {
    if (isLeft) return;
    isLeft = true;
    leave();
  };
  return badPlugin({
    setup(ctx) {
      if (hook === "setup") leaveOnce();
      if (hook === "handler") ctx.handle(badThing, leaveOnce);
      if (hook === "listener") ctx.on("message.accepted", leaveOnce);
      if (hook === "middleware") {
        ctx.use("prepare", (request, next) => {
          leaveOnce();
          return next(request);
        });
      }
    },
  });
}

export const leavesThingsBehind: readonly BadPluginCase[] = [
  ...leaks.flatMap(({ name, fault, leave, leaves }) =>
    (name === "an interval" ? hooks : (["setup"] as const)).map(
      (hook): BadPluginCase => ({
        name: `${name}, left by its ${hook}`,
        fault,
        plugins: (notebook) => [leaving(hook, () => notebook.whenOver(leave()))],
        expectation: { kind: "contained", signs: [received], leaves: [leaves] },
      }),
    ),
  ),
  {
    name: "everything that it has added",
    fault: "It adds to everything that can be added to, and takes nothing back itself.",
    plugins: () => [
      badPlugin({
        setup(ctx) {
          for (let count = 1; count <= 100; count += 1) {
            ctx.use("observe", (request, next) => next(request), { name: `layer-${count}` });
            ctx.on("attempt.recorded", () => undefined);
            ctx.handle(badThing, () => undefined, { name: `handler-${count}` });
            ctx.transform({ variant: `bad-${count}`, appliesTo: () => false, apply: ({ payload }) => payload });
          }
        },
      }),
    ],
    expectation: { kind: "contained", signs: [received] },
  },
  {
    name: "what a setup that fails has started",
    fault: "Its setup starts a timer, and then throws.",
    plugins: (notebook) => [
      badPlugin({
        setup(ctx) {
          const timer = setInterval(() => undefined, 3_600_000);
          notebook.whenOver(() => clearInterval(timer));
          ctx.on("message.accepted", () => undefined);
          throw new Error("boom");
        },
      }),
    ],
    expectation: { kind: "fails-to-start", code: "plugin_failed", tells: ["boom"], leaves: ["bad: a timer"] },
  },
];
