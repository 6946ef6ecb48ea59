import { setImmediate } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import { okAnswer } from "./raw-receiver.test.support.js";
import { TransportRig, wireRequest } from "./transport-rig.test.support.js";

const rig = new TransportRig();
afterEach(() => rig.close());

describe("a request", () => {
  test("is one POST with the headers and the bytes that were given", async () => {
    const receiver = await rig.answering(okAnswer());
    const body = Buffer.from([0x7b, 0xff, 0x00, 0x7d]);
    await rig.send(receiver.url("127.0.0.1", "/a/b?c=d#e"), {
      headers: { "content-type": "text/x", "X-Own": "1" },
      body,
    });

    expect(receiver.requests).toHaveLength(1);
    expect(receiver.requests[0]?.body).toEqual(body);
    expect(receiver.requests[0]?.head.split("\r\n").filter((line) => line !== "")).toEqual([
      "POST /a/b?c=d HTTP/1.1",
      `host: 127.0.0.1:${receiver.port}`,
      "connection: keep-alive",
      "content-type: text/x",
      "X-Own: 1",
      "content-length: 4",
    ]);
  });

  test("may be an OPTIONS, without a body", async () => {
    const receiver = await rig.answering(okAnswer());
    const outcome = await rig.send(receiver.url(), { method: "OPTIONS", headers: {}, body: new Uint8Array() });
    expect(receiver.requests[0]?.head.split("\r\n").filter((line) => line !== "")).toEqual([
      "OPTIONS /hook HTTP/1.1",
      `host: 127.0.0.1:${receiver.port}`,
      "connection: keep-alive",
    ]);
    expect(outcome).toMatchObject({ kind: "answered", status: 200 });
  });

  test("tells those headers of the answer that it wants, and no others", async () => {
    const answer = "HTTP/1.1 204 No Content\r\nX-One: 1\r\nx-two: a\r\nX-Two: b\r\nX-Three: 3\r\n\r\n";
    const receiver = await rig.answering(answer);
    const wantedHeaders = ["x-one", "x-two", "x-four"];
    expect(await rig.send(receiver.url(), { wantedHeaders })).toMatchObject({
      headers: { "x-one": "1", "x-two": "a,b" },
    });
    expect(await rig.send(receiver.url())).not.toHaveProperty("headers");
  });

  test("may have an empty body", async () => {
    const receiver = await rig.answering(okAnswer());
    await rig.send(receiver.url(), { body: new Uint8Array() });
    expect(receiver.requests[0]?.head).toContain("content-length: 0\r\n");
  });

  test("takes user and password of the URL as Basic credentials, as Label Studio does", async () => {
    const receiver = await rig.answering(okAnswer());
    await rig.send(receiver.url("us%40er:p%C3%A9:%@127.0.0.1"));
    const credentials = Buffer.from("us@er:pé:%", "utf8").toString("base64");
    expect(receiver.requests[0]?.head).toContain(`authorization: Basic ${credentials}\r\n`);
  });

  test("keeps the URL's credentials back from who is only asked for consent", async () => {
    const receiver = await rig.answering(okAnswer());
    const outcome = await rig.send(receiver.url("user:secret@127.0.0.1"), {
      method: "OPTIONS",
      body: new Uint8Array(),
    });
    expect(outcome).toMatchObject({ status: 200 });
    expect(receiver.requests[0]?.head).not.toMatch(/authorization/i);
  });

  test("keeps the webhook's own Authorization where the URL has credentials too", async () => {
    const receiver = await rig.answering(okAnswer());
    await rig.send(receiver.url("user:secret@127.0.0.1"), { headers: { AUTHORIZATION: "Bearer own" } });
    const { head } = receiver.requests[0] ?? { head: "" };
    expect(head.match(/authorization/gi)).toHaveLength(1);
    expect(head).toContain("AUTHORIZATION: Bearer own\r\n");
  });

  test("never tells the URL's credentials in a reason", async () => {
    const receiver = await rig.receiver({ onConnection: (socket) => socket.destroy() });
    const outcome = await rig.send(receiver.url("user:secret@127.0.0.1"));
    expect(JSON.stringify(outcome)).not.toContain("secret");
    expect(outcome).toMatchObject({ kind: "unreachable", code: "connection_failed" });
  });

  test("sends a letter of Latin-1 as one byte", async () => {
    const receiver = await rig.answering(okAnswer());
    await rig.send(receiver.url(), { headers: { name: "zoë" } });
    expect(receiver.requests[0]?.head).toContain("name: zo\u00eb\r\n");
  });

  test.each([
    ["a line break", { "x-bad": "secret\r\nx: y" }],
    ["NUL", { "x-bad": "secret\0" }],
    ["a letter beyond Latin-1", { "x-bad": "secret 日本" }],
    ["an emoji", { "x-bad": "secret 😀" }],
    ["a bad name", { "x bad": "secret" }],
    ["Host", { Host: "secret" }],
    ["Transfer-Encoding", { "transfer-encoding": "secret" }],
    ["Keep-Alive", { "Keep-Alive": "secret" }],
    ["Upgrade", { upgrade: "secret" }],
    ["Expect", { expect: "secret" }],
    ["a wrong Content-Length", { "content-length": "99" }],
  ])("with %s in its headers is refused, and the value is not told", async (_, headers) => {
    const receiver = await rig.answering(okAnswer());
    const outcome = await rig.send(receiver.url(), { headers });
    expect(outcome).toMatchObject({ kind: "unreachable", code: "request_invalid" });
    expect(JSON.stringify(outcome)).not.toContain("secret");
    expect(receiver.requests).toEqual([]);
  });

  test.each([
    "ftp://127.0.0.1/",
    "file:///etc/passwd",
    "data:,x",
    "//127.0.0.1/",
    "http://a b/",
    "https://127.0.0.1:0/",
    "http://[fe80::1%25lo]/",
    "",
  ])("to %j is no request", async (url) => {
    expect(await rig.send(url)).toMatchObject({ kind: "unreachable", code: "target_invalid" });
  });
});

