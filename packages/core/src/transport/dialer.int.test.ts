import type { Socket } from "node:net";
import { inspect } from "node:util";
import { afterEach, describe, expect, test } from "vitest";
import { parseAllowTargets } from "./allow-rules.js";
import type { Lookup } from "./lookup.js";
import { okAnswer } from "./raw-receiver.test.support.js";
import { TargetGuard } from "./target-guard.js";
import { daysFromNow, testCertificate } from "./test-certificate.test.support.js";
import { TransportRig, wireRequest } from "./transport-rig.test.support.js";

const rig = new TransportRig();
afterEach(() => rig.close());

/** Long enough for a loopback exchange on a busy machine; every test that uses it ends by it. */
const deadline = 150;

// Answers each question with the next list, and the last one for ever; tells what was asked.
function lookupOf(...answers: readonly (readonly string[])[]): Lookup & { readonly asked: string[] } {
  const asked: string[] = [];
  const lookup: Lookup = (host, callback) => {
    const addresses = answers[Math.min(asked.length, answers.length - 1)] ?? [];
    asked.push(host);
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
    );
  };
  return Object.assign(lookup, { asked });
}

describe("a literal", () => {
  test.each(["127.0.0.1", "2130706433", "0x7f.1", "0177.0.0.1", "127.1", "１２７.０.０.１", "127.0.0.1."])(
    "%s is refused before anything is dialled, and opened by a rule",
    async (host) => {
      const receiver = await rig.answering(okAnswer());
      const lookup = lookupOf(["127.0.0.1"]);
      const closed = rig.transport({ guard: new TargetGuard(), lookup });
      expect(await closed.send(wireRequest(receiver.url(host)))).toMatchObject({
        kind: "unreachable",
        code: "target_blocked",
        reason: expect.stringContaining("127.0.0.1, a loopback address") as unknown,
      });
      expect(receiver.connections).toBe(0);
      expect(closed.size.connections).toBe(0);

      const open = rig.transport({ lookup });
      expect(await open.send(wireRequest(receiver.url(host)))).toMatchObject({ status: 200 });
      expect(lookup.asked).toEqual([]);
    },
  );
});

