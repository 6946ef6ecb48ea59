import type { Socket } from "node:net";
import { HookwrightError } from "../foundation/hookwright-error.js";

/** The longest answer to a CONNECT that is read. */
const longestHead = 16_384;

export interface ConnectTarget {
  readonly address: string;
  readonly port: number;
  readonly authorization: string | undefined;
}

/** The request that opens a tunnel: RFC 9110, section 9.3.6. */
export function connectRequest({ address, port, authorization }: ConnectTarget): string {
  const authority = address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
  const credentials = authorization === undefined ? "" : `Proxy-Authorization: ${authorization}\r\n`;
  return `CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${credentials}\r\n`;
}

/** Reads the proxy's answer, and decides what it says. */
export class ConnectAnswer {
  readonly #proxy: string;
  #read = Buffer.alloc(0);

  /** @param proxy - host and port, for messages */
  constructor(proxy: string) {
    this.#proxy = proxy;
  }

  /**
   * Takes what the socket has: `open` when there is a tunnel, and `undefined` while the answer is not complete. `proxy_refused`: the
   * proxy does not open the way to this target. `proxy_failed`: it does not know this sender, or does not answer as a proxy does.
   */
  take(socket: Socket): "open" | HookwrightError | undefined {
    for (let chunk: unknown = socket.read(); Buffer.isBuffer(chunk); chunk = socket.read()) {
      this.#read = Buffer.concat([this.#read, chunk]);
      if (this.#read.length > longestHead) return this.#failed("answered with more than a head");
    }
    const end = this.#read.indexOf("\r\n\r\n");
    if (end < 0) return undefined;
    const refusal = this.#judge(this.#read.toString("latin1", 0, this.#read.indexOf("\r\n")));
    if (refusal !== undefined) return refusal;
    // A receiver says nothing before it is asked; what came early is the proxy's.
    return this.#read.length > end + 4 ? this.#failed("sent more than its answer") : "open";
  }

  #judge(line: string): HookwrightError | undefined {
    const status = Number(/^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(line)?.[1]);
    if (status >= 200 && status <= 299) return undefined;
    if (status === 407) return this.#failed("answered 407: it wants a user and password in HOOKWRIGHT_EGRESS_PROXY");
    if (!(status >= 400)) return this.#failed("did not answer as a proxy does");
    const text = `the egress proxy ${this.#proxy} answered ${status}: it did not open the way to the receiver`;
    return new HookwrightError("proxy_refused", text);
  }

  #failed(what: string): HookwrightError {
    return new HookwrightError("proxy_failed", `the egress proxy ${this.#proxy} ${what}`);
  }
}
