import { readFile } from "node:fs/promises";
import { expect, test, vi } from "vitest";
import { createMemoryStore, createWebhooks, definePlugin, HookwrightError } from "../index.js";
import { BootError } from "./boot-error.js";
import { defineExtension, defineService } from "./token.js";

/** The package as a plugin sees it that brought a copy of its own. */
async function secondCopy(): Promise<typeof import("../index.js")> {
  vi.resetModules();
  return import("../index.js");
}

test("a plugin made with another copy of the package runs as one of the host's own", async () => {
  const copy = await secondCopy();
  expect(copy.definePlugin).not.toBe(definePlugin);
  @copy.WebhookEvent({ action: "STOCK_LOW", summary: "An article runs out.", example: { sku: "A-1" } })
  class StockLow extends copy.EventOf({ type: "object", properties: { sku: { type: "string" } } }) {}
  const received: unknown[] = [];
  const host = definePlugin({
    name: "host",
    version: "1.0.0",
    setup(ctx) {
      ctx.offer(defineExtension<string>("host/words"), (word) => {
        received.push(word);
        return undefined;
      });
      ctx.provide(defineService<string>("host/greeting"), "hello");
    },
  });
  const stranger = copy.definePlugin({
    name: "stranger",
    version: "1.0.0",
    requires: { host: "^1.0.0" },
    events: [StockLow],
    setup(ctx) {
      ctx.contribute(
        copy.defineExtension<string>("host/words"),
        ctx.service(copy.defineService<string>("host/greeting")),
      );
    },
  });
  const hooks = await createWebhooks({ store: createMemoryStore(), plugins: [stranger, host] });
  await hooks.start();
  expect(hooks.plugins.status().map(({ name, state }) => `${name} ${state}`)).toEqual([
    "host started",
    "stranger started",
  ]);
  expect(received).toEqual(["hello"]);
  await expect(hooks.emit(new StockLow({ sku: "B-2" }), { project: 12 })).resolves.toMatchObject({ deliveries: 0 });
  await hooks.stop();
});

test("errors of another copy are known by their class and code", async () => {
  const copy = await secondCopy();
  const making = copy.createWebhooks({
    store: copy.createMemoryStore(),
    plugins: [definePlugin({ name: "core", version: "1.0.0" })],
  });
  const error: unknown = await making.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(BootError);
  expect(error).toBeInstanceOf(HookwrightError);
  expect(error).toMatchObject({ code: "plugins_refused", problems: [{ code: "plugin_invalid" }] });
});

test.each(["index.ts", "internal.ts"])("%s loads the metadata polyfill before anything that needs it", async (door) => {
  const source = await readFile(new URL(`../${door}`, import.meta.url), "utf8");
  expect(source.match(/^(?:import|export) .*$/m)?.[0]).toBe('import "reflect-metadata";');
});
