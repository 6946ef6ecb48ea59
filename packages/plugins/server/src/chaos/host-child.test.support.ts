// The program behind HostDoor: a host on a SQLite store, which does what its parent asks for and ends where it was ordered.
// It loads everything first and opens nothing before it is told to, so that the next one can stand ready while this one runs.

import {
  createWebhooks,
  HookwrightError,
  parseAllowTargets,
  type Store,
  systemClock,
  TargetGuard,
  type Webhooks,
} from "@hookwright/core";
import { createUndiciTransport } from "@hookwright/core/internal";
import { sqlite } from "@hookwright/plugin-sqlite";
import type { HostBegin, HostCall } from "./chaos-door.test.support.js";
import counting from "./chaos-plugin.test.support.js";
import { chaosSettings } from "./chaos-settings.test.support.js";
import { CrashSwitch } from "./crash-switch.test.support.js";

const crash = new CrashSwitch();

process.once("message", (begin: HostBegin) => void run(begin));
process.once("disconnect", () => process.exit());
process.send?.("loaded");

async function run({ file, purges }: HostBegin): Promise<void> {
  const hooks = await createWebhooks({
    store: watched(sqlite({ file })),
    plugins: [counting],
    settings: chaosSettings,
    transport: watchedPort(
      createUndiciTransport({ guard: new TargetGuard(parseAllowTargets("loopback")) }),
      "transport",
    ),
    clock: { now: systemClock.now, setTimer: purges ? impatientTimer : systemClock.setTimer },
  });
  await hooks.start();
  process.on("message", (call: HostCall) => void answer(hooks, call));
  process.send?.("open");
}

/** Retention looks around every ten minutes; here, within the life of a child. */
const impatientTimer: typeof systemClock.setTimer = (delay, callback, options) =>
  systemClock.setTimer(delay >= 300_000 ? 10 : delay, callback, options);

async function answer(hooks: Webhooks, { id, call, given }: HostCall): Promise<void> {
  try {
    process.send?.({ id, value: await perform(hooks, call, given) });
  } catch (error) {
    const code = error instanceof HookwrightError ? error.code : "unexpected";
    process.send?.({ id, refusal: { code, message: String(error) } });
  }
}

/** The parent's DoorCalls, by name; what they are given is what it sends. */
function perform(hooks: Webhooks, call: HostCall["call"], given: HostCall["given"]): Promise<unknown> {
  const { organization, number, change, event, delivery, replay, job } = given;
  const of = { organization };
  switch (call) {
    case "emit": {
      // A bad event is no event of this kind, which the compiler would say too.
      const tasks = (event?.isBad === true ? 1 : [{ id: event?.number }]) as [{ id: number }];
      return hooks.emit("TASKS_CREATED", { tasks }, { ...of, project: 12, id: event?.key ?? "" });
    }
    case "create":
      return hooks.webhooks.create({ url: "", project: 12, ...change }, of);
    case "update":
      return hooks.webhooks.update(number ?? 0, change ?? {}, of);
    case "delete":
      return hooks.webhooks.delete(number ?? 0, of);
    case "list":
      return hooks.webhooks.list(of);
    case "retry":
      return hooks.deliveries.retry(delivery ?? "", of);
    case "replay":
      return hooks.webhooks.replay(number ?? 0, replay ?? { since: 0 }, of);
    case "job":
      return hooks.jobs.get(job ?? "", of);
    case "waiting":
      return hooks.deliveries.list({ ...of, status: "pending", limit: 1 }).then(({ length }) => length);
    case "stop":
      return hooks.stop();
    default:
      return call satisfies never;
  }
}

/** The store, whose every call passes the switch before, while and after it is carried out. */
function watched(store: Store): Store {
  return new Proxy(store, {
    get: (target, key) => {
      const member: unknown = Reflect.get(target, key);
      if (typeof member === "function") return member.bind(target);
      return typeof member === "object" && member !== null ? watchedPort(member, String(key)) : member;
    },
  });
}

function watchedPort<Port extends object>(port: Port, name: string): Port {
  return new Proxy(port, {
    get: (target, key) => {
      const member: unknown = Reflect.get(target, key);
      if (typeof member !== "function") return member;
      const call = `${name}.${String(key)}`;
      return async (...given: unknown[]) => {
        crash.reach(`before ${call}`);
        const answering = Reflect.apply(member, target, given);
        crash.reachWithin(`during ${call}`);
        const result: unknown = await answering;
        crash.reach(`after ${call}`);
        return result;
      };
    },
  });
}
