// The program behind the kill tests of durable handlers: `POINT FILE` opens a host on the database, emits three events, says
// `emitted` when they are answered and `reached` at the point that is named, and does nothing more from there on, so that it
// can be killed just there. Without a point (`none`) it emits nothing, goes on until nothing waits, says `done` and ends.

import { createWebhooks, definePlugin, type HandlerCall, type Store, type Webhooks } from "@hookwright/core";
import { sqlite } from "./sqlite-store.js";

const [point = "none", file = ""] = process.argv.slice(2);
const store = haltingStore(sqlite({ file }));

const counting = definePlugin({
  name: "counting",
  version: "1.0.0",
  setup(ctx) {
    ctx.handle("TASKS_CREATED", async (call) => {
      await haltAt("called");
      await count(call, "handled");
      call.emit("TASKS_DELETED", { tasks: [] });
      await haltAt("written");
    });
    ctx.handle("TASKS_DELETED", (call) => count(call, "emitted"));
  },
});

const hooks = await createWebhooks({ store, plugins: [counting] });
await hooks.start();
say("started");
if (point === "none") await drain(hooks);
else await emitThree(hooks);

async function count({ state }: HandlerCall, key: string): Promise<void> {
  state.set(key, ((await state.get<number>(key)) ?? 0) + 1);
}

async function emitThree(host: Webhooks): Promise<void> {
  // The parent kills it; until then it waits.
  setInterval(() => undefined, 60_000);
  await Promise.all([1, 2, 3].map((id) => host.emit("TASKS_CREATED", { tasks: [{ id }] }, { project: 12 })));
  say("emitted");
}

async function drain(host: Webhooks): Promise<void> {
  const recorded = new Promise<void>((resolve) => {
    const check = async (): Promise<void> => {
      const list = await host.deliveries.list({ limit: 1_000 });
      if (list.every(({ status }) => status === "delivered")) resolve();
    };
    host.on("handler.recorded", check);
    void check();
  });
  await recorded;
  await host.stop();
  say("done");
}

/** Never comes back from the point that the parent named. */
function haltAt(here: string): Promise<void> | void {
  if (here !== point) return;
  say("reached");
  return new Promise(() => undefined);
}

/** The store, which halts before, within and after the calls that matter. */
function haltingStore(inner: Store): Store {
  const around = <Port extends object>(port: Port, name: string, halts: HaltPoints): Port =>
    new Proxy(port, {
      get: (target, key) => {
        const member: unknown = Reflect.get(target, key);
        if (typeof member !== "function") return member;
        return async (...given: unknown[]) => {
          if (key !== name) return Reflect.apply(member, target, given);
          await haltAt(halts.before);
          const answer = Reflect.apply(member, target, given);
          if (point === halts.within) say("reached");
          const result = await answer;
          await haltAt(halts.after);
          return result;
        };
      },
    });
  return {
    name: inner.name,
    capabilities: inner.capabilities,
    webhooks: inner.webhooks,
    queue: inner.queue,
    attempts: inner.attempts,
    access: inner.access,
    open: () => inner.open(),
    close: () => inner.close(),
    messages: around(inner.messages, "append", { before: "", within: "storing", after: "stored" }),
    state: around(inner.state, "commit", { before: "committing", within: "commit sent", after: "committed" }),
  };
}

interface HaltPoints {
  readonly before: string;
  readonly within: string;
  readonly after: string;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
