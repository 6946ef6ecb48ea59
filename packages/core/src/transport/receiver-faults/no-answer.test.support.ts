import { okAnswer } from "../raw-receiver.test.support.js";
import { delivered, head, type ReceiverFault, unanswered } from "./receiver-fault.test.support.js";
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

export function noAnswer(): readonly ReceiverFault[] {
  const closes = unanswered("connection_failed");
  return [
    {
      name: "refuses the connection",
      receiver: () => onRequest(() => {}),
      gone: true,
      outcome: unanswered("connection_refused", 0),
    },
    {
      name: "closes as soon as it accepts",
      receiver: () => onConnection((socket) => socket.destroy()),
      outcome: unanswered("connection_failed", 0),
    },
    {
      name: "resets as soon as it accepts",
      receiver: () => onConnection((socket) => socket.resetAndDestroy()),
      outcome: unanswered("connection_failed", 0),
    },
    {
      name: "says at once that it will say nothing (half-close), and reads on",
      receiver: () => ({ onConnection: (socket) => socket.end(), onRequest: () => {} }),
      outcome: closes,
    },
    {
      name: "never answers",
      receiver: () => onRequest(() => {}),
      stuckAt: "requested",
      outcome: unanswered("timeout"),
    },
    {
      name: "accepts, and never reads a body of 1 MB",
      receiver: () => onConnection((socket) => socket.pause()),
      payload: 1_000_000,
      stuckAt: "accepted",
      outcome: unanswered("timeout", 0),
      worst: true,
    },
    {
      name: "accepts, and never reads a body of 10 MB",
      receiver: () => onConnection((socket) => socket.pause()),
      payload: 10_000_000,
      stuckAt: "accepted",
      outcome: unanswered("timeout", 0),
    },
    {
      name: "resets in the middle of a body of 10 MB",
      receiver: () => onConnection((socket) => socket.once("data", () => socket.resetAndDestroy())),
      payload: 10_000_000,
      outcome: unanswered("connection_failed", 0),
    },
    { name: "closes after the request", receiver: () => saysAndCloses(), outcome: closes },
    {
      name: "resets after the request",
      receiver: () => onRequest((socket) => socket.resetAndDestroy()),
      outcome: closes,
    },
    { name: "closes in the middle of the head", receiver: () => saysAndCloses("HTTP/1.1 20"), outcome: closes },
    { name: "resets in the middle of the head", receiver: () => saysAndResets(`${head}content-le`), outcome: closes },
    {
      name: "sends one byte of its head at a time",
      receiver: () => drips("", "H"),
      outcome: unanswered("protocol_error"),
    },
    {
      name: "sends its head byte by byte and stops before the end",
      receiver: () => saysByteByByte(`${head}x: ${"a".repeat(100)}`),
      stuckAt: "dripping",
      outcome: unanswered("timeout"),
    },
    {
      name: "drips a header that never ends",
      receiver: () => drips(`${head}x-long: `, "a"),
      stuckAt: "dripping",
      outcome: unanswered("timeout"),
    },
    {
      name: "sends 103 Early Hints for ever, one after the other",
      receiver: () => drips("", "HTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\n"),
      outcome: { ...unanswered("answer_too_large"), error: /given up after 17 announcements/ },
    },
    {
      name: "floods with 103 Early Hints",
      receiver: () => floods("", "HTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\n".repeat(100)),
      outcome: { ...unanswered("answer_too_large"), error: /given up after 17 announcements/ },
      worst: true,
    },
    {
      name: "floods with blank lines",
      receiver: () => floods("", "\r\n".repeat(10_000)),
      outcome: unanswered("answer_too_large"),
      worst: true,
    },
    {
      name: "sends 100 Continue and no more, unasked",
      receiver: () => says("HTTP/1.1 100 Continue\r\n\r\n"),
      outcome: unanswered("protocol_error"),
    },
    {
      name: "sends 102 Processing and no more",
      receiver: () => says("HTTP/1.1 102 Processing\r\n\r\n"),
      stuckAt: "requested",
      outcome: unanswered("timeout"),
    },
    {
      name: "sends 103 Early Hints 16 times, then its answer",
      receiver: () => says("HTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\n".repeat(16), okAnswer()),
      outcome: delivered,
    },
  ];
}

