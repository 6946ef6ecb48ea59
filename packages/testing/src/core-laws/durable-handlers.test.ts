import {
  type ConfiguredPlugin,
  createMemoryStore,
  defineEvent,
  definePlugin,
  type HandlerCall,
  type HandlerOptions,
  HookwrightError,
} from "@hookwright/core";
import { describe, expect, test } from "vitest";
import { FaultyStore, failing } from "./faulty-store.test.support.js";
import { HostScene, type SceneOptions, successor } from "./host-scene.test.support.js";

type TasksCall = HandlerCall<{ readonly tasks: readonly { readonly id: number }[] }>;

/** A plugin with one handler for TASKS_CREATED. */
function counting(
  handler: (call: TasksCall) => unknown,
  options: HandlerOptions = {},
  name = "counting",
): ConfiguredPlugin {
  return definePlugin({
    name,
    version: "1.0.0",
    setup(ctx) {
      ctx.handle("TASKS_CREATED", handler, options);
    },
  });
}

async function count({ state }: Pick<TasksCall, "state">): Promise<void> {
  state.set("count", ((await state.get<number>("count")) ?? 0) + 1);
}

function sceneWith(plugin: ConfiguredPlugin, options: SceneOptions = {}): Promise<HostScene> {
  return HostScene.start({ plugins: [plugin], ...options });
}

async function countOf({ store }: HostScene, plugin = "counting"): Promise<string | null | undefined> {
  // The number is the id.
  const [entry] = await store.state.read({ plugin, organization: 1 as never }, ["count"]);
  return entry?.value;
}

