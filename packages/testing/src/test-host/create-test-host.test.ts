import { defineEvent, definePlugin, EventOf, ProjectCreated, WebhookEvent } from "@hookwright/core";
import { describe, expect, onTestFinished, test } from "vitest";
import { manualClockStart } from "../manual-clock.js";
import { createTestHost } from "./create-test-host.js";
import { startReceiver } from "./real-receiver.js";
import type { TestHost } from "./test-host.js";

const invoicePaid = defineEvent({
  action: "INVOICE_PAID",
  aliases: ["INVOICE_SETTLED"],
  summary: "An invoice was settled.",
  schema: { type: "object", required: ["invoice_id"], properties: { invoice_id: { type: "integer" } } },
  example: { invoice_id: 1 },
});

const stockSchema = { type: "object", required: ["sku"], properties: { sku: { type: "string" } } } as const;

@WebhookEvent({ action: "STOCK_LOW", summary: "An article runs out.", example: { sku: "A-1" } })
class StockLow extends EventOf(stockSchema) {}

const billing = definePlugin({ name: "billing", version: "1.0.0", events: [invoicePaid, StockLow] });
const plugins = [billing];

test("a test of a custom event is short", async () => {
  await using host = await createTestHost({ plugins: [billing] });
  const shop = await host.receiver({ actions: ["INVOICE_PAID"] });
  await host.emit(invoicePaid, { invoice_id: 7 });
  await host.delivered("INVOICE_PAID");
  expect(shop.received).toMatchObject([{ action: "INVOICE_PAID", payload: { invoice_id: 7, project: { id: 1 } } }]);
});

describe("an event is emitted in the host's project", () => {
  test("by definition, as an instance, and by action", async () => {
    await using host = await createTestHost({ plugins, project: 12 });
    const shop = await host.receiver();
    await host.emit(invoicePaid, { invoice_id: 7 });
    await host.emit(new StockLow({ sku: "B-2" }));
    await host.emit("TASKS_CREATED", { tasks: [{ id: 1 }] });
    await host.idle();
    const project = { id: 12 };
    expect(shop.received.map(({ action, payload }) => [action, payload])).toEqual([
      ["INVOICE_PAID", { invoice_id: 7, project }],
      ["STOCK_LOW", { sku: "B-2", project }],
      ["TASKS_CREATED", { tasks: [{ id: 1 }], project }],
    ]);
  });

  test("unless it is said otherwise, or the event belongs to an organization", async () => {
    await using host = await createTestHost({ plugins, organization: 3 });
    const all = await host.receiver({ project: null });
    await host.emit(invoicePaid, { invoice_id: 7 }, { project: 9 });
    await host.emit(new ProjectCreated({ project: { id: 4 } }));
    await host.emit("PROJECT_DELETED", { project: { id: 4 } });
    await host.idle();
    expect(all.received.map(({ action, payload }) => [action, payload["project"]])).toEqual([
      ["INVOICE_PAID", { id: 9 }],
      ["PROJECT_CREATED", { id: 4 }],
      ["PROJECT_DELETED", { id: 4 }],
    ]);
  });

  test("and refused as anywhere", async () => {
    await using host = await createTestHost({ plugins });
    // @ts-expect-error: there is no such action
    await expect(host.emit("INVOICE_PAYED", {})).rejects.toMatchObject({ code: "action_unknown" });
    // @ts-expect-error: a number is wanted
    await expect(host.emit(invoicePaid, { invoice_id: "7" })).rejects.toMatchObject({ code: "payload_invalid" });
  });
});

test("time jumps to the next attempt, and every attempt is recorded", async () => {
  await using host = await createTestHost({ plugins });
  const shop = await host.receiver({ answers: [500, "hang-up", "no-answer", { status: 204 }] });
  await host.emit(invoicePaid, { invoice_id: 7 });
  const began = host.clock.now();
  const [delivery] = await host.delivered("INVOICE_PAID");
  expect(delivery?.attempts.map(({ code, startedAt }) => [code, startedAt - began])).toEqual([
    ["http_status", 0],
    ["connection_failed", 5_000],
    ["timeout", 305_000],
    [null, 2_106_000],
  ]);
  expect(new Set(shop.received.map(({ messageId }) => messageId)).size).toBe(1);
});

