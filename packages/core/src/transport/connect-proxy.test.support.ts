import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { createServer as createSecureServer } from "node:tls";
import type { TestCertificate } from "./test-certificate.test.support.js";

/** What a proxy does with a CONNECT: opens the way, answers something else and hangs up, or says nothing. */
type ProxyConduct = "open" | "silent" | { readonly answer: string };

export interface ConnectProxyOptions {
  /** TLS on the way to the proxy, where there is one. */
  readonly certificate?: TestCertificate;
  /** `user:password` that is asked for. */
  readonly credentials?: string;
  /** What is done with the CONNECT of an address; each is let through unless given. */
  readonly conduct?: (authority: string) => ProxyConduct;
}

/** A real proxy on a loopback port that knows CONNECT and nothing else. */
export class ConnectProxy {
  /** The heads of all requests. */
  readonly requests: string[] = [];
  readonly #server: Server;
  readonly #options: ConnectProxyOptions;
  readonly #open = new Set<Socket>();
  readonly #whenClosed: (() => void)[] = [];

  private constructor(options: ConnectProxyOptions) {
    this.#options = options;
    const { certificate } = options;
    const serve = (socket: Socket): void => this.#serve(socket);
    this.#server = certificate === undefined ? createServer(serve) : createSecureServer({ ...certificate }, serve);
    this.#server.on("tlsClientError", () => {});
  }

  static async listen(options: ConnectProxyOptions = {}): Promise<ConnectProxy> {
    const proxy = new ConnectProxy(options);
    await new Promise<void>((resolve, reject) => {
      proxy.#server.once("error", reject).listen(0, "127.0.0.1", resolve);
    });
    return proxy;
  }

  get port(): number {
    // listen() gave it one: a bound TCP server has no other form of address.
    return (this.#server.address() as AddressInfo).port;
  }

  /** The addresses that it was asked for, in order. */
  get asked(): readonly string[] {
    return this.requests.map((head) => head.split(" ")[1] ?? "");
  }

  /** Resolves when no connection is open, neither to a sender nor to a receiver. */
  allClosed(): Promise<void> {
    if (this.#open.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#whenClosed.push(resolve);
    });
  }

  /** As HOOKWRIGHT_EGRESS_PROXY takes it. */
  url(credentials?: string, host = "127.0.0.1"): string {
    const scheme = this.#options.certificate === undefined ? "http" : "https";
    return `${scheme}://${credentials === undefined ? "" : `${credentials}@`}${host}:${this.port}`;
  }

  async close(): Promise<void> {
    for (const socket of this.#open) socket.destroy();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  #serve(client: Socket): void {
    this.#watch(client);
    let head = Buffer.alloc(0);
    const read = (chunk: Buffer): void => {
      head = Buffer.concat([head, chunk]);
      if (!head.includes("\r\n\r\n")) return;
      client.off("data", read);
      this.#answer(client, head.toString("latin1"));
    };
    client.on("data", read);
  }

  #answer(client: Socket, head: string): void {
    this.requests.push(head);
    const [method, authority = ""] = head.split(" ");
    const { credentials, conduct = () => "open" as const } = this.#options;
    if (method !== "CONNECT") return void client.end("HTTP/1.1 405 Method Not Allowed\r\n\r\n");
    const known = /^proxy-authorization: Basic (\S+)\r$/im.exec(head)?.[1];
    if (credentials !== undefined && Buffer.from(known ?? "", "base64").toString() !== credentials)
      return void client.end(
        'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="x"\r\n\r\n',
      );
    const way = conduct(authority);
    if (way === "open") this.#tunnel(client, authority);
    else if (way === "silent") client.resume();
    else client.end(way.answer);
  }

  #tunnel(client: Socket, authority: string): void {
    const [, host = "", port = ""] = /^\[?(.*?)\]?:(\d+)$/.exec(authority) ?? [];
    const target = connect({ host, port: Number(port) });
    this.#watch(target);
    target
      .once("connect", () => {
        client.write("HTTP/1.1 200 Connection established\r\nX-Proxy: test\r\n\r\n");
        client.pipe(target).pipe(client);
      })
      .on("error", () => client.end("HTTP/1.1 502 Bad Gateway\r\n\r\n"))
      .on("close", () => client.destroy());
    client.on("close", () => target.destroy());
  }

  #watch(socket: Socket): void {
    this.#open.add(socket);
    socket
      .on("error", () => {})
      .on("close", () => {
        this.#open.delete(socket);
        if (this.#open.size === 0) for (const resolve of this.#whenClosed.splice(0)) resolve();
      });
  }
}
