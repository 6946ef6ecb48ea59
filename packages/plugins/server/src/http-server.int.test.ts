import { connect } from "node:net";
import { text as textOf } from "node:stream/consumers";
import { afterEach, describe, expect, test } from "vitest";
import { ApiRig } from "./api-rig.test.support.js";
import { Receiver } from "./receiver.test.support.js";

describe("the HTTP server", () => {
  const open: ApiRig[] = [];

  afterEach(async () => {
    for (const api of open.splice(0)) await api.stop();
  });

  async function start(maxBody?: number): Promise<ApiRig> {
    const api = await ApiRig.start(maxBody === undefined ? {} : { maxBody });
    open.push(api);
    return api;
  }

  /** Sends bytes as they are and reads until the other side closes. */
  function raw(api: ApiRig, bytes: string): Promise<string> {
    const socket = connect(Number(new URL(api.url).port), "127.0.0.1");
    socket.write(bytes);
    return textOf(socket);
  }

  test("says that it is alive, ready, and which version it is, without a token", async () => {
    const api = await start();
    expect((await api.get("/health", { token: null })).json).toEqual({ status: "ok" });
    expect((await api.get("/ready/", { token: null })).json).toEqual({ status: "ready" });
    expect((await api.get("/version", { token: null })).json).toEqual({
      name: "hookwright",
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
    });
  });

  test("answers 413 to a client that sends everything before it reads, and goes on with its connection", async () => {
    const api = await start(1_000);
    const size = 3_000_000;
    const refusedThenAlive = /^HTTP\/1\.1 413 .*"status_code":413.*HTTP\/1\.1 200 .*"ok"/s;
    const head = `POST /api/events/ HTTP/1.1\r\nhost: x\r\nauthorization: Token ${api.token}\r\ncontent-type: application/json\r\n`;
    const next = "GET /health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    const said = await raw(api, `${head}content-length: ${size}\r\n\r\n${" ".repeat(size)}${next}`);
    expect(said).toMatch(refusedThenAlive);
    const chunks = `${size.toString(16)}\r\n${" ".repeat(size)}\r\n0\r\n\r\n`;
    const unsaid = await raw(api, `${head}transfer-encoding: chunked\r\n\r\n${chunks}${next}`);
    expect(unsaid).toMatch(refusedThenAlive);
  });

  test("a body of exactly the limit is taken", async () => {
    const api = await start(1_000);
    const body = '{"action":"TASKS_CREATED","payload":{"tasks":[]}}';
    const headers = { "content-type": "application/json" };
    expect((await api.post("/api/events/", body.padEnd(1_000, " "), { headers })).status).toBe(202);
    expect((await api.post("/api/events/", body.padEnd(1_001, " "), { headers })).status).toBe(413);
  });

  test("answers what is no HTTP, and what has too many headers", async () => {
    const api = await start();
    expect(await raw(api, "nonsense\r\n\r\n")).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n.*"detail":/s);
    const headers = `x: ${"y".repeat(20_000)}`;
    expect(await raw(api, `GET /health HTTP/1.1\r\nhost: x\r\n${headers}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 431 /);
  });

  test("finishes what came before a stop, tells its connection to close, and refuses what still comes in", async () => {
    const api = await ApiRig.start();
    const target = await Receiver.listen("hang");
    const { json } = await api.post("/api/webhooks/", { url: target.url });
    const port = Number(new URL(api.url).port);
    const head = `host: x\r\nauthorization: Token ${api.token}\r\n`;
    const socket = connect(port, "127.0.0.1");
    const answers = textOf(socket);
    // Keeps the connection busy, so that the server waits for it.
    socket.write(`POST /api/webhooks/${json["id"]}/test/ HTTP/1.1\r\n${head}content-length: 0\r\n\r\n`);
    await target.received(1);
    // A request of which the first half came before the stop.
    const late = connect(port, "127.0.0.1");
    const refused = textOf(late);
    await new Promise<void>((resolve) => late.write("GET /api/webhooks/ HTTP/1.1\r\n", () => resolve()));
    await api.get("/health");
    const stopped = api.stop();
    while (await accepts(port));
    late.write(`${head}\r\n`);
    expect(await refused).toMatch(
      /^HTTP\/1\.1 503 (?=.*retry-after: 1\r\n)(?=.*connection: close\r\n).*The service is stopping\./is,
    );
    await target.close();
    expect(await answers).toMatch(/^HTTP\/1\.1 200 .*connection: close\r\n/is);
    await stopped;
  });

  test("a caller that goes away in the middle of a body leaves no trace but a log line", async () => {
    const api = await start();
    const head = `POST /api/events/ HTTP/1.1\r\nhost: x\r\nauthorization: Token ${api.token}\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"action"`;
    await new Promise<void>((resolve) => {
      const socket = connect(Number(new URL(api.url).port), "127.0.0.1", () =>
        socket.write(head, () => socket.destroy()),
      );
      socket.on("close", () => resolve());
    });
    expect((await api.get("/health")).status).toBe(200);
    expect(api.log.filter(({ level }) => level === "error")).toEqual([]);
  });
});

/** Whether somebody listens there. */
function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("connect", () => resolve(true));
    socket.on("error", () => resolve(false));
    socket.on("connect", () => socket.destroy());
  });
}
