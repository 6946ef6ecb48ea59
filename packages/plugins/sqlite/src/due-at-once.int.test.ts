import { answered } from "@hookwright/testing";
import { expect, test } from "vitest";
import { ClockScene } from "./clock-scene.test.support.js";

test.each([
  ["a webhook", {}],
  ["one that keeps an order", { ordered: true }],
])("a retry that is due at once goes out at once: %s", async (_, settings) => {
  const scene = await ClockScene.start();
  await scene.webhook({ retrySchedule: "0s,0s", ...settings });
  scene.transport.answerWith(answered(404));
  const ids = await scene.emit(10);
  // Time stands still: a lease that nobody serves would be given again only when it has run out.
  for (let turn = 0; turn < 500 && scene.sent.length < 30; turn += 1) await scene.settled();
  await scene.settled();
  expect(scene.sent.toSorted()).toEqual(ids.flatMap((id) => [id, id, id]).toSorted());
  expect(await scene.deliveries()).toMatchObject(ids.map(() => ({ status: "failed", attempts: 3 })));
});
