import { createServer, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { randomSequence } from "./random-sequence.test.support.js";
import { okAnswer, type RawReceiver } from "./raw-receiver.test.support.js";
import { TransportRig, wireRequest } from "./transport-rig.test.support.js";

const rig = new TransportRig();
const timers = new Set<NodeJS.Timeout>();
afterEach(async () => {
  for (const timer of timers) clearInterval(timer);
  timers.clear();
  await rig.close();
});

/** Long enough for a loopback exchange on a busy machine; every test that uses it ends by it. */
const deadline = 300;
const head = "HTTP/1.1 200 OK\r\n";

function keepWriting(socket: Socket, bytes: string | Buffer, every: number): void {
  const timer = setInterval(() => {
    if (socket.writable) socket.write(bytes);
  }, every);
  timers.add(timer);
  socket.on("close", () => clearInterval(timer));
}

function drip(socket: Socket, text: string, every: number): void {
  const bytes = text[Symbol.iterator]();
  const timer = setInterval(() => {
    const byte = bytes.next();
    if (byte.done !== true && socket.writable) socket.write(byte.value);
  }, every);
  timers.add(timer);
}

// Writes as fast as the other side reads, until it hangs up.
function flood(socket: Socket, bytes: Buffer): void {
  const more = (): void => {
    while (socket.writable && socket.write(bytes));
  };
  socket.on("drain", more);
  more();
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  await new Promise((resolve) => {
    server.close(resolve);
  });
  return typeof address === "object" && address !== null ? address.port : 0;
}

describe("no answer", () => {
  test("from a receiver that refuses", async () => {
    const port = await freePort();
    const outcome = await rig.send(`http://127.0.0.1:${port}/`);
    expect(outcome).toMatchObject({ kind: "unreachable", code: "connection_refused" });
    expect(outcome).toHaveProperty("reason", expect.stringContaining(`127.0.0.1:${port}`));
  });

  test("from a receiver that accepts and never reads a body of 1 MB", async () => {
    const receiver = await rig.receiver({ onConnection: (socket) => socket.pause() });
    // Larger than what both sides' sockets buffer on loopback.
    const outcome = await rig.send(receiver.url(), { body: Buffer.alloc(16_000_000), timeout: deadline });
    expect(outcome).toMatchObject({ kind: "unreachable", code: "timeout" });
    receiver.resume();
    await receiver.allClosed();
  });

  test.each<[string, (receiver: Socket) => void]>([
    ["never answers", () => {}],
    ["sends one byte of its head at a time", (socket) => drip(socket, okAnswer(), 30)],
    ["drips a header that never ends", (socket) => socket.write(`${head}x-long: `) && keepWriting(socket, "a", 10)],
    ["floods with 1xx", (socket) => keepWriting(socket, "HTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\n", 5)],
  ])("from a receiver that %s", async (_, respond) => {
    const receiver = await rig.receiver({ onRequest: respond });
    const outcome = await rig.send(receiver.url(), { timeout: deadline });
    expect(outcome).toMatchObject({ kind: "unreachable", code: "timeout" });
    await receiver.allClosed();
  });

  test("from a receiver that floods with 1xx as fast as it can", async () => {
    const receiver = await rig.receiver({
      onRequest: (socket) => flood(socket, Buffer.from("HTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\n".repeat(100))),
    });
    const outcome = await rig.send(receiver.url(), { timeout: deadline });
    expect(outcome).toMatchObject({ kind: "unreachable", code: "timeout" });
    await receiver.allClosed();
  });

  test.each([
    ["a header of 1 MB", `${head}x: ${"a".repeat(1_000_000)}\r\n\r\n`],
    ["10,000 headers", `${head}${"x: y\r\n".repeat(10_000)}\r\n`],
  ])("but %s", async (_, answer) => {
    const receiver = await rig.answering(answer);
    expect(await rig.send(receiver.url())).toMatchObject({ kind: "unreachable", code: "answer_too_large" });
    await receiver.allClosed();
  });

  test.each([
    ["garbage", "\x16\x03garbage\r\n\r\n"],
    ["HTTP/0.9", "<html>hello</html>\r\n\r\n"],
    ["the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
    ["a status of one digit", "HTTP/1.1 0 X\r\ncontent-length: 0\r\n\r\n"],
    ["a status of two digits", "HTTP/1.1 99 X\r\ncontent-length: 0\r\n\r\n"],
    ["the status 000", "HTTP/1.1 000 X\r\ncontent-length: 0\r\n\r\n"],
    ["the status 099", "HTTP/1.1 099 X\r\ncontent-length: 0\r\n\r\n"],
    ["a status of four digits", "HTTP/1.1 2000 X\r\ncontent-length: 0\r\n\r\n"],
    ["two lengths that differ", `${head}content-length: 2\r\ncontent-length: 3\r\n\r\nok`],
    ["a length that is no number", `${head}content-length: x\r\n\r\nok`],
    ["a length besides chunks", `${head}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`],
    ["a header without a colon", `${head}header\r\n\r\n`],
    ["an upgrade that nobody asked for", "HTTP/1.1 101 X\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n"],
    ["an unasked 100 Continue, which undici does not take", "HTTP/1.1 100 Continue\r\n\r\n"],
  ])("but %s", async (_, answer) => {
    const receiver = await rig.answering(answer);
    expect(await rig.send(receiver.url())).toMatchObject({ kind: "unreachable", code: "protocol_error" });
    await receiver.allClosed();
  });

  test.each<[string, (socket: Socket) => void]>([
    ["closes", (socket) => socket.end()],
    ["resets", (socket) => socket.resetAndDestroy()],
    ["closes in the middle of its head", (socket) => socket.end("HTTP/1.1 20")],
  ])("from a receiver that %s", async (_, respond) => {
    const receiver = await rig.receiver({ onRequest: respond });
    expect(await rig.send(receiver.url())).toMatchObject({ kind: "unreachable", code: "connection_failed" });
    expect(receiver.requests).toHaveLength(1);
    await receiver.allClosed();
  });
});

describe("an answer counts as soon as its head is in, though its body", () => {
  test.each<[string, (socket: Socket) => void]>([
    ["drips", (socket) => socket.write(`${head}content-length: 9999\r\n\r\n`) && keepWriting(socket, "x", 20)],
    [
      "drips in chunks",
      (socket) => socket.write(`${head}transfer-encoding: chunked\r\n\r\n`) && keepWriting(socket, "1\r\nx\r\n", 20),
    ],
    ["never comes", (socket) => socket.write(`${head}content-length: 5\r\n\r\n`)],
    ["never ends", (socket) => socket.write(`${head}\r\nsome`)],
  ])("%s", async (_, respond) => {
    const receiver = await rig.receiver({ onRequest: respond });
    const outcome = await rig.send(receiver.url(), { timeout: deadline });
    expect(outcome).toMatchObject({
      kind: "answered",
      status: 200,
      bodyError: expect.stringContaining(`${deadline} ms`),
    });
    await receiver.allClosed();
  });

  test.each<[string, (socket: Socket) => void]>([
    [
      "is cut short by a reset",
      (socket) => socket.write(`${head}content-length: 5\r\n\r\nok`, () => socket.resetAndDestroy()),
    ],
    ["is cut short by a close", (socket) => socket.end(`${head}content-length: 5\r\n\r\nok`)],
    ["ends in the middle of a chunk", (socket) => socket.end(`${head}transfer-encoding: chunked\r\n\r\n5\r\nok`)],
    ["is no chunk where one must be", (socket) => socket.write(`${head}transfer-encoding: chunked\r\n\r\nxyz\r\n`)],
    ["is cut short in HTTP/1.0", (socket) => socket.end("HTTP/1.0 200 OK\r\ncontent-length: 5\r\n\r\nok")],
  ])("%s", async (_, respond) => {
    const receiver = await rig.receiver({ onRequest: respond });
    const outcome = await rig.send(receiver.url());
    expect(outcome).toMatchObject({ kind: "answered", status: 200, bodyError: expect.any(String) });
    await receiver.allClosed();
  });

  test.each([
    ["without end", `${head}\r\n`],
    ["of a length that nobody waits for", `${head}content-length: 99999999999\r\n\r\n`],
  ])("is fast and %s", async (_, start) => {
    const receiver = await rig.receiver({
      onRequest: (socket) => {
        socket.write(start);
        flood(socket, Buffer.alloc(65_536, "x"));
      },
    });
    const outcome = await rig.send(receiver.url());
    expect(outcome).toMatchObject({ kind: "answered", status: 200, excerpt: "x".repeat(1_024), bodyError: undefined });
    await receiver.allClosed();
  });

  test("exceeds the excerpt and then hangs: the outcome does not wait, the connection ends with the deadline", async () => {
    const receiver = await rig.answering(`${head}content-length: 3000\r\n\r\n${"x".repeat(2_000)}`);
    const transport = rig.transport();
    const outcome = await transport.send(wireRequest(receiver.url(), { timeout: deadline }));
    expect(outcome).toMatchObject({ kind: "answered", status: 200, bodyError: undefined });
    await receiver.allClosed();
    expect(transport.size.connections).toBe(0);
  });

  test.each([
    ["204 with a length", "HTTP/1.1 204 No Content\r\ncontent-length: 4\r\n\r\nbody"],
    ["204 with no length", "HTTP/1.1 204 No Content\r\n\r\nbody"],
    ["304 with a body", "HTTP/1.1 304 Not Modified\r\ncontent-length: 4\r\n\r\nbody"],
    ["a length that is too short", `${head}content-length: 2\r\n\r\nok and more`],
    ["two answers to one request", okAnswer("one") + okAnswer("two", "500 Two")],
  ])("is more than there may be: %s", async (_, answer) => {
    const receiver = await rig.answering(answer);
    const transport = rig.transport();
    const outcome = await transport.send(wireRequest(receiver.url()));
    expect(outcome).toMatchObject({ kind: "answered", status: Number(answer.slice(9, 12)) });
    await receiver.allClosed();
    await expectCleanSecondAnswer(transport, receiver);
  });
});

test("no answer at all, however damaged, does more than fail its own exchange", async () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  console.info(`seed ${seed}`);
  const random = randomSequence(seed);
  const receiver = await rig.receiver({
    onRequest: (socket) => {
      socket.write(damaged(random));
      if (random() < 0.5) socket.end();
    },
  });
  const transport = rig.transport();
  const sender = async (): Promise<void> => {
    for (let sent = 0; sent < 20; sent += 1) {
      const outcome = await transport.send(wireRequest(receiver.url(), { timeout: deadline }));
      if (outcome.kind === "unreachable")
        expect(outcome.code).toMatch(/^(timeout|protocol_error|connection_failed|answer_too_large)$/);
      else expect(outcome).toMatchObject({ kind: "answered", status: expect.any(Number) });
    }
  };
  await Promise.all(Array.from({ length: 20 }, sender));
});

const intact = [
  okAnswer(),
  `${head}transfer-encoding: chunked\r\nconnection: keep-alive\r\nkeep-alive: timeout=5\r\n\r\n3\r\nabc\r\n0\r\n\r\n`,
  "HTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
  "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n",
  "HTTP/1.0 500 X\r\nretry-after: 5\r\n\r\nbody",
];

// Some bytes of a valid answer changed, left out or said twice.
function damaged(random: () => number): Buffer {
  let bytes = Buffer.from(intact[Math.floor(random() * intact.length)] ?? "");
  for (let faults = Math.floor(random() * 4); faults >= 0; faults -= 1) {
    const from = Math.floor(random() * bytes.length);
    const to = from + Math.floor(random() * (bytes.length - from));
    const kind = random();
    if (kind < 0.4) bytes[from] = Math.floor(random() * 256);
    else if (kind < 0.7) bytes = Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
    else bytes = Buffer.concat([bytes.subarray(0, to), bytes.subarray(from)]);
  }
  return bytes;
}

// What was left on the wire must not become the answer to somebody else's request.
async function expectCleanSecondAnswer(
  transport: ReturnType<TransportRig["transport"]>,
  receiver: RawReceiver,
): Promise<void> {
  const second = await transport.send(wireRequest(receiver.url()));
  expect(second).not.toMatchObject({ status: 500 });
  expect(receiver.connections).toBe(2);
}
