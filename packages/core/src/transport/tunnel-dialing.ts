import type { LookupAddress } from "node:dns";
import { connect as connectPlain, isIP, type LookupFunction, type Socket } from "node:net";
import { connect as connectSecure } from "node:tls";
import { HookwrightError, messageOf } from "../foundation/hookwright-error.js";
import { closeSocket, type Dialed, type Dialing, type DialPhase, ignore } from "./dialing.js";
import type { EgressProxy } from "./egress-proxy.js";
import { isMachineFault } from "./network-failure.js";
import { ConnectAnswer, connectRequest } from "./proxy-connect.js";
import type { TlsIdentity } from "./tls-identity.js";

export interface TunnelOptions {
  readonly proxy: EgressProxy;
  readonly identity: TlsIdentity;
  /** Finds the proxy. Its address is the operator's, and no guard's business. */
  readonly lookup: LookupFunction;
  readonly port: number;
  /** Gives the target's addresses, checked; calls back once. */
  readonly resolve: (callback: (error: Error | null, addresses: readonly LookupAddress[]) => void) => void;
  /** Makes TLS with the target inside of the tunnel; `undefined` where the target speaks plain HTTP. */
  readonly secure: ((tunnel: Socket) => Socket) | undefined;
}

/**
 * One connection through the egress proxy: the target's name is resolved and checked here, and the proxy is told the address, so that
 * what was checked is what is dialled there too. The addresses are tried in turn, each through a connection of its own.
 */
export class TunnelDialing implements Dialing {
  readonly #options: TunnelOptions;
  #done: Dialed | undefined;
  #phase: DialPhase = "resolving";
  #socket: Socket | undefined;
  #addresses: readonly LookupAddress[] = [];

  constructor(options: TunnelOptions, done: Dialed) {
    this.#options = options;
    this.#done = done;
    options.resolve((error, addresses) => {
      if (error !== null) return this.#end(error);
      this.#addresses = addresses;
      this.#next(new Error("no address is left"));
    });
  }

  get phase(): DialPhase {
    return this.#phase;
  }

  get socket(): Socket | undefined {
    return this.#socket;
  }

  destroy(): Promise<void> {
    this.#end(new Error("the connection was closed while it was made"));
    return closeSocket(this.#socket);
  }

  #next(failure: Error): void {
    if (this.#done === undefined) return;
    const [address, ...rest] = this.#addresses;
    if (address === undefined) return this.#end(failure);
    this.#addresses = rest;
    this.#phase = "proxying";
    const { proxy, port } = this.#options;
    const socket = this.#toProxy();
    const failed = (error: Error): void => this.#failed(socket, error);
    const closed = (): void => failed(new Error("it closed the connection"));
    const answer = new ConnectAnswer(proxy.authority);
    const read = (): void => {
      const verdict = answer.take(socket);
      if (verdict === undefined) return;
      socket.off("readable", read).off("error", failed).off("close", closed).on("error", ignore);
      if (verdict === "open") this.#opened(socket);
      else this.#refused(socket, verdict);
    };
    this.#socket = socket.setNoDelay(true).on("error", failed).on("close", closed).on("readable", read);
    socket.once(proxy.secure ? "secureConnect" : "connect", () => {
      this.#phase = "tunnelling";
      socket.write(connectRequest({ address: address.address, port, authorization: proxy.authorization }));
    });
  }

  #toProxy(): Socket {
    const { proxy, identity, lookup } = this.#options;
    const { host, port } = proxy;
    const options = { host, port, lookup, autoSelectFamily: true };
    if (!proxy.secure) return connectPlain(options);
    const servername = isIP(host) === 0 ? host : "";
    return connectSecure({ ...options, secureContext: identity.toProxy, servername, ALPNProtocols: ["http/1.1"] });
  }

  #opened(tunnel: Socket): void {
    const { secure } = this.#options;
    if (secure === undefined) return this.#end(null);
    this.#phase = "securing";
    const socket = secure(tunnel);
    const failed = (error: Error): void => this.#end(error);
    this.#socket = socket
      .on("error", failed)
      .on("close", () => failed(new Error("the connection was closed while it was made")))
      .on("secureConnect", () => this.#end(null));
  }

  /** The proxy was not reached, or fell silent: no other address would do better. */
  #failed(socket: Socket, cause: Error): void {
    if (socket !== this.#socket) return;
    if (isMachineFault(cause)) return this.#end(cause);
    const { authority } = this.#options.proxy;
    const text = cause instanceof AggregateError ? cause.errors.map(messageOf).join("; ") : messageOf(cause);
    this.#end(new HookwrightError("proxy_failed", `the egress proxy ${authority} failed: ${text}`, { cause }));
  }

  #refused(socket: Socket, failure: HookwrightError): void {
    socket.destroy();
    if (failure.code === "proxy_refused") this.#next(failure);
    else this.#end(failure);
  }

  #end(error: Error | null): void {
    const done = this.#done;
    this.#done = undefined;
    if (done === undefined) return;
    if (error === null) this.#phase = "open";
    done(error, error === null ? (this.#socket ?? null) : null);
  }
}
