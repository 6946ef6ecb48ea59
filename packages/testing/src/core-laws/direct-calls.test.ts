import { expect, test } from "vitest";
import { answered } from "../scripted-transport.js";
import { HostScene } from "./host-scene.test.support.js";

test("tests and handshakes that receivers hold are few, leave other organizations room, and go beside deliveries", async () => {
  const scene = await HostScene.start();
  const { id } = await scene.webhook();
  const url = "https://other.example/";
  const theirs = await scene.hooks.webhooks.create({ url, project: 1 }, { organization: 2 });
  scene.transport.answerWith("hold");
  const tests = Array.from({ length: 3 }, () => scene.hooks.webhooks.test(id));
  const handshake = scene.webhook({ handshake: true });
  await scene.sent(4);
  await expect(scene.hooks.webhooks.test(id)).rejects.toMatchObject({ code: "overloaded" });
  await expect(scene.webhook({ handshake: true })).rejects.toMatchObject({ code: "overloaded" });
  tests.push(scene.hooks.webhooks.test(theirs.id, { organization: 2 }));
  await scene.sent(5);
  await scene.emit(1);
  await scene.sent(6);
  expect(scene.transport.requests.map(({ beside }) => beside)).toEqual([true, true, true, true, true, undefined]);
  scene.transport.release(answered(200, { headers: { "webhook-allowed-origin": "*" } }));
  for (const { delivery } of await Promise.all(tests)) expect(delivery.status).toBe("delivered");
  expect((await handshake).handshake).toBe(true);
});
