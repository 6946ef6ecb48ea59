import type { AccessToken } from "@hookwright/core";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { RequestProblem } from "../request-problem.js";
import { hashToken, makeToken } from "../tokens.js";
import { createTokenSchema, deleteTokenSchema, listTokensSchema } from "./access-token-schemas.js";
import type { ApiPorts } from "./api-ports.js";
import { BodyFields } from "./body-fields.js";
import { organizationOf } from "./caller.js";
import { cursorOf, Query } from "./query.js";
import { readJsonBody } from "./request-body.js";
import { serveResource } from "./resource.js";
import { wireTime } from "./wire-time.js";

const longestName = 255;

/**
 * `/api/tokens/`: the access tokens of the caller's organization. Any of them may be revoked, also the caller's own and the
 * last one: a token that leaked must go at once, and the command on the machine makes a new one.
 */
export function accessTokenRoutes(app: FastifyInstance, ports: ApiPorts): void {
  serveResource(app, {
    path: "/api/tokens/",
    name: "Token List",
    operations: {
      GET: { schema: listTokensSchema, handle: (request) => listTokens(ports, request) },
      POST: {
        schema: createTokenSchema,
        handle: async (request, reply) => reply.code(201).send(await createToken(ports, request)),
      },
    },
  });
  serveResource(app, {
    path: "/api/tokens/:id/",
    name: "Token Instance",
    operations: {
      DELETE: {
        schema: deleteTokenSchema,
        handle: async (request, reply) => {
          // The route names the one parameter.
          const { id } = request.params as { readonly id: string };
          const number = /^\d{1,15}$/.test(id) ? Number(id) : 0;
          if (!(await ports.access.remove(organizationOf(request), number)))
            throw new RequestProblem("not_found", "No Token matches the given query.");
          return reply.code(204).send();
        },
      },
    },
  });
}

async function listTokens({ access }: ApiPorts, request: FastifyRequest): Promise<unknown> {
  const query = new Query(request);
  const page = query.page((key) => /^\d{1,15}$/.test(key));
  query.faults.refuse();
  const after = Number(page.after ?? 0);
  const rest = (await access.list(organizationOf(request))).filter((token) => token.id > after);
  const results = rest.slice(0, page.limit);
  const last = results.at(-1);
  const next = rest.length > page.limit && last !== undefined ? cursorOf(String(last.id)) : null;
  return { results: results.map(tokenJson), next };
}

async function createToken({ access, clock }: ApiPorts, request: FastifyRequest): Promise<unknown> {
  const fields = new BodyFields(readJsonBody(request));
  const name = fields.text("name", { longest: longestName }) ?? "";
  fields.faults.refuse();
  const value = makeToken();
  const token = await access.add({
    organization: organizationOf(request),
    name,
    hash: hashToken(value),
    createdAt: clock.now(),
  });
  return { ...tokenJson(token), value };
}

function tokenJson({ id, name, createdAt }: AccessToken): Readonly<Record<string, unknown>> {
  return { id, name, created_at: wireTime(createdAt) };
}