test("an answer is a status, an answer in full, or a function of the request", async () => {
  await using host = await createTestHost({ plugins });
  await host.receiver({
    answers: [
      { status: 429, headers: { "Retry-After": "60" }, body: "slow down" },
      ({ payload }) => (payload["invoice_id"] === 7 ? 201 : 400),
    ],
  });
  await host.emit(invoicePaid, { invoice_id: 7 });
  const began = host.clock.now();
  const [delivery] = await host.delivered("INVOICE_PAID");
  expect(delivery?.attempts).toMatchObject([
    { status: 429, excerpt: "slow down" },
    // The schedule says 5 seconds, and the receiver asked for more.
    { status: 201, startedAt: began + 60_000 },
  ]);
});

test("a real receiver gets the bytes over a socket", async () => {
  await using host = await createTestHost({ plugins });
  const shop = await host.realReceiver({ answers: [500], headers: { "x-shop": "7" } });
  await host.emit(invoicePaid, { invoice_id: 7 });
  await host.delivered("INVOICE_PAID");
  expect(shop.received.map(({ headers }) => headers["x-shop"])).toEqual(["7", "7"]);
  expect(Buffer.from(shop.received[1]?.body ?? []).toString()).toBe(
    '{"action":"INVOICE_PAID","invoice_id":7,"project":{"id":1}}',
  );
});

test("a real receiver's port is free again when the host is gone", async () => {
  let url = "";
  {
    await using host = await createTestHost({ plugins });
    ({ url } = await host.realReceiver());
  }
  await expect(fetch(url)).rejects.toMatchObject({ cause: { code: "ECONNREFUSED" } });
});

test("ids are the same each time", async () => {
  const ids = async (): Promise<readonly string[]> => {
    await using host = await createTestHost({ plugins });
    await host.receiver();
    await host.emit(invoicePaid, { invoice_id: 7 });
    const [detail] = await host.delivered("INVOICE_PAID");
    return [String(detail?.message.id), String(detail?.delivery.id)];
  };
  const [first, second] = [await ids(), await ids()];
  expect(first).toEqual(second);
  expect(new Set(first).size).toBe(2);
});

test("the log is kept, with a plugin's name on the lines of a plugin", async () => {
  const chatty = definePlugin({ name: "chatty", version: "1.0.0", setup: (ctx) => ctx.log.info("hello") });
  await using host = await createTestHost({ plugins: [chatty] });
  expect(host.logs).toContainEqual({
    level: "info",
    message: "hello",
    fields: expect.objectContaining({ plugin: "chatty" }),
  });
});

test("nobody but a receiver of the test is reached", async () => {
  await using host = await createTestHost({ plugins });
  await host.hooks.webhooks.create({ url: "https://example.com/hook", project: 1, retrySchedule: "5s" });
  await host.emit(invoicePaid, { invoice_id: 7 });
  const [detail] = await host.failed("INVOICE_PAID");
  expect(detail?.attempts[0]?.error).toContain("no receiver of this test host has the URL");
});

describe("a wait that comes to nothing", () => {
  const messageOf = async (wait: (host: TestHost) => Promise<unknown>, host: TestHost): Promise<string> => {
    const error: unknown = await wait(host).then(
      () => "it came",
      (reason: unknown) => reason,
    );
    return error instanceof Error ? error.message : String(error);
  };

  test("says that no webhook wanted the event", async () => {
    await using host = await createTestHost({ plugins });
    await host.receiver({ actions: ["STOCK_LOW"] });
    await host.emit(invoicePaid, { invoice_id: 7 });
    const message = await messageOf(() => host.delivered("INVOICE_PAID"), host);
    expect(message).toMatch(/^Waited for every delivery of INVOICE_PAID to be delivered, and it does not come\.$/m);
    expect(message).toMatch(/^ {2}INVOICE_PAID msg_\w+: no webhook wants it$/m);
    expect(message).toMatch(/^Deliveries: none\.$/m);
  });

  test("says how the deliveries ended, attempt by attempt, and what was logged", async () => {
    await using host = await createTestHost({ plugins, settings: { retrySchedule: "5s" } });
    await host.receiver({ answers: [500, "no-answer"] });
    await host.emit(invoicePaid, { invoice_id: 7 });
    const message = await messageOf(() => host.delivered("INVOICE_PAID"), host);
    expect(message).toMatch(
      /^ {2}INVOICE_PAID to webhook 1: failed; attempt 1: http_status \(The receiver answered 500\.\); attempt 2: timeout/m,
    );
    expect(message).toMatch(/^ {2}error: .*INVOICE_PAID/m);
  });

  test("does not wait for a webhook that is switched off", async () => {
    await using host = await createTestHost({ plugins, settings: { maxConsecutiveFailures: 1 } });
    await host.receiver({ answers: [500] });
    await host.emit(invoicePaid, { invoice_id: 7 });
    const message = await messageOf(() => host.delivered("INVOICE_PAID"), host);
    expect(message).toMatch(/INVOICE_PAID to webhook 1: pending, due again at 2026-01-01T00:00:05/);
    expect(message).toContain("auto-disabled");
  });

  test("when more was expected than came", async () => {
    await using host = await createTestHost({ plugins });
    await host.receiver();
    await host.emit(invoicePaid, { invoice_id: 7 });
    expect(await messageOf(() => host.delivered("INVOICE_PAID", { count: 2 }), host)).toMatch(
      /^Waited for 2 deliveries/,
    );
  });

  test("when a receiver of the test never comes back, and the host still stops", async () => {
    await using host = await createTestHost({ plugins, settings: { retrySchedule: "", timeout: 60_000 } });
    await host.receiver({ answers: [() => new Promise(() => undefined)] });
    await host.emit(invoicePaid, { invoice_id: 7 });
    expect(await messageOf(() => host.delivered("INVOICE_PAID"), host)).toContain("attempt 1: timeout");
  });

  test("when a middleware hangs: its own time ends, and the host goes on", async () => {
    const hanging = definePlugin({
      name: "hanging",
      version: "1.0.0",
      setup: (ctx) =>
        void ctx.use("prepare", function forever() {
          return new Promise(() => undefined);
        }),
    });
    await using host = await createTestHost({ plugins: [billing, hanging] });
    await host.receiver();
    await host.emit(invoicePaid, { invoice_id: 7 });
    await host.until(
      async () => (await host.deliveries())[0]?.attempts[0]?.middleware === "hanging/forever",
      "its blame",
    );
  });
});

