import { describe, expect, test } from "vitest";
import { ManualClock } from "../manual-clock.js";
import { answered, ScriptedTransport, unreachable } from "../scripted-transport.js";
import { HostScene } from "./host-scene.test.support.js";

const timeout = 1_000;
const window = 512;

interface Street {
  readonly scene: HostScene;
  /** Requests under way at this moment to receivers that hang, and the most there were since the last look. */
  hanging(): { readonly now: number; readonly most: number };
  /** `hung-3.example` answers from now on. */
  revive(host: string): void;
}

/** A host whose receivers at `hung-…` say nothing until the attempt's time is over; all others answer after 10 ms. */
async function street(settings: { readonly retrySchedule: string }): Promise<Street> {
  const clock = new ManualClock();
  const transport = new ScriptedTransport();
  const alive = new Set<string>();
  let now = 0;
  let most = 0;
  transport.answerWith(({ url }) => {
    const { hostname } = new URL(url);
    const hangs = hostname.startsWith("hung-") && !alive.has(hostname);
    now += hangs ? 1 : 0;
    most = Math.max(most, now);
    return new Promise((resolve) => {
      clock.setTimer(hangs ? timeout : 10, () => {
        now -= hangs ? 1 : 0;
        resolve(hangs ? unreachable("timeout") : answered(200));
      });
    });
  });
  const scene = await HostScene.start({
    clock,
    transport,
    settings: { ...settings, window, maxConsecutiveFailures: 0 },
  });
  return {
    scene,
    hanging: () => {
      const seen = { now, most };
      most = now;
      return seen;
    },
    revive: (host) => void alive.add(host),
  };
}

async function open(scene: HostScene, names: readonly string[]): Promise<void> {
  for (const [index, name] of names.entries())
    await scene.webhook({ url: `https://${name}.example/hook`, project: index + 1 });
}

async function emitTo(scene: HostScene, projects: readonly number[], count: number): Promise<void> {
  const events = projects.flatMap((project) => Array.from({ length: count }, (_, id) => ({ project, id })));
  await Promise.all(
    events.map(({ project, id }) => scene.hooks.emit("TASKS_CREATED", { tasks: [{ id }] }, { project })),
  );
}

const hung = Array.from({ length: 20 }, (_, index) => `hung-${index + 1}`);
const hungProjects = hung.map((_, index) => index + 1);
const healthyProject = 21;

describe.each([
  ["without retries", ""],
  ["with retries", "1h,1h,1h"],
])("20 receivers that hang, %s", (_, retrySchedule) => {
  test("hold the window for one timeout and then one place each at most; the others have the rest of it", async () => {
    const { scene, hanging } = await street({ retrySchedule });
    await open(scene, [...hung, "healthy"]);
    await emitTo(scene, hungProjects, 60);
    await scene.settled();
    // Nothing is known of them yet: 20 times 32 is more than there is.
    expect(hanging().now).toBe(window);
    await scene.pass(timeout);
    expect(hanging().now).toBeLessThanOrEqual(20 * 32);
    await scene.pass(timeout);
    hanging();
    for (let second = 0; second < 10; second += 1) {
      const before = delivered(scene);
      await emitTo(scene, [healthyProject], 100);
      // Eight rounds of a hundredth of a second each: 32 of one webhook are under way at once.
      for (let round = 0; round < 8; round += 1) await scene.pass(10);
      expect(delivered(scene) - before).toBe(100);
      await scene.pass(timeout - 80);
      expect(hanging().most).toBeLessThanOrEqual(20);
    }
    const stopped = scene.hooks.stop();
    await scene.pass(timeout);
    await stopped;
  });
});

describe("a receiver that hangs", () => {
  test("whose deliveries are not repeated is tried on and on, one at a time, and none waits for a rest", async () => {
    const { scene } = await street({ retrySchedule: "" });
    await open(scene, ["hung-1"]);
    await emitTo(scene, [1], 60);
    await scene.settled();
    await scene.pass(timeout);
    for (let second = 0; second < 28; second += 1) {
      const before = scene.transport.requests.length;
      await scene.pass(timeout);
      expect(scene.transport.requests.length - before).toBe(second < 27 ? 1 : 0);
    }
    expect((await scene.deliveries()).every(({ status }) => status === "failed")).toBe(true);
    await scene.hooks.stop();
  });

  test("whose deliveries are repeated is asked about once a minute, and has its room back soon after it answers", async () => {
    const { scene, revive } = await street({ retrySchedule: "5s,5s,5s,5s,5s,5s,5s,5s,5s,5s" });
    await open(scene, ["hung-1"]);
    await emitTo(scene, [1], 200);
    await scene.settled();
    for (let second = 0; second < 300; second += 1) await scene.pass(timeout);
    const before = scene.transport.requests.length;
    for (let second = 0; second < 600; second += 1) await scene.pass(timeout);
    const perMinute = (scene.transport.requests.length - before) / 10;
    expect(perMinute).toBeGreaterThanOrEqual(0.9);
    expect(perMinute).toBeLessThanOrEqual(1.1);
    revive("hung-1.example");
    for (let second = 0; second < 61; second += 1) await scene.pass(timeout);
    // Those that were not tried too often are delivered within a second of the first answer.
    await scene.pass(timeout);
    expect((await scene.deliveries()).every(({ status }) => status !== "pending")).toBe(true);
    await scene.hooks.stop();
  });

  test("and never answers again is deactivated as fast as before, where its deliveries are not repeated", async () => {
    const scene = await HostScene.start({ settings: { maxConsecutiveFailures: 50 } });
    scene.transport.answerWith(unreachable("connection_refused"));
    const { id } = await scene.webhook();
    await scene.emit(60);
    await scene.run(async () => (await scene.hooks.webhooks.get(id)).disabledReason === "failures");
    expect(scene.transport.requests.length).toBeLessThanOrEqual(60);
    expect(scene.clock.now()).toBeLessThan(new ManualClock().now() + 2_000);
  });
});

describe("a receiver that asks to be left alone", () => {
  test("is, for as long as it asked for, by every delivery, also by those that come meanwhile", async () => {
    const scene = await HostScene.start({ settings: { retrySchedule: "1s,1s" } });
    await scene.webhook();
    scene.transport.script(answered(503, { retryAfter: "120" }));
    await scene.emit();
    await scene.sent(1);
    await scene.emit(3);
    await scene.pass(119_999);
    expect(scene.transport.requests).toHaveLength(1);
    await scene.pass(1);
    await scene.run(() => scene.allFinished());
    expect((await scene.deliveries()).map(({ status }) => status)).toEqual(Array(4).fill("delivered"));
  });

  test("is not, where nothing is repeated; its wish is in the record", async () => {
    const scene = await HostScene.start();
    await scene.webhook();
    scene.transport.script(answered(503, { retryAfter: "120" }));
    await scene.emit();
    await scene.sent(1);
    await scene.emit();
    await scene.sent(2);
    const [first] = await scene.deliveries();
    const { attempts } = await scene.hooks.deliveries.get(first?.id ?? "");
    expect(attempts[0]?.error).toContain('Retry-After: "120"');
  });
});

function delivered(scene: HostScene): number {
  return scene.transport.requests.filter(({ url }) => url.includes("healthy")).length;
}
