import { afterEach, describe, expect, test } from "vitest";
import { parseAllowTargets } from "./allow-rules.js";
import { ConnectProxy, type ConnectProxyOptions } from "./connect-proxy.test.support.js";
import { parseEgressProxy } from "./egress-proxy.js";
import { NameServer, type Zone } from "./name-server.test.support.js";
import { okAnswer } from "./raw-receiver.test.support.js";
import { TargetGuard } from "./target-guard.js";
import { testCertificate } from "./test-certificate.test.support.js";
import { TransportRig, wireRequest } from "./transport-rig.test.support.js";
import type { UndiciTransport, UndiciTransportOptions } from "./undici-transport.js";

const rig = new TransportRig();
const proxies: ConnectProxy[] = [];
const servers: NameServer[] = [];
afterEach(async () => {
  await rig.close();
  // Whatever a test was about, no connection to a proxy is left behind.
  await Promise.all(proxies.map((proxy) => proxy.allClosed()));
  await Promise.all([...proxies.splice(0), ...servers.splice(0)].map((server) => server.close()));
});

/** Long enough for a loopback exchange on a busy machine; every test that uses it ends by it. */
const deadline = 250;
const certificate = testCertificate({ hosts: ["receiver.test", "127.0.0.1"] });
const zone: Zone = { "receiver.test": { a: ["127.0.0.2"] }, "proxy.test": { a: ["127.0.0.1"] } };

async function proxyOf(options: ConnectProxyOptions = {}): Promise<ConnectProxy> {
  const proxy = await ConnectProxy.listen(options);
  proxies.push(proxy);
  return proxy;
}

interface Way {
  readonly url: string;
  readonly allow?: string;
  readonly zone?: Zone;
}

// What leaves goes to 127.0.0.2, which stands for a public address; the proxy itself has one that no rule opens.
async function through(
  { url, allow = "127.0.0.2", zone: names = zone }: Way,
  options: Partial<UndiciTransportOptions> = {},
): Promise<UndiciTransport> {
  const server = await NameServer.listen(names);
  servers.push(server);
  return rig.transport({
    guard: new TargetGuard(parseAllowTargets(allow)),
    nameServers: [server.address],
    certificateAuthorities: [certificate.cert],
    egressProxy: parseEgressProxy(url),
    ...options,
  });
}

const answering = (secure = false) =>
  rig.receiver({
    host: "0.0.0.0",
    ...(secure ? { certificate } : {}),
    onRequest: (socket) => socket.write(okAnswer()),
  });

const failed = { kind: "sender-failed", cause: { code: "proxy_failed" } };

describe("Egress proxy: deliveries leave by CONNECT to the address that was checked", () => {
  test.each([["http"], ["https"]])(
    "%s targets: the proxy gets the address, the receiver its name; connections are used again",
    async (scheme) => {
      const receiver = await answering(scheme === "https");
      const proxy = await proxyOf();
      const transport = await through({ url: proxy.url() });
      for (let sent = 0; sent < 3; sent += 1) {
        expect(await transport.send(wireRequest(receiver.url("receiver.test")))).toMatchObject({ status: 200 });
      }
      expect(proxy.asked).toEqual([`127.0.0.2:${receiver.port}`]);
      expect(receiver.connections).toBe(1);
      expect(receiver.requests[0]?.head).toMatch(
        new RegExp(`^POST /hook HTTP/1.1\r\nhost: receiver.test:${receiver.port}\r`, "i"),
      );
      await transport.close();
      await receiver.allClosed();
      await proxy.allClosed();
    },
  );

  test("a literal, and an IPv6 one in brackets", async () => {
    const receiver = await answering();
    const proxy = await proxyOf({
      conduct: (to) => (to.startsWith("[") ? { answer: "HTTP/1.1 403 No\r\n\r\n" } : "open"),
    });
    const transport = await through({ url: proxy.url(), allow: "127.0.0.2 ::1" });
    expect(await transport.send(wireRequest(receiver.url("127.0.0.2")))).toMatchObject({ status: 200 });
    expect(await transport.send(wireRequest("http://[::1]:81/"))).toMatchObject({ code: "proxy_refused" });
    expect(proxy.asked).toEqual([`127.0.0.2:${receiver.port}`, "[::1]:81"]);
  });

  test("TLS to the receiver is checked for its name inside of the tunnel", async () => {
    const receiver = await rig.receiver({ host: "0.0.0.0", certificate: testCertificate({ hosts: ["other.test"] }) });
    const proxy = await proxyOf();
    const transport = await through({ url: proxy.url() });
    expect(await transport.send(wireRequest(receiver.url("receiver.test")))).toMatchObject({ code: "tls_failed" });
    await receiver.allClosed();
    expect(transport.size.connections).toBe(0);
  });

  test("a proxy over TLS, by its own name; and one whose certificate nobody signed", async () => {
    const receiver = await answering(true);
    const known = testCertificate({ hosts: ["proxy.test"] });
    const proxy = await proxyOf({ certificate: known, credentials: "user:pass" });
    const trusted = await through(
      { url: proxy.url("user:pass", "proxy.test") },
      { certificateAuthorities: [certificate.cert, known.cert] },
    );
    expect(await trusted.send(wireRequest(receiver.url("receiver.test")))).toMatchObject({ status: 200 });
    const strange = await through({ url: proxy.url("user:pass", "proxy.test") });
    expect(await strange.send(wireRequest(receiver.url("receiver.test")))).toMatchObject(failed);
    await Promise.all([trusted.close(), strange.close()]);
    await receiver.allClosed();
    await proxy.allClosed();
  });

  test("user and password are sent to the proxy, percent-decoded, and to nobody else", async () => {
    const receiver = await answering();
    const proxy = await proxyOf({ credentials: "us:er:pä%ss" });
    const transport = await through({ url: proxy.url("us%3Aer:p%C3%A4%25ss") });
    expect(await transport.send(wireRequest(receiver.url("receiver.test")))).toMatchObject({ status: 200 });
    expect(receiver.requests[0]?.head).not.toMatch(/authorization/i);
  });
});