describe("a durable handler", () => {
  const counting = definePlugin({
    name: "counting",
    version: "1.0.0",
    setup(ctx) {
      ctx.handle(invoicePaid, async ({ payload, state, emit, attempt }) => {
        const paid = ((await state.get<number>("paid")) ?? 0) + 1;
        state.set("paid", paid);
        if (payload.invoice_id === 13 && attempt === 1) throw new Error("unlucky");
        if (paid === 2) emit(new StockLow({ sku: "paper" }));
      });
    },
  });

  test("is waited for like a receiver, and what it emits is delivered", async () => {
    await using host = await createTestHost({ plugins: [billing, counting] });
    const stock = await host.receiver({ actions: ["STOCK_LOW"] });
    await host.emit(invoicePaid, { invoice_id: 7 });
    await host.emit(invoicePaid, { invoice_id: 8 });
    await host.delivered("STOCK_LOW");
    expect(stock.received.map(({ payload }) => payload["sku"])).toEqual(["paper"]);
    expect((await host.delivered("INVOICE_PAID")).map(({ delivery }) => delivery.handler)).toEqual([
      { plugin: "counting", handler: "INVOICE_PAID" },
      { plugin: "counting", handler: "INVOICE_PAID" },
    ]);
  });

  test("is called again when its time has come, and the record tells of the failure", async () => {
    await using host = await createTestHost({ plugins: [billing, counting] });
    await host.emit(invoicePaid, { invoice_id: 13 });
    const [handled] = await host.delivered("INVOICE_PAID");
    expect(handled?.attempts.map(({ code }) => code)).toEqual(["handler_failed", null]);
    expect(handled?.attempts[0]?.error).toContain("unlucky");
  });

  test("that works over a real socket is waited for in real time", async () => {
    await using backend = await startReceiver();
    const asking = definePlugin({
      name: "asking",
      version: "1.0.0",
      setup(ctx) {
        ctx.handle(invoicePaid, async ({ signal }) => {
          const answer = await fetch(backend.url, { method: "POST", body: "{}", signal });
          await answer.text();
        });
      },
    });
    await using host = await createTestHost({ plugins: [billing, asking] });
    await host.emit(invoicePaid, { invoice_id: 7 });
    const [handled] = await host.delivered("INVOICE_PAID");
    expect(handled?.attempts).toHaveLength(1);
    expect(backend.received).toHaveLength(1);
  });

  test("that waits for somebody who never answers is given up when its time is over", async () => {
    await using backend = await startReceiver({ answers: ["no-answer"] });
    const asking = definePlugin({
      name: "asking",
      version: "1.0.0",
      setup: (ctx) => void ctx.handle(invoicePaid, ({ signal }) => fetch(backend.url, { signal }), { timeout: 5_000 }),
    });
    await using host = await createTestHost({ plugins: [billing, asking] });
    await host.emit(invoicePaid, { invoice_id: 7 });
    const [handled] = await host.delivered("INVOICE_PAID");
    expect(handled?.attempts.map(({ code }) => code)).toEqual(["handler_failed", null]);
  });

  test("whose unloaded plugin leaves deliveries waiting gets them when it is back", async () => {
    await using host = await createTestHost({ plugins: [billing, counting] });
    await host.unload("counting");
    await host.emit(invoicePaid, { invoice_id: 7 });
    await host.load(counting);
    await host.emit(invoicePaid, { invoice_id: 8 });
    await host.delivered("INVOICE_PAID");
  });
});