describe("a durable handler", () => {
  test("is called with the event in full, once for each", async () => {
    const calls: unknown[] = [];
    const scene = await sceneWith(
      counting(({ payload, organization, project, action, attempt }) => {
        calls.push({ payload, organization, project, action, attempt });
      }),
    );
    await scene.emit(2);
    await scene.run(() => scene.allFinished());
    expect(calls).toEqual(
      [1, 2].map((id) => ({
        payload: { tasks: [{ id }], project: { id: 12 } },
        organization: 1,
        project: 12,
        action: "TASKS_CREATED",
        attempt: 1,
      })),
    );
    await scene.hooks.stop();
  });

  test("does not count as a delivery of the event, and is listed with its plugin's name", async () => {
    const scene = await sceneWith(counting(count));
    await scene.webhook();
    const receipt = await scene.hooks.emit("TASKS_CREATED", { tasks: [] }, { project: 12 });
    expect(receipt.deliveries).toBe(1);
    await scene.run(() => scene.allFinished());
    expect(await scene.deliveries()).toMatchObject([
      { webhook: 1, handler: null, status: "delivered" },
      { webhook: null, handler: { plugin: "counting", handler: "TASKS_CREATED" }, status: "delivered", attempts: 1 },
    ]);
    await scene.hooks.stop();
  });

  test("gets an event that was emitted under an alias, and organization-only events", async () => {
    const actions: string[] = [];
    const plugin = definePlugin({
      name: "listening",
      version: "1.0.0",
      setup(ctx) {
        ctx.handle("TASKS_CREATED", ({ action }) => void actions.push(action));
        ctx.handle("PROJECT_CREATED", ({ action, project }) => void actions.push(`${action} ${project}`));
      },
    });
    const scene = await sceneWith(plugin);
    await scene.hooks.emitPayload("TASK_CREATED", jsonPayload({ tasks: [] }), { project: 12 });
    await scene.hooks.emit("PROJECT_CREATED", { project: { id: 5 } });
    await scene.run(() => scene.allFinished());
    expect(actions).toEqual(["TASKS_CREATED", "PROJECT_CREATED null"]);
    await scene.hooks.stop();
  });

  test("keeps what it wrote, what it emitted and its verdict together: a failure keeps nothing", async () => {
    let fails = true;
    const scene = await sceneWith(
      counting(async (call) => {
        await count(call);
        call.emit("TASKS_DELETED", { tasks: [{ id: 1 }] });
        if (fails) throw new Error("not today");
      }),
    );
    await scene.webhook({ actions: ["TASKS_DELETED"], sendForAllActions: false });
    await scene.emit();
    await scene.settled();
    expect(await countOf(scene)).toBeNull();
    expect(scene.transport.requests).toEqual([]);
    expect(await scene.deliveries()).toMatchObject([{ status: "pending", attempts: 1, lastCode: "handler_failed" }]);
    fails = false;
    await scene.run(() => scene.allFinished());
    expect(await countOf(scene)).toBe("1");
    expect(scene.transport.requests).toHaveLength(1);
    await scene.hooks.stop();
  });

  test("emits to the organization and the project of its message, and marks how many handlers led to it", async () => {
    const plugin = definePlugin({
      name: "chained",
      version: "1.0.0",
      setup(ctx) {
        ctx.handle("TASKS_CREATED", ({ emit }) => {
          emit("TASKS_DELETED", { tasks: [] });
          emit("ANNOTATION_CREATED", { annotation: { id: 1 }, task: { id: 1 }, project: { id: 4 } }, { project: 4 });
          emit("PROJECT_DELETED", { project: { id: 12 } });
        });
      },
    });
    const scene = await sceneWith(plugin);
    const heard = scene.heard("message.accepted");
    await scene.hooks.emit("TASKS_CREATED", { tasks: [] }, { organization: 3, project: 12 });
    await scene.until(() => heard.length === 4);
    expect(heard).toMatchObject([
      { action: "TASKS_CREATED", organization: 3, project: 12 },
      { action: "TASKS_DELETED", organization: 3, project: 12 },
      { action: "ANNOTATION_CREATED", organization: 3, project: 4 },
      { action: "PROJECT_DELETED", organization: 3, project: null },
    ]);
    await scene.hooks.stop();
  });

  test("that is refused an event may go on, and nothing is emitted", async () => {
    const refusals: unknown[] = [];
    const scene = await sceneWith(
      counting(({ emit }) => {
        const wrong: unknown[][] = [
          ["TASKS_DELETED", { tasks: "all" }],
          ["NO_SUCH_ACTION", {}],
          ["TASKS_DELETED", { tasks: [] }, { project: -1 }],
          [undefined],
        ];
        for (const given of wrong) {
          try {
            Reflect.apply(emit, undefined, given);
          } catch (error) {
            refusals.push(error);
          }
        }
      }),
    );
    const heard = scene.heard("message.accepted");
    await scene.emit();
    await scene.run(() => scene.allFinished());
    expect(refusals).toMatchObject(
      ["payload_invalid", "action_unknown", "scope_invalid", "definition_invalid"].map((code) => ({ code })),
    );
    expect(heard).toHaveLength(1);
    await scene.hooks.stop();
  });

  test("is not blamed for another plugin's transform that fails for what it emitted", async () => {
    const redactor = definePlugin({
      name: "redactor",
      version: "1.0.0",
      setup(ctx) {
        ctx.transform({
          variant: "redacted",
          apply() {
            throw new Error("broken");
          },
        });
      },
    });
    const producer = counting(({ emit }) => emit("TASKS_DELETED", { tasks: [] }), { retry: "5s" });
    const scene = await HostScene.start({ plugins: [producer, redactor] });
    await scene.webhook({ actions: ["TASKS_DELETED"], sendForAllActions: false });
    const heard = scene.heard("handler.recorded");
    await scene.emit();
    await scene.settled();
    expect(heard).toMatchObject([{ plugin: "counting", code: "middleware_failed", verdict: { kind: "retry" } }]);
    const [delivery] = await scene.deliveries();
    expect(delivery).toMatchObject({ status: "pending", attempts: 1, lastCode: "middleware_failed" });
    const { attempts } = await scene.hooks.deliveries.get(delivery?.id ?? "");
    expect(attempts[0]).toMatchObject({
      code: "middleware_failed",
      error: expect.stringContaining("Transform redacted of redactor"),
    });
    await scene.hooks.stop();
  });

  test("is blamed for an error that it throws, whatever code it gives it", async () => {
    const scene = await sceneWith(
      counting(() => {
        throw new HookwrightError("middleware_failed", "so it says");
      }),
    );
    await scene.emit();
    await scene.settled();
    expect(await scene.deliveries()).toMatchObject([{ attempts: 1, lastCode: "handler_failed" }]);
    await scene.hooks.stop();
  });

  test("that fails is repeated on its schedule, told loudly, and never counts against a webhook", async () => {
    const scene = await sceneWith(
      counting(
        () => {
          throw new Error("broken");
        },
        { retry: "5s,1m" },
      ),
      { settings: { maxConsecutiveFailures: 1 } },
    );
    const webhook = await scene.webhook();
    const heard = scene.heard("handler.recorded");
    await scene.emit();
    await scene.run(() => scene.allFinished());
    const [, failed] = await scene.deliveries();
    expect(failed).toMatchObject({ status: "failed", attempts: 3, lastCode: "handler_failed" });
    const { attempts } = await scene.hooks.deliveries.get(failed?.id ?? "");
    expect(attempts.map(({ startedAt }) => startedAt - (attempts[0]?.startedAt ?? 0))).toEqual([0, 5_000, 65_000]);
    expect(attempts[0]).toMatchObject({ status: null, code: "handler_failed", error: "broken", headers: {} });
    expect(heard).toMatchObject([
      { plugin: "counting", code: "handler_failed", verdict: { kind: "retry" } },
      { verdict: { kind: "retry" } },
      { verdict: { kind: "failed" } },
    ]);
    expect(scene.linesAt("error")).toMatchObject(
      [1, 2, 3].map((attempt) => ({ fields: { plugin: "counting", handler: "TASKS_CREATED", attempt } })),
    );
    expect(await scene.hooks.webhooks.get(webhook.id)).toMatchObject({ isActive: true, consecutiveFailures: 0 });
    await scene.hooks.stop();
  });

  test("that failed for good can be sent again, and one that had its effect cannot", async () => {
    let fails = true;
    const scene = await sceneWith(
      counting(
        async (call) => {
          if (fails) throw new Error("broken");
          await count(call);
        },
        { retry: "" },
      ),
    );
    await scene.emit();
    await scene.run(() => scene.allFinished());
    const [delivery] = await scene.deliveries();
    fails = false;
    await scene.hooks.deliveries.retry(delivery?.id ?? "");
    await scene.run(() => scene.allFinished());
    expect(await countOf(scene)).toBe("1");
    await expect(scene.hooks.deliveries.retry(delivery?.id ?? "")).rejects.toMatchObject({
      code: "delivery_not_retryable",
      message: expect.stringContaining("effect"),
    });
    await scene.hooks.stop();
  });

  test("that takes too long is given up, and what it does later has no effect", async () => {
    const gate = Promise.withResolvers<void>();
    const late: unknown[] = [];
    const scene = await sceneWith(
      counting(
        async (call) => {
          if (call.attempt > 1) return count(call);
          await gate.promise;
          late.push(call.signal.aborted);
          try {
            call.state.set("count", 100);
          } catch (error) {
            late.push(error);
          }
          try {
            call.emit("TASKS_DELETED", { tasks: [] });
          } catch (error) {
            late.push(error);
          }
        },
        { timeout: 2_000, retry: "5s" },
      ),
    );
    await scene.emit();
    await scene.settled();
    await scene.pass(2_000);
    expect(await scene.deliveries()).toMatchObject([{ status: "pending", attempts: 1, lastCode: "handler_failed" }]);
    gate.resolve();
    await scene.settled();
    expect(late).toMatchObject([true, { code: "state_invalid" }, { code: "lifecycle_invalid" }]);
    await scene.run(() => scene.allFinished());
    expect(await countOf(scene)).toBe("1");
    await scene.hooks.stop();
  });

  test("has no more calls under way than its concurrency", async () => {
    let underWay = 0;
    let most = 0;
    const gates: (() => void)[] = [];
    const scene = await sceneWith(
      counting(
        async () => {
          underWay += 1;
          most = Math.max(most, underWay);
          await new Promise<void>((resolve) => gates.push(resolve));
          underWay -= 1;
        },
        { concurrency: 3 },
      ),
    );
    await scene.emit(10);
    await scene.until(async () => {
      gates.shift()?.();
      return (await scene.allFinished()) && underWay === 0;
    });
    expect(most).toBe(3);
    await scene.hooks.stop();
  });

  test("that hangs holds up neither webhooks nor other handlers", async () => {
    const hanging = counting(() => new Promise(() => undefined), { concurrency: 1_000 }, "hanging");
    const scene = await HostScene.start({ plugins: [hanging, counting(count)], settings: { window: 4 } });
    await scene.webhook();
    await scene.emit(50);
    await scene.sent(50);
    await scene.until(async () => (await countOf(scene)) === "50");
    expect((await scene.deliveries()).filter(({ status }) => status === "pending")).toHaveLength(50);
    const stopping = scene.hooks.stop({ timeout: 1_000 });
    await scene.pass(1_000);
    await stopping;
  });

  test("that is stopped gives its delivery back, and has had no effect", async () => {
    const reasons: unknown[] = [];
    const scene = await sceneWith(
      counting(async (call) => {
        await count(call);
        await new Promise<void>((resolve) => call.signal.addEventListener("abort", () => resolve()));
        reasons.push(call.signal.reason);
      }),
    );
    await scene.emit();
    await scene.settled();
    const stopping = scene.hooks.stop({ timeout: 1_000 });
    await scene.pass(1_000);
    await stopping;
    expect(reasons).toMatchObject([{ code: "stopped" }]);
    const next = await successor(scene, { plugins: [] });
    expect(await next.deliveries()).toMatchObject([{ status: "pending", attempts: 0 }]);
    expect(await countOf(next)).toBeNull();
    await next.hooks.plugins.load(counting(count));
    await next.run(() => next.allFinished());
    expect(await countOf(next)).toBe("1");
    await next.hooks.stop();
  });

  test("waits while its plugin is not loaded, and goes on when it is", async () => {
    const scene = await sceneWith(counting(count));
    await scene.emit();
    await scene.run(() => scene.allFinished());
    await scene.hooks.plugins.unload("counting");
    await scene.emit();
    expect(await scene.deliveries()).toHaveLength(1);
    await scene.hooks.stop();

    const first = await HostScene.start(
      { store: scene.store, clock: scene.clock, plugins: [counting(count)] },
      { deliver: false },
    );
    await first.emit(2);
    await first.hooks.stop();
    const without = await HostScene.start({ store: scene.store, clock: scene.clock });
    await without.pass(60_000);
    expect((await without.deliveries()).filter(({ status }) => status === "pending")).toHaveLength(2);
    const claims = without.store.countOf("queue.claim");
    await without.pass(3_600_000);
    expect(without.store.countOf("queue.claim")).toBe(claims);
    await without.hooks.plugins.load(counting(count));
    await without.run(() => without.allFinished());
    expect(await countOf(without)).toBe("3");
    await without.hooks.stop();
  });

  test("whose plugin is unloaded ends its calls first", async () => {
    const order: string[] = [];
    const gate = Promise.withResolvers<void>();
    const plugin = definePlugin({
      name: "counting",
      version: "1.0.0",
      setup(ctx) {
        ctx.own(() => void order.push("undone"));
        ctx.handle("TASKS_CREATED", async (call) => {
          await gate.promise;
          await count(call);
          order.push("handled");
        });
      },
      stop: () => void order.push("stopped"),
    });
    const scene = await sceneWith(plugin);
    await scene.emit();
    await scene.settled();
    const unloading = scene.hooks.plugins.unload("counting");
    await scene.settled();
    expect(order).toEqual([]);
    gate.resolve();
    await unloading;
    expect(order).toEqual(["handled", "stopped", "undone"]);
    await scene.settled();
    expect(await countOf(scene)).toBe("1");
    expect(await scene.deliveries()).toMatchObject([{ status: "delivered" }]);
    await scene.hooks.stop();
  });

  test("that never ends is given up when its plugin is unloaded, and its delivery waits", async () => {
    const scene = await sceneWith(counting(() => new Promise(() => undefined)));
    await scene.emit();
    await scene.settled();
    const unloading = scene.hooks.plugins.unload("counting");
    await scene.settled();
    await scene.pass(10_000);
    await unloading;
    await scene.settled();
    expect(await scene.deliveries()).toMatchObject([{ status: "pending", attempts: 0 }]);
    await scene.hooks.plugins.load(counting(count));
    // Time stands still: what was given up did not wait for the end of its lease.
    await scene.until(() => scene.allFinished());
    expect(await countOf(scene)).toBe("1");
    await scene.hooks.stop();
  });

  test.each([
    [1, "was handed over"],
    [2, "was claimed"],
  ])("keeps its lease for as long as its call may last (%i: %s)", async (slow) => {
    const gate = Promise.withResolvers<void>();
    let calls = 0;
    const handler = async (call: TasksCall): Promise<void> => {
      calls += 1;
      if (calls === slow) await gate.promise;
      await count(call);
    };
    const scene = await sceneWith(counting(handler, { timeout: 600_000, concurrency: 1 }));
    await scene.emit(2);
    for (let minute = 0; minute < 9; minute += 1) await scene.pass(60_000);
    gate.resolve();
    await scene.until(() => scene.allFinished());
    expect([calls, await countOf(scene)]).toEqual([2, "2"]);
    expect(scene.linesAt("warn")).toEqual([]);
    await scene.hooks.stop();
  });

  test("that is under way when the host is stopped comes to its end first", async () => {
    const gate = Promise.withResolvers<void>();
    const scene = await sceneWith(
      counting(async (call) => {
        await gate.promise;
        await count(call);
      }),
    );
    await scene.emit();
    await scene.settled();
    let isStopped = false;
    const stopping = scene.hooks.stop().then(() => {
      isStopped = true;
    });
    await scene.settled();
    expect(isStopped).toBe(false);
    gate.resolve();
    await stopping;
    expect(await countOf(scene)).toBe("1");
  });
});

