import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ManualClock } from "../manual-clock.js";
import { answered, ScriptedTransport, unreachable } from "../scripted-transport.js";
import { holding } from "./faulty-store.test.support.js";
import { backlog, HostScene, successor } from "./host-scene.test.support.js";

describe("the window", () => {
  test("is never exceeded, whatever receivers do and however long it takes them; and everything is finished", async () => {
    const answer = fc.record({
      latency: fc.nat(3_000),
      outcome: fc.constantFrom(answered(200), answered(500), answered(410), unreachable("timeout")),
    });
    const plans = fc.record({
      window: fc.integer({ min: 1, max: 9 }),
      webhooks: fc.integer({ min: 1, max: 4 }),
      bursts: fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 4 }),
      answers: fc.array(answer, { minLength: 1, maxLength: 20 }),
    });
    await fc.assert(
      fc.asyncProperty(plans, async ({ window, webhooks, bursts, answers }) => {
        const clock = new ManualClock();
        const transport = new ScriptedTransport();
        let underWay = 0;
        let most = 0;
        let turn = 0;
        transport.answerWith(() => {
          const { latency, outcome } = answers[turn++ % answers.length] ?? { latency: 0, outcome: answered(200) };
          underWay += 1;
          most = Math.max(most, underWay);
          return new Promise((resolve) => {
            clock.setTimer(latency, () => {
              underWay -= 1;
              resolve(outcome);
            });
          });
        });
        const settings = { window, retrySchedule: "1s,5s", maxConsecutiveFailures: 0 };
        const scene = await HostScene.start({ clock, transport, settings });
        for (let number = 0; number < webhooks; number += 1) await scene.webhook();
        for (const burst of bursts) {
          await scene.emit(burst);
          expect(scene.hooks.inFlight).toBeLessThanOrEqual(window);
          await scene.pass(500);
        }
        const isOver = async (): Promise<boolean> => {
          if (underWay + scene.hooks.inFlight > 0) return false;
          const list = await scene.hooks.webhooks.list();
          const held = new Set(list.filter(({ isActive }) => !isActive).map(({ id }) => id));
          const deliveries = await scene.deliveries();
          return deliveries.every(
            ({ status, webhook }) => status !== "pending" || (webhook !== null && held.has(webhook)),
          );
        };
        await scene.run(isOver, "the end of all deliveries");
        expect(most).toBeLessThanOrEqual(window);
        await scene.hooks.stop();
      }),
      { numRuns: 15 },
    );
  });

  test("bounds what is held of a backlog of any length, which is worked off", async () => {
    const before = await backlog(300);
    const transport = new ScriptedTransport();
    transport.answerWith("hold");
    const scene = await successor(before, { transport, settings: { window: 10 } });
    let most = 0;
    await scene.until(async () => {
      await scene.settled();
      most = Math.max(most, transport.held.length);
      transport.release();
      return transport.requests.length === 300;
    });
    await scene.until(() => scene.allFinished());
    expect(most).toBeLessThanOrEqual(10);
    // A claim leaves room for what is emitted meanwhile, and none is made for less than a quarter of the window.
    expect(most).toBeGreaterThan(7);
    expect(new Set(scene.messageIds).size).toBe(300);
  });

  test("that emits had set aside for nothing is used again", async () => {
    const scene = await HostScene.start({ settings: { window: 4 } });
    await scene.webhook({ rateLimit: 1 });
    await scene.emit(1);
    await scene.sent(1);
    // All four places are set aside, and the rate lets nothing through.
    await scene.emit(4);
    for (let second = 0; second < 10; second += 1) await scene.pass(1_000);
    expect(scene.transport.requests).toHaveLength(5);
  });
});

describe("a claim", () => {
  test("leaves room for what is emitted while it is under way: that goes out at once, not by way of the backlog", async () => {
    const before = await backlog(1);
    const claim = holding("queue.claim");
    before.store.before = claim.fault;
    const scene = await successor(before, { settings: { window: 8 } });
    await claim.reached;
    await scene.webhook({ project: 13 });
    const { id } = await scene.hooks.emit("TASKS_CREATED", { tasks: [{ id: 1 }] }, { project: 13 });
    await scene.sent(1);
    expect(scene.messageIds).toEqual([id]);
    claim.letGo();
    await scene.sent(2);
  });

  test("travels with the records that make room for it, while there is a backlog", async () => {
    const transport = new ScriptedTransport();
    transport.answerWith("hold");
    const scene = await successor(await backlog(200), { transport, settings: { window: 64 } });
    await scene.until(() => transport.held.length === 32, "a full lane");
    await scene.settled();
    const settle = holding("queue.settle");
    scene.store.before = settle.fault;
    const claims = scene.store.countOf("queue.claim");
    transport.release();
    await settle.reached;
    expect(scene.store.countOf("queue.claim")).toBe(claims + 1);
    settle.letGo();
    await scene.until(() => transport.held.length > 0, "what the backlog had next");
    transport.answerWith(answered(200));
    transport.release();
    await scene.run(() => scene.allFinished());
  });

  test("finds what waited before the start", async () => {
    const scene = await successor(await backlog(3));
    await scene.sent(3);
    expect((await scene.deliveries()).map(({ status }) => status)).toEqual(["delivered", "delivered", "delivered"]);
  });

  test("is not made over and over while nothing is due", async () => {
    const scene = await HostScene.start({ settings: { retrySchedule: "1h" } });
    await scene.webhook();
    scene.transport.script(answered(500));
    await scene.emit(1);
    await scene.sent(1);
    const before = scene.store.countOf("queue.claim");
    for (let minute = 0; minute < 59; minute += 1) await scene.pass(60_000);
    expect(scene.store.countOf("queue.claim") - before).toBeLessThanOrEqual(2);
  });
});