describe("a name", () => {
  test.each([[["127.0.0.2", "127.0.0.1"]], [["127.0.0.1", "127.0.0.2"]], [["127.0.0.1", "10.0.0.1", "::1"]]])(
    "with the addresses %j is dialled only where it may be",
    async (addresses) => {
      const dialled: (string | undefined)[] = [];
      const receiver = await rig.receiver({
        host: "0.0.0.0",
        onConnection: (socket) => dialled.push(socket.localAddress),
        onRequest: (socket) => socket.end(okAnswer()),
      });
      const guard = new TargetGuard(parseAllowTargets("127.0.0.1/32"));
      const transport = rig.transport({ guard, lookup: lookupOf(addresses) });
      for (let sent = 0; sent < 3; sent += 1) {
        expect(await transport.send(wireRequest(receiver.url("mixed.test")))).toMatchObject({ status: 200 });
      }
      expect(dialled).toEqual(["127.0.0.1", "127.0.0.1", "127.0.0.1"]);
    },
  );

  test("that resolves to blocked addresses only is refused, and the address is told to the log alone", async () => {
    const transport = rig.transport({ guard: new TargetGuard(), lookup: lookupOf(["10.0.0.7", "fd00::1"]) });
    const outcome = await transport.send(wireRequest("http://rebound.test/"));
    const { cause, ...record } = outcome.kind === "unreachable" ? outcome : { cause: undefined };
    expect(record).toEqual({
      kind: "unreachable",
      code: "target_blocked",
      reason: "rebound.test resolves to a private address that HOOKWRIGHT_ALLOW_TARGETS does not open",
    });
    expect(inspect(cause)).toContain("rebound.test resolved to 10.0.0.7");
  });

  test("with thousands of addresses is dialled at eight of them, of both families", async () => {
    const receiver = await rig.answering(okAnswer());
    const url = receiver.url("many.test");
    await receiver.close();
    const many = Array.from({ length: 4_000 }, (_, index) => `127.1.${index >> 8}.${index & 255}`);
    const transport = rig.transport({ lookup: lookupOf([...many, "::1"]) });
    const outcome = await transport.send(wireRequest(url));
    const cause = outcome.kind === "unreachable" ? outcome.cause : undefined;
    const dialled = cause instanceof AggregateError ? cause.errors.map((error) => Reflect.get(error, "address")) : [];
    expect(dialled).toHaveLength(8);
    expect(dialled.slice(0, 4)).toEqual(["127.1.0.0", "::1", "127.1.0.1", "127.1.0.2"]);
  });

  test("that changes its address is judged anew for each connection, and never asked twice for one", async () => {
    const receiver = await rig.receiver({ host: "0.0.0.0", onRequest: (socket) => socket.end(okAnswer()) });
    const guard = new TargetGuard(parseAllowTargets("127.0.0.1/32"));
    const lookup = lookupOf(["127.0.0.1"], ["127.0.0.2"]);
    const transport = rig.transport({ guard, lookup });
    expect(await transport.send(wireRequest(receiver.url("rebound.test")))).toMatchObject({ status: 200 });
    await receiver.allClosed();
    expect(await transport.send(wireRequest(receiver.url("rebound.test")))).toMatchObject({ code: "target_blocked" });
    expect(receiver.connections).toBe(1);
    expect(lookup.asked).toEqual(["rebound.test", "rebound.test"]);
  });

  test.each(["http", "https"])(
    "is judged once more by the address that an %s connection has reached",
    async (scheme) => {
      // Stands for whatever might come between the check and the connection.
      class Wavering extends TargetGuard {
        #asked = 0;
        override refusal(): string | undefined {
          this.#asked += 1;
          return this.#asked === 1 ? undefined : "changed its mind";
        }
      }
      let received = 0;
      const receiver = await rig.receiver({
        onConnection: (socket) => socket.on("data", (chunk: Buffer) => (received += chunk.length)),
      });
      const transport = rig.transport({ guard: new Wavering(), lookup: lookupOf(["127.0.0.1"]) });
      const outcome = await transport.send(wireRequest(`${scheme}://receiver.test:${receiver.port}/`));
      expect(outcome).toMatchObject({ code: "target_blocked", reason: "changed its mind" });
      await receiver.allClosed();
      expect(received).toBe(0);
    },
  );

  test.each(["receiver.test", "*.test"])("is opened by the rule %s, and another is not", async (rule) => {
    const receiver = await rig.answering(okAnswer());
    const guard = new TargetGuard(parseAllowTargets(rule));
    const transport = rig.transport({ guard, lookup: lookupOf(["127.0.0.1"]) });
    expect(await transport.send(wireRequest(receiver.url("receiver.test")))).toMatchObject({ status: 200 });
    expect(await transport.send(wireRequest(receiver.url("RECEIVER.test.")))).toMatchObject({ status: 200 });
    expect(await transport.send(wireRequest(receiver.url("other.example")))).toMatchObject({ code: "target_blocked" });
    expect(await transport.send(wireRequest(receiver.url()))).toMatchObject({ code: "target_blocked" });
  });

  test("goes on to its next address when one does not answer", async () => {
    const receiver = await rig.receiver({ host: "127.0.0.1", onRequest: (socket) => socket.write(okAnswer()) });
    const transport = rig.transport({ lookup: lookupOf(["127.0.0.9", "127.0.0.1"]) });
    expect(await transport.send(wireRequest(receiver.url("several.test")))).toMatchObject({ status: 200 });
  });

  test("whose addresses all refuse is refused, and each address is told", async () => {
    const receiver = await rig.answering(okAnswer());
    const url = receiver.url("several.test");
    await receiver.close();
    const transport = rig.transport({ lookup: lookupOf(["127.0.0.9", "127.0.0.1"]) });
    expect(await transport.send(wireRequest(url))).toMatchObject({
      code: "connection_refused",
      reason: expect.stringMatching(/127\.0\.0\.9:\d+.*127\.0\.0\.1:\d+/) as unknown,
    });
  });

  test.each(["ENOTFOUND", "EAI_AGAIN", "ESERVFAIL"])("that fails with %s is told so", async (code) => {
    const failing: Lookup = (host, callback) => {
      callback(Object.assign(new Error(`getaddrinfo ${code} ${host}`), { code }), []);
    };
    const transport = rig.transport({ lookup: failing });
    expect(await transport.send(wireRequest("http://nowhere.test/"))).toMatchObject({
      code: "dns_failed",
      reason: expect.stringContaining(code) as unknown,
    });
    expect(transport.size.connections).toBe(0);
  });

  test("with no address at all is told so", async () => {
    const transport = rig.transport({ lookup: lookupOf([]) });
    expect(await transport.send(wireRequest("http://empty.test/"))).toMatchObject({ code: "dns_failed" });
  });

  test("that is resolved too late ends with the deadline, is asked once for all, and is then dialled by nobody", async () => {
    const receiver = await rig.answering(okAnswer());
    const asked: string[] = [];
    const late = Promise.withResolvers<void>();
    const lookup: Lookup = (host, callback) => {
      asked.push(host);
      void late.promise.then(() => callback(null, [{ address: "127.0.0.1", family: 4 }]));
    };
    const transport = rig.transport({ lookup });
    const request = wireRequest(receiver.url("slow.test"), { timeout: deadline });
    for (const outcome of await Promise.all([transport.send(request), transport.send(request)])) {
      expect(outcome).toMatchObject({ code: "timeout", reason: expect.stringContaining("not resolved") as unknown });
    }
    expect(asked).toEqual(["slow.test"]);
    late.resolve();
    expect(await transport.send(wireRequest(receiver.url()))).toMatchObject({ status: 200 });
    expect(receiver.connections).toBe(1);
  });

  test("is resolved by the machine where no lookup is given", async () => {
    const receiver = await rig.answering(okAnswer());
    expect(await rig.send(receiver.url("localhost"))).toMatchObject({ status: 200 });
    const closed = rig.transport({ guard: new TargetGuard() });
    expect(await closed.send(wireRequest(receiver.url("localhost")))).toMatchObject({ code: "target_blocked" });
  });
});

