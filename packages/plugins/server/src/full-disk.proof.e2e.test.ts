import { beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { buildProgram } from "./built-program.test.support.js";
import { HoldableReceiver } from "./holdable-receiver.test.support.js";
import { eventually, type RunningService, startService, world } from "./program.test.support.js";
import { canMount, SmallDisk } from "./small-disk.test.support.js";

beforeAll(buildProgram, 120_000);
vi.setConfig({ testTimeout: 90_000 });

const token = "a-token-of-the-test";

describe("A full disk", () => {
  /**
   * Where the machine lets nobody mount, `pressure.proof.int.test.ts` is what is left: the same with a database that must not
   * grow. Decided when it runs, so that the list of cases is the same everywhere.
   */
  beforeEach(({ skip }) => skip(!canMount(), "this machine lets nobody mount"));

  test("events are refused with 507, nothing is half stored, and all goes on by itself once there is room", async () => {
    const { disk, receiver, service } = await serviceOnSmallDisk();
    receiver.hold();
    const early = await emit(service, 20, 100);
    await receiver.until(({ length }) => length === 20);
    disk.fill();
    const refused = await until507(service);
    expect(refused.text).toMatch(/^\{"id":"[^"]+","status_code":507,/);
    expect(refused.text).not.toContain(disk.folder);
    const flood = await Promise.all(Array.from({ length: 200 }, () => post(service, "/api/events/", event(100_000))));
    expect(new Set(flood.map(({ status }) => status))).toEqual(new Set([507]));
    expect((await batch(service)).status).toBe(507);
    expect((await get(service, "/ready")).status).toBe(503);
    expect((await get(service, "/health")).status).toBe(200);
    // What is under way comes to its end, and cannot be written down.
    receiver.release();
    await service.process.told(/The store failed during settle; it is tried again/);

    disk.free();
    await eventually(async () => ((await get(service, "/ready")).status === 200 ? true : undefined));
    await eventually(async () =>
      (await deliveries(service)).every(({ status }) => status === "delivered") ? true : undefined,
    );
    const late = await emit(service, 5, 100_000);
    await receiver.until(({ length }) => length >= 25);
    const accepted = new Set([...early, ...late]);
    await eventually(async () =>
      (await deliveries(service)).every(({ status }) => status === "delivered") ? true : undefined,
    );
    const found = await deliveries(service);
    const stored = found.map(({ message }) => message);
    // Those before the 507 were accepted too.
    expect([...accepted].filter((id) => !stored.includes(id))).toEqual([]);
    expect(stored).toHaveLength(accepted.size + refused.acceptedBefore);
    expect(receiver.received.map(({ id }) => id).toSorted()).toEqual(stored.toSorted());
    // One line for what lasts, and not one for each of 200 refusals.
    const errors = service.process.stderr.split("\n").filter((line) => line.includes('"level":"error"'));
    expect(errors.length).toBeLessThanOrEqual(4);
    expect(service.process.stderr).toContain("The store works again");
  });

  test("a stop ends in time with 0, and what was under way goes out after the next start, once there is room", async () => {
    const { disk, receiver, service, here } = await serviceOnSmallDisk({ HOOKWRIGHT_STOP_TIMEOUT: "2s" });
    receiver.hold();
    const ids = await emit(service, 40, 100);
    await receiver.until(({ length }) => length === 32);
    disk.fill();
    await until507(service);
    receiver.release();
    await service.process.told(/The store failed during settle; it is tried again/);
    service.process.kill("SIGTERM");
    expect(await service.process.ended).toMatchObject({ code: 0, signal: null });
    disk.free();
    const again = await startService(here);
    await eventually(async () => {
      const found = await deliveries(again);
      return (
        ids.every((id) => found.some(({ message, status }) => message === id && status === "delivered")) || undefined
      );
    });
  });
});

describe("A log that cannot be written", () => {
  test("a pipe that nobody reads holds up neither deliveries nor answers nor the stop", async () => {
    const receiver = await HoldableReceiver.open();
    const service = await startService(world({ HOOKWRIGHT_TOKEN: token, LOG_LEVEL: "debug" }));
    await post(service, "/api/webhooks/", { url: receiver.url, project: 1 });
    service.process.child.stderr?.pause();
    // More lines than any pipe holds.
    for (let round = 0; round < 8; round += 1) await emit(service, 100, 10);
    await receiver.until(({ length }) => length === 800);
    expect((await get(service, "/health")).status).toBe(200);
    service.process.kill("SIGTERM");
    await eventually(() => (service.process.child.exitCode === null ? undefined : true));
    service.process.child.stderr?.resume();
    expect(await service.process.ended).toMatchObject({ code: 0, signal: null });
  });
});

async function serviceOnSmallDisk(environment: Readonly<Record<string, string>> = {}) {
  const disk = await SmallDisk.mount("12m");
  const receiver = await HoldableReceiver.open();
  const settings = { HOOKWRIGHT_DATA: disk.folder, HOOKWRIGHT_TOKEN: token, WEBHOOK_TIMEOUT: "60", LOG_LEVEL: "info" };
  const here = { ...world({ ...settings, ...environment }), under: disk.under };
  const service = await startService(here);
  await post(service, "/api/webhooks/", { url: receiver.url, project: 1 });
  return { disk, receiver, service, here };
}

/** What is left in the file may take a few more. */
async function until507(service: RunningService): Promise<{ readonly text: string; readonly acceptedBefore: number }> {
  for (let acceptedBefore = 0; ; acceptedBefore += 1) {
    const { status, text } = await post(service, "/api/events/", event(100_000));
    if (status === 507) return { text, acceptedBefore };
    expect(status).toBe(202);
  }
}

function event(size: number): unknown {
  return { action: "TASKS_CREATED", payload: { tasks: [{ id: 1, text: "x".repeat(size) }] }, project: 1 };
}

async function emit(service: RunningService, count: number, size: number): Promise<readonly string[]> {
  const answers = await Promise.all(Array.from({ length: count }, () => post(service, "/api/events/", event(size))));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
  return answers.map(({ text }) => String(JSON.parse(text).id));
}

async function deliveries(
  service: RunningService,
): Promise<readonly { readonly message: string; readonly status: string }[]> {
  return JSON.parse((await get(service, "/api/deliveries/?limit=1000")).text).results;
}

function batch(service: RunningService) {
  const body = `${JSON.stringify(event(100_000))}\n`.repeat(3);
  return ask(service, "/api/events/batch/", {
    method: "POST",
    body,
    headers: { "content-type": "application/x-ndjson" },
  });
}

function get(service: RunningService, path: string) {
  return ask(service, path, {});
}

function post(service: RunningService, path: string, body: unknown) {
  return ask(service, path, { method: "POST", body: JSON.stringify(body) });
}

async function ask({ url }: RunningService, path: string, request: RequestInit) {
  const headers = { authorization: `Token ${token}`, "content-type": "application/json", ...Object(request.headers) };
  const answer = await fetch(`${url}${path}`, { ...request, headers });
  return { status: answer.status, text: await answer.text() };
}
