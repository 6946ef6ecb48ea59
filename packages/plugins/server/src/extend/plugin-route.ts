import {
  defineExtension,
  type EmitOptions,
  type EmitReceipt,
  type EventDefinition,
  type EventInstance,
  type Extension,
  type Infer,
  type JsonSchema,
  type KnownAction,
  type WebhookEventMap,
} from "@hookwright/core";

/** The methods that a route of a plugin may have. */
export type RouteMethod = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** Why a request is refused: 400, 403, 404 or 409. */
export type Refusal = "invalid" | "forbidden" | "not_found" | "conflict";

/** How an event is emitted from a request: in the organization of whoever asks. */
export type CallerEmitOptions = Pick<EmitOptions, "project" | "id">;

/**
 * Emits an event in the organization of the caller, for as long as the caller waits.
 *
 * @throws HookwrightError as `Webhooks.emit` does; `lifecycle_invalid` once there is an answer or nobody waits for one, as
 * `signal` says.
 */
export interface CallerEmit {
  (event: EventInstance, options?: CallerEmitOptions): Promise<EmitReceipt>;
  <Payload>(
    event: EventDefinition<string, Payload>,
    payload: NoInfer<Payload>,
    options?: CallerEmitOptions,
  ): Promise<EmitReceipt>;
  <Action extends KnownAction>(
    action: Action,
    payload: WebhookEventMap[Action],
    options?: CallerEmitOptions,
  ): Promise<EmitReceipt>;
}

/** What is known of the one who asks, and what can be done in its name. */
export interface Caller {
  /** The organization of the token: nothing of another one may be answered. */
  readonly organization: number;
  /** Aborts when the caller hangs up, when the plugin is unloaded, and when the time for an answer is over. */
  readonly signal: AbortSignal;
  readonly emit: CallerEmit;
  /** Ends the request with an error of the caller's; `detail` is what is answered. */
  refuse(why: Refusal, detail: string): never;
}

/** One request, checked against the schemas of its route. */
export interface RouteRequest<Params, Query, Body> extends Caller {
  readonly params: Params;
  readonly query: Query;
  /** `undefined` where the route has no schema for one. */
  readonly body: Body;
}

/** Without a schema of their own, parameters are texts. */
export type TextParameters = {
  readonly type: "object";
  readonly additionalProperties: { readonly type: "string" };
};

/** What an author says of a route. */
export interface RouteOptions<
  Params extends JsonSchema,
  Query extends JsonSchema,
  Body extends JsonSchema,
  Answer extends JsonSchema,
> {
  readonly method: RouteMethod;
  /** Below `/api/plugins/{name}`, with parameters as in `/invoices/:id`. */
  readonly path: string;
  /** One sentence for the OpenAPI document. */
  readonly summary: string;
  readonly description?: string;
  /** Of an object: numbers and booleans are read from the text of the address. */
  readonly params?: Params;
  /** As `params`; defaults are filled in. */
  readonly query?: Query;
  /** Of a JSON object; without it no body is read. */
  readonly body?: Body;
  /** Of what `handle` gives back. An answer that does not fit is the plugin's error. */
  readonly answer?: Answer;
  /** 200 unless given; 204 where nothing is given back. */
  readonly status?: 200 | 201 | 202;
  /** Gives the answer. What it throws is the plugin's error, and a 500 that says nothing of it. */
  handle(request: RouteRequest<Infer<Params>, Infer<Query>, Infer<Body>>): Infer<Answer> | Promise<Infer<Answer>>;
}

/** A route as the server takes it, made with {@link defineRoute}. */
export interface PluginRoute extends Omit<RouteOptions<JsonSchema, JsonSchema, JsonSchema, JsonSchema>, "handle"> {
  /** As in {@link RouteOptions}. */
  handle(request: RouteRequest<never, never, never>): unknown;
}

/**
 * Types the handler of a route by the route's schemas; it changes nothing. Everything is checked when the plugin contributes it.
 *
 * @example
 * ```ts
 * import { definePlugin } from "@hookwright/core";
 * import { defineRoute, routes } from "@hookwright/plugin-server";
 *
 * const total = defineRoute({
 *   method: "GET",
 *   path: "/invoices/:id/total",
 *   summary: "What an invoice comes to",
 *   params: { type: "object", required: ["id"], properties: { id: { type: "integer" } } },
 *   answer: { type: "object", required: ["cents"], properties: { cents: { type: "integer" } } },
 *   handle: ({ params, refuse }) => (params.id === 7 ? { cents: 1250 } : refuse("not_found", "There is no such invoice.")),
 * });
 *
 * export default definePlugin({
 *   name: "billing",
 *   version: "1.0.0",
 *   setup: (ctx) => void ctx.contribute(routes, total),
 * });
 * ```
 */
export function defineRoute<
  const Params extends JsonSchema = TextParameters,
  const Query extends JsonSchema = TextParameters,
  const Body extends JsonSchema = JsonSchema,
  const Answer extends JsonSchema = JsonSchema,
>(route: RouteOptions<Params, Query, Body, Answer>): PluginRoute {
  return route;
}

/**
 * Where plugins add routes to the API: under `/api/plugins/{name}/`, with the same tokens, errors and checks as everything
 * else there. They are gone when the plugin is.
 */
export const routes: Extension<PluginRoute> = defineExtension<PluginRoute>("server/routes");
