import type { Disposer, EventOwner, JsonSchema } from "@hookwright/core";
import { isJsonObject } from "@hookwright/core/internal";
import { textsCheck, type ValueCheck, valueCheck } from "./checked-values.js";
import type { PluginRoute, RouteMethod } from "./plugin-route.js";
import { matchPath, type RoutePath, readRoutePath } from "./route-path.js";

/** A route that is served, and whose it is. */
export interface ServedRoute {
  readonly owner: EventOwner;
  readonly method: RouteMethod;
  readonly path: RoutePath;
  readonly route: PluginRoute;
  readonly checks: RouteChecks;
  /** Aborts when the route is taken away. */
  readonly signal: AbortSignal;
}

interface RouteChecks {
  readonly params: ValueCheck | undefined;
  readonly query: ValueCheck | undefined;
  readonly body: ValueCheck | undefined;
  readonly answer: ValueCheck | undefined;
}

/** A route that fits an address, and what stands in the address for its parameters. */
export interface FoundRoute {
  readonly served: ServedRoute;
  readonly params: Readonly<Record<string, string>>;
}

const methods: readonly string[] = ["GET", "POST", "PUT", "PATCH", "DELETE"] satisfies readonly RouteMethod[];

/**
 * Owns the routes of plugins. Fastify cannot take a route away again, so it has one for all of them, which asks here: what
 * is not in this table is not there. A plugin has few routes, so they are tried one after the other.
 */
export class RouteTable {
  readonly #routes = new Set<ServedRoute>();

  /** @throws TypeError or HookwrightError that says what is wrong with the route. */
  add(owner: EventOwner, route: PluginRoute): Disposer {
    const path = checkedPath(route);
    const label = `${route.method} ${route.path}`;
    const twin = [...this.#routes].find(
      (other) => other.owner.name === owner.name && other.method === route.method && other.path.shape === path.shape,
    );
    if (twin !== undefined) throw new TypeError(`${label} is there already, as ${twin.route.path}.`);
    const gone = new AbortController();
    const served = { owner, method: route.method, path, route, checks: checksOf(route, label), signal: gone.signal };
    this.#routes.add(served);
    return () => {
      this.#routes.delete(served);
      gone.abort();
    };
  }

  /** In the order in which they were added. */
  list(): readonly ServedRoute[] {
    return [...this.#routes];
  }

  /** What stands at an address of a plugin: a path that is written out goes before one with parameters. */
  find(plugin: string, steps: readonly string[]): readonly FoundRoute[] {
    return [...this.#routes]
      .filter(({ owner }) => owner.name === plugin)
      .flatMap((served) => {
        const params = matchPath(served.path, steps);
        return params === undefined ? [] : [{ served, params }];
      })
      .sort((one, other) => Object.keys(one.params).length - Object.keys(other.params).length);
  }
}

/** The server's own, below the path of every plugin. */
const reserved = "commands";

function checkedPath(route: PluginRoute): RoutePath {
  // Authors who write JavaScript may hand in anything.
  const fields: Partial<Record<string, unknown>> = { ...route };
  const { method, path: text, summary, status = 200 } = fields;
  const fault = (what: string): TypeError => new TypeError(`Route ${String(method)} ${String(text)}: ${what}.`);
  if (!methods.includes(String(method))) throw fault(`method must be one of ${methods.join(", ")}`);
  const path = readRoutePath(text);
  if (typeof path === "string") throw fault(path);
  const [first] = path.steps;
  if (first === undefined) throw fault('path must name something below "/"');
  if (first.kind === "text" && first.text === reserved) throw fault(`/${reserved} belongs to the plugin's commands`);
  if (typeof summary !== "string" || summary.trim() === "") throw fault("summary must say what it does");
  if (![200, 201, 202].includes(Number(status))) throw fault("status must be 200, 201 or 202");
  if (typeof fields["handle"] !== "function") throw fault("handle must be a function");
  for (const name of ["params", "query", "body"] as const) {
    const schema = fields[name];
    if (schema === undefined) continue;
    if (!isJsonObject(schema) || schema["type"] !== "object") throw fault(`${name} must be a schema of type "object"`);
    // Each parameter is documented by itself, away from the others.
    if (name !== "body" && JSON.stringify(schema).includes('"$ref"')) throw fault(`${name} must not use $ref`);
  }
  if (fields["answer"] !== undefined && !isJsonObject(fields["answer"])) throw fault("answer must be a schema");
  return path;
}

function checksOf({ params, query, body, answer }: PluginRoute, label: string): RouteChecks {
  const of = (schema: JsonSchema | undefined, make: typeof valueCheck, what: string): ValueCheck | undefined =>
    schema === undefined ? undefined : make(schema, `${what} of ${label}`);
  return {
    params: of(params, textsCheck, "the parameters"),
    query: of(query, textsCheck, "the query"),
    body: of(body, valueCheck, "the body"),
    answer: of(answer, valueCheck, "the answer"),
  };
}
