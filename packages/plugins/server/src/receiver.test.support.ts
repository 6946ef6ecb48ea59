import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** One delivery as it came in. */
export interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** The status of an answer; `hang` answers nothing. */
export type ReceiverAnswer = number | "hang";

/** A real receiver on a loopback socket. Each request gets the next of its answers; the last one goes on. */
export class Receiver {
  readonly requests: Received[] = [];
  #url = "";
  readonly #server: Server;
  readonly #answers: ReceiverAnswer[];
  #waiting: { readonly count: number; readonly resolve: () => void }[] = [];

  private constructor(answers: readonly ReceiverAnswer[]) {
    this.#answers = [...answers];
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        this.#take({ headers: request.headers, body: Buffer.concat(chunks) });
        const answer = this.#answers.length > 1 ? this.#answers.shift() : this.#answers[0];
        if (typeof answer === "number") response.writeHead(answer).end("ok");
      });
    });
  }

  static async listen(...answers: readonly ReceiverAnswer[]): Promise<Receiver> {
    const receiver = new Receiver(answers.length === 0 ? [200] : answers);
    await new Promise<void>((resolve, reject) => {
      receiver.#server.once("error", reject).listen(0, "127.0.0.1", resolve);
    });
    // A bound TCP server has no other form of address.
    receiver.#url = `http://127.0.0.1:${(receiver.#server.address() as AddressInfo).port}/hook`;
    return receiver;
  }

  /** Stays the same after `close()`, when nobody listens there any more. */
  get url(): string {
    return this.#url;
  }

  /** The bodies that came in, parsed. */
  get bodies(): readonly unknown[] {
    return this.requests.map(({ body }) => JSON.parse(body.toString("utf8")));
  }

  /** Resolves when `count` requests have come in all. */
  received(count: number): Promise<void> {
    if (this.requests.length >= count) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting.push({ count, resolve });
    });
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  #take(request: Received): void {
    this.requests.push(request);
    for (const { count, resolve } of this.#waiting) if (count <= this.requests.length) resolve();
    this.#waiting = this.#waiting.filter(({ count }) => count > this.requests.length);
  }
}
