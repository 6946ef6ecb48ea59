import { randomUUID } from "node:crypto";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Clock } from "@hookwright/core";
import { envelopeOf } from "./error-envelope.js";
import { safeHeaders } from "./safe-headers.js";

/** What Node says of a connection that it cannot read on. */
export type ConnectionFault = Error & { readonly code: string };

interface Exchange {
  readonly request: IncomingMessage;
  readonly answer: ServerResponse;
}

/** Milliseconds in which a caller whose connection is given up can read why. */
const lastWords = 1_000;

const reasons: Readonly<Record<string, readonly [status: number, reason: string, detail: string]>> = {
  HPE_HEADER_OVERFLOW: [431, "Request Header Fields Too Large", "The headers of the request are too large."],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, "Payload Too Large", "The chunk extensions of the body are too large."],
  ERR_HTTP_REQUEST_TIMEOUT: [408, "Request Timeout", "The request did not come in whole in time."],
};
const noHttp = [400, "Bad Request", "The request is not valid HTTP."] as const;

/**
 * Owns the end of connections that send what is no HTTP, or not whole. The caller is told why, but never in the place of another answer: who
 * sent a good request and rubbish after it hears first what became of the good one.
 */
export class BrokenConnections {
  readonly #clock: Clock;
  /** The request that came last over a connection. */
  readonly #last = new WeakMap<Socket, Exchange>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  watch(server: Server): void {
    server.on("request", (request, answer) => void this.#last.set(request.socket, { request, answer }));
  }

  refuse(fault: ConnectionFault, socket: Socket): void {
    if (fault.code === "ECONNRESET" || !socket.writable) return void socket.destroy();
    const last = this.#last.get(socket);
    if (last === undefined || (last.request.complete && last.answer.closed)) return this.#tell(fault, socket);
    // The fault is in the body of this request.
    if (!last.request.complete) return last.answer.headersSent ? this.#hangUp(socket) : this.#tell(fault, socket);
    last.answer.shouldKeepAlive = false;
    last.answer.once("close", () => this.#hangUp(socket));
  }

  #tell({ code }: ConnectionFault, socket: Socket): void {
    const [status, reason, detail] = reasons[code] ?? noHttp;
    const body = JSON.stringify(envelopeOf({ id: randomUUID(), status, detail }));
    const headers = {
      "content-type": "application/json; charset=utf-8",
      "content-length": Buffer.byteLength(body),
      connection: "close",
      ...safeHeaders,
    };
    const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(`HTTP/1.1 ${status} ${reason}\r\n${head.join("")}\r\n${body}`);
    this.#hangUp(socket);
  }

  /** What still comes in is thrown away; whoever does not hang up by himself is hung up on. */
  #hangUp(socket: Socket): void {
    socket.end();
    socket.resume();
    const timer = this.#clock.setTimer(lastWords, () => socket.destroy());
    socket.once("close", () => timer.cancel());
  }
}
