import { HookwrightError, type WebhookCreation, type WebhookSettings, type Webhooks } from "@hookwright/core";
import { checkProject } from "@hookwright/core/internal";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { RequestProblem } from "../request-problem.js";
import type { ApiPorts } from "./api-ports.js";
import { organizationOf } from "./caller.js";
import { given } from "./given.js";
import { largestLimit, Query } from "./query.js";
import { serveResource } from "./resource.js";
import { largestWebhookBody, readWebhookBody, webhookMediaTypes } from "./webhook-body.js";
import {
  changeWebhookSchema,
  createWebhookSchema,
  deleteWebhookSchema,
  getWebhookSchema,
  listWebhooksSchema,
  replaceWebhookSchema,
} from "./webhook-schemas.js";
import { webhookJson } from "./webhook-wire.js";

/** `/api/webhooks/` and `/api/webhooks/{id}/`, as Label Studio has them. */
export function webhookRoutes(app: FastifyInstance, { hooks }: ApiPorts): void {
  serveResource(app, {
    path: "/api/webhooks/",
    name: "Webhook List",
    largestBody: largestWebhookBody,
    parses: webhookMediaTypes,
    operations: {
      GET: { schema: listWebhooksSchema, handle: (request) => listWebhooks(hooks, request) },
      POST: {
        schema: createWebhookSchema,
        handle: async (request, reply) => {
          const webhook = await createWebhook(hooks, request);
          return reply.code(201).header("location", `/api/webhooks/${webhook["id"]}/`).send(webhook);
        },
      },
    },
  });
  serveResource(app, {
    path: "/api/webhooks/:id/",
    name: "Webhook Instance",
    largestBody: largestWebhookBody,
    parses: webhookMediaTypes,
    operations: {
      GET: {
        schema: getWebhookSchema,
        handle: async (request) => webhookJson(await findWebhook(hooks, request)),
      },
      PUT: { schema: replaceWebhookSchema, handle: (request) => updateWebhook(hooks, request, { whole: true }) },
      PATCH: { schema: changeWebhookSchema, handle: (request) => updateWebhook(hooks, request, { whole: false }) },
      DELETE: {
        schema: deleteWebhookSchema,
        handle: async (request, reply) => {
          const organization = organizationOf(request);
          await known(hooks.webhooks.delete(webhookId(request), { organization }));
          return reply.code(204).send();
        },
      },
    },
  });
}

/** The webhook of the address. @throws RequestProblem `not_found`. */
export function findWebhook(hooks: Webhooks, request: FastifyRequest): ReturnType<Webhooks["webhooks"]["get"]> {
  return known(hooks.webhooks.get(webhookId(request), { organization: organizationOf(request) }));
}

async function listWebhooks(hooks: Webhooks, request: FastifyRequest): Promise<readonly unknown[]> {
  const query = new Query(request);
  const project = readProjectFilter(query);
  const limit = query.integer("limit", 1, largestLimit);
  const after = query.integer("after", 0);
  query.faults.refuse();
  const webhooks = await hooks.webhooks.list({
    organization: organizationOf(request),
    ...given({ project, limit, after }),
  });
  return webhooks.map(webhookJson);
}

/** A project, or `null` for the webhooks of the organization; ids belong to the host application, so any may exist. */
function readProjectFilter(query: Query): number | null | undefined {
  const text = query.text("project");
  if (text === undefined) return undefined;
  if (text === "null") return null;
  const checked = checkProject(text);
  if ("value" in checked) return checked.value;
  query.faults.add("project", ["Select a valid choice. That choice is not one of the available choices."]);
  return undefined;
}

async function createWebhook(hooks: Webhooks, request: FastifyRequest): Promise<Readonly<Record<string, unknown>>> {
  const organization = organizationOf(request);
  const { input, project } = await readWebhookBody(request, { partial: false });
  // Label Studio's default, also where actions are listed; the types are a claim that core checks field by field.
  const creation = { sendForAllActions: true, ...input, project } as unknown as WebhookCreation;
  return webhookJson(await hooks.webhooks.create(creation, { organization }));
}

async function updateWebhook(
  hooks: Webhooks,
  request: FastifyRequest,
  { whole }: { readonly whole: boolean },
): Promise<Readonly<Record<string, unknown>>> {
  // Asked for first, as Django does: an unknown id is 404 whatever the body says.
  const { id, organization } = await findWebhook(hooks, request);
  const { input } = await readWebhookBody(request, { partial: !whole });
  // As above: core checks field by field.
  const change = input as Partial<WebhookSettings>;
  return webhookJson(await known(hooks.webhooks.update(id, change, { organization, whole })));
}

/** What is no number names no webhook: 0 never does. */
function webhookId(request: FastifyRequest): number {
  // The routes of webhooks have this one parameter.
  const { id } = request.params as { readonly id: string };
  return /^\d{1,15}$/.test(id) ? Number(id) : 0;
}

/** Says that there is no such webhook in the words of Django REST framework. */
async function known<Value>(asked: Promise<Value>): Promise<Value> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof HookwrightError && error.code === "not_found")
      throw new RequestProblem("not_found", "No Webhook matches the given query.");
    throw error;
  }
}
