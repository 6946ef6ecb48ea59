import { messageOf } from "@hookwright/core/internal";
import { callPlugin, PluginFault } from "../extend/call-plugin.js";
import { readArguments, type ServedCommand } from "../extend/command-table.js";
import { invalidFields } from "../request-problem.js";
import { organizationOf } from "./caller.js";
import { fieldValues, hangUp, jsonOf, type PluginExchange } from "./plugin-exchange.js";
import { readJsonBody } from "./request-body.js";

/** `POST /api/plugins/{name}/commands/{command}/`: what `hookwright {plugin} {command}` calls. */
export async function runCommand(served: ServedCommand, { request, reply, ports }: PluginExchange): Promise<unknown> {
  const { owner, command, check, signal } = served;
  const options = fieldValues(check(textsOf(served, readJsonBody(request).value["args"] ?? [])));
  const what = `command ${command.name}`;
  const output = await callPlugin({
    owner,
    what,
    organization: organizationOf(request),
    hooks: ports.hooks,
    clock: ports.clock,
    signals: [hangUp(reply)],
    gone: signal,
    // The schema that made the options is the one that made their type.
    run: (caller) => command.run({ ...caller, options } as never),
  });
  const text = jsonOf({ output: output ?? null }, () => new PluginFault(owner, `${what}: its output is no JSON`));
  return reply.type("application/json; charset=utf-8").send(text);
}

function textsOf({ command }: ServedCommand, args: unknown): Readonly<Record<string, string>> {
  if (!Array.isArray(args) || !args.every((arg) => typeof arg === "string"))
    throw invalidFields({ args: ["Expected a list of texts."] });
  try {
    return readArguments(command, args);
  } catch (error) {
    throw invalidFields({ args: [messageOf(error)] });
  }
}
