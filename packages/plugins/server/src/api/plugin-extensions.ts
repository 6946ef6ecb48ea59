import { describeProblem } from "@hookwright/core/internal";
import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from "fastify";
import { callPlugin, PluginFault } from "../extend/call-plugin.js";
import type { Checked, ValueCheck } from "../extend/checked-values.js";
import type { FoundRoute } from "../extend/route-table.js";
import { RequestProblem } from "../request-problem.js";
import { organizationOf } from "./caller.js";
import { type PluginAddress, readPluginAddress } from "./plugin-address.js";
import { runCommand } from "./plugin-commands.js";
import { type ExtensionPorts, fieldValues, hangUp, jsonOf, type PluginExchange } from "./plugin-exchange.js";
import { readJsonBody } from "./request-body.js";

/** `/api/plugins/{name}/…`: what plugins contribute. One route for all of them, since the plugins may come and go while it serves. */
export function extensionRoutes(app: FastifyInstance, ports: ExtensionPorts): void {
  app.route({
    // Fastify serves HEAD by itself wherever it serves GET.
    method: app.supportedMethods.filter((method) => method !== "HEAD") as HTTPMethods[],
    url: "/api/plugins/*",
    schema: { hide: true },
    // Before the body is read: nobody needs that of a request that leads nowhere.
    onRequest: async (request) => void endpointAt(request, ports),
    handler: (request, reply) => {
      // Looked up again: the plugin may be gone by now.
      const { methods, answer } = endpointAt(request, ports);
      if (request.method !== "OPTIONS") return answer(reply);
      const name = "Plugin Route";
      const media = ["application/json"];
      return reply.header("allow", allowed(methods)).send({ name, description: "", renders: media, parses: media });
    },
  });
}

/** What stands at an address for the method of the request. */
interface Endpoint {
  readonly methods: readonly string[];
  answer(reply: FastifyReply): Promise<unknown>;
}

/** @throws RequestProblem `not_found` or `wrong_method`. */
function endpointAt(request: FastifyRequest, ports: ExtensionPorts): Endpoint {
  const address = readPluginAddress(request.url);
  const found =
    address === undefined ? undefined : (commandAt(address, request, ports) ?? routeAt(address, request, ports));
  if (found === undefined) throw new RequestProblem("not_found", "Not found.");
  const { method } = request;
  if (method === "OPTIONS" || found.methods.includes(method === "HEAD" ? "GET" : method)) return found;
  throw new RequestProblem("wrong_method", `Method "${method}" not allowed.`, {
    headers: { allow: allowed(found.methods) },
  });
}

function allowed(methods: readonly string[]): string {
  return [...methods, ...(methods.includes("GET") ? ["HEAD"] : []), "OPTIONS"].join(", ");
}

function commandAt(
  { plugin, steps }: PluginAddress,
  request: FastifyRequest,
  ports: ExtensionPorts,
): Endpoint | undefined {
  const [word, name, ...more] = steps;
  const command = word === "commands" && name !== undefined ? ports.plugin.commands.find(plugin, name) : undefined;
  if (command === undefined || more.length > 0) return undefined;
  return { methods: ["POST"], answer: (reply) => runCommand(command, { request, reply, ports }) };
}

function routeAt(
  { plugin, steps }: PluginAddress,
  request: FastifyRequest,
  ports: ExtensionPorts,
): Endpoint | undefined {
  const found = ports.plugin.routes.find(plugin, steps);
  if (found.length === 0) return undefined;
  const wanted = request.method === "HEAD" ? "GET" : request.method;
  return {
    methods: [...new Set(found.map(({ served }) => served.method))],
    answer: async (reply) => {
      const fitting = found.find(({ served }) => served.method === wanted);
      if (fitting === undefined) throw new TypeError("unreachable: the method was looked at before");
      return answerRoute(fitting, { request, reply, ports });
    },
  };
}

async function answerRoute({ served, params: texts }: FoundRoute, exchange: PluginExchange): Promise<unknown> {
  const { route, owner, checks, signal } = served;
  const { request, reply, ports } = exchange;
  const what = `${route.method} ${route.path}`;
  const params = checks.params === undefined ? texts : pathValues(checks.params(texts));
  const query = checks.query === undefined ? request.query : fieldValues(checks.query(request.query));
  const body = checks.body === undefined ? undefined : bodyValues(request, checks.body);
  const organization = organizationOf(request);
  const given = await callPlugin({
    owner,
    what,
    organization,
    hooks: ports.hooks,
    clock: ports.clock,
    signals: [hangUp(reply)],
    gone: signal,
    // The schemas that made these values are those that made the types of the handler.
    run: (caller) => route.handle({ ...caller, params, query, body } as never),
  });
  if (given === undefined) return reply.code(204).send();
  const text = jsonOf(given, () => new PluginFault(owner, `${what}: the answer cannot be written as JSON`));
  const problem = checks.answer === undefined ? undefined : problemIn(checks.answer(JSON.parse(text)));
  // The place and the kinds, never a value: it may be a secret of the organization.
  if (problem !== undefined) throw new PluginFault(owner, `${what}: its answer does not fit its schema at ${problem}`);
  return reply
    .code(route.status ?? 200)
    .type("application/json; charset=utf-8")
    .send(text);
}

/** An address whose parameters cannot be is one that leads nowhere. */
function pathValues(checked: Checked): unknown {
  if ("value" in checked) return checked.value;
  throw new RequestProblem("not_found", "Not found.");
}

function bodyValues(request: FastifyRequest, check: ValueCheck): unknown {
  return fieldValues(check(structuredClone(readJsonBody(request).value)));
}

function problemIn(checked: Checked): string | undefined {
  return "problem" in checked ? describeProblem(checked.problem) : undefined;
}
