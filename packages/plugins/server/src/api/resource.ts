// Its types say that a route's schema may hide it from the OpenAPI document.
import type {} from "@fastify/swagger";
import type { FastifyInstance, FastifyReply, FastifyRequest, FastifySchema, HTTPMethods } from "fastify";
import { RequestProblem } from "../request-problem.js";
import { errorAnswers } from "./answer-schemas.js";

/** What one method of a resource does. The schema describes it in the OpenAPI document; the handler does the checking. */
interface Operation {
  readonly schema: FastifySchema;
  handle(request: FastifyRequest, reply: FastifyReply): unknown;
}

type ResourceMethod = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** One path with its methods, in the order in which `Allow` names them. */
export interface Resource {
  readonly path: string;
  readonly name: string;
  /** Media types of the bodies that it reads. */
  readonly parses?: readonly string[];
  /** Bytes of the largest body that it reads; HOOKWRIGHT_MAX_BODY unless that is larger. */
  readonly largestBody?: number;
  readonly operations: Readonly<Partial<Record<ResourceMethod, Operation>>>;
}

/**
 * Serves a resource as Django REST framework does: its methods, `HEAD` beside `GET`, `OPTIONS` with a description, and 405
 * for the rest.
 */
export function serveResource(app: FastifyInstance, resource: Resource): void {
  const { path: url, operations, largestBody } = resource;
  for (const [method, { schema, handle }] of Object.entries(operations))
    app.route({
      method,
      url,
      schema: withCapacity(method, schema),
      ...(largestBody === undefined ? {} : { bodyLimit: largestBody }),
      handler: (request, reply) => handle(request, reply),
    });
  // Fastify serves HEAD by itself wherever it serves GET.
  const served = [...Object.keys(operations), ...(operations.GET === undefined ? [] : ["HEAD"]), "OPTIONS"];
  const allow = served.join(", ");
  app.route({
    method: "OPTIONS",
    url,
    schema: { hide: true },
    handler: (_request, reply) => reply.header("allow", allow).send(describe(resource)),
  });
  app.route({
    method: app.supportedMethods.filter((method) => !served.includes(method)) as HTTPMethods[],
    url,
    schema: { hide: true },
    // Before the body is read: nobody needs it.
    onRequest: async (request) => {
      throw new RequestProblem("wrong_method", `Method "${request.method}" not allowed.`, { headers: { allow } });
    },
    handler: () => undefined,
  });
}

/** Every request may find the service busy or stopping, and every write the disk full. */
function withCapacity(method: string, schema: FastifySchema): FastifySchema {
  const answers = method === "GET" ? errorAnswers(503) : errorAnswers(503, 507);
  return { ...schema, response: { ...answers, ...Object(schema.response) } };
}

function describe({ name, parses = ["application/json"] }: Resource): unknown {
  return { name, description: "", renders: ["application/json"], parses };
}
