import { mkdtempSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createMemoryStore, definePlugin, type Store, systemClock } from "@hookwright/core";
import { sqlite } from "@hookwright/plugin-sqlite";
import { ScriptedTransport } from "@hookwright/testing";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { ApiRig, type RigOptions } from "./api-rig.test.support.js";
import { defineRoute, routes } from "./extend/plugin-route.js";
import { mostBytes, mostRequests } from "./request-load.js";

// Hundreds of megabytes go through one process that is both sides.
vi.setConfig({ testTimeout: 60_000 });

const event = { action: "TASKS_CREATED", payload: { tasks: [{ id: 1 }] }, project: 1 };
const ndjson = { "content-type": "application/x-ndjson" };

describe("Pressure", () => {
  test("10,000 events that wait to be written are the most: one more is refused with 503 and Retry-After, and taken when they are written", async () => {
    const held = holdingStore();
    const api = await start({ store: held.store });
    const waiting = Array.from({ length: 10_000 }, () =>
      api.hooks.emit("TASKS_CREATED", event.payload, { project: 1 }),
    );
    await held.reached;
    const refused = await api.post("/api/events/", event);
    expect(refused).toMatchObject({ status: 503, headers: { "retry-after": "1" } });
    const batch = await api.post("/api/events/batch/", `${JSON.stringify(event)}\n`.repeat(300), { headers: ndjson });
    expect(batch).toMatchObject({ status: 503, headers: { "retry-after": "1" } });
    expect((await api.get("/health")).status).toBe(200);
    held.letGo();
    await Promise.all(waiting);
    expect((await api.post("/api/events/", event)).status).toBe(202);
    expect(errorsOf(api)).toHaveLength(1);
  });

  test("a batch of which a part is stored is answered line by line, and says of each line that is refused that it was", async () => {
    const api = await start({});
    const lines = [event, { ...event, action: "NOPE" }, event].map((line) => JSON.stringify(line)).join("\n");
    const { status, text } = await api.post("/api/events/batch/", lines, { headers: ndjson });
    expect(status).toBe(200);
    const answers = text.trim().split("\n");
    expect(answers.map((line) => JSON.parse(line).status)).toEqual([202, 400, 202]);
  });

  test(`${mostRequests} requests under way are the most, also over one connection: others are refused, and taken when those are done`, async () => {
    const gate = Promise.withResolvers<void>();
    const api = await start({ plugins: [slowPlugin(gate.promise)] });
    // Asked for now: later it would be refused.
    await api.openApi();
    const request = `GET /api/plugins/slow/wait/ HTTP/1.1\r\nhost: x\r\nauthorization: Token ${api.token}\r\n\r\n`;
    const socket = open(api);
    const statuses = statusesOf(socket);
    socket.write(request.repeat(mostRequests + 100));
    const refused = await until(async () => {
      const answer = await api.get("/api/webhooks/");
      return answer.status === 503 ? answer : undefined;
    });
    expect(refused.headers["retry-after"]).toBe("1");
    expect((await api.get("/health")).status).toBe(200);
    gate.resolve();
    await until(() => (statuses().length === mostRequests + 100 ? true : undefined));
    expect(statuses().filter((status) => status === 200)).toHaveLength(mostRequests);
    expect(statuses().filter((status) => status === 503)).toHaveLength(100);
    expect((await api.get("/api/webhooks/")).status).toBe(200);
  });

  test(`bodies in memory are ${mostBytes / 1_048_576} MB at most, however many are sent at once; those that were begun are taken`, async () => {
    const size = 10 * 1_048_576;
    const api = await start({ maxBody: size });
    const fitting = Math.floor(mostBytes / size);
    const body = Buffer.from(JSON.stringify({ ...event, payload: { tasks: [], filler: "" } }).padEnd(size, " "));
    const before = process.memoryUsage().arrayBuffers;
    const uploads = Array.from({ length: fitting }, () => upload(api, body.subarray(0, -1), size));
    await Promise.all(uploads.map(({ sent }) => sent));
    await until(async () => ((await api.post("/api/events/", body, json)).status === 503 ? true : undefined));
    // Chunked ones say nothing of their size before they are read.
    const chunked = await sendChunked(api, body);
    expect(chunked).toMatch(/^HTTP\/1\.1 503 [\s\S]*retry-after: 1/i);
    // A small one finds room still.
    expect((await api.post("/api/events/", event)).status).toBe(202);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(3 * mostBytes);
    for (const { socket } of uploads) socket.write(body.subarray(-1));
    await until(() => (uploads.every(({ statuses }) => statuses()[0] === 202) ? true : undefined));
    await until(async () => ((await api.post("/api/events/", body, json)).status === 202 ? true : undefined));
  });

  test("answers that nobody reads are bounded too, and given up after the time of a request", async () => {
    const api = await start({ maxBody: 11 * 1_048_576, requestTimeout: 1_000, transport: new ScriptedTransport() });
    await api.post("/api/webhooks/", { url: "http://127.0.0.1:1/", project: 1 });
    await api.post("/api/events/", { ...event, payload: { tasks: [], filler: "x".repeat(10 * 1_048_576) } });
    const { json: list } = await api.get("/api/deliveries/");
    const path = `/api/deliveries/${list["results"]?.["0"]?.["id"]}/`;
    const request = `GET ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Token ${api.token}\r\n\r\n`;
    const idle = Array.from({ length: 15 }, () => open(api).pause());
    for (const socket of idle) socket.write(request);
    const refused = await until(async () => {
      const answer = await api.get(path);
      return answer.status === 503 ? answer : undefined;
    });
    expect(refused.headers["retry-after"]).toBe("1");
    await until(async () => ((await api.get(path)).status === 200 ? true : undefined));
  });

  test("a database that must not grow: 507, not ready, one line in the log; ready and accepting again when there is room, without a restart", async () => {
    const folder = mkdtempSync(join(tmpdir(), "hookwright-full-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const store = sqlite({ file: join(folder, "hooks.db"), maxBytes: 2_000_000 });
    const api = await start({ store, transport: new ScriptedTransport() });
    await api.post("/api/webhooks/", { url: "http://127.0.0.1:1/", project: 1 });
    const large = { ...event, payload: { tasks: [{ id: 1, text: "x".repeat(50_000) }] } };
    const accepted: string[] = [];
    const full = await until(async () => {
      const answer = await api.post("/api/events/", large);
      if (answer.status === 202) accepted.push(String(answer.json["id"]));
      return answer.status === 202 ? undefined : answer;
    });
    expect(full).toMatchObject({ status: 507, json: { detail: expect.not.stringContaining(folder) } });
    expect(
      (await api.post("/api/events/batch/", `${JSON.stringify(large)}\n`.repeat(3), { headers: ndjson })).status,
    ).toBe(507);
    for (let count = 0; count < 100; count += 1) expect((await api.post("/api/events/", large)).status).toBe(507);
    expect(await api.get("/ready")).toMatchObject({ status: 503, headers: { "retry-after": "1" } });
    expect((await api.get("/health")).status).toBe(200);
    // Retention makes room.
    const later = systemClock.now() + 1_000;
    while (await store.attempts.purge(later, later));
    await until(async () => ((await api.get("/ready")).status === 200 ? true : undefined));
    const again = await api.post("/api/events/", large);
    expect(again.status).toBe(202);
    await until(async () => {
      const { json: page } = await api.get("/api/deliveries/?limit=1000&status=delivered");
      return (
        Object.values(page["results"] ?? {}).some((delivery) => delivery?.["message"] === again.json["id"]) || undefined
      );
    });
    const { json: page } = await api.get("/api/deliveries/?limit=1000");
    const known = new Set([...accepted, String(again.json["id"])]);
    expect(
      Object.values(page["results"] ?? {}).filter((delivery) => !known.has(String(delivery?.["message"]))),
    ).toEqual([]);
    expect(errorsOf(api).filter(({ message }) => message.includes(" 507 "))).toHaveLength(1);
  });
});

const json = { headers: { "content-type": "application/json" } };

async function start(options: RigOptions): Promise<ApiRig> {
  const api = await ApiRig.start(options);
  onTestFinished(() => api.stop());
  return api;
}

function errorsOf(api: ApiRig) {
  return api.log.filter(({ level }) => level === "error");
}

/** A store whose messages are written when the test says so. */
function holdingStore() {
  const store = createMemoryStore();
  const gate = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const messages: Store["messages"] = {
    get: (organization, id) => store.messages.get(organization, id),
    append: async (entries, handOver) => {
      begun.resolve();
      await gate.promise;
      return store.messages.append(entries, handOver);
    },
  };
  const held: Store = new Proxy(store, {
    // A store is its ports: every other one is the memory store's own.
    get: (target, name) => (name === "messages" ? messages : bound(target, name)),
  });
  return { store: held, reached: begun.promise, letGo: () => gate.resolve() };
}

function bound(target: Store, name: string | symbol): unknown {
  const member: unknown = Reflect.get(target, name);
  return typeof member === "function" ? member.bind(target) : member;
}

function slowPlugin(gate: Promise<void>) {
  const wait = defineRoute({
    method: "GET",
    path: "/wait",
    summary: "Wait",
    handle: async () => {
      await gate;
      return {};
    },
  });
  return definePlugin({ name: "slow", version: "1.0.0", setup: (ctx) => void ctx.contribute(routes, wait) });
}

function open(api: ApiRig): Socket {
  const socket = connect(Number(new URL(api.url).port), "127.0.0.1");
  socket.on("error", () => undefined);
  onTestFinished(() => void socket.destroy());
  return socket;
}

/** Tells the statuses of the answers that have come so far. */
function statusesOf(socket: Socket): () => readonly number[] {
  let text = "";
  socket.on("data", (piece) => {
    text += piece.toString("latin1");
  });
  return () => [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
}

function headOf(api: ApiRig, more: string): string {
  return `POST /api/events/ HTTP/1.1\r\nhost: x\r\nauthorization: Token ${api.token}\r\ncontent-type: application/json\r\n${more}\r\n\r\n`;
}

/** Sends a part of a body of `size` bytes. */
function upload(api: ApiRig, part: Buffer, size: number) {
  const socket = open(api);
  const statuses = statusesOf(socket);
  socket.write(headOf(api, `content-length: ${size}`));
  const sent = new Promise<void>((resolve) => socket.write(part, () => resolve()));
  return { socket, statuses, sent };
}

async function sendChunked(api: ApiRig, body: Buffer): Promise<string> {
  const socket = open(api);
  let text = "";
  socket.on("data", (piece) => {
    text += piece.toString("utf8");
  });
  socket.write(headOf(api, "transfer-encoding: chunked"));
  socket.write(`${body.length.toString(16)}\r\n`);
  socket.write(body);
  socket.write("\r\n0\r\n\r\n");
  await until(() => (text.includes("exc_info") ? true : undefined));
  return text;
}

/** Asks until there is an answer. */
async function until<Value>(ask: () => Promise<Value | undefined> | Value | undefined): Promise<Value> {
  for (;;) {
    const value = await ask();
    if (value !== undefined) return value;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
