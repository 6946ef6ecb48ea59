import swagger from "@fastify/swagger";
import { type JsonSchema, version, type Webhooks } from "@hookwright/core";
import type { FastifyInstance } from "fastify";
import { describedOnce } from "../describe/described-once.js";
import { type DescribedEvents, describeEvents } from "../describe/openapi-events.js";
import { describeExtensions } from "../describe/openapi-routes.js";
import type { ServerPlugin } from "../extend/server-plugin.js";
import { tokenSchema } from "./access-token-schemas.js";
import { errorSchema, type SharedSchema } from "./answer-schemas.js";
import { attemptSchema, deliveryDetailSchema, deliverySchema } from "./delivery-schemas.js";
import { eventSchema, newEventSchema, receiptSchema } from "./event-schemas.js";
import { jobSchema, replayPreviewSchema } from "./job-schemas.js";
import { pluginPath } from "./plugin-address.js";
import { pluginSchema } from "./plugin-schemas.js";
import { serveResource } from "./resource.js";
import { openApiSchema } from "./service-schemas.js";
import { newWebhookSchema, webhookChangeSchema, webhookInfoEntrySchema, webhookSchema } from "./webhook-schemas.js";

const sharedSchemas: readonly SharedSchema[] = [
  errorSchema,
  webhookSchema,
  newWebhookSchema,
  webhookChangeSchema,
  webhookInfoEntrySchema,
  eventSchema,
  newEventSchema,
  receiptSchema,
  deliverySchema,
  deliveryDetailSchema,
  attemptSchema,
  jobSchema,
  replayPreviewSchema,
  tokenSchema,
  pluginSchema,
];

/** Gathers the routes that are registered after it for the OpenAPI document. */
export function describeRoutes(app: FastifyInstance): void {
  for (const schema of sharedSchemas) app.addSchema(schema);
  app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Hookwright",
        description: "Webhooks: who wants which events, what was emitted, and what was delivered.",
        version,
        license: { name: "Apache-2.0", identifier: "Apache-2.0" },
      },
      servers: [{ url: "/" }],
      security: [{ token: [] }, { bearer: [] }],
      components: {
        securitySchemes: {
          token: {
            type: "apiKey",
            in: "header",
            name: "Authorization",
            description: "`Token <value>`",
          },
          bearer: { type: "http", scheme: "bearer", description: "The same value." },
        },
      },
    },
    convertConstToEnum: false,
    refResolver: { buildLocalReference: (schema) => String(schema["$id"]) },
  });
}

interface OpenApiPorts {
  readonly hooks: Webhooks;
  readonly plugin: ServerPlugin | undefined;
}

/** `GET /api/openapi.json`: made from the routes, and from the events, routes and commands of plugins that are there when it is asked for. */
export function openApiRoutes(app: FastifyInstance, { hooks, plugin }: OpenApiPorts): void {
  const describe = describedOnce(describeEvents);
  const documentOf = (document: Described): unknown =>
    withExtensions(withEvents(document, describe(hooks.events.list())), plugin);
  serveResource(app, {
    path: "/api/openapi.json",
    name: "OpenAPI",
    operations: {
      // Its types allow for OpenAPI 2 too, which has no components.
      GET: { schema: openApiSchema, handle: () => documentOf(app.swagger() as Described) },
    },
  });
}

interface Described {
  readonly webhooks?: unknown;
  readonly paths?: Readonly<Record<string, unknown>>;
  readonly components?: { readonly schemas?: Readonly<Record<string, JsonSchema>> };
}

function withExtensions(document: Described, plugin: ServerPlugin | undefined): Described {
  if (plugin === undefined) return document;
  return { ...document, paths: { ...document.paths, ...describeExtensions(plugin, pluginPath) } };
}

function withEvents(document: Described, { schemas, choices, examples, webhooks }: DescribedEvents): Described {
  const { paths = {}, components = {} } = document;
  const newEvent = { ...components.schemas?.["NewEvent"], oneOf: choices };
  return {
    ...document,
    paths: { ...paths, "/api/events/": withExamples(paths["/api/events/"], examples) },
    webhooks,
    components: { ...components, schemas: { ...components.schemas, NewEvent: newEvent, ...schemas } },
  };
}

/** Puts the examples into the body of `POST`. */
function withExamples(path: unknown, examples: unknown): unknown {
  const media = { ["application/json"]: { schema: { $ref: "#/components/schemas/NewEvent" }, examples } };
  const { post, ...others } = Object(path);
  return { ...others, post: { ...post, requestBody: { ...post.requestBody, content: media } } };
}
