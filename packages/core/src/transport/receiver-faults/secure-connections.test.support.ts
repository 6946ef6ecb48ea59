import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { okAnswer, type RawReceiverOptions } from "../raw-receiver.test.support.js";
import { daysFromNow, type TestCertificate, testCertificate } from "../test-certificate.test.support.js";
import { delivered, deliveredThenClosed, head, type ReceiverFault, unanswered } from "./receiver-fault.test.support.js";
import { drip, flood, onConnection, type Script, says } from "./scripts.test.support.js";

export function tls(): readonly ReceiverFault[] {
  const local = { hosts: ["127.0.0.1"] } as const;
  const failed = { ...unanswered("tls_failed", 0) };
  const secure =
    (options: RawReceiverOptions = says(okAnswer())) =>
    () => ({ ...options, certificate: testCertificate(local) });
  const alert =
    (level: number, description: number): Script =>
    (socket) =>
      socket.once("data", () => socket.write(Buffer.from([0x15, 3, 3, 0, 2, level, description])));
  const plain = (script: Script): Pick<ReceiverFault, "receiver" | "scheme"> => ({
    receiver: () => onConnection(script),
    scheme: "https",
  });
  return [
    { name: "proves itself as it should", receiver: secure(), trusted: true, outcome: delivered },
    { name: "has a certificate that it signed itself", receiver: secure(), outcome: failed },
    {
      name: "has an expired certificate",
      receiver: () => ({ ...says(okAnswer()), certificate: testCertificate({ ...local, notAfter: daysFromNow(-1) }) }),
      trusted: true,
      outcome: failed,
    },
    {
      name: "has a certificate that is not valid yet",
      receiver: () => ({
        ...says(okAnswer()),
        certificate: testCertificate({ ...local, notBefore: daysFromNow(1), notAfter: daysFromNow(2) }),
      }),
      trusted: true,
      outcome: failed,
    },
    {
      name: "has the certificate of another host",
      receiver: () => ({ ...says(okAnswer()), certificate: testCertificate({ hosts: ["other.test"] }) }),
      trusted: true,
      outcome: failed,
    },
    {
      name: "has a certificate with escape sequences in its names",
      receiver: () => ({ ...says(okAnswer()), certificate: testCertificate({ hosts: ["\x1b[2J.test"] }) }),
      host: "receiver.test",
      trusted: true,
      outcome: { ...failed, error: /^\P{Cc}+$/u },
    },
    {
      name: "has a certificate for many names",
      receiver: () => ({
        ...says(okAnswer()),
        certificate: testCertificate({ hosts: Array.from({ length: 1_000 }, (_, n) => `n${n}.test`) }),
      }),
      host: "receiver.test",
      trusted: true,
      outcome: { ...failed, error: /^.{300}$/ },
    },
    {
      name: "knows no certificate for the name that it is asked for",
      receiver: () => ({
        ...says(okAnswer()),
        certificate: testCertificate(local),
        tls: { SNICallback: (_, done) => done(new Error("unknown")) },
      }),
      host: "receiver.test",
      trusted: true,
      outcome: failed,
    },
    {
      name: "is asked for by address, and so by no name",
      receiver: () => ({
        ...says(okAnswer()),
        certificate: testCertificate(local),
        tls: { SNICallback: (_, done) => done(new Error("asked")) },
      }),
      trusted: true,
      outcome: delivered,
    },
    {
      name: "sends a chain of 1 MB",
      receiver: () => ({ ...says(okAnswer()), certificate: chainOf(1_000_000, testCertificate(local)) }),
      trusted: true,
      outcome: failed,
      worst: true,
    },
    {
      name: "speaks TLS 1.0 only",
      receiver: () => ({
        ...says(okAnswer()),
        certificate: testCertificate(local),
        tls: { minVersion: "TLSv1", maxVersion: "TLSv1", ciphers: "DEFAULT@SECLEVEL=0" },
      }),
      trusted: true,
      outcome: failed,
    },
    {
      name: "speaks TLS 1.1 only",
      receiver: () => ({
        ...says(okAnswer()),
        certificate: testCertificate(local),
        tls: { minVersion: "TLSv1.1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" },
      }),
      trusted: true,
      outcome: failed,
    },
    {
      name: "speaks TLS 1.2 only",
      receiver: () => ({ ...says(okAnswer()), certificate: testCertificate(local), tls: { maxVersion: "TLSv1.2" } }),
      trusted: true,
      outcome: delivered,
    },
    {
      name: "speaks only HTTP/2 over TLS",
      receiver: () => ({ ...says(okAnswer()), certificate: testCertificate(local), tls: { ALPNProtocols: ["h2"] } }),
      trusted: true,
      outcome: failed,
    },
    {
      name: "demands a certificate of the sender",
      receiver: () => ({
        ...says(okAnswer()),
        certificate: testCertificate(local),
        tls: { requestCert: true, rejectUnauthorized: true, maxVersion: "TLSv1.2" },
      }),
      trusted: true,
      outcome: failed,
    },
    {
      name: "demands a certificate of the sender in TLS 1.3, where the sender learns it after the handshake",
      receiver: () => ({
        ...says(okAnswer()),
        certificate: testCertificate(local),
        tls: { requestCert: true, rejectUnauthorized: true },
      }),
      trusted: true,
      outcome: unanswered("connection_failed", 0),
    },
    {
      name: "renegotiates before it answers",
      receiver: () => ({
        onRequest: (socket) => renegotiate(socket),
        certificate: testCertificate(local),
        tls: { maxVersion: "TLSv1.2" },
      }),
      trusted: true,
      outcome: delivered,
    },
    {
      name: "renegotiates without end",
      receiver: () => ({
        onRequest: (socket) => renegotiateForEver(socket),
        certificate: testCertificate(local),
        tls: { maxVersion: "TLSv1.2" },
      }),
      trusted: true,
      stuckAt: "requested",
      outcome: unanswered("timeout"),
    },
    {
      name: "speaks HTTP where TLS is expected",
      ...plain((socket) => socket.once("data", () => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"))),
      outcome: failed,
    },
    {
      name: "speaks TLS where HTTP is expected",
      receiver: secure(),
      scheme: "http",
      outcome: { ...unanswered("connection_failed"), requests: 0 },
    },
    {
      name: "never answers the TLS hello",
      ...plain((socket) => socket.resume()),
      stuckAt: "accepted",
      outcome: { ...unanswered("timeout"), requests: 0 },
      worst: true,
    },
    {
      name: "never reads the TLS hello",
      ...plain((socket) => socket.pause()),
      stuckAt: "accepted",
      outcome: { ...unanswered("timeout"), requests: 0 },
    },
    {
      name: "never ends the handshake",
      ...plain((socket) => socket.once("data", () => drip(socket, `\x16\x03\x03\x40\x00${"a".repeat(10_000)}`))),
      stuckAt: "dripping",
      outcome: { ...unanswered("timeout"), requests: 0 },
    },
    { name: "closes in the handshake", ...plain((socket) => socket.once("data", () => socket.end())), outcome: failed },
    {
      name: "resets in the handshake",
      ...plain((socket) => socket.once("data", () => socket.resetAndDestroy())),
      outcome: failed,
    },
    {
      name: "answers the TLS hello with garbage",
      ...plain((socket) => socket.once("data", () => socket.write("garbage".repeat(10)))),
      outcome: failed,
    },
    {
      name: "floods the handshake",
      ...plain((socket) => socket.once("data", () => flood(socket, Buffer.alloc(65_536, "x")))),
      outcome: failed,
    },
    { name: "alerts that the handshake failed", ...plain(alert(2, 40)), outcome: failed },
    { name: "alerts that it does not know the name", ...plain(alert(2, 112)), outcome: failed },
    {
      name: "warns, and says no more",
      ...plain(alert(1, 90)),
      stuckAt: "accepted",
      outcome: { ...unanswered("timeout"), requests: 0 },
    },
    {
      name: "breaks a secure answer off without saying so",
      receiver: () => below((raw) => raw.destroy()),
      trusted: true,
      outcome: { ...deliveredThenClosed, error: /broke off/ },
    },
  ];
}

// The certificate, and itself again until it is as long as it should be.
function chainOf(bytes: number, { cert, key }: TestCertificate): TestCertificate {
  return { cert: cert.repeat(Math.ceil(bytes / cert.length)), key };
}

function renegotiate(socket: Socket): void {
  if (!(socket instanceof TLSSocket)) throw new Error("this receiver needs a certificate");
  socket.renegotiate({}, () => socket.write(okAnswer()));
}

function renegotiateForEver(socket: Socket): void {
  if (socket instanceof TLSSocket && socket.writable) socket.renegotiate({}, () => renegotiateForEver(socket));
}

// Says the half of an answer over TLS, then does something to the connection below.
function below(script: Script): RawReceiverOptions {
  const raws: Socket[] = [];
  return {
    certificate: testCertificate({ hosts: ["127.0.0.1"] }),
    onAccept: (raw) => raws.push(raw),
    onRequest: (socket, { connection }) =>
      socket.write(`${head}content-length: 5\r\n\r\nok`, () =>
        setImmediate(() => {
          const raw = raws[connection - 1];
          if (raw !== undefined) script(raw);
        }),
      ),
  };
}
