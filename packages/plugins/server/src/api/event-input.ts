import type { EmitOptions, EmitReceipt, OrganizationId, Payload, Webhooks } from "@hookwright/core";
import { BodyFields } from "./body-fields.js";
import { given } from "./given.js";
import type { JsonBody } from "./request-body.js";

/** One event as a request brings it. */
export interface EventInput {
  readonly action: string;
  readonly payload: Payload;
  readonly options: Pick<EmitOptions, "project" | "id">;
}

/** Longer than any action that can be registered: such a name is unknown, not faulty. */
const longestAction = 1_000;
const longestId = 255;

const noPayload: Payload = { bytes: new TextEncoder().encode("{}"), value: {} };

/** @throws RequestProblem `invalid` that names every faulty field. Whether the action exists is core's to say. */
export function readEventInput(body: JsonBody): EventInput {
  const fields = new BodyFields(body);
  const action = fields.text("action", { longest: longestAction, required: true });
  const payload = fields.payload("payload") ?? noPayload;
  const project = fields.project("project");
  const id = fields.text("id", { longest: longestId });
  fields.faults.refuse();
  if (action === undefined) throw new TypeError("unreachable: refused above");
  return { action, payload, options: given({ project, id }) };
}

/** Emits, and says what is answered: exactly this. */
export async function emitInput(
  hooks: Webhooks,
  organization: OrganizationId,
  { action, payload, options }: EventInput,
): Promise<EmitReceipt> {
  const receipt = await hooks.emitPayload(action, payload, { ...options, organization });
  const { id, action: canonical, deliveries, duplicate, parts } = receipt;
  return { id, action: canonical, deliveries, duplicate, ...given({ parts }) };
}
