import { Connection, type ConnectionUser, type KeepAlive } from "./connection.js";
import type { Dialer } from "./dialer.js";
import type { Target } from "./target.js";

/** Who asks for a connection. */
export interface ConnectionTaker extends ConnectionUser {
  /** False once it needs no connection any more. */
  readonly waits: boolean;
  start(connection: Connection): void;
}

export interface ConnectionPoolOptions {
  readonly dialer: Dialer;
  readonly keepAlive: KeepAlive;
  /** Connections to one origin at once; who comes when all are in use waits. */
  readonly perOrigin: number;
  /** Idle connections in all; what exceeds it is closed, the longest idle first. */
  readonly maxIdle: number;
}

/** The connections of one origin. It exists as long as it has any. */
interface Origin {
  readonly name: string;
  readonly connections: Set<Connection>;
  /** The latest last: it is the least likely to have been closed by the receiver meanwhile. */
  readonly idle: Connection[];
  readonly waiting: { readonly taker: ConnectionTaker; readonly target: Target }[];
}

/**
 * Owns all connections: who has which, how many there are, and when one is closed. Memory and sockets are bounded by the exchanges
 * under way plus `maxIdle`, however many origins were ever sent to.
 *
 * undici's Agent is not used: it can neither give up a request that waits for a connection, nor close an idle origin to make
 * room (it throws), nor say whether a connection was used before, nor give a fresh one for the request that is sent again.
 */
export class ConnectionPool {
  readonly #options: ConnectionPoolOptions;
  readonly #origins = new Map<string, Origin>();
  /** All idle connections, the longest idle first. */
  readonly #idle = new Set<Connection>();
  #closed = false;

  constructor(options: ConnectionPoolOptions) {
    this.#options = options;
  }

  /** What is held now. */
  get size(): { readonly origins: number; readonly connections: number; readonly idle: number } {
    let connections = 0;
    for (const origin of this.#origins.values()) connections += origin.connections.size;
    return { origins: this.#origins.size, connections, idle: this.#idle.size };
  }

  /** Gives the taker a connection, now or when one is free. */
  take(target: Target, taker: ConnectionTaker): void {
    const origin = this.#origin(target.origin);
    const connection = origin.waiting.length === 0 ? this.#free(origin, target) : undefined;
    if (connection === undefined) origin.waiting.push({ taker, target });
    else start(connection, taker);
  }

  /** Takes back a connection whose exchange ended as HTTP says it should. */
  release(connection: Connection): void {
    const origin = this.#origins.get(connection.origin);
    if (origin === undefined || !connection.reusable) return this.discard(connection);
    connection.user = undefined;
    origin.idle.push(connection);
    this.#idle.add(connection);
    this.#serveLater(origin);
    this.#trim();
  }

  /** Takes back a connection that must not be used again, and closes it. */
  discard(connection: Connection): void {
    connection.user = undefined;
    this.#forget(connection);
    void connection.destroy();
  }

  /** Gives a fresh connection for one that was lost, before anybody who waits. */
  replace(connection: Connection, target: Target, taker: ConnectionTaker): void {
    const origin = this.#origin(target.origin);
    const fresh = this.#make(origin, target);
    this.discard(connection);
    start(fresh, taker);
  }

  /** Interrupts everybody and closes everything. Resolves when no socket is left. */
  async close(): Promise<void> {
    this.#closed = true;
    const origins = [...this.#origins.values()];
    this.#origins.clear();
    this.#idle.clear();
    const connections = origins.flatMap((origin) => [...origin.connections]);
    for (const { waiting } of origins) for (const { taker } of waiting.splice(0)) taker.interrupt();
    for (const { user } of connections) user?.interrupt();
    await Promise.all(connections.map((connection) => connection.destroy()));
  }

  #origin(name: string): Origin {
    let origin = this.#origins.get(name);
    if (origin === undefined) {
      origin = { name, connections: new Set(), idle: [], waiting: [] };
      this.#origins.set(name, origin);
    }
    return origin;
  }

  #free(origin: Origin, target: Target): Connection | undefined {
    const idle = origin.idle.pop();
    if (idle !== undefined) {
      this.#idle.delete(idle);
      return idle;
    }
    return origin.connections.size < this.#options.perOrigin ? this.#make(origin, target) : undefined;
  }

  #make(origin: Origin, target: Target): Connection {
    const { dialer, keepAlive } = this.#options;
    const connection = new Connection(target, { dialer, keepAlive, onLost: (lost) => this.#lost(lost) });
    origin.connections.add(connection);
    return connection;
  }

  // A connection in use is the business of its user, who hears of the loss by itself.
  #lost(connection: Connection): void {
    if (this.#idle.has(connection)) this.discard(connection);
  }

  #forget(connection: Connection): void {
    const origin = this.#origins.get(connection.origin);
    if (origin === undefined) return;
    origin.connections.delete(connection);
    if (this.#idle.delete(connection)) origin.idle.splice(origin.idle.indexOf(connection), 1);
    this.#serveLater(origin);
    this.#forgetEmpty(origin);
  }

  #forgetEmpty(origin: Origin): void {
    if (origin.waiting.length === 0 && origin.connections.size === 0) this.#origins.delete(origin.name);
  }

  // Later, because undici is in the middle of its bookkeeping for the request that has just ended.
  #serveLater(origin: Origin): void {
    if (origin.waiting.length > 0) queueMicrotask(() => this.#serve(origin));
  }

  #serve(origin: Origin): void {
    while (!this.#closed) {
      const next = origin.waiting[0];
      if (next === undefined) return this.#forgetEmpty(origin);
      const connection = next.taker.waits ? this.#free(origin, next.target) : undefined;
      if (next.taker.waits && connection === undefined) return;
      origin.waiting.shift();
      if (connection !== undefined) start(connection, next.taker);
    }
  }

  #trim(): void {
    for (const connection of this.#idle) {
      if (this.#idle.size <= this.#options.maxIdle) return;
      this.discard(connection);
    }
  }
}

function start(connection: Connection, taker: ConnectionTaker): void {
  connection.user = taker;
  taker.start(connection);
}
