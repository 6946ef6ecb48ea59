import { delivered, type FaultOutcome, type ReceiverFault, refused } from "./receiver-fault.test.support.js";
import { says } from "./scripts.test.support.js";

export function statuses(): readonly ReceiverFault[] {
  const held: FaultOutcome = { ...refused(410), fate: "held" };
  return [
    ...[201, 202, 204, 226, 299].map((status) => answering(status, { ...delivered, status })),
    ...[400, 401, 403, 404, 408, 413, 415, 418, 421, 425, 429, 451, 500, 502, 503, 504, 599, 600, 999].map((status) =>
      answering(status, refused(status)),
    ),
    answering(410, held),
  ];
}

function answering(status: number, outcome: FaultOutcome): ReceiverFault {
  const length = status === 204 ? "" : "content-length: 0\r\n";
  return { name: `answers ${status}`, receiver: () => says(`HTTP/1.1 ${status} X\r\n${length}\r\n`), outcome };
}

export function redirects(): readonly ReceiverFault[] {
  const to = (status: number, location: string): string =>
    `HTTP/1.1 ${status} X\r\n${location === "" ? "" : `location: ${location}\r\n`}content-length: 0\r\n\r\n`;
  const places: readonly (readonly [where: string, location: string])[] = [
    ["cloud metadata", "http://169.254.169.254/latest/meta-data/"],
    ["plain HTTP", "http://receiver.example/"],
    ["itself", "/hook"],
    ["a file", "file:///etc/passwd"],
    ["a script", "javascript:alert(1)"],
    ["nowhere", ""],
  ];
  return [
    ...[300, 301, 302, 303, 305, 306, 307, 308].map((status) => ({
      name: `redirects with ${status} to an internal address`,
      receiver: () => says(to(status, "http://127.0.0.1:1/internal")),
      outcome: refused(status),
    })),
    ...places.map(([where, location]) => ({
      name: `redirects with 302 to ${where}`,
      receiver: () => says(to(302, location)),
      outcome: refused(302),
    })),
    { name: "answers 304", receiver: () => says("HTTP/1.1 304 X\r\n\r\n"), outcome: refused(304) },
  ];
}

export function retryAfter(): readonly ReceiverFault[] {
  const minute = 60_000;
  const day = 86_400_000;
  // The hosts of these tests stand at 2026-01-01T00:00:00Z, a Thursday; their schedule says one minute.
  const wishes: readonly (readonly [header: string, wait: number])[] = [
    ["-1", minute],
    ["0", minute],
    ["5", minute],
    ["120", 120_000],
    ["120.1", 121_000],
    ["1e9", minute],
    ["1000000000", day],
    ["9".repeat(400), day],
    ["soon", minute],
    ["", minute],
    ["Thu, 01 Jan 2026 00:05:00 GMT", 300_000],
    ["Thursday, 01-Jan-26 00:05:00 GMT", 300_000],
    ["Thu Jan  1 00:05:00 2026", 300_000],
    ["Wed, 31 Dec 2025 00:00:00 GMT", minute],
    ["Fri, 31 Dec 9999 23:59:59 GMT", day],
    ["Thu, 99 Foo 2026 00:05:00 GMT", minute],
    ["120\r\nretry-after: 300", 300_000],
    ["1".repeat(10_000), day],
  ];
  return [
    ...[429, 503].map((status) => wishing(status, { header: "120", wait: 120_000 })),
    ...wishes.map(([header, wait]) => wishing(503, { header, wait })),
    {
      name: "answers 200 with Retry-After 120, which asks for nothing",
      receiver: () => says("HTTP/1.1 200 OK\r\nretry-after: 120\r\ncontent-length: 0\r\n\r\n"),
      outcome: delivered,
    },
  ];
}

function wishing(status: number, { header, wait }: { readonly header: string; readonly wait: number }): ReceiverFault {
  const shown =
    header.length > 40 ? `of ${header.length} characters` : JSON.stringify(header.replace("\r\nretry-after:", ","));
  return {
    name: `answers ${status} with Retry-After ${shown}`,
    receiver: () => says(`HTTP/1.1 ${status} X\r\nretry-after: ${header}\r\ncontent-length: 0\r\n\r\n`),
    outcome: { ...refused(status), wait },
  };
}
