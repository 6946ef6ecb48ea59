import { describe, expect, test } from "vitest";
import { answered, ScriptedTransport, unreachable } from "../scripted-transport.js";
import { HostScene } from "./host-scene.test.support.js";

const healthyProject = 1_000;

describe("Receivers that hang beside one that is well", () => {
  // 15 times 32, what one webhook may have under way, is the most that leaves room in a window of 512.
  test.each([1, 5, 15])(
    "%i of them, with 60 deliveries waiting for each, keep none of its deliveries waiting for a place",
    async (count) => {
      const { scene, letGo } = await street();
      for (let hung = 1; hung <= count; hung += 1)
        await scene.webhook({ url: `https://hung-${hung}.example/hook`, project: hung });
      await scene.webhook({ url: "https://healthy.example/hook", project: healthyProject });
      for (let hung = 1; hung <= count; hung += 1) await emit(scene, hung, 60);
      await scene.settled();
      // Time stands still: whoever waits for a place waits for ever.
      for (let round = 1; round <= 5; round += 1) {
        await emit(scene, healthyProject, 30);
        await scene.until(
          () => requestsTo(scene, "healthy.example") === round * 30,
          "every delivery to the healthy one",
        );
      }
      await scene.until(() => scene.hooks.inFlight === count * 32, "all of them recorded");
      expect(requestsTo(scene, "healthy.example")).toBe(150);
      const stopped = scene.hooks.stop();
      letGo();
      await stopped;
    },
  );
});

async function street(): Promise<{ readonly scene: HostScene; readonly letGo: () => void }> {
  const transport = new ScriptedTransport();
  const held = Promise.withResolvers<ReturnType<typeof unreachable>>();
  transport.answerWith(({ url }) => (new URL(url).hostname.startsWith("hung-") ? held.promise : answered(200)));
  const scene = await HostScene.start({ transport, settings: { maxConsecutiveFailures: 0 } });
  return { scene, letGo: () => held.resolve(unreachable("timeout")) };
}

async function emit(scene: HostScene, project: number, count: number): Promise<void> {
  const ids = Array.from({ length: count }, (_, id) => id);
  await Promise.all(ids.map((id) => scene.hooks.emit("TASKS_CREATED", { tasks: [{ id }] }, { project })));
}

function requestsTo(scene: HostScene, host: string): number {
  return scene.transport.requests.filter(({ url }) => new URL(url).hostname === host).length;
}
