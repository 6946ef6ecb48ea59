import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { parseAllowTargets, TargetGuard } from "@hookwright/core";
import { createUndiciTransport } from "@hookwright/core/internal";
import { answered, type ScriptedAnswer, ScriptedTransport, unreachable } from "../scripted-transport.js";
import { transportContract } from "./transport-contract.js";
import type { ReceiverTurn, TransportScene } from "./transport-scene.js";

transportContract({ name: "undici over loopback", open: openUndici });
transportContract({ name: "ScriptedTransport", open: openScripted });

async function openUndici(): Promise<TransportScene> {
  const turns: ReceiverTurn[] = [];
  const received: Uint8Array[] = [];
  const methods: string[] = [];
  let tell = (): void => {};
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      received.push(Buffer.concat(chunks));
      methods.push(request.method ?? "");
      takeTurn(turns.shift(), request, response);
      tell();
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  // listen() gave it one: a bound TCP server has no other form of address.
  const { port } = server.address() as AddressInfo;
  const transport = createUndiciTransport({ guard: new TargetGuard(parseAllowTargets("loopback")) });
  return {
    transport,
    url: `http://127.0.0.1:${port}/hook`,
    expect: (...more) => turns.push(...more),
    received,
    methods,
    arrived: (count) =>
      new Promise((resolve) => {
        tell = () => {
          if (received.length >= count) resolve();
        };
        tell();
      }),
    dispose: async () => {
      await transport.close();
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

function takeTurn(turn: ReceiverTurn | undefined, request: IncomingMessage, response: ServerResponse): void {
  if (turn === undefined || turn === "hang-up") request.socket.destroy();
  else if (turn !== "hold") {
    if (turn.retryAfter !== undefined) response.setHeader("retry-after", turn.retryAfter);
    if (turn.location !== undefined) response.setHeader("location", turn.location);
    response.writeHead(turn.status, turn.headers).end(turn.body);
  }
}

async function openScripted(): Promise<TransportScene> {
  const transport = new ScriptedTransport();
  return {
    transport,
    url: "http://receiver.example/hook",
    expect: (...turns) => transport.script(...turns.map(scripted)),
    get received() {
      return transport.requests.map(({ body }) => body);
    },
    get methods() {
      return transport.requests.map(({ method = "POST" }) => method);
    },
    arrived: (count) => transport.sent(count),
    dispose: () => transport.close(),
  };
}

function scripted(turn: ReceiverTurn): ScriptedAnswer {
  if (turn === "hold") return turn;
  if (turn === "hang-up") return unreachable("connection_failed");
  const { status, retryAfter, body = "", headers } = turn;
  return ({ wantedHeaders }) =>
    answered(status, {
      retryAfter,
      excerpt: body,
      ...(wantedHeaders === undefined ? {} : { headers: { ...headers } }),
    });
}
