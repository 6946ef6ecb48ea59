import type { AccessStore, AccessToken, OrganizationId } from "@hookwright/core";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { authenticate } from "../tokens.js";

declare module "fastify" {
  interface FastifyRequest {
    /** Whose token came with the request; `null` where none is asked for. */
    caller: AccessToken | null;
  }
}

/** Closes a scope: no request gets further in without a known token, not even to have its body read. */
export function requireToken(scope: FastifyInstance, access: AccessStore): void {
  scope.decorateRequest("caller", null);
  scope.addHook("onRequest", async (request) => {
    request.caller = await authenticate(request.headers.authorization, access);
  });
}

/** The organization that the request may see: all that a handler asks of core is asked for this one. */
export function organizationOf(request: FastifyRequest): OrganizationId {
  if (request.caller === null) throw new TypeError("this route is not behind requireToken()");
  return request.caller.organization;
}
