import swagger from "@fastify/swagger";
import { type JsonSchema, type RegisteredEvent, version, type Webhooks } from "@hookwright/core";
import { isJsonObject } from "@hookwright/core/internal";
import type { FastifyInstance } from "fastify";
import { tokenSchema } from "./access-token-schemas.js";
import { errorSchema, type SharedSchema } from "./answer-schemas.js";
import { attemptSchema, deliveryDetailSchema, deliverySchema } from "./delivery-schemas.js";
import { eventSchema, newEventSchema, receiptSchema } from "./event-schemas.js";
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

/** `GET /api/openapi.json`: made from the routes, and from the events that are registered when it is asked for. */
export function openApiRoutes(app: FastifyInstance, { hooks }: { readonly hooks: Webhooks }): void {
  serveResource(app, {
    path: "/api/openapi.json",
    name: "OpenAPI",
    operations: {
      // The plugin's types allow for OpenAPI 2 too, which has no components.
      GET: { schema: openApiSchema, handle: () => withEvents(app.swagger() as Described, hooks.events.list()) },
    },
  });
}

interface Described {
  readonly components?: { readonly schemas?: Readonly<Record<string, JsonSchema>> };
}

function withEvents(document: Described, events: readonly RegisteredEvent[]): unknown {
  const { components = {} } = document;
  const payloads = events.map(({ definition }) => [
    payloadName(definition.action),
    embedded(definition.schema, payloadName(definition.action)),
  ]);
  const newEvent = {
    ...components.schemas?.["NewEvent"],
    oneOf: events.map(({ definition, names }) => ({
      title: definition.action,
      description: definition.summary,
      properties: {
        action: { enum: names },
        payload: { $ref: `#/components/schemas/${payloadName(definition.action)}` },
      },
    })),
  };
  const schemas = { ...components.schemas, NewEvent: newEvent, ...Object.fromEntries(payloads) };
  return { ...document, components: { ...components, schemas } };
}

/** Names of components may not hold the colon that actions may. */
function payloadName(action: string): string {
  return `Payload.${action.replaceAll(":", "__")}`;
}

const data = new Set(["const", "enum", "default", "examples", "example"]);

/** A schema that refers to its own parts does so from its new place. */
function embedded(schema: JsonSchema, name: string): unknown {
  const { $id: _id, $schema: _dialect, ...rest } = schema;
  return moved(rest, `#/components/schemas/${name}`);
}

function moved(schema: unknown, place: string): unknown {
  if (Array.isArray(schema)) return schema.map((part) => moved(part, place));
  if (!isJsonObject(schema)) return schema;
  return Object.fromEntries(
    Object.entries(schema).map(([keyword, value]) => {
      if (keyword === "$ref" && typeof value === "string" && /^#(?:\/|$)/.test(value))
        return [keyword, `${place}${value.slice(1)}`];
      return [keyword, data.has(keyword) ? value : moved(value, place)];
    }),
  );
}
