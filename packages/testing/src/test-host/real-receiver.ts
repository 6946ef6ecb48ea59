import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { type FullAnswer, type ReceivedRequest, type ReceiverScript, readReceived } from "./received-request.js";
import { ReceiverRecord } from "./receiver-record.js";

/** How a real receiver is started. */
export interface RealReceiverOptions {
  /** What it answers, in order; 200 to every further request. */
  readonly answers?: readonly ReceiverScript[];
}

/**
 * Starts a real HTTP server on a free loopback port that records what it is sent: for tests where bytes and sockets matter, and
 * for whatever else a plugin talks to over HTTP.
 *
 * @example
 * ```ts
 * import { startReceiver } from "@hookwright/testing";
 *
 * await using backend = await startReceiver({ answers: [503, { status: 200, body: '{"score":0.9}' }] });
 * await fetch(backend.url, { method: "POST", body: '{"action":"PREDICT","task":1}' });
 * console.log(backend.received[0]?.payload);
 * ```
 */
export async function startReceiver({ answers = [] }: RealReceiverOptions = {}): Promise<RealReceiver> {
  const record = new ReceiverRecord(answers);
  const server = createServer((request, response) => void serve(record, request, response));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(0, "127.0.0.1", resolve);
  });
  // listen() gave it one: a bound TCP server has no other form of address.
  const { port } = server.address() as AddressInfo;
  return new RealReceiver(`http://127.0.0.1:${port}/hook`, record, server);
}

/** A real HTTP server on loopback, as {@link startReceiver} starts it. */
export class RealReceiver implements AsyncDisposable {
  /** Stays the same after `close()`, when nobody listens there any more. */
  readonly url: string;
  readonly #record: ReceiverRecord;
  readonly #server: Server;

  /** @internal Made by `startReceiver`. */
  constructor(url: string, record: ReceiverRecord, server: Server) {
    this.url = url;
    this.#record = record;
    this.#server = server;
  }

  /** Every request so far, in the order in which they came in whole. */
  get received(): readonly ReceivedRequest[] {
    return this.#record.received;
  }

  /** Adds answers behind those that are left. */
  answer(...answers: readonly ReceiverScript[]): void {
    this.#record.answer(...answers);
  }

  /** Resolves once `count` requests came in all. */
  arrived(count: number): Promise<void> {
    return this.#record.arrived(count);
  }

  /** Breaks every connection and listens no more. May be called again. */
  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  /** As {@link RealReceiver.close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

async function serve(record: ReceiverRecord, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await buffer(request).catch(() => undefined);
  // The sender broke off in the middle of it.
  if (body === undefined) return;
  try {
    const answer = await record.take(readReceived(request.method ?? "", request.headers, new Uint8Array(body)));
    if (answer === "hang-up") request.socket.destroy();
    else if (typeof answer === "number") write(response, { status: answer });
    else if (answer !== "no-answer") write(response, answer);
  } catch (error) {
    // A function of the script failed: the test sees it as an answer, and in the attempt's record.
    write(response, { status: 500, body: `the receiver's script failed: ${String(error)}` });
  }
}

function write(response: ServerResponse, { status, headers = {}, body = "" }: FullAnswer): void {
  response.writeHead(status, headers).end(body);
}
