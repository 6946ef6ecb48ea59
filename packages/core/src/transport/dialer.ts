import type { LookupAddress } from "node:dns";
import { connect as connectPlain, isIP, type LookupFunction, type Socket } from "node:net";
import { connect as connectSecure } from "node:tls";
import { HookwrightError } from "../foundation/hookwright-error.js";
import { closeSocket, type Dialed, type Dialing, type DialPhase, ignore } from "./dialing.js";
import type { EgressProxy } from "./egress-proxy.js";
import type { Lookup } from "./lookup.js";
import type { Target } from "./target.js";
import type { TargetGuard } from "./target-guard.js";
import type { TlsIdentity } from "./tls-identity.js";
import { TunnelDialing } from "./tunnel-dialing.js";

/** Of a name, in one attempt: more than any receiver has for good reasons. */
const mostAddresses = 8;

export interface DialerOptions {
  readonly guard: TargetGuard;
  readonly lookup: Lookup;
  readonly identity: TlsIdentity;
  /** All connections go through it, where there is one. */
  readonly proxy: EgressProxy | undefined;
}

/**
 * Makes connections, and lets none out that the guard has not seen: a literal is checked before anything else, a name's addresses
 * as they are resolved, and only those that passed are handed to the socket, or to the egress proxy.
 */
export class Dialer {
  readonly #options: DialerOptions;

  constructor(options: DialerOptions) {
    this.#options = options;
  }

  /** @throws HookwrightError `target_blocked` for a literal that the guard refuses. */
  dial(target: Target, done: Dialed): Dialing {
    // Node never calls lookup for a literal.
    const family = isIP(target.host);
    if (family !== 0) this.#check(target.host, target.host);
    const { proxy } = this.#options;
    return proxy === undefined ? this.#direct(target, done) : this.#tunnelled({ target, family, proxy }, done);
  }

  #direct(target: Target, done: Dialed): Dialing {
    const progress: Progress = { phase: isIP(target.host) === 0 ? "resolving" : "connecting" };
    const socket = this.#open(target, (name, options, callback) => {
      this.#resolve(name, (error, addresses) => {
        if (error === null) progress.phase = "connecting";
        answerLookup({ error, addresses }, options, callback);
      });
    });
    this.#watch({ socket, progress }, target, done);
    return {
      socket,
      get phase() {
        return progress.phase;
      },
      destroy: () => closeSocket(socket),
    };
  }

  #open(target: Target, lookup: LookupFunction): Socket {
    const { host, port } = target;
    // All of a name's addresses are tried in turn, so that one dead address or family does not fail the attempt.
    const options = { host, port, lookup, autoSelectFamily: true };
    return target.secure ? connectSecure({ ...options, ...this.#tls(host) }) : connectPlain(options);
  }

  #tunnelled({ target, family, proxy }: Tunnelled, done: Dialed): Dialing {
    const { lookup, identity } = this.#options;
    const { host, port, secure } = target;
    return new TunnelDialing(
      {
        proxy,
        identity,
        port,
        lookup: (name, options, callback) => {
          lookup(name, (error, addresses) => answerLookup({ error, addresses }, options, callback));
        },
        resolve: (callback) => {
          if (family === 0) this.#resolve(host, callback);
          else callback(null, [{ address: host, family }]);
        },
        secure: secure ? (tunnel) => connectSecure({ socket: tunnel, host, ...this.#tls(host) }) : undefined,
      },
      done,
    );
  }

  #tls(host: string) {
    const name = host.replace(/\.$/, "");
    return {
      secureContext: this.#options.identity.toReceivers,
      // Server Name Indication is for names only (RFC 6066, section 3); a literal is compared with the certificate all the same.
      servername: isIP(name) === 0 ? name : "",
      ALPNProtocols: ["http/1.1"],
    };
  }

  #watch({ socket, progress }: Watched, target: Target, done: Dialed): void {
    const connected = (): void => {
      const refusal = this.#options.guard.refusal(socket.remoteAddress ?? "", target.host);
      if (refusal !== undefined) socket.destroy(blocked(refusal, target.host, socket.remoteAddress));
      else if (target.secure) progress.phase = "securing";
      else finish(null);
    };
    const failed = (error: Error): void => finish(error);
    const closed = (): void => finish(new Error("the connection was closed while it was made"));
    const secured = (): void => finish(null);
    const finish = (error: Error | null): void => {
      socket.off("connect", connected).off("secureConnect", secured).off("error", failed).off("close", closed);
      // A failure after the end of the dial, as of a socket that is being destroyed, is nobody's any more.
      socket.on("error", ignore);
      if (error !== null) done(error, null);
      else {
        progress.phase = "open";
        done(null, socket);
      }
    };
    socket.setNoDelay(true).on("error", failed).on("close", closed);
    // First of all listeners: TLS must not say hello to an address that is refused.
    socket.prependListener("connect", connected);
    if (target.secure) socket.on("secureConnect", secured);
  }

  #resolve(name: string, callback: (error: Error | null, addresses: readonly LookupAddress[]) => void): void {
    const { lookup, guard } = this.#options;
    lookup(name, (error, addresses) => {
      if (error !== null) return callback(error, []);
      if (addresses.length === 0) return callback(nothingResolved(name), []);
      const refusals: HookwrightError[] = [];
      const allowed = addresses.filter(({ address }) => {
        const refusal = guard.refusal(address, name);
        if (refusal !== undefined) refusals.push(blocked(refusal, name, address));
        return refusal === undefined;
      });
      const [refusal] = refusals;
      if (allowed.length === 0 && refusal !== undefined) callback(refusal, []);
      else callback(null, someOf(allowed));
    });
  }

  #check(address: string, host: string): void {
    const refusal = this.#options.guard.refusal(address, host);
    if (refusal !== undefined) throw new HookwrightError("target_blocked", refusal);
  }
}

interface Progress {
  phase: DialPhase;
}

interface Watched {
  readonly socket: Socket;
  readonly progress: Progress;
}

interface Tunnelled {
  readonly target: Target;
  /** 0 for a name. */
  readonly family: number;
  readonly proxy: EgressProxy;
}

interface Resolved {
  readonly error: Error | null;
  readonly addresses: readonly LookupAddress[];
}

function answerLookup(
  { error, addresses }: Resolved,
  options: Parameters<LookupFunction>[1],
  callback: Parameters<LookupFunction>[2],
): void {
  const [first] = addresses;
  if (error !== null || first === undefined) callback(error ?? nothingResolved("the host"), []);
  else if (options.all === true) callback(null, [...addresses]);
  else callback(null, first.address, first.family);
}

/**
 * Both families in turn, the one that came first first. Whoever owns a name may give it thousands of addresses, and each would cost
 * a connection.
 */
function someOf(addresses: readonly LookupAddress[]): readonly LookupAddress[] {
  const first = addresses.filter(({ family }) => family === addresses[0]?.family);
  const other = addresses.filter(({ family }) => family !== addresses[0]?.family);
  const inTurn = first.slice(0, mostAddresses).flatMap((address, index) => [address, ...other.slice(index, index + 1)]);
  return [...inTurn, ...other.slice(first.length)].slice(0, mostAddresses);
}

/** What a name resolves to is the operator's business: the log shows an error's causes, and nobody else does. */
function blocked(refusal: string, name: string, address = "nothing"): HookwrightError {
  return new HookwrightError("target_blocked", refusal, { cause: new Error(`${name} resolved to ${address}`) });
}

function nothingResolved(name: string): Error {
  return Object.assign(new Error(`${name} has no address`), { code: "ENODATA" });
}