export function noHttp(): readonly ReceiverFault[] {
  const answers: readonly (readonly [name: string, answer: string])[] = [
    ["answers with garbage", "\x16\x03garbage\r\n\r\n"],
    ["answers with NUL bytes", "\0".repeat(100)],
    ["answers with HTTP/0.9", "<html>hello</html>\r\n\r\n"],
    ["answers with the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
    ["answers with HTTP/2 in its status line", "HTTP/2 200\r\n\r\n"],
    ["answers with a request", "GET / HTTP/1.1\r\nhost: x\r\n\r\n"],
    ["answers with the greeting of an SSH server", "SSH-2.0-OpenSSH_9.9\r\n"],
    ["answers with status 0", "HTTP/1.1 0 X\r\ncontent-length: 0\r\n\r\n"],
    ["answers with status 99", "HTTP/1.1 99 X\r\ncontent-length: 0\r\n\r\n"],
    ["answers with status 000", "HTTP/1.1 000 X\r\ncontent-length: 0\r\n\r\n"],
    ["answers with status 099", "HTTP/1.1 099 X\r\ncontent-length: 0\r\n\r\n"],
    ["answers with status 2000", "HTTP/1.1 2000 X\r\ncontent-length: 0\r\n\r\n"],
    ["answers with status -200", "HTTP/1.1 -200 X\r\ncontent-length: 0\r\n\r\n"],
    ["gives two lengths that differ", `${head}content-length: 2\r\ncontent-length: 3\r\n\r\nok`],
    ["gives a length that is no number", `${head}content-length: x\r\n\r\nok`],
    ["gives a negative length", `${head}content-length: -1\r\n\r\nok`],
    ["gives a length beyond 64 bits", `${head}content-length: 99999999999999999999999\r\n\r\nok`],
    [
      "gives a length besides chunks",
      `${head}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`,
    ],
    ["sends a header without a colon", `${head}header\r\n\r\n`],
    ["sends a header without a name", `${head}: value\r\ncontent-length: 0\r\n\r\n`],
    ["sends a header with a space in its name", `${head}a b: c\r\ncontent-length: 0\r\n\r\n`],
    ["sends NUL in a header", `${head}x: a\0b\r\ncontent-length: 0\r\n\r\n`],
    ["sends a bare CR in a header", `${head}x: a\rb\r\ncontent-length: 0\r\n\r\n`],
    ["folds a header as HTTP once allowed", `${head}x: a\r\n b\r\ncontent-length: 0\r\n\r\n`],
    ["switches protocols, which nobody asked for", "HTTP/1.1 101 X\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n"],
    ["switches protocols without naming one", "HTTP/1.1 101 X\r\n\r\n"],
  ];
  return answers.map(([name, answer]) => ({
    name,
    receiver: () => says(answer),
    outcome: unanswered("protocol_error"),
  }));
}

export function largeHeads(): readonly ReceiverFault[] {
  const tooLarge = unanswered("answer_too_large");
  return [
    {
      name: "sends a header of 1 MB",
      receiver: () => says(`${head}x: ${"a".repeat(1_000_000)}\r\n\r\n`),
      outcome: tooLarge,
      worst: true,
    },
    {
      name: "sends a header without end",
      receiver: () => floods(`${head}x: `, "a".repeat(65_536)),
      outcome: tooLarge,
      worst: true,
    },
    {
      name: "sends a header whose name has no end",
      receiver: () => floods(head, "a".repeat(65_536)),
      outcome: tooLarge,
    },
    {
      name: "sends a reason without end",
      receiver: () => floods("HTTP/1.1 200 ", "a".repeat(65_536)),
      outcome: tooLarge,
    },
    {
      name: "sends 10,000 headers",
      receiver: () => says(`${head}${"x: y\r\n".repeat(10_000)}\r\n`),
      outcome: tooLarge,
      worst: true,
    },
    { name: "sends headers without end", receiver: () => floods(head, "x: y\r\n".repeat(1_000)), outcome: tooLarge },
    {
      name: "sends 300 headers",
      receiver: () => says(`${head}${"x: y\r\n".repeat(300)}content-length: 0\r\n\r\n`),
      outcome: tooLarge,
    },
    {
      name: "sends 200 headers",
      receiver: () => says(`${head}${"x: y\r\n".repeat(200)}content-length: 0\r\n\r\n`),
      outcome: delivered,
    },
    {
      name: "sends headers named __proto__ and constructor",
      receiver: () => says(`${head}__proto__: x\r\nconstructor: y\r\nretry-after: 5\r\ncontent-length: 0\r\n\r\n`),
      outcome: delivered,
    },
  ];
}