describe("a durable handler that was taken out while a call of it is under way", () => {
  /** A handler that hangs until it is let go, and its disposer. */
  async function takenOut(order: string[]): Promise<{ readonly scene: HostScene; letGo(): void }> {
    const gate = Promise.withResolvers<void>();
    let takeOut: () => void = () => undefined;
    const plugin = definePlugin({
      name: "counting",
      version: "1.0.0",
      setup(ctx) {
        takeOut = ctx.handle(
          "TASKS_CREATED",
          async (call) => {
            await Promise.race([
              gate.promise,
              new Promise((resolve) => call.signal.addEventListener("abort", resolve)),
            ]);
            order.push(call.signal.aborted ? "given up" : "handled");
          },
          { timeout: 3_600_000 },
        );
      },
      stop: () => void order.push("stopped"),
    });
    const scene = await sceneWith(plugin);
    await scene.emit();
    await scene.settled();
    takeOut();
    return { scene, letGo: () => gate.resolve() };
  }

  test("is waited for when its plugin is unloaded", async () => {
    const order: string[] = [];
    const { scene, letGo } = await takenOut(order);
    const unloading = scene.hooks.plugins.unload("counting");
    await scene.settled();
    expect(order).toEqual([]);
    letGo();
    await unloading;
    expect(order).toEqual(["handled", "stopped"]);
    await scene.hooks.stop();
  });

  test("is given up when its plugin is unloaded and it takes too long", async () => {
    const order: string[] = [];
    const { scene } = await takenOut(order);
    const unloading = scene.hooks.plugins.unload("counting");
    await scene.settled();
    await scene.pass(10_000);
    await unloading;
    expect(order).toEqual(["given up", "stopped"]);
    await scene.hooks.stop();
  });

  test("is given up when the host's time to stop is over", async () => {
    const order: string[] = [];
    const { scene } = await takenOut(order);
    const stopping = scene.hooks.stop({ timeout: 1_000 });
    await scene.pass(1_000);
    expect(order).toEqual(["given up", "stopped"]);
    await stopping;
  });
});

