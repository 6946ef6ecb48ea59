import { generateKeyPairSync } from "node:crypto";
import { afterEach, describe, expect, test } from "vitest";
import { HookwrightError } from "../foundation/hookwright-error.js";
import { createMemoryStore } from "../store/memory-store.js";
import { createWebhooks } from "../webhooks.js";
import { readNetwork } from "./network-settings.js";
import { okAnswer, type RawReceiver } from "./raw-receiver.test.support.js";
import { testCertificate } from "./test-certificate.test.support.js";
import { readCertificates, readClientCertificate } from "./tls-identity.js";
import { TransportRig, wireRequest } from "./transport-rig.test.support.js";

const rig = new TransportRig();
afterEach(() => rig.close());

const server = testCertificate({ hosts: ["127.0.0.1"] });
const client = testCertificate({ hosts: ["sender.test"] });
const stranger = testCertificate({ hosts: ["stranger.test"] });

/** Lets in only who shows a certificate that `client` signed: itself. */
function demanding(seen: string[] = []): Promise<RawReceiver> {
  return rig.receiver({
    certificate: server,
    tls: { requestCert: true, rejectUnauthorized: true, ca: [client.cert] },
    onConnection: (socket) => {
      if ("getPeerCertificate" in socket) seen.push(peerOf(socket));
    },
    onRequest: (socket) => socket.write(okAnswer()),
  });
}

function peerOf(socket: object): string {
  const read: unknown = Reflect.get(socket, "getPeerCertificate");
  if (typeof read !== "function") return "";
  return String(Object(Object(read.call(socket)).subject).CN);
}

describe("a receiver that demands a certificate", () => {
  test("is satisfied by the one that is set, which connections after the first show too", async () => {
    const seen: string[] = [];
    const receiver = await demanding(seen);
    const transport = rig.transport({ certificateAuthorities: [server.cert], clientCertificate: client });
    for (let sent = 0; sent < 3; sent += 1) {
      expect(await transport.send(wireRequest(receiver.url()))).toMatchObject({ status: 200 });
    }
    expect(seen).toEqual(["test sender.test"]);
  });

  test.each([
    ["none", undefined],
    ["another", stranger],
  ])("with %s is not reached", async (_, clientCertificate) => {
    const receiver = await demanding();
    const transport = rig.transport({ certificateAuthorities: [server.cert], clientCertificate });
    // Node's own server hangs up where others send an alert of TLS.
    expect(await transport.send(wireRequest(receiver.url()))).toMatchObject({
      kind: "unreachable",
      code: expect.stringMatching(/^(tls|connection)_failed$/) as unknown,
    });
    expect(receiver.requests).toEqual([]);
    await receiver.allClosed();
  });

  test("and that is of an authority of ours works in a whole host, by settings alone", async () => {
    const receiver = await demanding();
    const hooks = await createWebhooks({
      store: createMemoryStore(),
      settings: {
        allowTargets: "loopback",
        certificateAuthorities: `# ours\n${stranger.cert}\n${server.cert}`,
        clientCertificate: client.cert,
        clientKey: client.key,
      },
    });
    await hooks.start();
    const { id } = await hooks.webhooks.create({ url: receiver.url(), project: 1 });
    expect((await hooks.webhooks.test(id)).attempts).toMatchObject([{ status: 200 }]);
    await hooks.stop();
    await receiver.allClosed();
  });
});

test("an authority of ours is trusted beside the usual ones, and no other is", async () => {
  const receiver = await rig.receiver({ certificate: server, onRequest: (socket) => socket.write(okAnswer()) });
  const ours = rig.transport({ certificateAuthorities: [stranger.cert, server.cert] });
  expect(await ours.send(wireRequest(receiver.url()))).toMatchObject({ status: 200 });
  for (const certificateAuthorities of [[], [stranger.cert]]) {
    const strange = rig.transport({ certificateAuthorities });
    expect(await strange.send(wireRequest(receiver.url()))).toMatchObject({ code: "tls_failed" });
  }
});

describe("settings", () => {
  const names = { cert: "CERT", key: "KEY" };
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const locked = privateKey
    .export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "hunter2" })
    .toString();
  const broken = client.cert.replace(/\n.{20}/, "\nAAAAAAAAAAAAAAAAAAAA");

  test.each<[title: string, cert: string, key: string, message: RegExp]>([
    ["a certificate without a key", client.cert, "", /^CERT needs KEY beside it\.$/],
    ["a key without a certificate", " \n", client.key, /^KEY needs CERT beside it\.$/],
    ["another one's key", client.cert, stranger.key, /^KEY is not the key of the certificate in CERT\.$/],
    ["the two exchanged", client.key, client.cert, /^CERT has no PEM certificate in it/],
    ["no PEM", "hunter2", client.key, /^CERT has no PEM certificate in it/],
    ["a broken certificate", broken, client.key, /^CERT has a certificate that cannot be read, number 1 of 1\.$/],
    ["no PEM for a key", client.cert, "hunter2", /^KEY has no PEM private key in it\.$/],
    ["a key with a passphrase", client.cert, locked, /^KEY is encrypted: write it without a passphrase\.$/],
  ])("with %s are refused in one line that shows nothing of them", (_, cert, key, message) => {
    const error = refusal(() => readClientCertificate({ cert, key }, names));
    expect(error.code).toBe("configuration_invalid");
    expect(error.message).toMatch(message);
    expect(error.message).not.toMatch(/hunter2|\n/);
  });

  test("name the certificate that cannot be read", () => {
    expect(refusal(() => readCertificates(`${client.cert}${broken}`, "CA")).message).toMatch(/number 2 of 2/);
    expect(readCertificates("", "CA")).toEqual([]);
    expect(readCertificates(`x\r\n${client.cert.replaceAll("\n", "\r\n")}\n${server.cert}`, "CA")).toHaveLength(2);
  });

  test("of an embedding application are read when the host is made, and named", async () => {
    const none = { egressProxy: "", nameServers: "", certificateAuthorities: "", clientCertificate: "", clientKey: "" };
    expect(readNetwork(none)).toEqual({
      egressProxy: undefined,
      nameServers: [],
      certificateAuthorities: [],
      clientCertificate: undefined,
    });
    const settings = { clientCertificate: client.cert, clientKey: stranger.key };
    await expect(createWebhooks({ store: createMemoryStore(), settings })).rejects.toThrow(
      "The setting clientKey is not the key of the certificate in The setting clientCertificate.",
    );
    await expect(
      createWebhooks({ store: createMemoryStore(), settings: { certificateAuthorities: "nothing" } }),
    ).rejects.toThrow(/^The setting certificateAuthorities has no PEM certificate/);
  });
});

function refusal(read: () => unknown): HookwrightError {
  try {
    read();
  } catch (error) {
    if (error instanceof HookwrightError) return error;
    throw error;
  }
  throw new Error("it was accepted");
}