describe("TLS", () => {
  const valid = testCertificate({ hosts: ["receiver.test", "127.0.0.1"] });
  const trusting = { certificateAuthorities: [valid.cert], lookup: lookupOf(["127.0.0.1"]) };

  test("with a trusted certificate works by name and by address, and is used again", async () => {
    const names: unknown[] = [];
    const receiver = await rig.receiver({
      certificate: valid,
      onConnection: (socket) => names.push(Reflect.get(socket, "servername")),
      onRequest: (socket) => socket.write(okAnswer()),
    });
    const transport = rig.transport(trusting);
    for (const host of ["receiver.test", "receiver.test", "127.0.0.1", "receiver.test."]) {
      expect(await transport.send(wireRequest(receiver.url(host)))).toMatchObject({ kind: "answered", status: 200 });
    }
    expect(receiver.connections).toBe(3);
    expect(names).toEqual(["receiver.test", false, "receiver.test"]);
  });

  test("sends once more when a reused connection was closed", async () => {
    const receiver = await rig.receiver({
      certificate: valid,
      onRequest: (socket, { connection, number }) => {
        if (connection === 1 && number === 2) socket.end();
        else socket.write(okAnswer());
      },
    });
    const transport = rig.transport(trusting);
    await transport.send(wireRequest(receiver.url("receiver.test")));
    expect(await transport.send(wireRequest(receiver.url("receiver.test")))).toMatchObject({ status: 200 });
    expect(receiver.requests).toHaveLength(3);
  });

  test("does not send once more for what befalls the fresh connection", async () => {
    const receiver = await rig.receiver({
      certificate: valid,
      onAccept: (socket, connection) => {
        if (connection > 1) socket.resetAndDestroy();
      },
      onRequest: (socket, { number }) => {
        if (number > 1) socket.end();
        else socket.write(okAnswer());
      },
    });
    const transport = rig.transport(trusting);
    await transport.send(wireRequest(receiver.url("receiver.test")));
    expect(await transport.send(wireRequest(receiver.url("receiver.test")))).toMatchObject({
      kind: "unreachable",
      code: expect.stringMatching(/^(connection|tls)_failed$/) as unknown,
    });
    expect(receiver.connections).toBe(2);
  });

  const expired = testCertificate({ hosts: ["receiver.test"], notAfter: daysFromNow(-1) });
  const foreign = testCertificate({ hosts: ["other.test"] });
  test.each([
    ["signed by itself", valid, []],
    ["expired", expired, [expired.cert]],
    ["for another name", foreign, [foreign.cert]],
  ])("with a certificate that is %s fails", async (_, certificate, certificateAuthorities) => {
    const receiver = await rig.receiver({ certificate, onRequest: (socket) => socket.write(okAnswer()) });
    const transport = rig.transport({ ...trusting, certificateAuthorities });
    expect(await transport.send(wireRequest(receiver.url("receiver.test")))).toMatchObject({
      kind: "unreachable",
      code: "tls_failed",
      reason: expect.stringContaining(`receiver.test:${receiver.port}`) as unknown,
    });
    expect(receiver.requests).toEqual([]);
    await receiver.allClosed();
    expect(transport.size.connections).toBe(0);
  });

  test.each<[string, (socket: Socket) => void]>([
    ["speaks plain HTTP", (socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")],
    ["knows only TLS 1.0", (socket) => socket.end(Buffer.from("15030100020246", "hex"))],
    ["hangs up", (socket) => socket.end()],
    ["resets", (socket) => socket.resetAndDestroy()],
  ])("with a receiver that %s fails", async (_, greet) => {
    const receiver = await rig.receiver({ onConnection: (socket) => socket.once("data", () => greet(socket)) });
    const transport = rig.transport(trusting);
    expect(await transport.send(wireRequest(`https://receiver.test:${receiver.port}/`))).toMatchObject({
      kind: "unreachable",
      code: "tls_failed",
    });
    await receiver.allClosed();
  });

  test("whose handshake never ends, ends with the deadline", async () => {
    const receiver = await rig.receiver({ onConnection: (socket) => socket.resume() });
    const transport = rig.transport(trusting);
    const request = wireRequest(`https://receiver.test:${receiver.port}/`, { timeout: deadline });
    expect(await transport.send(request)).toMatchObject({
      code: "timeout",
      reason: expect.stringContaining("handshake") as unknown,
    });
    await receiver.allClosed();
    expect(transport.size.connections).toBe(0);
  });
});