describe("a durable handler that is added after the start", () => {
  async function addedLate(): Promise<{ readonly scene: HostScene; readonly takeOut: () => void }> {
    const given = Promise.withResolvers<(handler: typeof count) => () => void>();
    const plugin = definePlugin({
      name: "counting",
      version: "1.0.0",
      setup: (ctx) => given.resolve((handler) => ctx.handle("TASKS_CREATED", handler)),
    });
    const scene = await sceneWith(plugin);
    scene.store.before = failing(["state.register"], 2);
    return { scene, takeOut: (await given.promise)(count) };
  }

  test("is registered when the store works again", async () => {
    const { scene } = await addedLate();
    await scene.settled();
    for (let second = 0; second < 3; second += 1) await scene.pass(1_000);
    await scene.emit();
    await scene.until(() => scene.allFinished());
    expect(await countOf(scene)).toBe("1");
    expect(scene.linesAt("error")).toHaveLength(2);
    expect(scene.store.countOf("state.register")).toBe(3);
    await scene.hooks.stop();
  });

  test("is not registered once it was taken out", async () => {
    const { scene, takeOut } = await addedLate();
    await scene.settled();
    takeOut();
    await scene.pass(10_000);
    expect(scene.store.countOf("state.register")).toBe(1);
    await scene.hooks.stop();
  });
});