describe("Egress proxy: the guard judges before the proxy hears of a target", () => {
  test.each<[title: string, url: string, names: Zone]>([
    ["a loopback literal", "http://127.0.0.1:81/", zone],
    ["a private literal", "http://10.0.0.1:81/", zone],
    ["the proxy's own address", "http://127.0.0.1:PORT/", zone],
    ["a name that leads to a private address", "http://receiver.test:81/", { "receiver.test": { a: ["10.0.0.1"] } }],
    [
      "a name of private addresses only",
      "https://receiver.test/",
      { "receiver.test": { a: ["10.0.0.1"], aaaa: ["fd00::1"] } },
    ],
  ])("%s: target_blocked, and no CONNECT", async (_, url, names) => {
    const proxy = await proxyOf();
    const transport = await through({ url: proxy.url(), zone: names });
    expect(await transport.send(wireRequest(url.replace("PORT", String(proxy.port))))).toMatchObject({
      code: "target_blocked",
    });
    expect(proxy.requests).toEqual([]);
    expect(transport.size.connections).toBe(0);
  });

  test("of several addresses only those that may be dialled are given to it, in turn", async () => {
    const receiver = await answering();
    const proxy = await proxyOf({
      conduct: (to) => (to.startsWith("127.0.0.3") ? { answer: "HTTP/1.1 503 Unreachable\r\n\r\n" } : "open"),
    });
    const names = { "several.test": { a: ["10.0.0.1", "127.0.0.3", "127.0.0.2"] } };
    const transport = await through({ url: proxy.url(), allow: "127.0.0.2 127.0.0.3", zone: names });
    expect(await transport.send(wireRequest(receiver.url("several.test")))).toMatchObject({ status: 200 });
    expect(proxy.asked).toEqual([`127.0.0.3:${receiver.port}`, `127.0.0.2:${receiver.port}`]);
  });

  test("a name that moves is judged anew", async () => {
    const receiver = await rig.receiver({ host: "0.0.0.0", onRequest: (socket) => socket.end(okAnswer()) });
    const proxy = await proxyOf();
    const names = { "receiver.test": [{ a: ["127.0.0.2"] }, { a: ["127.0.0.1"] }] };
    const transport = await through({ url: proxy.url(), zone: names });
    expect(await transport.send(wireRequest(receiver.url("receiver.test")))).toMatchObject({ status: 200 });
    await receiver.allClosed();
    expect(await transport.send(wireRequest(receiver.url("receiver.test")))).toMatchObject({ code: "target_blocked" });
    expect(proxy.asked).toHaveLength(1);
  });
});

