import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { setTimeout as pause } from "node:timers/promises";

/** One request that came in. */
export interface Arrival {
  /** Which webhook: the last part of its URL. */
  readonly path: string;
  readonly webhookId: string;
  /** The number in the event's payload. */
  readonly event: number;
}

/** The receiver of all webhooks, in the process of the test: it outlives every child. */
export class ChaosReceiver {
  readonly #server: Server;
  readonly #random: () => number;
  #arrivals: Arrival[] = [];
  #isWell = false;

  private constructor(server: Server, random: () => number) {
    this.#server = server;
    this.#random = random;
    // A connection that the receiver closes while it is being used would make the sender repeat a request.
    server.keepAliveTimeout = 0;
    server.requestTimeout = 0;
    server.on("request", async (request, response) => {
      const path = request.url?.slice(1) ?? "";
      const body = (await json(request).catch(() => undefined)) as
        | { readonly tasks?: readonly { readonly id: number }[] }
        | undefined;
      // The child was killed in the middle of it.
      if (body === undefined) return;
      this.#arrivals.push({ path, webhookId: String(request.headers["webhook-id"]), event: body.tasks?.[0]?.id ?? 0 });
      this.#answer(path, response);
    });
  }

  static async start(random: () => number): Promise<ChaosReceiver> {
    const receiver = new ChaosReceiver(createServer(), random);
    await new Promise<void>((resolve) => receiver.#server.listen(0, "127.0.0.1", resolve));
    return receiver;
  }

  url(path: string): string {
    // It listens on TCP: that is its form of address.
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/${path}`;
  }

  /** What came in since it was asked last, in order. */
  take(): readonly Arrival[] {
    const arrivals = this.#arrivals;
    this.#arrivals = [];
    return arrivals;
  }

  /** From now on, every request is answered with 200. */
  recover(): void {
    this.#isWell = true;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  /** Resolves when every connection is closed: what a dead child has sent is read by then. */
  async quiet(): Promise<void> {
    while ((await this.#connections()) > 0) await pause(1);
  }

  #connections(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
    });
  }

  #answer(path: string, response: ServerResponse): void {
    const respond = (status: number): void => void response.writeHead(status).end();
    if (this.#isWell) return respond(200);
    switch (path.replace(/-\d+$/, "")) {
      case "hanging":
        return;
      case "dead":
        return respond(500);
      case "gone":
        return respond(410);
      case "shaky":
        return respond(this.#random() < 0.4 ? 500 : 200);
      case "ordered":
        return respond(this.#random() < 0.2 ? 503 : 200);
      case "slow":
        return void setTimeout(respond, 20, 200);
      default:
        return respond(200);
    }
  }
}