describe("what handlers emit at once is bounded in bytes", () => {
  const large = defineEvent({ action: "LARGE", summary: "Large.", schema: { type: "object" }, example: {} });
  const text = "x".repeat(8 * 1_048_576);
  const mostBytes = 32 * 1_048_576;

  function emitting(
    handler: (emit: (text: string) => void) => unknown,
    options: HandlerOptions = {},
  ): ConfiguredPlugin {
    return definePlugin({
      name: "emitting",
      version: "1.0.0",
      events: [large],
      setup(ctx) {
        ctx.handle("TASKS_CREATED", ({ emit }) => handler((given) => emit(large, { given })), options);
      },
    });
  }

  test("for one call: what exceeds it is refused, and a handler that stops there succeeds", async () => {
    const refusals: unknown[] = [];
    const plugin = emitting((emit) => {
      for (let count = 0; count < 4; count += 1) {
        try {
          emit(text);
        } catch (error) {
          refusals.push(error);
        }
      }
      emit("small");
    });
    const scene = await sceneWith(plugin);
    const heard = scene.heard("message.accepted");
    await scene.emit();
    await scene.run(() => scene.allFinished());
    expect(refusals).toMatchObject([{ code: "overloaded", message: expect.stringContaining("33554432 bytes") }]);
    expect(heard).toHaveLength(5);
    await scene.hooks.stop();
  });

  test("for the calls that are written together", async () => {
    const gate = Promise.withResolvers<void>();
    let calls = 0;
    const plugin = emitting(async (emit) => {
      emit(text);
      calls += 1;
      await gate.promise;
    });
    const inner = createMemoryStore();
    const commit = inner.state.commit.bind(inner.state);
    const written: number[] = [];
    inner.state.commit = (commits, handOver) => {
      const drafts = commits.flatMap(({ emits }) => emits.flatMap((entry) => entry.drafts));
      written.push(drafts.reduce((sum, { message }) => sum + message.payload.length, 0));
      return commit(commits, handOver);
    };
    const scene = await sceneWith(plugin, { store: new FaultyStore(inner) });
    await scene.emit(6);
    await scene.until(() => calls === 6);
    gate.resolve();
    await scene.run(() => scene.allFinished());
    expect(Math.max(...written)).toBeLessThanOrEqual(mostBytes);
    expect(written.reduce((sum, bytes) => sum + bytes, 0)).toBeGreaterThan(6 * text.length);
    await scene.hooks.stop();
  });
});

