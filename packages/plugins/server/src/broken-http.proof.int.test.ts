import { connect, type Socket } from "node:net";
import { afterAll, describe, expect, test } from "vitest";
import { ApiRig } from "./api-rig.test.support.js";

/** Milliseconds that the server of this test gives to a whole request. */
const requestTimeout = 600;

const api = await ApiRig.start({ requestTimeout, maxBody: 10_000 });

afterAll(() => api.stop());

/** A client that does not keep to HTTP, and how its connection must end. */
interface Case {
  readonly name: string;
  /** What it sends at once. */
  readonly bytes: string;
  /** What it sends again and again until it is hung up on. */
  readonly trickle?: string;
  /** The statuses that it is answered, in order; `[]`: it is hung up on without a word. */
  readonly statuses: readonly number[];
}

const auth = `host: x\r\nauthorization: Token ${api.token}\r\n`;
const post = `POST /api/events/ HTTP/1.1\r\n${auth}content-type: application/json\r\n`;
const event = JSON.stringify({ action: "TASKS_CREATED", payload: { tasks: [] }, project: 1 });

const cases: readonly Case[] = [
  { name: "no HTTP at all", bytes: "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", statuses: [400] },
  { name: "a request line without an end", bytes: "GET /health", statuses: [408] },
  { name: "a request line with a NUL", bytes: "GET /hea\0lth HTTP/1.1\r\nhost: x\r\n\r\n", statuses: [400] },
  { name: "a version that does not exist", bytes: "GET /health HTTP/9.9\r\nhost: x\r\n\r\n", statuses: [400] },
  { name: "a method that does not exist", bytes: "GRAB /health HTTP/1.1\r\nhost: x\r\n\r\n", statuses: [400] },
  { name: "no host", bytes: "GET /health HTTP/1.1\r\n\r\n", statuses: [400] },
  { name: "an address of 20 kB", bytes: `GET /${"a".repeat(20_000)} HTTP/1.1\r\nhost: x\r\n\r\n`, statuses: [431] },
  { name: "a header of 20 kB", bytes: `GET /health HTTP/1.1\r\nx: ${"y".repeat(20_000)}\r\n\r\n`, statuses: [431] },
  {
    name: "3,000 headers",
    bytes: `GET /health HTTP/1.1\r\nhost: x\r\n${"a: b\r\n".repeat(3_000)}\r\n`,
    statuses: [431],
  },
  { name: "a header without a colon", bytes: "GET /health HTTP/1.1\r\nhost: x\r\nnonsense\r\n\r\n", statuses: [400] },
  { name: "a folded header", bytes: "GET /health HTTP/1.1\r\nhost: x\r\na: b\r\n c\r\n\r\n", statuses: [400] },
  {
    name: "a bare carriage return in a header",
    bytes: "GET /health HTTP/1.1\r\nhost: x\r\na: b\rc\r\n\r\n",
    statuses: [400],
  },
  {
    name: "headers that come a byte at a time",
    bytes: "GET /health HTTP/1.1\r\nhost: x\r\n",
    trickle: "a",
    statuses: [408],
  },
  { name: "nothing", bytes: "", statuses: [408] },
  { name: "two lengths", bytes: `${post}content-length: 5\r\ncontent-length: 6\r\n\r\n{}`, statuses: [400] },
  {
    name: "a length and chunks",
    bytes: `${post}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
    statuses: [400],
  },
  { name: "a length below zero", bytes: `${post}content-length: -1\r\n\r\n`, statuses: [400] },
  { name: "a length that is no number", bytes: `${post}content-length: 0x10\r\n\r\n`, statuses: [400] },
  { name: "a length greater than any", bytes: `${post}content-length: ${"9".repeat(30)}\r\n\r\n`, statuses: [400] },
  {
    name: "a length over the limit, and no body",
    bytes: `${post}content-length: 99999999\r\n\r\n`,
    statuses: [413],
  },
  { name: "a body shorter than its length", bytes: `${post}content-length: 9000\r\n\r\n${event}`, statuses: [408] },
  {
    name: "a body that comes a byte at a time",
    bytes: `${post}content-length: 9000\r\n\r\n`,
    trickle: " ",
    statuses: [408],
  },
  {
    name: "a body longer than its length",
    bytes: `${post}content-length: ${event.length}\r\n\r\n${event}{}{}`,
    statuses: [202],
  },
  { name: "chunks of no size", bytes: `${post}transfer-encoding: chunked\r\n\r\nzz\r\n`, statuses: [400] },
  { name: "a chunk without an end", bytes: `${post}transfer-encoding: chunked\r\n\r\nff\r\nabc`, statuses: [408] },
  {
    name: "chunks without an end, over the limit",
    bytes: `${post}transfer-encoding: chunked\r\n\r\n`,
    trickle: `2710\r\n${" ".repeat(10_000)}\r\n`,
    statuses: [413],
  },
  { name: "a chunk of 16 EB", bytes: `${post}transfer-encoding: chunked\r\n\r\nffffffffffffffff\r\n`, statuses: [408] },
  {
    name: "a chunk extension of 20 kB",
    bytes: `${post}transfer-encoding: chunked\r\n\r\n1;${"x".repeat(20_000)}\r\n`,
    statuses: [413],
  },
  { name: "another transfer coding", bytes: `${post}transfer-encoding: gzip\r\n\r\n`, statuses: [400] },
  {
    name: "an upgrade",
    bytes: `GET /health HTTP/1.1\r\n${auth}connection: upgrade, close\r\nupgrade: websocket\r\n\r\n`,
    statuses: [200],
  },
  { name: "HTTP/2 without asking", bytes: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", statuses: [400] },
  { name: "a tunnel", bytes: `CONNECT other:443 HTTP/1.1\r\n${auth}\r\n`, statuses: [] },
  {
    name: "an expectation",
    bytes: `${post}expect: 100-continue\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}`,
    statuses: [100, 400],
  },
  {
    name: "an expectation that is none",
    bytes: `${post}expect: tea\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`,
    statuses: [417],
  },
];

describe("Broken HTTP", () => {
  test.each(cases)("$name: the connection ends, with $statuses", async ({ bytes, trickle, statuses }) => {
    const { said } = await exchange(bytes, trickle);
    const found = [...said.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
    expect(found, said).toEqual(statuses);
    for (const body of said
      .split("\r\n\r\n")
      .filter((part) => part.startsWith('{"id"') && !part.startsWith('{"id":"msg_')))
      expect(Object.keys(JSON.parse(body.split("HTTP/1.1 ")[0] ?? ""))).toContain("status_code");
    expect(said).not.toMatch(/x-powered-by|server:/i);
  });

  test("300 clients that say nothing, or half of something, are all hung up on; who keeps to HTTP is served meanwhile", async () => {
    const halves = ["", "GET /hea", `${post}content-length: 9000\r\n\r\n{`, "GET /health HTTP/1.1\r\nhost: x\r\n"];
    const clients = Array.from({ length: 300 }, (_, index) => exchange(halves[index % halves.length] ?? ""));
    for (let count = 0; count < 20; count += 1) expect((await api.get("/api/webhooks/")).status).toBe(200);
    const said = await Promise.all(clients);
    expect(said.filter(({ said: text }) => !text.startsWith("HTTP/1.1 408 "))).toEqual([]);
  });

  test("100 clients that hang up in the middle of a body leave nothing behind", async () => {
    const clients = Array.from({ length: 100 }, async () => {
      const socket = dial();
      await new Promise<void>((resolve) => socket.write(`${post}content-length: 9000\r\n\r\n{"a":1`, () => resolve()));
      socket.resetAndDestroy();
    });
    await Promise.all(clients);
    expect((await api.get("/api/deliveries/")).json).toEqual({ results: [], next: null });
  });

  test("after all of it the service is well, and has logged no fault of its own", async () => {
    expect((await api.get("/ready")).json).toEqual({ status: "ready" });
    expect((await api.post("/api/events/", event, { headers: { "content-type": "application/json" } })).status).toBe(
      202,
    );
    expect(api.log.filter(({ level }) => level === "error")).toEqual([]);
  });
});

function dial(): Socket {
  const socket = connect({ port: Number(new URL(api.url).port), host: "127.0.0.1", allowHalfOpen: true });
  // Being hung up on in the middle of a write is what is expected here.
  socket.on("error", () => undefined);
  return socket;
}

/** Sends, never hangs up by itself, and resolves with what was said when the server has. */
async function exchange(bytes: string, trickle?: string): Promise<{ readonly said: string }> {
  const socket = dial();
  let said = "";
  socket.on("data", (piece) => {
    said += piece.toString("latin1");
  });
  socket.write(Buffer.from(bytes, "latin1"));
  const more = trickle === undefined ? undefined : setInterval(() => socket.write(trickle), 10);
  const closed = new Promise<void>((resolve) => {
    socket.once("end", resolve);
    socket.once("close", () => resolve());
  });
  await closed;
  clearInterval(more);
  socket.destroy();
  return { said };
}
