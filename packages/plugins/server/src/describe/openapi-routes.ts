import type { JsonSchema } from "@hookwright/core";
import { isJsonObject } from "@hookwright/core/internal";
import type { CommandTable } from "../extend/command-table.js";
import { usageOf } from "../extend/command-table.js";
import type { RouteTable, ServedRoute } from "../extend/route-table.js";
import { documentedSchema } from "./documented-schema.js";
import { movedSchema } from "./moved-schema.js";

type Members = Readonly<Record<string, unknown>>;
type Paths = Record<string, Record<string, unknown>>;

/** What plugins contribute to the API, as paths of an OpenAPI document. */
export function describeExtensions(
  { routes, commands }: { readonly routes: RouteTable; readonly commands: CommandTable },
  pathOf: (plugin: string) => string,
): Paths {
  const paths: Paths = {};
  for (const served of routes.list()) {
    const path = `${pathOf(served.owner.name)}${served.path.template}`;
    const method = served.method.toLowerCase();
    paths[path] = { ...paths[path], [method]: operationOf(served, `#/paths/${escaped(path)}/${method}`) };
  }
  for (const { owner, command } of commands.list()) {
    const { name, summary } = command;
    const usage = `hookwright ${owner.name} ${name} ${usageOf(command)}`.trim();
    const post = {
      operationId: `plugin.${owner.name}.command.${name}`,
      summary,
      description: `What \`${usage}\` calls.`,
      tags: [owner.name],
      requestBody: {
        content: json({ type: "object", properties: { args: { type: "array", items: { type: "string" } } } }),
      },
      responses: {
        "200": { description: "What it printed.", content: json({ type: "object", required: ["output"] }) },
        ...errors(["400", "401", "403", "404", "409", "500", "503"]),
      },
    };
    paths[`${pathOf(owner.name)}/commands/${name}/`] = { post };
  }
  return paths;
}

function operationOf({ owner, method, path, route }: ServedRoute, place: string): Members {
  const status = String(route.status ?? 200);
  const media = "content/application~1json/schema";
  return {
    operationId: `plugin.${owner.name}.${method.toLowerCase()}${path.template.replaceAll("/", ".").replace(/\.$/, "")}`,
    summary: route.summary,
    ...(route.description === undefined ? {} : { description: route.description }),
    tags: [owner.name],
    parameters: [...pathParameters({ path, route }), ...queryParameters(route.query)],
    ...(route.body === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: json(movedSchema(documentedSchema(route.body), `${place}/requestBody/${media}`)),
          },
        }),
    responses: {
      [status]: {
        description: route.summary,
        ...(route.answer === undefined
          ? {}
          : { content: json(movedSchema(documentedSchema(route.answer), `${place}/responses/${status}/${media}`)) }),
      },
      ...errors(["400", "401", "403", "404", "409", "413", "415", "500", "503"]),
    },
  };
}

function pathParameters({ path, route }: Pick<ServedRoute, "path" | "route">): readonly Members[] {
  return path.steps
    .filter((step) => step.kind === "parameter")
    .map(({ name }) => ({ name, in: "path", required: true, schema: memberOf(route.params, name) }));
}

function queryParameters(query: JsonSchema | undefined): readonly Members[] {
  const required: readonly unknown[] = Array.isArray(query?.["required"]) ? query["required"] : [];
  return Object.keys(membersOf(query)).map((name) => ({
    name,
    in: "query",
    required: required.includes(name),
    schema: memberOf(query, name),
  }));
}

function memberOf(schema: JsonSchema | undefined, name: string): unknown {
  const members = membersOf(schema);
  const member = Object.hasOwn(members, name) ? members[name] : undefined;
  return isJsonObject(member) ? documentedSchema(member) : { type: "string" };
}

function membersOf(schema: JsonSchema | undefined): Members {
  const members = schema?.["properties"];
  return isJsonObject(members) ? members : {};
}

function errors(statuses: readonly string[]): Members {
  const content = json({ $ref: "#/components/schemas/Error" });
  return Object.fromEntries(statuses.map((status) => [status, { description: meanings[status], content }]));
}

const meanings: Readonly<Record<string, string>> = {
  "400": "Something in the request is wrong; `validation_errors` names what.",
  "401": "The token is missing or unknown.",
  "403": "The plugin does not allow it.",
  "404": "There is no such object in the organization of the token.",
  "409": "The request conflicts with what is there.",
  "413": "The body is larger than `HOOKWRIGHT_MAX_BODY`.",
  "415": "The body is of a kind that is not read here.",
  "500": "The plugin failed; the log of the service has the cause.",
  "503": "The service cannot take it now, or the plugin was unloaded meanwhile.",
};

function json(schema: JsonSchema): Members {
  return { "application/json": { schema } };
}

/** A step of a JSON pointer, as it stands in a URI fragment. */
function escaped(key: string): string {
  return encodeURIComponent(key.replaceAll("~", "~0").replaceAll("/", "~1"));
}
