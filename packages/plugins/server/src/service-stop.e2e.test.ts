import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { buildProgram } from "./built-program.test.support.js";
import { HoldableReceiver } from "./holdable-receiver.test.support.js";
import { eventually, type RunningService, startService, world } from "./program.test.support.js";

beforeAll(buildProgram, 120_000);
vi.setConfig({ testTimeout: 60_000 });

describe("a signal stops the service", () => {
  test.each(["SIGTERM", "SIGINT", "SIGHUP"] as const)("%s: it exits 0 and leaves nothing behind", async (signal) => {
    const { process, url } = await startService(world());
    process.kill(signal);
    expect(await process.ended).toMatchObject({ code: 0, signal: null });
    expect(process.leftBehind).toBe(false);
    await expect(fetch(url)).rejects.toThrow();
  });

  test("a plugin that leaves a timer behind does not keep the process", async () => {
    const here = world();
    writeFileSync(
      join(here.folder, "timer.mjs"),
      `export default { manifest: { name: "timer", version: "1.0.0", setup() { setInterval(() => {}, 1000); } } };`,
    );
    const { process } = await startService(here, "--plugin", "timer.mjs");
    process.kill("SIGTERM");
    expect(await process.ended).toMatchObject({ code: 0 });
  });

  test("a client that keeps its connection open does not hold it up", async () => {
    const { process, url } = await startService(world());
    // `fetch` keeps the connection for the next request.
    await (await fetch(`${url}/health`)).text();
    process.kill("SIGTERM");
    expect(await process.ended).toMatchObject({ code: 0 });
  });
});

test("a log that nobody reads any more does not stop the service", async () => {
  const receiver = await HoldableReceiver.open();
  const { service } = await withWebhook(receiver, {});
  service.process.child.stderr?.destroy();
  await emit(service, 5);
  await receiver.until((received) => received.length === 5);
  service.process.kill("SIGTERM");
  expect(await service.process.ended).toMatchObject({ code: 0, signal: null });
});

describe("what is under way when the service stops", () => {
  test("is waited for, recorded, and not sent again", async () => {
    const receiver = await HoldableReceiver.open();
    receiver.hold();
    const { service, here } = await withWebhook(receiver, { WEBHOOK_TIMEOUT: "60" });
    await emit(service, 1);
    await receiver.until((received) => received.length === 1);
    service.process.kill("SIGTERM");
    await service.process.told(/SIGTERM: stopping; a second signal ends it at once/);
    await service.process.told(/Stopping: 1 delivery under way, waited for up to 10 s/);
    receiver.release();
    expect(await service.process.ended).toMatchObject({ code: 0 });
    expect(service.process.stderr).not.toContain("not over in time");

    const again = await startService(here);
    expect(await statuses(again)).toEqual(["delivered"]);
    expect(receiver.received).toHaveLength(1);
  });

  test("is given up after HOOKWRIGHT_STOP_TIMEOUT, and goes out after the next start", async () => {
    const receiver = await HoldableReceiver.open();
    receiver.hold();
    const limits = { WEBHOOK_TIMEOUT: "60", HOOKWRIGHT_STOP_TIMEOUT: "200ms" };
    const { service, here } = await withWebhook(receiver, limits);
    await emit(service, 1);
    await receiver.until((received) => received.length === 1);
    service.process.kill("SIGTERM");
    expect(await service.process.ended).toMatchObject({ code: 0 });
    expect(service.process.stderr).toContain("Stopped: 1 delivery not over in time; they go out after the next start");

    receiver.release();
    const again = await startService(here);
    await receiver.until((received) => received.length === 2);
    expect(new Set(receiver.received.map(({ id }) => id)).size).toBe(1);
    await eventually(async () => (await statuses(again)).includes("delivered") || undefined);
  });
});

describe("after kill -9", () => {
  test("everything that was accepted is delivered by the next start", async () => {
    const receiver = await HoldableReceiver.open();
    receiver.hold();
    const { service, here } = await withWebhook(receiver, { WEBHOOK_TIMEOUT: "60" });
    const accepted = await emit(service, 60);
    // Some are under way, most wait; more are being accepted in the moment of the kill, and those may be lost.
    await receiver.until((received) => received.length > 0);
    const unanswered = Promise.allSettled([emit(service, 20)]);
    service.process.kill("SIGKILL");
    expect(await service.process.ended).toMatchObject({ signal: "SIGKILL" });
    await unanswered;
    const before = receiver.received.length;
    expect(before).toBeLessThan(60);

    receiver.release();
    await startService(here);
    const isThere = (id: string) => receiver.received.slice(before).some((request) => request.id === id);
    await receiver.until(() => accepted.every(isThere));
  });

  test("the folder is free for the next start, and its token still works", async () => {
    const here = world();
    const killed = await startService(here);
    killed.process.kill("SIGKILL");
    await killed.process.ended;
    const { token, url } = await startService(here);
    expect(token).toBe(killed.token);
    const answer = await fetch(`${url}/api/webhooks/`, { headers: { authorization: `Token ${token}` } });
    expect(answer.status).toBe(200);
  });
});

async function withWebhook(receiver: HoldableReceiver, environment: Readonly<Record<string, string>>) {
  const here = world(environment);
  const service = await startService(here);
  await call(service, "/api/webhooks/", { url: receiver.url, project: 1 });
  return { service, here };
}

/** Emits events and answers the ids of the messages that were accepted. */
async function emit(service: RunningService, count: number): Promise<readonly string[]> {
  const event = (id: number) => ({ action: "TASKS_CREATED", payload: { tasks: [{ id }] }, project: 1 });
  const answers = await Promise.all(Array.from({ length: count }, (_, id) => call(service, "/api/events/", event(id))));
  return answers.map((answer) => String(Object(answer).id));
}

async function statuses(service: RunningService): Promise<readonly string[]> {
  const { results } = Object(await call(service, "/api/deliveries/"));
  return results.map(({ status }: { readonly status: string }) => status);
}

async function call({ url, token }: RunningService, path: string, body?: unknown): Promise<unknown> {
  const answer = await fetch(`${url}${path}`, {
    headers: { authorization: `Token ${token}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
  return answer.json();
}
