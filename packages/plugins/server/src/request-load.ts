import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { RequestProblem } from "./request-problem.js";

/** Sockets that may be open at once; Node closes what comes on top. An idle one costs some 10 kB. */
export const mostConnections = 5_000;

/** Requests that may be under way at once, those that are pipelined over one connection included. */
export const mostRequests = 2_500;

/** Bytes of bodies that were read and of large answers that were not, all requests together. Parsed, a body takes several times its bytes. */
export const mostBytes = 128 * 1_048_576;

/** An answer up to this size, in bytes, is bounded by the number of requests. */
const smallAnswer = 65_536;

declare module "fastify" {
  interface FastifyRequest {
    /** `null` until the first hook has run. */
    load: RequestLoad | null;
  }
}

/**
 * Bounds what requests hold in memory: their number, and the bytes of their bodies and answers. What exceeds a bound is refused with
 * 503 before it is taken in. `/health` is always answered: a service that is busy is alive.
 */
export function boundRequests(app: FastifyInstance, maxBody: number): void {
  const server = new ServerLoad(Math.max(mostBytes, maxBody));
  app.decorateRequest("load", null);
  app.addHook("onRequest", async (request, reply) => {
    const load = new RequestLoad(server);
    request.load = load;
    reply.raw.once("close", () => load.closed());
    if (server.requests > mostRequests && request.routeOptions.url !== "/health")
      throw busy(`${mostRequests} requests are under way.`);
  });
  app.addHook("onSend", async (request: FastifyRequest, _reply: FastifyReply, payload: unknown) => {
    request.load?.answered(typeof payload === "string" ? Buffer.byteLength(payload) : 0);
    return payload;
  });
}

/** What all requests hold together. */
class ServerLoad {
  readonly #mostBytes: number;
  requests = 0;
  bytes = 0;

  constructor(most: number) {
    this.#mostBytes = most;
  }

  hasRoom(bytes: number): boolean {
    return this.bytes + bytes <= this.#mostBytes;
  }
}

/** Owns what one request holds. It is given back when the answer was made and the connection has let go of it, whichever comes last. */
export class RequestLoad {
  readonly #server: ServerLoad;
  #bytes = 0;
  #isAnswered = false;
  #isClosed = false;
  #isReleased = false;

  constructor(server: ServerLoad) {
    this.#server = server;
    server.requests += 1;
  }

  /** @throws RequestProblem `overloaded` where a body of this length cannot be taken in now. */
  refuseBody(bytes: number): void {
    if (!this.#server.hasRoom(bytes)) throw busy("Too many large bodies are being read.");
  }

  /** Counts what was read of the body. @throws RequestProblem `overloaded`. */
  read(bytes: number): void {
    this.refuseBody(bytes);
    this.#take(bytes);
  }

  /** @throws RequestProblem `overloaded` where a large answer cannot wait for its reader now. */
  answered(bytes: number): void {
    const isFirst = !this.#isAnswered;
    this.#isAnswered = true;
    this.#release();
    if (this.#isClosed || bytes <= smallAnswer) return;
    if (isFirst && !this.#server.hasRoom(bytes)) throw busy("Too many large answers wait for their readers.");
    this.#take(bytes);
  }

  closed(): void {
    this.#isClosed = true;
    this.#release();
  }

  #take(bytes: number): void {
    this.#bytes += bytes;
    this.#server.bytes += bytes;
  }

  #release(): void {
    if (!this.#isAnswered || !this.#isClosed || this.#isReleased) return;
    this.#isReleased = true;
    this.#server.requests -= 1;
    this.#server.bytes -= this.#bytes;
    this.#bytes = 0;
  }
}

function busy(reason: string): RequestProblem {
  return new RequestProblem("overloaded", `${reason} Try again in a second.`);
}
