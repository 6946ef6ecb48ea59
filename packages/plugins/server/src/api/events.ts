import { HookwrightError, type RegisteredEvent } from "@hookwright/core";
import type { FastifyInstance } from "fastify";
import { RequestProblem } from "../request-problem.js";
import type { ApiPorts } from "./api-ports.js";
import { organizationOf } from "./caller.js";
import { emitInput, readEventInput } from "./event-input.js";
import { emitSchema, getEventSchema, listEventsSchema } from "./event-schemas.js";
import { cursorOf, Query } from "./query.js";
import { readJsonBody } from "./request-body.js";
import { serveResource } from "./resource.js";

/** `/api/events/`: emit, and the catalog of what can be emitted. */
export function eventRoutes(app: FastifyInstance, { hooks }: ApiPorts): void {
  serveResource(app, {
    path: "/api/events/",
    name: "Event List",
    operations: {
      GET: {
        schema: listEventsSchema,
        handle: (request) => {
          const query = new Query(request);
          const events = hooks.events.list();
          const page = query.page((key) => events.some((event) => event.definition.action === key));
          query.faults.refuse();
          const start = events.findIndex((event) => event.definition.action === page.after) + 1;
          const results = events.slice(start, start + page.limit);
          const last = results.at(-1);
          const more = last !== undefined && start + page.limit < events.length;
          return { results: results.map(eventJson), next: more ? cursorOf(last.definition.action) : null };
        },
      },
      POST: {
        schema: emitSchema,
        handle: async (request, reply) => {
          const input = readEventInput(readJsonBody(request));
          return reply.code(202).send(await emitInput(hooks, organizationOf(request), input));
        },
      },
    },
  });
  serveResource(app, {
    path: "/api/events/:action/",
    name: "Event Instance",
    operations: {
      GET: {
        schema: getEventSchema,
        handle: ({ params }) => {
          // The route above names the one parameter.
          const { action } = params as { readonly action: string };
          return eventJson(registered(() => hooks.events.get(action)));
        },
      },
    },
  });
}

/** An unknown action in an address is an address that leads nowhere. */
function registered(find: () => RegisteredEvent): RegisteredEvent {
  try {
    return find();
  } catch (error) {
    if (error instanceof HookwrightError && error.code === "action_unknown")
      throw new RequestProblem("not_found", error.message);
    throw error;
  }
}

function eventJson({ definition, owner }: RegisteredEvent): Readonly<Record<string, unknown>> {
  const { action, title, summary, description, scope, version, aliases, key, bulk, schema, example } = definition;
  return {
    name: action,
    action,
    title,
    summary,
    description,
    owner: { name: owner.name, version: owner.version },
    scope,
    version,
    aliases,
    key,
    bulk,
    schema,
    example,
  };
}
