import { randomUUID } from "node:crypto";
import type { Socket } from "node:net";
import { type AccessStore, type Clock, type Logger, silentLogger, systemClock, type Webhooks } from "@hookwright/core";
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from "fastify";
import { accessTokenRoutes } from "./api/access-tokens.js";
import type { ApiPorts } from "./api/api-ports.js";
import { asyncApiRoutes } from "./api/asyncapi.js";
import { requireToken } from "./api/caller.js";
import { deliveryRoutes } from "./api/deliveries.js";
import { eventBatchRoutes } from "./api/event-batch.js";
import { eventRoutes } from "./api/events.js";
import { describeRoutes, openApiRoutes } from "./api/openapi.js";
import { extensionRoutes } from "./api/plugin-extensions.js";
import { pluginRoutes } from "./api/plugins.js";
import { wrongMediaType } from "./api/request-body.js";
import { serviceStateRoutes } from "./api/service-state.js";
import { webhookInfoRoutes } from "./api/webhook-info.js";
import { webhookTestRoutes } from "./api/webhook-test.js";
import { webhookRoutes } from "./api/webhooks.js";
import { answerOf } from "./error-envelope.js";
import { logError } from "./error-log.js";
import { PluginFault } from "./extend/call-plugin.js";
import type { ServerPlugin } from "./extend/server-plugin.js";
import { RequestProblem } from "./request-problem.js";

/** What the API's server is made from. */
export interface HttpServerOptions {
  readonly hooks: Webhooks;
  readonly access: AccessStore;
  /** Bytes of the largest request body. */
  readonly maxBody: number;
  readonly logger?: Logger;
  readonly clock?: Clock;
  /** The one that is among the plugins of `hooks`; without it no plugin can contribute routes and commands. */
  readonly plugin?: ServerPlugin;
}

/** Longer than any action that can be registered. */
const longestParameter = 200;

/** Milliseconds for a whole request to come in: enough for a large body over a slow line, and an end for one that trickles. */
const requestTimeout = 120_000;

/**
 * The HTTP server of the API, not listening yet: `await server.listen({ host, port })`, and `await server.close()` before
 * `hooks.stop()`.
 *
 * @example
 * ```ts
 * import { createMemoryStore, createWebhooks } from "@hookwright/core";
 * import { createHttpServer } from "@hookwright/plugin-server";
 *
 * const store = createMemoryStore();
 * const hooks = await createWebhooks({ store });
 * await hooks.start();
 * const server = createHttpServer({ hooks, access: store.access, maxBody: 1_000_000 });
 * console.log(await server.listen({ host: "127.0.0.1", port: 0 }));
 * await server.close();
 * await hooks.stop();
 * ```
 */
export function createHttpServer(options: HttpServerOptions): FastifyInstance {
  const { hooks, access, maxBody, logger = silentLogger, clock = systemClock, plugin } = options;
  const app = fastify({
    // Lines come from one place, error-log.ts, with the words and the level that they deserve.
    logger: false,
    bodyLimit: maxBody,
    requestTimeout,
    // The id of a request is the id of the error that may come of it.
    genReqId: () => randomUUID(),
    // Answered with the envelope below instead.
    return503OnClosing: false,
    routerOptions: {
      ignoreTrailingSlash: true,
      maxParamLength: longestParameter,
      // Of a repeated parameter the last counts, as in Django.
      querystringParser: (text) => Object.fromEntries(new URLSearchParams(text)),
    },
    frameworkErrors: (error, request, reply) => sendError(logger, { error, request, reply }),
    clientErrorHandler: refuseConnection,
  });
  readBodiesAsBytes(app);
  answerErrors(app, logger);
  describeRoutes(app);
  const ports: ApiPorts = { hooks, access, clock, logger };
  app.register(async (open) => {
    serviceStateRoutes(open, ports);
    webhookInfoRoutes(open, ports);
  });
  app.register(async (scope) => {
    requireToken(scope, access);
    webhookRoutes(scope, ports);
    webhookTestRoutes(scope, ports);
    eventRoutes(scope, ports);
    eventBatchRoutes(scope, ports);
    deliveryRoutes(scope, ports);
    accessTokenRoutes(scope, ports);
    pluginRoutes(scope, { hooks, commands: plugin?.commands });
    if (plugin !== undefined) extensionRoutes(scope, { hooks, clock, plugin });
    openApiRoutes(scope, { hooks, plugin });
    asyncApiRoutes(scope, ports);
  });
  return app;
}

/**
 * Handlers get bodies as bytes: a payload is kept as it came, and what is wrong with a body is said in this API's words.
 * The schemas of the routes describe; they neither check nor change what comes in or goes out.
 */
function readBodiesAsBytes(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
  app.setValidatorCompiler(() => () => true);
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
}

function answerErrors(app: FastifyInstance, logger: Logger): void {
  let stopping = false;
  app.addHook("preClose", async () => {
    stopping = true;
  });
  app.addHook("onRequest", async () => {
    if (stopping) throw new RequestProblem("stopping", "The service is stopping.");
  });
  app.setErrorHandler((error, request, reply) => {
    // Fastify would close the connection on a body that is too large. Many clients send all of it before they read, and
    // would see a broken pipe in place of the answer: so the rest is read and thrown away, within the time of a request.
    if (codeOf(error) === "FST_ERR_CTP_BODY_TOO_LARGE") reply.removeHeader("connection");
    const known = codeOf(error) === "FST_ERR_CTP_INVALID_MEDIA_TYPE" ? wrongMediaType(request) : error;
    sendError(logger, { error: known, request, reply });
  });
  app.setNotFoundHandler(() => {
    throw new RequestProblem("not_found", "Not found.");
  });
}

interface Failure {
  readonly error: unknown;
  readonly request: Pick<FastifyRequest, "id" | "method" | "url">;
  readonly reply: FastifyReply;
}

function sendError(logger: Logger, { error, request, reply }: Failure): void {
  const answer = answerOf(error, request.id);
  // Without the query: it is nobody's business, and not needed to find the fault.
  const [path] = request.url.split("?", 1);
  const blamed = error instanceof PluginFault ? { plugin: error.plugin } : {};
  logError(logger, answer, error, { method: request.method, path, ...blamed });
  reply.code(answer.status).headers(answer.headers).type("application/json; charset=utf-8").send(answer.envelope);
}

function codeOf(error: unknown): unknown {
  return Object(error).code;
}

const clientErrors: Readonly<Record<string, readonly [status: string, detail: string]>> = {
  HPE_HEADER_OVERFLOW: ["431 Request Header Fields Too Large", "The headers of the request are too large."],
  ERR_HTTP_REQUEST_TIMEOUT: ["408 Request Timeout", "The request did not come in whole in time."],
};

/** What comes before there is a request: it is not HTTP, or not whole. */
function refuseConnection(error: Error & { readonly code: string }, socket: Socket): void {
  if (error.code === "ECONNRESET" || !socket.writable) return void socket.destroy();
  const [status, detail] = clientErrors[error.code] ?? ["400 Bad Request", "The request is not valid HTTP."];
  const body = JSON.stringify({ detail });
  socket.end(
    `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}
