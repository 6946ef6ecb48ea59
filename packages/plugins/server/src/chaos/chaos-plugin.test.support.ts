// What the children of the kill test have as a plugin: durable handlers with a state that must be exact, and the points
// that a plugin can be ended at.

import { definePlugin, type HandlerCall } from "@hookwright/core";
import { CrashSwitch } from "./crash-switch.test.support.js";

const crash = new CrashSwitch();

/** Fails nothing for good while a process lives shorter than a second. */
const retry = Array.from({ length: 20 }, () => "20ms").join();

export default definePlugin({
  name: "counting",
  version: "1.0.0",
  setup(ctx) {
    ctx.handle(
      "TASKS_CREATED",
      async (call) => {
        crash.reach("handler called");
        await count(call, "handled");
        call.emit("TASKS_DELETED", { tasks: call.payload.tasks });
        crash.reach("handler done");
      },
      { retry },
    );
    ctx.handle("TASKS_DELETED", (call) => count(call, "emitted"), { retry });
    ctx.use("prepare", async function passed(request, next) {
      crash.reach("request built");
      const outcome = await next(request);
      crash.reach("answered");
      return outcome;
    });
    ctx.on("attempt.recorded", () => crash.reach("told"));
  },
});

async function count({ state }: HandlerCall, key: string): Promise<void> {
  state.set(key, ((await state.get<number>(key)) ?? 0) + 1);
}