describe("a plugin that is not started", () => {
  test("fails the test with its own error", async () => {
    const failing = definePlugin({
      name: "failing",
      version: "2.0.0",
      setup() {
        throw new Error("no database");
      },
    });
    await expect(createTestHost({ plugins: [failing] })).rejects.toThrow(/failing@2\.0\.0 is failed: .*no database/);
  });

  test("also when its setup hangs", async () => {
    const hanging = definePlugin({ name: "hanging", version: "1.0.0", setup: () => new Promise(() => undefined) });
    await expect(createTestHost({ plugins: [hanging] })).rejects.toThrow(/hanging@1\.0\.0 is failed: .*did not finish/);
  });

  test("is not one whose setup is slow in real time: that is waited for", async () => {
    const slow = definePlugin({
      name: "slow",
      version: "1.0.0",
      setup: () => new Promise((resolve) => setTimeout(resolve, 30)),
    });
    await using host = await createTestHost({ plugins: [slow] });
    expect(host.clock.now()).toBe(manualClockStart);
  });

  test("nor is one that needs another", async () => {
    const waiting = definePlugin({ name: "waiting", version: "1.0.0", optional: { billing: "^1.0.0" } });
    const lost = definePlugin({ name: "lost", version: "1.0.0", requires: { waiting: "^1.0.0" } });
    await using host = await createTestHost();
    await expect(host.load(lost)).rejects.toMatchObject({ code: "plugins_refused" });
    await host.load(waiting);
    expect(host.hooks.plugins.status().map(({ state }) => state)).toEqual(["started"]);
  });
});

describe("what a plugin leaves behind", () => {
  const leaky = definePlugin({
    name: "leaky",
    version: "1.0.0",
    setup() {
      const timer = setInterval(() => undefined, 60_000);
      onTestFinished(() => clearInterval(timer));
    },
  });
  const place = /leaky: a timer, made at .*create-test-host\.test\.ts:\d+:\d+/;

  test("fails the test, by its name and place", async () => {
    const host = await createTestHost({ plugins: [leaky] });
    await expect(host[Symbol.asyncDispose]()).rejects.toThrow(place);
  });

  test("is found where a middleware or a handler left it, too", async () => {
    const undone = (): void => {
      const timer = setTimeout(() => undefined, 60_000);
      onTestFinished(() => clearTimeout(timer));
    };
    const late = definePlugin({
      name: "late",
      version: "1.0.0",
      setup(ctx) {
        ctx.use("prepare", (request, next) => {
          undone();
          return next(request);
        });
        ctx.handle(invoicePaid, undone);
      },
    });
    const host = await createTestHost({ plugins: [billing, late] });
    await host.receiver();
    await host.emit(invoicePaid, { invoice_id: 7 });
    await host.delivered("INVOICE_PAID");
    const error: unknown = await host[Symbol.asyncDispose]().catch((reason: unknown) => reason);
    expect(String(error).match(/late: a timer, made at /g)).toHaveLength(2);
  });

  test("fails the unload", async () => {
    await using host = await createTestHost({ plugins: [billing] });
    await host.load(leaky);
    await expect(host.unload("leaky")).rejects.toThrow(place);
  }, 1_000);

  test("is nothing when it is given to ctx.own", async () => {
    const tidy = definePlugin({
      name: "tidy",
      version: "1.0.0",
      setup(ctx) {
        const timer = setInterval(() => undefined, 60_000);
        ctx.own(() => clearInterval(timer));
        process.on("SIGUSR2", noted);
        ctx.own(() => void process.off("SIGUSR2", noted));
        ctx.use("prepare", (request, next) => next(request));
        ctx.on("message.accepted", noted);
      },
    });
    await using host = await createTestHost({ plugins: [billing, tidy] });
    await host.unload("tidy");
  });

  test("is told with what went wrong in its stop", async () => {
    const stubborn = definePlugin({
      name: "stubborn",
      version: "1.0.0",
      stop() {
        throw new Error("will not go");
      },
    });
    const host = await createTestHost({ plugins: [stubborn] });
    await expect(host[Symbol.asyncDispose]()).rejects.toThrow(/stubborn: .*will not go/);
  });
});

function noted(): void {}