describe("handlers in a circle", () => {
  test("stop at the limit, with a code, and are not repeated", async () => {
    const scene = await sceneWith(counting(({ emit }) => emit("TASKS_CREATED", { tasks: [] })));
    await scene.emit();
    await scene.run(() => scene.allFinished());
    const deliveries = await scene.deliveries();
    expect(deliveries).toHaveLength(17);
    expect(deliveries.map(({ status }) => status)).toEqual([
      ...Array.from({ length: 16 }, () => "delivered"),
      "failed",
    ]);
    expect(deliveries.at(-1)).toMatchObject({ attempts: 1, lastCode: "emit_loop" });
    await scene.hooks.stop();
  });

  test("stop also where the handler catches the error", async () => {
    const scene = await sceneWith(
      counting(({ emit }) => {
        try {
          emit("TASKS_CREATED", { tasks: [] });
        } catch {
          // A handler that knows better.
        }
      }),
    );
    await scene.emit();
    await scene.run(() => scene.allFinished());
    expect((await scene.deliveries()).at(-1)).toMatchObject({ status: "failed", lastCode: "emit_loop" });
    await scene.hooks.stop();
  });
});

describe("the definition of a handler", () => {
  test.each([
    [{ retry: "soon" }, "retry"],
    [{ timeout: 0 }, "timeout"],
    [{ timeout: Number.NaN }, "timeout"],
    [{ timeout: 3_600_001 }, "timeout"],
    [{ concurrency: 0 }, "concurrency"],
    [{ concurrency: 1.5 }, "concurrency"],
    [{ name: "" }, "name"],
    [{ name: "a b" }, "name"],
    [{ ordered: "yes" as never }, "ordered"],
  ])("%o is refused", async (options: HandlerOptions, named) => {
    const scene = await sceneWith(counting(count, options));
    expect(scene.hooks.plugins.status()).toMatchObject([{ state: "failed", error: { code: "plugin_failed" } }]);
    expect(scene.hooks.plugins.status()[0]?.error?.message).toContain(named);
    await scene.hooks.stop();
  });

  test("two handlers of one plugin for one action need two names", async () => {
    const plugin = (name?: string) =>
      definePlugin({
        name: "twice",
        version: "1.0.0",
        setup(ctx) {
          ctx.handle("TASKS_CREATED", count);
          ctx.handle("TASKS_CREATED", count, name === undefined ? {} : { name });
        },
      });
    const refused = await sceneWith(plugin());
    expect(refused.hooks.plugins.status()[0]?.error?.message).toContain("another name");
    await refused.hooks.stop();
    const scene = await sceneWith(plugin("second"));
    await scene.emit();
    await scene.run(() => scene.allFinished());
    expect(await countOf(scene, "twice")).toBe("2");
    await scene.hooks.stop();
  });

  test("an action that nobody has is refused with the nearest name", async () => {
    const plugin = definePlugin({
      name: "typo",
      version: "1.0.0",
      setup(ctx) {
        Reflect.apply(ctx.handle, undefined, ["TASKS_CRATED", count]);
      },
    });
    const scene = await sceneWith(plugin);
    expect(scene.hooks.plugins.status()[0]?.error?.message).toContain("TASKS_CREATED");
    await scene.hooks.stop();
  });

  test("a handler that was taken out is called no more", async () => {
    let takeOut: () => void = () => undefined;
    const plugin = definePlugin({
      name: "counting",
      version: "1.0.0",
      setup(ctx) {
        takeOut = ctx.handle("TASKS_CREATED", count);
      },
    });
    const scene = await sceneWith(plugin);
    await scene.emit();
    await scene.run(() => scene.allFinished());
    takeOut();
    await scene.emit();
    await scene.settled();
    expect(await countOf(scene)).toBe("1");
    expect(await scene.deliveries()).toHaveLength(1);
    await scene.hooks.stop();
  });
});

function jsonPayload(value: object): Parameters<HostScene["hooks"]["emitPayload"]>[1] {
  return { bytes: new TextEncoder().encode(JSON.stringify(value)), value: JSON.parse(JSON.stringify(value)) };
}
