import { describeProblem } from "@hookwright/core/internal";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { PluginFault } from "../extend/call-plugin.js";
import type { Checked } from "../extend/checked-values.js";
import type { ServerPlugin } from "../extend/server-plugin.js";
import { invalidFields } from "../request-problem.js";
import type { ApiPorts } from "./api-ports.js";

/** What the routes and commands of plugins stand on. */
export interface ExtensionPorts extends Pick<ApiPorts, "hooks" | "clock"> {
  readonly plugin: ServerPlugin;
}

/** One request to a plugin. */
export interface PluginExchange {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly ports: ExtensionPorts;
}

/** Aborts when the caller goes away before the answer. */
export function hangUp(reply: FastifyReply): AbortSignal {
  const left = new AbortController();
  reply.raw.once("close", () => {
    if (!reply.raw.writableFinished) left.abort();
  });
  return left.signal;
}

/** @throws RequestProblem `invalid` under the field's name. */
export function fieldValues(checked: Checked): unknown {
  if ("value" in checked) return checked.value;
  const { problem } = checked;
  const [, step] = problem.pointer.split("/", 2);
  const field = step === undefined ? "non_field_errors" : step.replaceAll("~1", "/").replaceAll("~0", "~");
  throw invalidFields({ [field]: [describeProblem(problem)] });
}

/** What a plugin gave back, as it leaves. */
export function jsonOf(value: unknown, fault: () => PluginFault): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch {
    throw fault();
  }
  if (text === undefined) throw fault();
  return text;
}