describe("Egress proxy: its failures are not the receiver's answer", () => {
  const refused = { kind: "unreachable", code: "proxy_refused" };
  const answers: readonly (readonly [answer: string, outcome: object, said: RegExp])[] = [
    ["HTTP/1.1 403 Forbidden\r\n\r\nno", refused, /answered 403/],
    ["HTTP/1.1 502 Bad Gateway\r\n\r\n", refused, /answered 502/],
    ["HTTP/1.0 503 Service Unavailable\r\n\r\n", refused, /answered 503/],
    ["HTTP/1.1 504\r\n\r\n", refused, /answered 504/],
    ["HTTP/1.1 410 Gone\r\nRetry-After: 9\r\n\r\n", refused, /answered 410/],
    ["HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", failed, /407.*HOOKWRIGHT_EGRESS_PROXY/],
    ["HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\n\r\n", failed, /not answer as a proxy/],
    ["HTTP/1.1 100 Continue\r\n\r\n", failed, /not answer as a proxy/],
    ["SSH-2.0-OpenSSH_9.6\r\n\r\n", failed, /not answer as a proxy/],
    ["HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", failed, /more than its answer/],
    [`HTTP/1.1 200 OK\r\nX: ${"x".repeat(20_000)}\r\n\r\n`, failed, /more than a head/],
    ["", failed, /closed the connection/],
  ];
  test.each(answers.map((row) => [row[0].slice(0, 40), ...row] as const))("%j", async (_, answer, outcome, said) => {
    const receiver = await answering();
    const proxy = await proxyOf({ conduct: () => ({ answer }) });
    const transport = await through({ url: proxy.url("user:hunter2") });
    const told = await transport.send(wireRequest(receiver.url("receiver.test")));
    expect(told).toMatchObject({ ...outcome, reason: expect.stringMatching(said) as unknown });
    expect(JSON.stringify(told) + String(Reflect.get(told, "cause"))).not.toMatch(/hunter2|aHVudGVyMg/);
    expect(receiver.connections).toBe(0);
    expect(transport.size.connections).toBe(0);
  });

  test("one that is not there, and one whose name nobody knows", async () => {
    const gone = await ConnectProxy.listen();
    const url = gone.url("user:hunter2");
    await gone.close();
    for (const proxy of [url, "http://user:hunter2@nowhere.test:3128"]) {
      const transport = await through({ url: proxy });
      const told = await transport.send(wireRequest("http://127.0.0.2:81/"));
      expect(told).toMatchObject(failed);
      expect(JSON.stringify(told)).not.toContain("hunter2");
      expect(transport.size.connections).toBe(0);
    }
  });

  test("one that says nothing ends with the deadline, against the receiver: it may be the silent one", async () => {
    const proxy = await proxyOf({ conduct: () => "silent" });
    const transport = await through({ url: proxy.url() });
    const request = wireRequest("http://127.0.0.2:81/", { timeout: deadline });
    expect(await transport.send(request)).toMatchObject({
      code: "timeout",
      reason: expect.stringContaining("no tunnel") as unknown,
    });
    await transport.close();
    expect(transport.size.connections).toBe(0);
  });

  test("one whose name is never resolved ends with the deadline, and not against the receiver", async () => {
    const transport = await through({ url: "http://silent.test:3128", zone: { "silent.test": "silent" } });
    const request = wireRequest("http://127.0.0.2:81/", { timeout: deadline });
    expect(await transport.send(request)).toMatchObject(failed);
    expect(transport.size.connections).toBe(0);
  });

  test("a receiver that nobody reaches is told by the proxy", async () => {
    const receiver = await answering();
    const url = receiver.url("receiver.test");
    await receiver.close();
    const proxy = await proxyOf();
    const transport = await through({ url: proxy.url() });
    expect(await transport.send(wireRequest(url))).toMatchObject({
      ...refused,
      reason: expect.stringMatching(/502/) as unknown,
    });
  });

  test("a stop while the tunnel is made leaves no socket", async () => {
    const asked = Promise.withResolvers<void>();
    const proxy = await proxyOf({
      conduct: () => {
        asked.resolve();
        return "silent";
      },
    });
    const transport = await through({ url: proxy.url() });
    const sending = transport.send(wireRequest("http://127.0.0.2:81/"));
    await asked.promise;
    await transport.close();
    expect(await sending).toEqual({ kind: "interrupted" });
    expect(transport.size.connections).toBe(0);
  });
});

describe("Egress proxy: the setting", () => {
  test.each([
    ["http://proxy:3128", { secure: false, host: "proxy", port: 3128, authority: "proxy:3128" }],
    ["http://proxy", { port: 80 }],
    ["https://proxy.example/", { secure: true, port: 443 }],
    ["http://[fd00::2]:3128", { host: "fd00::2", authority: "[fd00::2]:3128" }],
  ])("%s is read", (text, expected) => {
    expect(parseEgressProxy(text)).toMatchObject(expected);
  });

  test.each([
    "proxy:3128",
    "socks5://hunter2:hunter2@proxy",
    "http://hunter2@proxy/path",
    "http://hunter2@proxy?x",
    "http://hunter2@proxy:0",
    "http://hunter2%@p",
  ])("%s is refused, without a word of it", (text) => {
    expect(() => parseEgressProxy(text)).toThrow(/^(?!.*hunter2)HOOKWRIGHT_EGRESS_PROXY /);
  });
});
