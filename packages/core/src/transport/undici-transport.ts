import { type Clock, systemClock } from "../foundation/clock.js";
import { ConnectionPool } from "./connection-pool.js";
import { Dialer } from "./dialer.js";
import type { EgressProxy } from "./egress-proxy.js";
import { Exchange } from "./exchange.js";
import { type Lookup, sharedLookup } from "./lookup.js";
import { NameResolver } from "./name-resolver.js";
import { ParsedTargets } from "./target.js";
import type { TargetGuard } from "./target-guard.js";
import { type ClientCertificate, TlsIdentity } from "./tls-identity.js";
import type { Transport, TransportOutcome, WireRequest } from "./transport.js";

/** What the transport over real sockets is made of. All but the guard has a default. */
export interface UndiciTransportOptions {
  /** Decides which addresses may be dialled. */
  readonly guard: TargetGuard;
  readonly clock?: Clock;
  /** Resolves names; as the machine does when absent. The guard judges every address that it gives. */
  readonly lookup?: Lookup;
  /** Asked in place of the machine's own name servers, where there is no `lookup`. */
  readonly nameServers?: readonly string[];
  /** All connections go through it, where there is one. */
  readonly egressProxy?: EgressProxy | undefined;
  /** Shown to receivers that ask who the sender is. */
  readonly clientCertificate?: ClientCertificate | undefined;
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
  /** For what goes beside deliveries; keeps no connection. */
  readonly #besidePool: ConnectionPool;
  #closed = false;

  constructor(options: UndiciTransportOptions) {
    const { guard, clock = systemClock, nameServers = [], certificateAuthorities = [] } = options;
    const lookup = options.lookup ?? new NameResolver({ nameServers, clock }).lookup;
    const identity = new TlsIdentity(certificateAuthorities, options.clientCertificate);
    this.#clock = clock;
    const pool = {
      dialer: new Dialer({ guard, lookup: sharedLookup(lookup), identity, proxy: options.egressProxy }),
      keepAlive: { usual: options.keepAlive ?? 4_000, longest: options.longestKeepAlive ?? 10_000 },
      perOrigin: options.connectionsPerOrigin ?? 512,
    };
    this.#pool = new ConnectionPool({ ...pool, maxIdle: options.idleConnections ?? 512 });
    this.#besidePool = new ConnectionPool({ ...pool, maxIdle: 0 });
  }

  /** What is held for deliveries at this moment: origins that have connections, connections in all, and how many of them are idle. */
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
      const pool = request.beside === true ? this.#besidePool : this.#pool;
      new Exchange({ request, target, pool, clock: this.#clock, resolve }).begin();
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([this.#pool.close(), this.#besidePool.close()]);
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
