import type { Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { randomSequence } from "./random-sequence.test.support.js";
import { okAnswer, type RawRequest } from "./raw-receiver.test.support.js";
import { TransportRig, wireRequest } from "./transport-rig.test.support.js";

const rig = new TransportRig();
afterEach(() => rig.close());

/** Long enough for a loopback exchange on a busy machine; every test that uses it ends by it. */
const deadline = 150;

// Answers the first request of the first connection, and hands every other one to `then`.
function afterFirst(
  then: (socket: Socket, request: RawRequest) => void,
): (socket: Socket, request: RawRequest) => void {
  return (socket, request) => {
    if (request.connection === 1 && request.number === 1) socket.write(okAnswer());
    else then(socket, request);
  };
}

// Fails the second request of the first connection, and answers on every other connection.
function onceStale(fail: (socket: Socket) => void): (socket: Socket, request: RawRequest) => void {
  return afterFirst((socket, request) => {
    if (request.connection === 1) fail(socket);
    else socket.write(okAnswer("fresh"));
  });
}

describe("a reused connection that is lost", () => {
  test.each<[string, (socket: Socket) => void]>([
    ["closed", (socket) => socket.end()],
    ["reset", (socket) => socket.resetAndDestroy()],
  ])("by being %s before any byte of an answer costs one more request, on a fresh connection", async (_, fail) => {
    const receiver = await rig.receiver({ onRequest: onceStale(fail) });
    const transport = rig.transport();
    await transport.send(wireRequest(receiver.url()));
    const outcome = await transport.send(wireRequest(receiver.url(), { body: Buffer.from("again") }));

    expect(outcome).toMatchObject({ kind: "answered", status: 200, excerpt: "fresh" });
    expect(receiver.requests.map(({ connection, number }) => [connection, number])).toEqual([
      [1, 1],
      [1, 2],
      [2, 1],
    ]);
    expect(receiver.requests[2]?.body).toEqual(receiver.requests[1]?.body);
  });

  test.each([
    ["one byte", "H"],
    ["a blank line", "\r\n"],
    ["a 1xx answer", "HTTP/1.1 103 X\r\n\r\n"],
  ])("after %s of an answer is not tried again", async (_, bytes) => {
    const receiver = await rig.receiver({ onRequest: onceStale((socket) => socket.end(bytes)) });
    const transport = rig.transport();
    await transport.send(wireRequest(receiver.url()));
    expect(await transport.send(wireRequest(receiver.url()))).toMatchObject({
      kind: "unreachable",
      code: "connection_failed",
    });
    expect(receiver.requests).toHaveLength(2);
  });

  test("is not tried a third time", async () => {
    const receiver = await rig.receiver({ onRequest: afterFirst((socket) => socket.end()) });
    const transport = rig.transport();
    await transport.send(wireRequest(receiver.url()));
    expect(await transport.send(wireRequest(receiver.url()))).toMatchObject({
      kind: "unreachable",
      code: "connection_failed",
    });
    expect(receiver.requests).toHaveLength(3);
    await receiver.allClosed();
  });

  test("is not replaced by another one that was idle as long", async () => {
    const receiver = await rig.receiver({
      onRequest: async (socket, { connection, number }) => {
        if (number > 1) return socket.end();
        // Both connections are in use at once, so that both are idle afterwards.
        if (connection <= 2) await receiver.requested(2);
        return socket.write(okAnswer());
      },
    });
    const transport = rig.transport();
    await Promise.all([transport.send(wireRequest(receiver.url())), transport.send(wireRequest(receiver.url()))]);
    expect(transport.size.idle).toBe(2);
    expect(await transport.send(wireRequest(receiver.url()))).toMatchObject({ kind: "answered", status: 200 });
    expect(receiver.requests).toHaveLength(4);
  });

  test("just before it is used is replaced, and the new one is not taken for one that was used before", async () => {
    const receiver = await rig.receiver({
      onRequest: (socket, { connection }) => socket.end(connection % 2 === 1 ? okAnswer() : ""),
    });
    const transport = rig.transport();
    for (let pair = 0; pair < 10; pair += 1) {
      expect(await transport.send(wireRequest(receiver.url()))).toMatchObject({ status: 200 });
      expect(await transport.send(wireRequest(receiver.url()))).toMatchObject({ code: "connection_failed" });
    }
    expect(receiver.connections).toBe(20);
  });

  test("is tried again within the same deadline", async () => {
    const receiver = await rig.receiver({
      onRequest: afterFirst((socket, request) => {
        if (request.connection === 1) socket.end();
      }),
    });
    const transport = rig.transport();
    await transport.send(wireRequest(receiver.url()));
    const outcome = await transport.send(wireRequest(receiver.url(), { timeout: deadline }));
    expect(outcome).toMatchObject({ kind: "unreachable", code: "timeout" });
    expect(receiver.requests).toHaveLength(3);
    await receiver.allClosed();
  });

  test("while it is idle is replaced, and the receiver sees the next request once", async () => {
    const receiver = await rig.receiver({ onRequest: (socket) => socket.write(okAnswer(), () => socket.end()) });
    const transport = rig.transport();
    for (let sent = 0; sent < 5; sent += 1) {
      expect(await transport.send(wireRequest(receiver.url()))).toMatchObject({ status: 200 });
      await receiver.allClosed();
    }
    expect(receiver.requests).toHaveLength(5);
    expect(receiver.connections).toBe(5);
  });

  test.each<[string, (socket: Socket) => void]>([
    ["closed", (socket) => socket.destroy()],
    ["reset", (socket) => socket.resetAndDestroy()],
  ])("by being %s just when it is taken is replaced, and the request goes out once", async (_, lose) => {
    const sockets: Socket[] = [];
    const receiver = await rig.receiver({
      onConnection: (socket) => sockets.push(socket),
      onRequest: (socket) => socket.write(okAnswer()),
    });
    const transport = rig.transport();
    await transport.send(wireRequest(receiver.url()));
    await turn();
    for (const socket of sockets) lose(socket);
    expect(await transport.send(wireRequest(receiver.url()))).toMatchObject({ kind: "answered", status: 200 });
    expect(receiver.connections).toBe(2);
    expect(receiver.requests).toHaveLength(2);
  });

  test("just when it is taken is not replaced a second time", async () => {
    const sockets: Socket[] = [];
    const receiver = await rig.receiver({
      onConnection: (socket) => sockets.push(socket),
      onRequest: afterFirst((socket) => socket.end()),
    });
    const transport = rig.transport();
    await transport.send(wireRequest(receiver.url()));
    await turn();
    for (const socket of sockets) socket.destroy();
    expect(await transport.send(wireRequest(receiver.url()))).toMatchObject({ code: "connection_failed" });
    expect(receiver.connections).toBe(2);
  });

  test("at random moments fails no exchange", async () => {
    const seed = Math.floor(Math.random() * 2 ** 31);
    console.info(`seed ${seed}`);
    const random = randomSequence(seed);
    const receiver = await rig.receiver({
      onRequest: (socket) => {
        socket.write(okAnswer());
        if (random() < 0.3) setTimeout(() => socket.end(), random() * 3);
      },
    });
    const transport = rig.transport();
    const sender = async (): Promise<void> => {
      for (let sent = 0; sent < 50; sent += 1) {
        expect(await transport.send(wireRequest(receiver.url()))).toMatchObject({ kind: "answered", status: 200 });
      }
    };
    await Promise.all([sender(), sender(), sender(), sender()]);
    expect(receiver.requests.length).toBeGreaterThanOrEqual(200);
  });
});

describe("connections", () => {
  test("are used again for the same origin", async () => {
    const receiver = await rig.answering(okAnswer());
    const transport = rig.transport();
    for (const path of ["/a", "/b", "/c"]) await transport.send(wireRequest(receiver.url("127.0.0.1", path)));
    expect(receiver.requests).toHaveLength(3);
    expect(receiver.connections).toBe(1);
  });

  test("are used again after a body that is longer than the excerpt, and not after one that is too long to read", async () => {
    const answers = ["x".repeat(10_000), "x".repeat(100_000), "ok"].map((body) => okAnswer(body));
    const receiver = await rig.receiver({ onRequest: (socket) => socket.write(answers.shift() ?? "") });
    const transport = rig.transport();
    await transport.send(wireRequest(receiver.url()));
    // The outcome is known before the rest of the body is read.
    await idle(transport);
    await transport.send(wireRequest(receiver.url()));
    await receiver.allClosed();
    await transport.send(wireRequest(receiver.url()));
    expect(receiver.requests.map(({ connection }) => connection)).toEqual([1, 1, 2]);
  });

  test("are not used again when the receiver answered without reading the request", async () => {
    const receiver = await rig.receiver({ onConnection: (socket) => socket.write(okAnswer()) });
    const transport = rig.transport();
    const outcome = await transport.send(wireRequest(receiver.url(), { body: Buffer.alloc(16_000_000) }));
    expect(outcome).toMatchObject({ kind: "answered", status: 200 });
    expect(transport.size.connections).toBe(0);
    receiver.resume();
    await receiver.allClosed();
  });

  test("to one origin are bounded, and who comes later waits its turn", async () => {
    let most = 0;
    const receiver = await rig.receiver({
      onRequest: (socket) => {
        most = Math.max(most, receiver.openSockets);
        setImmediate(() => socket.write(okAnswer()));
      },
    });
    const transport = rig.transport({ connectionsPerOrigin: 3 });
    const sends = Array.from({ length: 20 }, (_, n) => transport.send(wireRequest(receiver.url("127.0.0.1", `/${n}`))));
    for (const outcome of await Promise.all(sends)) expect(outcome).toMatchObject({ status: 200 });
    expect(most).toBe(3);
    expect(transport.size).toEqual({ origins: 1, connections: 3, idle: 3 });
  });

  test("are given to those who wait before those who come", async () => {
    const receiver = await rig.answering(okAnswer());
    const transport = rig.transport({ connectionsPerOrigin: 1 });
    const send = (path: string): Promise<unknown> => transport.send(wireRequest(receiver.url("127.0.0.1", path)));
    const first = send("/first");
    const second = send("/second");
    await first;
    await Promise.all([second, send("/third")]);
    expect(receiver.requests.map(({ head }) => head.split(" ")[1])).toEqual(["/first", "/second", "/third"]);
  });

  test("that fail make room for those who wait", async () => {
    const receiver = await rig.receiver({ onRequest: (socket) => socket.destroy() });
    const transport = rig.transport({ connectionsPerOrigin: 1 });
    const sends = Array.from({ length: 5 }, () => transport.send(wireRequest(receiver.url())));
    for (const outcome of await Promise.all(sends)) expect(outcome).toMatchObject({ code: "connection_failed" });
    expect(receiver.connections).toBe(5);
    expect(transport.size).toEqual({ origins: 0, connections: 0, idle: 0 });
  });

  test("that never become free are the sender's fault, told in the reason, and hold up nobody else", async () => {
    const hanging = await rig.receiver({ onRequest: () => {} });
    const healthy = await rig.answering(okAnswer());
    const transport = rig.transport({ connectionsPerOrigin: 1 });
    const first = transport.send(wireRequest(hanging.url(), { timeout: deadline * 2 }));
    const second = transport.send(wireRequest(hanging.url(), { timeout: deadline }));
    expect(await transport.send(wireRequest(healthy.url()))).toMatchObject({ status: 200 });
    expect(await second).toMatchObject({
      kind: "sender-failed",
      reason: expect.stringContaining("in use"),
      cause: { code: "machine_failed" },
    });
    expect(await first).toMatchObject({ code: "timeout" });
    await hanging.allClosed();
    expect(transport.size.origins).toBe(1);
  });

  test("of deliveries are not used up by calls that go beside them", async () => {
    const receiver = await rig.receiver({
      onRequest: (socket, { head }) => {
        if (head.startsWith("POST /delivery")) socket.write(okAnswer());
      },
    });
    const transport = rig.transport({ connectionsPerOrigin: 1 });
    const beside = transport.send(wireRequest(receiver.url("127.0.0.1", "/test"), { beside: true }));
    const delivery = wireRequest(receiver.url("127.0.0.1", "/delivery"), { timeout: deadline * 4 });
    expect(await transport.send(delivery)).toMatchObject({ status: 200 });
    await transport.close();
    expect(await beside).toMatchObject({ kind: "interrupted" });
  });

  test("that were never made leave nothing behind, nor do those who waited for them", async () => {
    const transport = rig.transport({ connectionsPerOrigin: 1, lookup: () => {} });
    const first = transport.send(wireRequest("http://slow.test/", { timeout: deadline }));
    const second = transport.send(wireRequest("http://slow.test/", { timeout: deadline / 2 }));
    expect(await second).toMatchObject({ cause: { code: "machine_failed" } });
    expect(await first).toMatchObject({ code: "timeout" });
    await emptied(transport);
  });

  test("are closed when they were idle for a while, however long the receiver asks for", async () => {
    const receiver = await rig.answering(
      "HTTP/1.1 200 OK\r\nconnection: keep-alive\r\nkeep-alive: timeout=999999\r\ncontent-length: 0\r\n\r\n",
    );
    const transport = rig.transport({ keepAlive: 60_000, longestKeepAlive: 50 });
    await transport.send(wireRequest(receiver.url()));
    await receiver.allClosed();
    await emptied(transport);
  });

  test("that are idle are bounded in all: the longest idle goes first", async () => {
    const receivers = await Promise.all(Array.from({ length: 5 }, () => rig.answering(okAnswer())));
    const transport = rig.transport({ idleConnections: 2 });
    for (const receiver of receivers) await transport.send(wireRequest(receiver.url()));
    await Promise.all(receivers.slice(0, 3).map((receiver) => receiver.allClosed()));
    expect(transport.size).toEqual({ origins: 2, connections: 2, idle: 2 });
    expect(receivers.map((receiver) => receiver.openSockets)).toEqual([0, 0, 0, 1, 1]);
  });

  test("to 5,000 origins that ask to be kept for days are bounded, and leave nothing behind when they were idle", async () => {
    const kept = "HTTP/1.1 200 OK\r\nconnection: keep-alive\r\nkeep-alive: timeout=999999\r\ncontent-length: 0\r\n\r\n";
    const receiver = await rig.receiver({ host: "0.0.0.0", onRequest: (socket) => socket.write(kept) });
    const transport = rig.transport({ longestKeepAlive: 200, idleConnections: 100 });
    const hosts = Array.from({ length: 5_000 }, (_, n) => `127.0.${1 + (n >> 8)}.${n & 0xff}`);
    for (let first = 0; first < hosts.length; first += 250) {
      const some = hosts.slice(first, first + 250);
      const outcomes = await Promise.all(some.map((host) => transport.send(wireRequest(receiver.url(host)))));
      for (const outcome of outcomes) expect(outcome).toMatchObject({ status: 200 });
      expect(transport.size.connections).toBeLessThanOrEqual(100);
      expect(transport.size.origins).toBeLessThanOrEqual(100);
    }
    expect(receiver.connections).toBe(5_000);
    await receiver.allClosed();
    await emptied(transport);
  });
});

type Sized = ReturnType<TransportRig["transport"]>;

// Goes on where timers fire. What ends a connection there is in the other side's socket at once, and is found in the turn in
// which undici, asked to use the connection, first looks whether it is still open.
async function turn(): Promise<void> {
  await new Promise((resolve) => {
    setTimeout(resolve);
  });
}

async function idle(transport: Sized): Promise<void> {
  while (transport.size.idle === 0) await new Promise(setImmediate);
}

async function emptied(transport: Sized): Promise<void> {
  while (transport.size.origins > 0) await new Promise(setImmediate);
  expect(transport.size).toEqual({ origins: 0, connections: 0, idle: 0 });
}
