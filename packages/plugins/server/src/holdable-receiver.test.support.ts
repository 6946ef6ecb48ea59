import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { onTestFinished } from "vitest";

/** One request as it came. */
export interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** Of the message. */
  readonly id: string;
}

/** A real receiver on loopback. It answers 200 at once, unless it holds its answers back. */
export class HoldableReceiver {
  readonly url: string;
  readonly received: Received[] = [];
  readonly #held: ServerResponse[] = [];
  readonly #waiting = new Set<() => void>();
  #holding = false;

  private constructor(url: string) {
    this.url = url;
  }

  static async open(): Promise<HoldableReceiver> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    // A server that listens on TCP has an address of this kind.
    const { port } = server.address() as AddressInfo;
    const receiver = new HoldableReceiver(`http://127.0.0.1:${port}/hook`);
    server.on("request", async (request, answer) => {
      const body = await text(request).catch(() => undefined);
      // The sender was killed in the middle of it.
      if (body === undefined) return;
      receiver.#take({ headers: request.headers, body, id: String(request.headers["webhook-id"]) }, answer);
    });
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    return receiver;
  }

  /** From now on requests are taken in and not answered. */
  hold(): void {
    this.#holding = true;
  }

  /** Answers what is held, and from now on at once again. */
  release(): void {
    this.#holding = false;
    for (const answer of this.#held.splice(0)) answer.end();
  }

  /** Resolves when what has come so far is enough. */
  async until(enough: (received: readonly Received[]) => boolean): Promise<readonly Received[]> {
    while (!enough(this.received)) await new Promise<void>((resolve) => this.#waiting.add(resolve));
    return this.received;
  }

  #take(request: Received, answer: ServerResponse): void {
    this.received.push(request);
    if (this.#holding) this.#held.push(answer);
    else answer.end();
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}
