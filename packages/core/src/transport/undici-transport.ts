import { type Clock, systemClock } from "../foundation/clock.js";
import { ConnectionPool } from "./connection-pool.js";
import { Dialer } from "./dialer.js";
import { Exchange } from "./exchange.js";
import { type Lookup, sharedLookup, systemLookup } from "./name-resolver.js";
import { ParsedTargets } from "./target.js";
import type { TargetGuard } from "./target-guard.js";
import type { Transport, TransportOutcome, WireRequest } from "./transport.js";

/** What the transport over real sockets is made of. All but the guard has a default. */
export interface UndiciTransportOptions {
  /** Decides which addresses may be dialled. */
  readonly guard: TargetGuard;
  readonly clock?: Clock;
  /** Resolves names; the machine's own resolver when absent. The guard judges every address that it gives. */
  readonly lookup?: Lookup;
  /** Certificate authorities that are trusted besides the usual ones, as PEM. */
  readonly certificateAuthorities?: readonly string[];
  /**
   * Connections to one origin at once; 512 when absent. Not fewer than the exchanges that are under way at once: who waits for a
   * connection waits within the deadline, and a receiver would be blamed for it.
   */
  readonly connectionsPerOrigin?: number;
  /** Idle connections kept in all; 512 when absent. */
  readonly idleConnections?: number;
  /** Milliseconds that an idle connection is kept when the receiver says nothing; 4,000 when absent. */
  readonly keepAlive?: number;
  /** Milliseconds that an idle connection is kept at most, whatever the receiver asks for; 10,000 when absent. */
  readonly longestKeepAlive?: number;
}

/** The transport over real sockets: HTTP/1.1 through undici. */
export function createUndiciTransport(options: UndiciTransportOptions): UndiciTransport {
  return new UndiciTransport(options);
}

/** Owns the connections and the targets of one process. */
export class UndiciTransport implements Transport {
  readonly #targets = new ParsedTargets();
  readonly #clock: Clock;
  readonly #pool: ConnectionPool;
  #closed = false;

  constructor(options: UndiciTransportOptions) {
    const { guard, lookup = systemLookup, certificateAuthorities = [] } = options;
    this.#clock = options.clock ?? systemClock;
    this.#pool = new ConnectionPool({
      dialer: new Dialer({ guard, lookup: sharedLookup(lookup), certificateAuthorities }),
      keepAlive: { usual: options.keepAlive ?? 4_000, longest: options.longestKeepAlive ?? 10_000 },
      perOrigin: options.connectionsPerOrigin ?? 512,
      maxIdle: options.idleConnections ?? 512,
    });
  }

  /** What is held at this moment: origins that have connections, connections in all, and how many of them are idle. */
  get size(): { readonly origins: number; readonly connections: number; readonly idle: number } {
    return this.#pool.size;
  }

  send(request: WireRequest): Promise<TransportOutcome> {
    if (this.#closed) return Promise.resolve({ kind: "interrupted" });
    const target = this.#targets.read(request.url);
    if (typeof target === "string") return Promise.resolve(refused("target_invalid", target));
    if (namesHost(request.headers)) {
      return Promise.resolve(refused("request_invalid", "the header host is the URL's alone to set"));
    }
    return new Promise((resolve) => {
      new Exchange({ request, target, pool: this.#pool, clock: this.#clock, resolve }).begin();
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#pool.close();
  }
}

// undici would take it for the name of the server, in HTTP and in TLS.
function namesHost(headers: WireRequest["headers"]): boolean {
  for (const name in headers) if (name.length === 4 && name.toLowerCase() === "host") return true;
  return false;
}

function refused(code: "target_invalid" | "request_invalid", reason: string): TransportOutcome {
  return { kind: "unreachable", code, reason, cause: undefined };
}
