import {
  type AccessStore,
  type ConfiguredPlugin,
  createMemoryStore,
  createWebhooks,
  type LogFields,
  type Logger,
  type OrganizationId,
  type Settings,
  type Store,
  type Transport,
  type Webhooks,
} from "@hookwright/core";
import type { FastifyInstance } from "fastify";
import { Agent, request } from "undici";
import { createServerPlugin } from "./extend/server-plugin.js";
import { createHttpServer } from "./http-server.js";
import { OpenApiCheck } from "./openapi-check.test.support.js";
import { hashToken, makeToken } from "./tokens.js";

export interface RigOptions {
  readonly settings?: Partial<Settings>;
  readonly plugins?: readonly ConfiguredPlugin[];
  readonly store?: Store;
  readonly maxBody?: number;
  readonly requestTimeout?: number;
  /** In place of the network. */
  readonly transport?: Transport;
}

export interface CallOptions {
  /** Bytes and texts go as they are, anything else as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** `null`: none. That of organization 1 unless given. */
  readonly token?: string | null;
}

/** Parsed JSON that a test looks into: whatever is not there is `undefined`. */
export interface Parsed {
  readonly [key: string]: Parsed | undefined;
}

export interface ApiAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  readonly json: Parsed;
}

export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly fields: LogFields;
}

/** The API over a real socket and a real core, on a store in memory. Every answer is held against the OpenAPI document. */
export class ApiRig {
  readonly hooks: Webhooks;
  readonly url: string;
  /** Of organization 1. */
  readonly token: string;
  readonly log: readonly LogLine[];
  /** Every route of the server, those that the OpenAPI document does not show included. */
  readonly routes: readonly { readonly method: string; readonly path: string }[];
  readonly #access: AccessStore;
  readonly #server: FastifyInstance;
  readonly #agent = new Agent();
  #check: OpenApiCheck | undefined;
  #recorded = 0;
  #waiting: { readonly count: number; readonly resolve: () => void }[] = [];

  private constructor(parts: {
    readonly hooks: Webhooks;
    readonly url: string;
    readonly token: string;
    readonly log: readonly LogLine[];
    readonly routes: ApiRig["routes"];
    readonly access: AccessStore;
    readonly server: FastifyInstance;
  }) {
    this.hooks = parts.hooks;
    this.url = parts.url;
    this.token = parts.token;
    this.log = parts.log;
    this.routes = parts.routes;
    this.#access = parts.access;
    this.#server = parts.server;
    this.hooks.on("attempt.recorded", () => this.#attempted());
  }

  static async start(options: RigOptions = {}): Promise<ApiRig> {
    const { store = createMemoryStore(), plugins = [], maxBody = 1_000_000, requestTimeout, transport } = options;
    const log: LogLine[] = [];
    const logger = recordingLogger(log);
    const settings: Partial<Settings> = { allowTargets: "loopback", organizationWebhooks: true, ...options.settings };
    const plugin = createServerPlugin();
    const hooks = await createWebhooks({
      store,
      plugins: [plugin, ...plugins],
      settings,
      logger,
      ...(transport === undefined ? {} : { transport }),
    });
    await hooks.start();
    const limits = { maxBody, ...(requestTimeout === undefined ? {} : { requestTimeout }) };
    const server = createHttpServer({ hooks, access: store.access, logger, plugin, ...limits });
    const routes: { readonly method: string; readonly path: string }[] = [];
    server.addHook("onRoute", ({ method, url: path }) => {
      routes.push(...[method].flat().map((each) => ({ method: each, path })));
    });
    const url = await server.listen({ host: "127.0.0.1", port: 0 });
    const token = await addToken(store.access, 1);
    return new ApiRig({ hooks, url, token, log, routes, access: store.access, server });
  }

  /** A new token of this organization. */
  tokenOf(organization: number): Promise<string> {
    return addToken(this.#access, organization);
  }

  async call(method: string, path: string, options: CallOptions = {}): Promise<ApiAnswer> {
    const answer = await this.#send(method, path, options);
    await this.#hold(method, path, answer);
    return answer;
  }

  get(path: string, options?: CallOptions): Promise<ApiAnswer> {
    return this.call("GET", path, options);
  }

  post(path: string, body?: unknown, options?: CallOptions): Promise<ApiAnswer> {
    return this.call("POST", path, { ...options, body });
  }

  patch(path: string, body?: unknown): Promise<ApiAnswer> {
    return this.call("PATCH", path, { body });
  }

  /** What is answered from now on is held against the document as it is now: plugins have come or gone. */
  documentChanged(): void {
    this.#check = undefined;
  }

  /** The OpenAPI document as the service gives it out now. */
  async openApi(): Promise<OpenApiCheck> {
    if (this.#check !== undefined) return this.#check;
    const { json } = await this.#send("GET", "/api/openapi.json", {});
    this.#check = new OpenApiCheck(json);
    return this.#check;
  }

  /** Resolves when `count` attempts have been recorded in all. */
  attempts(count: number): Promise<void> {
    if (this.#recorded >= count) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting.push({ count, resolve });
    });
  }

  async stop(): Promise<void> {
    await this.#agent.close();
    await this.#server.close();
    await this.hooks.stop({ timeout: 0 });
  }

  async #send(
    method: string,
    path: string,
    { body, headers = {}, token = this.token }: CallOptions,
  ): Promise<ApiAnswer> {
    const raw = body === undefined || typeof body === "string" || body instanceof Uint8Array;
    const answer = await request(`${this.url}${path}`, {
      // Any method of HTTP is a test case; undici's type lists those it knows.
      method: method as "GET",
      dispatcher: this.#agent,
      body: raw ? (body ?? null) : JSON.stringify(body),
      headers: {
        ...(token === null ? {} : { authorization: `Token ${token}` }),
        ...(raw ? {} : { "content-type": "application/json" }),
        ...headers,
      },
    });
    const text = await answer.body.text();
    const isJson = String(answer.headers["content-type"]).startsWith("application/json") && text !== "";
    return { status: answer.statusCode, headers: answer.headers, text, json: isJson ? JSON.parse(text) : {} };
  }

  async #hold(method: string, path: string, { status, text, json }: ApiAnswer): Promise<void> {
    const check = await this.openApi();
    if (text !== "") check.check({ method, path: path.split("?")[0] ?? path, status, body: json });
  }

  #attempted(): void {
    this.#recorded += 1;
    for (const { count, resolve } of this.#waiting) if (count <= this.#recorded) resolve();
    this.#waiting = this.#waiting.filter(({ count }) => count > this.#recorded);
  }
}

async function addToken(access: AccessStore, organization: number): Promise<string> {
  const value = makeToken();
  const [name, createdAt] = [`test of ${organization}`, Date.parse("2026-01-01")];
  // A test names organizations by plain numbers.
  await access.add({ organization: organization as OrganizationId, name, hash: hashToken(value), createdAt });
  return value;
}

function recordingLogger(lines: LogLine[]): Logger {
  const keep =
    (level: string) =>
    (message: string, fields: LogFields = {}): void =>
      void lines.push({ level, message, fields });
  return { isEnabled: () => true, debug: keep("debug"), info: keep("info"), warn: keep("warn"), error: keep("error") };
}
