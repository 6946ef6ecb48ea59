import type { LookupAddress } from "node:dns";
import { connect as connectPlain, isIP, type LookupFunction, type Socket } from "node:net";
import { connect as connectSecure, createSecureContext, getCACertificates, type SecureContext } from "node:tls";
import { HookwrightError } from "../foundation/hookwright-error.js";
import type { Lookup } from "./name-resolver.js";
import type { Target } from "./target.js";
import type { TargetGuard } from "./target-guard.js";

/** How far a connection has come. */
export type DialPhase = "resolving" | "connecting" | "securing" | "open";

/** One connection that is being made, or was. Destroying its socket ends it at any phase. */
export interface Dialing {
  readonly socket: Socket;
  readonly progress: { readonly phase: DialPhase };
}

interface Progress {
  phase: DialPhase;
}

/** What {@link Dialer.dial} reports, once: an open socket, or why there is none. */
export type Dialed = (error: Error | null, socket: Socket | null) => void;

export interface DialerOptions {
  readonly guard: TargetGuard;
  readonly lookup: Lookup;
  /** Authorities that are trusted besides the usual ones, as PEM. */
  readonly certificateAuthorities: readonly string[];
}

/**
 * Makes connections, and lets none out that the guard has not seen: a literal is checked before anything else, a name's addresses
 * as they are resolved, and only those that passed are handed to the socket. An egress proxy or a client certificate has its place here.
 */
export class Dialer {
  readonly #guard: TargetGuard;
  readonly #lookup: Lookup;
  readonly #certificateAuthorities: readonly string[];
  #secureContext: SecureContext | undefined;

  constructor({ guard, lookup, certificateAuthorities }: DialerOptions) {
    this.#guard = guard;
    this.#lookup = lookup;
    this.#certificateAuthorities = certificateAuthorities;
  }

  /** @throws HookwrightError `target_blocked` for a literal that the guard refuses. */
  dial(target: Target, done: Dialed): Dialing {
    // Node never calls lookup for a literal.
    const literal = isIP(target.host) !== 0;
    if (literal) this.#check(target.host, target.host);
    const progress: Progress = { phase: literal ? "connecting" : "resolving" };
    const socket = this.#open(target, (name, options, callback) => {
      this.#resolve(name, (error, addresses) => {
        const [first] = addresses;
        if (error !== null || first === undefined) return callback(error ?? nothingResolved(name), []);
        progress.phase = "connecting";
        if (options.all === true) callback(null, [...addresses]);
        else callback(null, first.address, first.family);
      });
    });
    this.#watch({ socket, progress }, target, done);
    return { socket, progress };
  }

  #open(target: Target, lookup: LookupFunction): Socket {
    const { host, port } = target;
    // All of a name's addresses are tried in turn, so that one dead address or family does not fail the attempt.
    const options = { host, port, lookup, autoSelectFamily: true };
    if (!target.secure) return connectPlain(options);
    const name = host.replace(/\.$/, "");
    return connectSecure({
      ...options,
      secureContext: this.#context(),
      // Server Name Indication is for names only (RFC 6066, section 3); a literal is compared with the certificate all the same.
      servername: isIP(name) === 0 ? name : "",
      ALPNProtocols: ["http/1.1"],
    });
  }

  #watch({ socket, progress }: { socket: Socket; progress: Progress }, target: Target, done: Dialed): void {
    const connected = (): void => {
      const refusal = this.#guard.refusal(socket.remoteAddress ?? "", target.host);
      if (refusal !== undefined) socket.destroy(new HookwrightError("target_blocked", refusal));
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
    this.#lookup(name, (error, addresses) => {
      if (error !== null) return callback(error, []);
      const refusals: string[] = [];
      const allowed = addresses.filter(({ address }) => {
        const refusal = this.#guard.refusal(address, name);
        if (refusal !== undefined) refusals.push(refusal);
        return refusal === undefined;
      });
      const [refusal] = refusals;
      if (allowed.length === 0 && refusal !== undefined) callback(new HookwrightError("target_blocked", refusal), []);
      else callback(null, allowed);
    });
  }

  #check(address: string, host: string): void {
    const refusal = this.#guard.refusal(address, host);
    if (refusal !== undefined) throw new HookwrightError("target_blocked", refusal);
  }

  // One for all connections: Node would otherwise build one, with all authorities in it, for each.
  #context(): SecureContext {
    this.#secureContext ??= createSecureContext(
      this.#certificateAuthorities.length === 0
        ? {}
        : { ca: [...getCACertificates("default"), ...this.#certificateAuthorities] },
    );
    return this.#secureContext;
  }
}

function nothingResolved(name: string): Error {
  return Object.assign(new Error(`${name} has no address`), { code: "ENODATA" });
}

function ignore(): void {}
