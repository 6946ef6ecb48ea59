import type { Socket } from "node:net";
import { okAnswer, type RawReceiverOptions } from "../raw-receiver.test.support.js";
import { delivered, deliveredThenClosed, head, type ReceiverFault, unanswered } from "./receiver-fault.test.support.js";
import { says, saysAndCloses } from "./scripts.test.support.js";

export function keptConnections(): readonly ReceiverFault[] {
  const second = (then: (socket: Socket) => void): RawReceiverOptions => ({
    onRequest: (socket, { connection, number }) => {
      if (connection === 1 && number === 2) then(socket);
      else socket.write(okAnswer());
    },
  });
  const lost = { before: 1, outcome: { ...delivered, requests: 3 } } as const;
  return [
    {
      name: "asks for a connection to be kept for 11 days",
      receiver: () => says(`${head}connection: keep-alive\r\nkeep-alive: timeout=999999\r\ncontent-length: 0\r\n\r\n`),
      outcome: delivered,
    },
    {
      name: "says connection: close and closes",
      receiver: () => saysAndCloses(`${head}connection: close\r\ncontent-length: 2\r\n\r\nok`),
      outcome: deliveredThenClosed,
    },
    {
      name: "says connection: close and does not close",
      receiver: () => says(`${head}connection: close\r\ncontent-length: 2\r\n\r\nok`),
      outcome: deliveredThenClosed,
    },
    {
      name: "speaks HTTP/1.0, which keeps no connection",
      receiver: () => says("HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok"),
      outcome: deliveredThenClosed,
    },
    {
      name: "closes a kept connection just when it is used again",
      receiver: () => second((socket) => socket.end()),
      ...lost,
    },
    {
      name: "resets a kept connection just when it is used again",
      receiver: () => second((socket) => socket.resetAndDestroy()),
      ...lost,
    },
    {
      name: "closes a kept connection after the first byte of an answer",
      receiver: () => second((socket) => socket.end("H")),
      before: 1,
      outcome: { ...unanswered("connection_failed"), requests: 2 },
    },
    {
      name: "closes every kept connection at its second request",
      receiver: () => ({ onRequest: (socket, { number }) => (number === 1 ? socket.write(okAnswer()) : socket.end()) }),
      before: 2,
      outcome: { ...delivered, requests: 5 },
    },
    {
      name: "never answers on a kept connection",
      receiver: () => second(() => {}),
      before: 1,
      stuckAt: "requested",
      outcome: { ...unanswered("timeout"), requests: 2 },
    },
  ];
}
