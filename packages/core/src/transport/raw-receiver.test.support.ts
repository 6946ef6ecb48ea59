import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { createServer as createSecureServer, type TlsOptions } from "node:tls";
import type { TestCertificate } from "./test-certificate.test.support.js";

/** One request as it came over the wire. */
export interface RawRequest {
  /** Request line and headers. */
  readonly head: string;
  readonly body: Buffer;
  /** Counts connections from 1. */
  readonly connection: number;
  /** Counts the requests of its connection from 1. */
  readonly number: number;
}

export interface RawReceiverOptions {
  readonly host?: string;
  readonly certificate?: TestCertificate;
  /** What else TLS is to be, where there is a certificate. */
  readonly tls?: TlsOptions;
  /** Called for each connection as it is accepted, before TLS. */
  readonly onAccept?: (socket: Socket, connection: number) => void;
  /** Called for each connection, before anything is read. Who reads or writes here does it all by himself. */
  readonly onConnection?: (socket: Socket, connection: number) => void;
  /** Called for each whole request. */
  readonly onRequest?: (socket: Socket, request: RawRequest) => void;
}

/** A receiver on a loopback socket that answers byte by byte as a test wants it, right or wrong. */
export class RawReceiver {
  readonly requests: RawRequest[] = [];
  /** Connections so far. */
  connections = 0;
  readonly #server: Server;
  readonly #open = new Set<Socket>();
  #whenClosed: (() => void)[] = [];
  #whenRequested: { readonly count: number; readonly resolve: () => void }[] = [];
  readonly #secure: boolean;

  private constructor(options: RawReceiverOptions) {
    this.#secure = options.certificate !== undefined;
    this.#server = this.#secure
      ? createSecureServer({ ...options.certificate, ...options.tls }, (socket) => this.#serve(socket, options))
      : createServer((socket) => this.#serve(socket, options));
    // Counted below TLS, so that a handshake that is given up is seen to be closed too.
    this.#server.prependListener("connection", (socket: Socket) => {
      this.#count(socket);
      options.onAccept?.(socket, this.connections);
    });
    this.#server.on("tlsClientError", () => {});
  }

  static async listen(options: RawReceiverOptions): Promise<RawReceiver> {
    const receiver = new RawReceiver(options);
    await new Promise<void>((resolve, reject) => {
      receiver.#server.once("error", reject).listen(0, options.host ?? "127.0.0.1", resolve);
    });
    return receiver;
  }

  get port(): number {
    // listen() gave it one: a bound TCP server has no other form of address.
    return (this.#server.address() as AddressInfo).port;
  }

  get openSockets(): number {
    return this.#open.size;
  }

  url(host = "127.0.0.1", path = "/hook"): string {
    return `${this.#secure ? "https" : "http"}://${host}:${this.port}${path}`;
  }

  /** Bytes that the kernel has taken from this receiver for connections that are open. */
  get bytesWritten(): number {
    let bytes = 0;
    for (const socket of this.#open) bytes += socket.bytesWritten - socket.writableLength;
    return bytes;
  }

  /** Resolves when no connection is open. */
  allClosed(): Promise<void> {
    if (this.#open.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#whenClosed.push(resolve);
    });
  }

  /** Resolves when `count` whole requests have come in all. */
  requested(count: number): Promise<void> {
    if (this.requests.length >= count) return Promise.resolve();
    return new Promise((resolve) => {
      this.#whenRequested.push({ count, resolve });
    });
  }

  /** Reads on where a test stopped reading: only who reads sees that the other side has closed. */
  resume(): void {
    for (const socket of this.#open) socket.resume();
  }

  async close(): Promise<void> {
    for (const socket of this.#open) socket.destroy();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  #count(socket: Socket): void {
    this.connections += 1;
    this.#open.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => {
      this.#open.delete(socket);
      if (this.#open.size === 0) for (const resolve of this.#whenClosed.splice(0)) resolve();
    });
  }

  #serve(socket: Socket, { onConnection, onRequest }: RawReceiverOptions): void {
    const connection = this.connections;
    socket.on("error", () => {});
    onConnection?.(socket, connection);
    if (onRequest === undefined) return;
    let pending = Buffer.alloc(0);
    let number = 0;
    socket.on("data", (chunk: Buffer) => {
      pending = Buffer.concat([pending, chunk]);
      for (let end = requestEnd(pending); end !== undefined; end = requestEnd(pending)) {
        number += 1;
        const request = { head: pending.toString("latin1", 0, end.head), body: pending.subarray(end.head, end.body) };
        pending = pending.subarray(end.body);
        this.requests.push({ ...request, connection, number });
        onRequest(socket, { ...request, connection, number });
        this.#tell();
      }
    });
  }

  #tell(): void {
    const count = this.requests.length;
    for (const waiter of this.#whenRequested) if (waiter.count <= count) waiter.resolve();
    this.#whenRequested = this.#whenRequested.filter((waiter) => waiter.count > count);
  }
}

function requestEnd(bytes: Buffer): { readonly head: number; readonly body: number } | undefined {
  const head = bytes.indexOf("\r\n\r\n");
  if (head < 0) return undefined;
  const length = Number(/content-length: (\d+)/i.exec(bytes.toString("latin1", 0, head))?.[1] ?? 0);
  const body = head + 4 + length;
  return body <= bytes.length ? { head: head + 4, body } : undefined;
}

/** A whole answer that leaves the connection open. */
export function okAnswer(body = "ok", status = "200 OK"): string {
  return `HTTP/1.1 ${status}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}
