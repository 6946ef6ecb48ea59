import type { Middleware } from "@hookwright/core";
import { describe, expect, test } from "vitest";
import { answered } from "../scripted-transport.js";
import { HostScene } from "./host-scene.test.support.js";

describe("who looks on", () => {
  test("hears of an attempt once it is recorded, with its outcome and its verdict", async () => {
    const scene = await HostScene.start({ settings: { retrySchedule: "1s" } });
    const { id } = await scene.webhook();
    const recorded = scene.heard("attempt.recorded");
    scene.transport.script(answered(500));
    const [message] = await scene.emit(1);
    await scene.sent(1);
    expect(recorded).toEqual([
      {
        delivery: expect.stringMatching(/^dlv_/),
        message,
        webhook: id,
        organization: 1,
        action: "TASKS_CREATED",
        attempt: 1,
        duration: expect.any(Number),
        outcome: answered(500),
        verdict: { kind: "retry", at: scene.clock.now() + 1_000, failures: 1 },
      },
    ]);
  });

  test("is told of a broken middleware in one line, whether or not the attempt ended by it", async () => {
    const scene = await HostScene.start();
    const { id } = await scene.webhook();
    const failed = scene.heard("middleware.failed");
    const dispose = scene.hooks.use("sign", () => Promise.reject(new Error("no key")), { name: "sign" });
    await scene.emit(1);
    await scene.settled();
    expect(scene.linesAt("error", "warn").map(({ message }) => message)).toEqual([
      `Webhook ${id} failed for action TASKS_CREATED: application/sign: no key`,
    ]);
    dispose();
    const failLate: Middleware = async (request, next) => {
      await next(request);
      throw new Error("no span");
    };
    scene.hooks.use("observe", failLate, { name: "trace" });
    await scene.emit(1);
    await scene.sent(1);
    expect(scene.linesAt("error", "warn").slice(1)).toMatchObject([
      {
        message: "Middleware application/trace failed, and the outcome stands",
        fields: { middleware: "application/trace", webhook: id, error: { message: "no span" } },
      },
    ]);
    expect(failed).toMatchObject([{ middleware: "application/sign" }, { middleware: "application/trace" }]);
  });
});