describe("an answer", () => {
  test("is its status, and the start of its body", async () => {
    const receiver = await rig.answering(okAnswer("thank you", "201 Created"));
    expect(await rig.send(receiver.url())).toEqual({
      kind: "answered",
      status: 201,
      retryAfter: undefined,
      excerpt: "thank you",
      bodyError: undefined,
    });
  });

  test.each([301, 302, 303, 307, 308, 300, 304, 305, 306])("of %i is not followed", async (status) => {
    const other = await rig.answering(okAnswer());
    const receiver = await rig.answering(
      `HTTP/1.1 ${status} X\r\nlocation: ${other.url()}\r\ncontent-length: 0\r\n\r\n`,
    );
    expect(await rig.send(receiver.url())).toMatchObject({ kind: "answered", status });
    expect(receiver.requests).toHaveLength(1);
    expect(other.connections).toBe(0);
  });

  test.each([408, 410, 418, 421, 425, 429, 451, 500, 503, 600, 999])("of %i is an answer", async (status) => {
    const receiver = await rig.answering(`HTTP/1.1 ${status} X\r\nretry-after: 120\r\ncontent-length: 0\r\n\r\n`);
    expect(await rig.send(receiver.url())).toMatchObject({ kind: "answered", status, retryAfter: "120" });
  });

  test.each([
    ["-1", "-1"],
    ["120.1", "120.1"],
    ["Wed, 21 Oct 2026 07:28:00 GMT", "Wed, 21 Oct 2026 07:28:00 GMT"],
    ["x".repeat(5_000), "x".repeat(100)],
    ["1\r\nRetry-After: 2", "1, 2"],
  ])("keeps Retry-After as it came, several joined by commas", async (header, kept) => {
    const receiver = await rig.answering(`HTTP/1.1 429 X\r\nRetry-After: ${header}\r\ncontent-length: 0\r\n\r\n`);
    expect(await rig.send(receiver.url())).toMatchObject({ status: 429, retryAfter: kept });
  });

  test.each([
    ["no reason", "HTTP/1.1 200\r\ncontent-length: 0\r\n\r\n"],
    ["an empty reason", "HTTP/1.1 200 \r\ncontent-length: 0\r\n\r\n"],
    ["HTTP/1.0", "HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n"],
    ["an unknown Content-Encoding", "HTTP/1.1 200 OK\r\ncontent-encoding: foo\r\ncontent-length: 0\r\n\r\n"],
    ["early hints before it", "HTTP/1.1 103 X\r\nlink: a\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"],
    ["trailers", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x\r\n\r\n0\r\nx: y\r\n\r\n"],
    ["a __proto__ header", "HTTP/1.1 200 OK\r\n__proto__: x\r\nconstructor: y\r\ncontent-length: 0\r\n\r\n"],
  ])("with %s is an answer", async (_, answer) => {
    const receiver = await rig.answering(answer);
    expect(await rig.send(receiver.url())).toMatchObject({ kind: "answered", status: 200, bodyError: undefined });
  });

  test("without a length ends with its connection", async () => {
    const receiver = await rig.receiver({ onRequest: (socket) => socket.end("HTTP/1.1 200 OK\r\n\r\nall of it") });
    expect(await rig.send(receiver.url())).toMatchObject({ status: 200, excerpt: "all of it", bodyError: undefined });
    await receiver.allClosed();
  });

  test("is never decompressed", async () => {
    const gzip = Buffer.from("1f8b0800000000000003", "hex");
    const head = `HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: ${gzip.length}\r\n\r\n`;
    const receiver = await rig.answering(Buffer.concat([Buffer.from(head), gzip]));
    expect(await rig.send(receiver.url())).toMatchObject({
      status: 200,
      excerpt: gzip.toString().replaceAll("\0", "\ufffd"),
    });
    expect(receiver.requests[0]?.head).not.toMatch(/accept-encoding/i);
  });

  test("that is no UTF-8 is told with replacement characters, and NUL is one of them", async () => {
    const body = Buffer.from([0x61, 0xff, 0x00, 0xc3, 0xa9, 0xf0, 0x9f]);
    const receiver = await rig.answering(
      Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n`), body]),
    );
    expect(await rig.send(receiver.url())).toMatchObject({ excerpt: "a\ufffd\ufffdé\ufffd" });
  });

  test("is cut to 1,024 bytes, and not within a character", async () => {
    const receiver = await rig.answering(okAnswer(`${"x".repeat(1_022)}€ and more`));
    expect(await rig.send(receiver.url())).toMatchObject({ excerpt: "x".repeat(1_022) });
  });

  test("before the whole request was read is an answer", async () => {
    const receiver = await rig.receiver({ onConnection: (socket) => socket.write(okAnswer("early")) });
    const outcome = await rig.send(receiver.url(), { body: Buffer.alloc(8_000_000) });
    expect(outcome).toMatchObject({ kind: "answered", status: 200, excerpt: "early" });
  });
});

test("an answer that is there when a late timer fires is not outrun by it", async () => {
  const receiver = await rig.receiver({
    onRequest: (socket) => {
      // From here on the answer is in the other side's socket, and the process is busy until after the deadline.
      socket.write(okAnswer(), () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 150));
    },
  });
  expect(await rig.send(receiver.url(), { timeout: 100 })).toMatchObject({ kind: "answered", status: 200 });
});

describe("a transport that is closed", () => {
  test("interrupts what is under way, closes every socket, and sends nothing more", async () => {
    const receiver = await rig.receiver({ onRequest: () => {} });
    const transport = rig.transport();
    const outcomes = Array.from({ length: 5 }, () => transport.send(wireRequest(receiver.url())));
    await receiver.requested(5);
    await transport.close();
    expect(await Promise.all(outcomes)).toEqual(Array(5).fill({ kind: "interrupted" }));
    await receiver.allClosed();
    expect(transport.size).toEqual({ origins: 0, connections: 0, idle: 0 });
    expect(await transport.send(wireRequest(receiver.url()))).toEqual({ kind: "interrupted" });
    expect(receiver.connections).toBe(5);
    await transport.close();
  });

  test("keeps the status of an answer whose body is still to come", async () => {
    const written = Promise.withResolvers<void>();
    const receiver = await rig.receiver({
      onRequest: (socket) => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf", () => written.resolve()),
    });
    const transport = rig.transport();
    const outcome = transport.send(wireRequest(receiver.url()));
    await written.promise;
    // What was written to a loopback socket is there for the other side to read; two turns let this process read it.
    await setImmediate();
    await setImmediate();
    await transport.close();
    expect(await outcome).toMatchObject({ kind: "answered", status: 200 });
  });

  test("interrupts what is being resolved or secured", async () => {
    const receiver = await rig.receiver({ onConnection: (socket) => socket.resume() });
    const asked = Promise.withResolvers<void>();
    const transport = rig.transport({ lookup: () => asked.resolve() });
    const outcomes = [
      transport.send(wireRequest("http://slow.test/")),
      transport.send(wireRequest(`https://127.0.0.1:${receiver.port}/`)),
    ];
    await asked.promise;
    while (receiver.connections === 0) await setImmediate();
    await transport.close();
    expect(await Promise.all(outcomes)).toEqual([{ kind: "interrupted" }, { kind: "interrupted" }]);
    await receiver.allClosed();
  });

  test("interrupts what waits for a connection", async () => {
    const receiver = await rig.receiver({ onRequest: () => {} });
    const transport = rig.transport({ connectionsPerOrigin: 1 });
    const outcomes = [transport.send(wireRequest(receiver.url())), transport.send(wireRequest(receiver.url()))];
    await receiver.requested(1);
    await transport.close();
    expect(await Promise.all(outcomes)).toEqual([{ kind: "interrupted" }, { kind: "interrupted" }]);
  });
});
