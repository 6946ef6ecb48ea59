import { randomUUID } from "node:crypto";
import { type AccessStore, type Clock, type Logger, silentLogger, systemClock, type Webhooks } from "@hookwright/core";
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from "fastify";
import { accessTokenRoutes } from "./api/access-tokens.js";
import type { ApiPorts } from "./api/api-ports.js";
import { asyncApiRoutes } from "./api/asyncapi.js";
import { requireToken } from "./api/caller.js";
import { deliveryRoutes } from "./api/deliveries.js";
import { eventBatchRoutes } from "./api/event-batch.js";
import { eventRoutes } from "./api/events.js";
import { jobRoutes } from "./api/jobs.js";
import { describeRoutes, openApiRoutes } from "./api/openapi.js";
import { extensionRoutes } from "./api/plugin-extensions.js";
import { pluginRoutes } from "./api/plugins.js";
import { wrongMediaType } from "./api/request-body.js";
import { serviceStateRoutes } from "./api/service-state.js";
import { webhookInfoRoutes } from "./api/webhook-info.js";
import { webhookReplayRoutes } from "./api/webhook-replay.js";
import { webhookSecretRoutes } from "./api/webhook-secret.js";
import { webhookTestRoutes } from "./api/webhook-test.js";
import { webhookRoutes } from "./api/webhooks.js";
import { BrokenConnections } from "./broken-connections.js";
import { answerOf } from "./error-envelope.js";
import { ErrorLog } from "./error-log.js";
import { PluginFault } from "./extend/call-plugin.js";
import type { ServerPlugin } from "./extend/server-plugin.js";
import { readBytes } from "./request-bytes.js";
import { boundRequests, mostConnections } from "./request-load.js";
import { RequestProblem } from "./request-problem.js";
import { safeHeaders } from "./safe-headers.js";

/** What the API's server is made from. */
export interface HttpServerOptions {
  readonly hooks: Webhooks;
  readonly access: AccessStore;
  /** Bytes of the largest request body. */
  readonly maxBody: number;
  /** Milliseconds for a whole request to come in, and for an answer that is not read at all; 120,000. */
  readonly requestTimeout?: number;
  readonly logger?: Logger;
  readonly clock?: Clock;
  /** The one that is among the plugins of `hooks`; without it no plugin can contribute routes and commands. */
  readonly plugin?: ServerPlugin;
}

/** Longer than any action that can be registered. */
const longestParameter = 200;

/** Enough, in milliseconds, for a large body over a slow line, and an end for one that trickles. */
const defaultRequestTimeout = 120_000;

/** Milliseconds for the headers of a request: nobody needs long for 16 kB. */
const headersTimeout = 20_000;

/** Between two looks at who is too slow, in milliseconds. */
const lookInterval = 5_000;

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
  const { requestTimeout = defaultRequestTimeout } = options;
  const errors = new ErrorLog(logger, clock);
  const broken = new BrokenConnections(clock);
  const app = fastify({
    // Lines come from one place, error-log.ts, with the words and the level that they deserve.
    logger: false,
    bodyLimit: maxBody,
    requestTimeout,
    http: {
      headersTimeout: Math.min(headersTimeout, requestTimeout),
      connectionsCheckingInterval: Math.min(lookInterval, requestTimeout / 4),
    },
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
    frameworkErrors: (error, request, reply) => sendError(errors, { error, request, reply }),
    clientErrorHandler: (fault, socket) => broken.refuse(fault, socket),
  });
  broken.watch(app.server);
  boundConnections(app, requestTimeout);
  boundRequests(app, maxBody);
  readBodiesAsBytes(app, maxBody);
  answerErrors(app, errors);
  describeRoutes(app);
  const ports: ApiPorts = { hooks, access, clock, logger, errors };
  app.register(async (open) => {
    serviceStateRoutes(open, ports);
    webhookInfoRoutes(open, ports);
  });
  app.register(async (scope) => {
    requireToken(scope, access);
    webhookRoutes(scope, ports);
    webhookTestRoutes(scope, ports);
    webhookReplayRoutes(scope, ports);
    webhookSecretRoutes(scope, ports);
    eventRoutes(scope, ports);
    eventBatchRoutes(scope, ports);
    deliveryRoutes(scope, ports);
    jobRoutes(scope, ports);
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
function readBodiesAsBytes(app: FastifyInstance, maxBody: number): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", (request: FastifyRequest) => readBytes(request, maxBody));
  app.setValidatorCompiler(() => () => true);
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
}

function boundConnections(app: FastifyInstance, requestTimeout: number): void {
  const { server } = app;
  server.maxConnections = mostConnections;
  // A socket may rest between requests, and wait for a handler; but what it was answered must be read.
  server.setTimeout(requestTimeout, (socket) => {
    if (socket.writableLength > 0) socket.destroy();
  });
}

function answerErrors(app: FastifyInstance, errors: ErrorLog): void {
  let stopping = false;
  app.addHook("preClose", async () => {
    stopping = true;
  });
  app.addHook("onSend", async (_request, reply) => {
    reply.headers(safeHeaders);
    // Also for a request that came before the stop: the next one must go elsewhere.
    if (stopping) reply.header("connection", "close");
  });
  app.addHook("onRequest", async () => {
    if (stopping) throw new RequestProblem("stopping", "The service is stopping.");
  });
  app.setErrorHandler((error, request, reply) => {
    // Fastify would close the connection on a body that was not taken in; its rest is read, see request-bytes.ts.
    if (error instanceof RequestProblem) reply.removeHeader("connection");
    const known = codeOf(error) === "FST_ERR_CTP_INVALID_MEDIA_TYPE" ? wrongMediaType(request) : error;
    sendError(errors, { error: known, request, reply });
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

function sendError(errors: ErrorLog, { error, request, reply }: Failure): void {
  const answer = answerOf(error, request.id);
  // Without the query: it is nobody's business, and not needed to find the fault.
  const [path] = request.url.split("?", 1);
  const blamed = error instanceof PluginFault ? { plugin: error.plugin } : {};
  errors.write(answer, error, { method: request.method, path, ...blamed });
  reply
    .code(answer.status)
    .headers({ ...safeHeaders, ...answer.headers })
    .type("application/json; charset=utf-8")
    .send(answer.envelope);
}

function codeOf(error: unknown): unknown {
  return Object(error).code;
}
