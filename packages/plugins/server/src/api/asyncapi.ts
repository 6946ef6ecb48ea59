import type { Webhooks } from "@hookwright/core";
import type { FastifyInstance } from "fastify";
import { asyncApiDocument } from "../describe/asyncapi-document.js";
import { describedOnce } from "../describe/described-once.js";
import { serveResource } from "./resource.js";
import { asyncApiSchema } from "./service-schemas.js";

/** `GET /api/asyncapi.json`: made from the events that are registered when it is asked for. */
export function asyncApiRoutes(app: FastifyInstance, { hooks }: { readonly hooks: Webhooks }): void {
  const documentOf = describedOnce(asyncApiDocument);
  serveResource(app, {
    path: "/api/asyncapi.json",
    name: "AsyncAPI",
    operations: { GET: { schema: asyncApiSchema, handle: () => documentOf(hooks.events.list()) } },
  });
}
