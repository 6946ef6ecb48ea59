import { okAnswer } from "../raw-receiver.test.support.js";
import {
  chunked,
  delivered,
  deliveredThenClosed,
  type FaultOutcome,
  head,
  type ReceiverFault,
  refusedThenClosed,
  unanswered,
} from "./receiver-fault.test.support.js";
import {
  drips,
  floods,
  onConnection,
  onRequest,
  says,
  saysAndCloses,
  saysAndResets,
  saysByteByByte,
} from "./scripts.test.support.js";

export function badBodies(): readonly ReceiverFault[] {
  const brokenOff: FaultOutcome = { ...deliveredThenClosed, error: /^the answer's body broke off: / };
  return [
    {
      name: "resets in the middle of the body",
      receiver: () => saysAndResets(`${head}content-length: 5\r\n\r\nok`),
      outcome: { ...brokenOff, excerpt: "ok" },
    },
    {
      name: "closes in the middle of the body",
      receiver: () => saysAndCloses(`${head}content-length: 5\r\n\r\nok`),
      outcome: { ...brokenOff, excerpt: "ok" },
    },
    {
      name: "resets right after its head",
      receiver: () => saysAndResets(`${head}content-length: 5\r\n\r\n`),
      outcome: brokenOff,
    },
    {
      name: "closes in the middle of a body of HTTP/1.0",
      receiver: () => saysAndCloses("HTTP/1.0 200 OK\r\ncontent-length: 5\r\n\r\nok"),
      outcome: brokenOff,
    },
    { name: "closes in the middle of a chunk", receiver: () => saysAndCloses(`${chunked}5\r\nok`), outcome: brokenOff },
    { name: "closes between two chunks", receiver: () => saysAndCloses(`${chunked}2\r\nok\r\n`), outcome: brokenOff },
    { name: "sends no chunk where one must be", receiver: () => says(`${chunked}xyz\r\n`), outcome: brokenOff },
    { name: "sends a chunk of negative size", receiver: () => says(`${chunked}-1\r\nok\r\n`), outcome: brokenOff },
    {
      name: "sends a chunk whose size has 20 digits",
      receiver: () => says(`${chunked}${"f".repeat(20)}\r\nok\r\n`),
      outcome: brokenOff,
    },
    {
      name: "sends a chunk longer than it said",
      receiver: () => says(`${chunked}2\r\nok and more\r\n0\r\n\r\n`),
      outcome: brokenOff,
    },
    {
      name: "fails with 500, and its body breaks off",
      receiver: () => saysAndCloses("HTTP/1.1 500 X\r\ncontent-length: 5\r\n\r\nok"),
      outcome: { ...refusedThenClosed(500), excerpt: "ok" },
    },
    {
      name: "answers byte by byte",
      receiver: () => saysByteByByte(okAnswer()),
      outcome: { ...delivered, excerpt: "ok" },
    },
    {
      name: "answers in chunks of one byte, byte by byte",
      receiver: () => saysByteByByte(`${chunked}1\r\no\r\n1\r\nk\r\n0\r\n\r\n`),
      outcome: { ...delivered, excerpt: "ok" },
    },
    {
      name: "ends its body by closing",
      receiver: () => saysAndCloses(`${head}\r\nok`),
      outcome: { ...deliveredThenClosed, excerpt: "ok" },
    },
    {
      name: "sends trailers",
      receiver: () => says(`${chunked}2\r\nok\r\n0\r\nretry-after: 5\r\nx: y\r\n\r\n`),
      outcome: { ...delivered, excerpt: "ok" },
    },
    {
      name: "has no reason in its status line",
      receiver: () => says("HTTP/1.1 200\r\ncontent-length: 0\r\n\r\n"),
      outcome: delivered,
    },
    {
      name: "ends its lines with LF alone",
      receiver: () => says("HTTP/1.1 200 OK\ncontent-length: 0\n\n"),
      outcome: unanswered("protocol_error"),
    },
    {
      name: "gives the same length twice",
      receiver: () => says(`${head}content-length: 2\r\ncontent-length: 2\r\n\r\nok`),
      outcome: unanswered("protocol_error"),
    },
  ];
}

export function endlessBodies(): readonly ReceiverFault[] {
  const late: FaultOutcome = { ...deliveredThenClosed, error: /^the answer's body was not complete after 1000 ms$/ };
  const cut: FaultOutcome = { ...deliveredThenClosed, excerpt: "x".repeat(1_024) };
  const fast = "x".repeat(65_536);
  return [
    {
      name: "drips its body",
      receiver: () => drips(`${head}content-length: 9999\r\n\r\n`, "x"),
      stuckAt: "head",
      outcome: late,
    },
    { name: "drips its body in chunks", receiver: () => drips(chunked, "1\r\nx\r\n"), stuckAt: "head", outcome: late },
    {
      name: "never sends the body that it announced",
      receiver: () => says(`${head}content-length: 5\r\n\r\n`),
      stuckAt: "head",
      outcome: late,
    },
    {
      name: "never ends its body",
      receiver: () => says(`${head}\r\nsome`),
      stuckAt: "head",
      outcome: { ...late, excerpt: "some" },
    },
    {
      name: "never ends its chunks",
      receiver: () => says(`${chunked}4\r\nsome\r\n`),
      stuckAt: "head",
      outcome: { ...late, excerpt: "some" },
    },
    {
      name: "never ends its trailers",
      receiver: () => drips(`${chunked}0\r\n`, "x: y\r\n"),
      stuckAt: "head",
      outcome: late,
    },
    {
      name: "fails with 500 and never ends its body",
      receiver: () => says("HTTP/1.1 500 X\r\n\r\nsome"),
      stuckAt: "head",
      outcome: { ...refusedThenClosed(500), excerpt: "some" },
    },
    {
      name: "sends more than the excerpt, then hangs",
      receiver: () => says(`${head}content-length: 3000\r\n\r\n${"x".repeat(2_000)}`),
      stuckAt: "recorded",
      outcome: cut,
    },
    { name: "sends a body without end, fast", receiver: () => floods(`${head}\r\n`, fast), outcome: cut, worst: true },
    {
      name: "sends chunks without end, fast",
      receiver: () => floods(chunked, `10000\r\n${fast}\r\n`),
      outcome: cut,
      worst: true,
    },
    { name: "sends a chunk of 1 TB, fast", receiver: () => floods(`${chunked}e8d4a51000\r\n`, fast), outcome: cut },
    {
      name: "sends a body of 100 GB, fast",
      receiver: () => floods(`${head}content-length: 99999999999\r\n\r\n`, fast),
      outcome: cut,
    },
    {
      name: "fails with 500 and an endless body, fast",
      receiver: () => floods("HTTP/1.1 500 X\r\n\r\n", fast),
      outcome: { ...refusedThenClosed(500), excerpt: cut.excerpt ?? "" },
    },
    {
      name: "floods with chunk extensions",
      receiver: () => floods(`${chunked}1`, `;${"x".repeat(65_535)}`),
      outcome: { ...deliveredThenClosed, error: /given up after \d+ bytes around a body of [01]$/ },
      worst: true,
    },
    {
      name: "floods with trailers",
      receiver: () => floods(`${chunked}0\r\n`, "x: y\r\n".repeat(10_000)),
      outcome: { ...deliveredThenClosed, error: /given up after \d+ bytes around a body of [01]$/ },
      worst: true,
    },
    {
      name: "floods with the zeros of a chunk's size",
      receiver: () => floods(chunked, "0".repeat(65_536)),
      outcome: { ...deliveredThenClosed, error: /given up after \d+ bytes around a body of [01]$/ },
    },
    {
      name: "hides a body of 4 kB in chunks of one byte",
      receiver: () => says(`${chunked}${"1\r\nx\r\n".repeat(4_096)}0\r\n\r\n`),
      outcome: { ...deliveredThenClosed, excerpt: "x".repeat(1_024) },
    },
  ];
}

export function moreThanAsked(): readonly ReceiverFault[] {
  return [
    {
      name: "sends a body with 204",
      receiver: () => says("HTTP/1.1 204 No Content\r\ncontent-length: 4\r\n\r\nbody"),
      outcome: { ...deliveredThenClosed, status: 204 },
    },
    {
      name: "sends a body with 204 and no length",
      receiver: () => says("HTTP/1.1 204 No Content\r\n\r\nbody"),
      outcome: { ...deliveredThenClosed, status: 204 },
    },
    {
      name: "sends a body with 304",
      receiver: () => says("HTTP/1.1 304 Not Modified\r\ncontent-length: 4\r\n\r\nbody"),
      outcome: refusedThenClosed(304),
    },
    {
      name: "sends more than it said",
      receiver: () => says(`${head}content-length: 2\r\n\r\nok and more`),
      outcome: { ...deliveredThenClosed, excerpt: "ok" },
    },
    {
      name: "answers twice at once",
      receiver: () => says(okAnswer("one") + okAnswer("two", "500 Two")),
      outcome: { ...deliveredThenClosed, excerpt: "one" },
    },
    {
      name: "answers twice, the second time into the connection that is kept",
      receiver: () =>
        onRequest((socket) =>
          socket.write(okAnswer("one"), () => setImmediate(() => socket.write(okAnswer("two", "500 Two")))),
        ),
      before: 1,
      outcome: { ...deliveredThenClosed, requests: 2 },
    },
    {
      name: "answers before the request came, and reads none of it",
      receiver: () => onConnection((socket) => socket.write(okAnswer())),
      payload: 10_000_000,
      outcome: { ...deliveredThenClosed, requests: 0 },
      worst: true,
    },
    {
      name: "refuses with 413 before the request came, and closes",
      receiver: () => onConnection((socket) => socket.end(okAnswer("", "413 X"))),
      payload: 10_000_000,
      outcome: { ...refusedThenClosed(413), requests: 0 },
    },
  ];
}
