import { afterEach, describe, expect, test } from "vitest";
import { okAnswer } from "./raw-receiver.test.support.js";
import { testCertificate } from "./test-certificate.test.support.js";
import { TransportRig, wireRequest } from "./transport-rig.test.support.js";

const rig = new TransportRig();
afterEach(() => rig.close());

const certificate = testCertificate({ hosts: ["127.0.0.1"] });
const statuses = [300, 301, 302, 303, 304, 305, 306, 307, 308] as const;

/** Where an answer sends the sender; `INTERNAL` and `SELF` stand for receivers of the test that may be dialled, so that nothing but the rule keeps them from it. */
const locations = [
  ["an internal receiver", "Location: http://INTERNAL/admin\r\n"],
  ["an internal receiver, without a scheme", "Location: //INTERNAL/admin\r\n"],
  ["itself", "Location: /again\r\n"],
  ["itself, by its address", "Location: http://SELF/again\r\n"],
  ["two places", "Location: http://INTERNAL/\r\nLocation: http://SELF/\r\n"],
  ["a file", "Location: file:///etc/passwd\r\n"],
  ["a place after a pause", "Refresh: 0; url=http://INTERNAL/\r\n"],
  ["another service of its own", 'Alt-Svc: http/1.1="INTERNAL"\r\nContent-Location: http://INTERNAL/\r\n'],
  ["nowhere", ""],
] as const;

describe("Redirects: never followed, whatever they lead to", () => {
  test.each(locations)("to %s, with each status from 300 to 308: the status is the answer", async (_, headers) => {
    const internal = await rig.answering(okAnswer());
    let status = 0;
    const receiver = await rig.receiver({
      onRequest: (socket) => {
        const filled = headers
          .replaceAll("INTERNAL", `127.0.0.1:${internal.port}`)
          .replaceAll("SELF", `127.0.0.1:${receiver.port}`);
        socket.write(`HTTP/1.1 ${status} Elsewhere\r\ncontent-length: 0\r\n${filled}\r\n`);
      },
    });
    const transport = rig.transport();
    for (status of statuses) {
      expect(await transport.send(wireRequest(receiver.url()))).toMatchObject({ kind: "answered", status });
    }
    expect(receiver.requests).toHaveLength(statuses.length);
    expect(internal.connections).toBe(0);
  });

  test("from https to http, with each status: the status is the answer, and nothing goes out in clear", async () => {
    const plain = await rig.answering(okAnswer());
    let status = 0;
    const secure = await rig.receiver({
      certificate,
      onRequest: (socket) =>
        socket.write(`HTTP/1.1 ${status} X\r\ncontent-length: 0\r\nLocation: http://127.0.0.1:${plain.port}/\r\n\r\n`),
    });
    const transport = rig.transport({ certificateAuthorities: [certificate.cert] });
    for (status of statuses) {
      expect(await transport.send(wireRequest(secure.url()))).toMatchObject({ kind: "answered", status });
    }
    expect(plain.connections).toBe(0);
  });
});
