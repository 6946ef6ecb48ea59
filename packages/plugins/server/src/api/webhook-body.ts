import type { FastifyRequest } from "fastify";
import { invalidFields, RequestProblem } from "../request-problem.js";
import { bodyBytes, mediaType, readJsonBody, wrongMediaType } from "./request-body.js";
import { toWebhookInput } from "./webhook-wire.js";

/** Media types in which a webhook may be written. */
export const webhookMediaTypes = [
  "application/json",
  "application/x-www-form-urlencoded",
  "multipart/form-data",
] as const;

/** Bytes that describe a webhook, or something that is to be done with one: the longest URL and headers come to less than half. */
export const largestWebhookBody = 262_144;

/** What a form may have: twice the longest list of actions. More makes a parser work for long, in Node 24 with the square of it. */
const mostFields = 2_000;

/** How a field is written in a form, which knows only texts. */
type FormKind = "text" | "boolean" | "json" | "list" | "number";

const formKinds: Readonly<Record<string, FormKind>> = {
  url: "text",
  project: "number",
  send_payload: "boolean",
  send_for_all_actions: "boolean",
  headers: "json",
  is_active: "boolean",
  actions: "list",
  retry_schedule: "text",
  max_concurrency: "number",
  rate_limit: "number",
  ordered: "boolean",
  handshake: "boolean",
};

/** The fields of a form; a file stands as the object that it is. */
type Form = ReadonlyMap<string, readonly unknown[]>;

export interface WebhookBody {
  /** Under core's names. */
  readonly input: Readonly<Record<string, unknown>>;
  readonly project: unknown;
}

/**
 * Reads what a request says of a webhook, from JSON or from a form. A form cannot say `false` but by leaving a box
 * unticked: unless the change is `partial`, a boolean that is not there is false.
 *
 * @throws RequestProblem `media_type`, `unreadable` or `invalid`.
 */
export async function readWebhookBody(
  request: FastifyRequest,
  { partial }: { partial: boolean },
): Promise<WebhookBody> {
  const fields = await readFields(request, partial);
  return {
    input: toWebhookInput(fields),
    project: Object.hasOwn(fields, "project") ? fields["project"] : undefined,
  };
}

async function readFields(request: FastifyRequest, partial: boolean): Promise<Readonly<Record<string, unknown>>> {
  switch (mediaType(request)) {
    case "application/x-www-form-urlencoded":
      return fieldsOf(readUrlEncoded(bodyBytes(request)), partial);
    case "multipart/form-data":
      return fieldsOf(await readMultipart(request), partial);
    case "application/json":
      return readJsonBody(request).value;
    default:
      if (bodyBytes(request).length > 0) throw wrongMediaType(request);
      return {};
  }
}

function readUrlEncoded(body: Buffer): Form {
  refuseMany(body, { delimiter: "&", most: mostFields - 1 });
  return groupEntries(new URLSearchParams(body.toString("utf8")));
}

/** @throws RequestProblem `unreadable`, before anything is made of the body. */
function refuseMany(body: Buffer, { delimiter, most }: { readonly delimiter: string; readonly most: number }): void {
  let count = 0;
  for (let at = body.indexOf(delimiter); at >= 0; at = body.indexOf(delimiter, at + 1)) {
    count += 1;
    if (count > most) throw new RequestProblem("unreadable", "Form parse error - there are more than 2,000 fields");
  }
}

async function readMultipart(request: FastifyRequest): Promise<Form> {
  const body = bodyBytes(request);
  if (body.length === 0) return new Map();
  // Every part but the first follows this, whatever the boundary is; so does the end.
  refuseMany(body, { delimiter: "\r\n--", most: mostFields });
  try {
    // Node's own parser of the Fetch standard: no dependency, and the body is in memory and bounded already.
    const headers = { "content-type": request.headers["content-type"] ?? "" };
    return groupEntries(await new Response(new Uint8Array(body), { headers }).formData());
  } catch {
    throw new RequestProblem("unreadable", "Multipart form parse error - the body does not fit its boundary");
  }
}

function groupEntries(entries: Iterable<readonly [string, unknown]>): Form {
  const form = new Map<string, unknown[]>();
  for (const [name, value] of entries) {
    const known = form.get(name);
    if (known === undefined) form.set(name, [value]);
    else known.push(value);
  }
  return form;
}

function fieldsOf(form: Form, partial: boolean): Readonly<Record<string, unknown>> {
  const fields: Record<string, unknown> = {};
  for (const [name, kind] of Object.entries(formKinds)) {
    const values = kind === "list" ? listOf(form, name) : form.get(name);
    const value = values === undefined ? undefined : readFormValue(name, kind, values);
    if (value !== undefined) fields[name] = value;
    else if (kind === "boolean" && values === undefined && !partial) fields[name] = false;
  }
  return fields;
}

/** Repeated (`actions=A&actions=B`) or numbered (`actions[0]=A`). */
function listOf(form: Form, name: string): readonly unknown[] | undefined {
  const repeated = form.get(name);
  if (repeated !== undefined) return repeated;
  const numbered = [...form].flatMap(([key, values]) => {
    const index = key.startsWith(`${name}[`) ? /^\[(\d+)\]$/.exec(key.slice(name.length))?.[1] : undefined;
    return index === undefined ? [] : [{ index: Number(index), value: values.at(-1) }];
  });
  if (numbered.length === 0) return undefined;
  return numbered.sort((left, right) => left.index - right.index).map(({ value }) => value);
}

/** `undefined` for an empty box that says nothing. */
function readFormValue(name: string, kind: FormKind, values: readonly unknown[]): unknown {
  const value = values.at(-1);
  switch (kind) {
    case "text":
      return value;
    case "list":
      return values;
    case "boolean":
      return value === "" ? undefined : value;
    case "number":
      // An empty box is null where null means something; a text that is no number is left for its field's own check.
      if (value === "") return null;
      return typeof value === "string" && /^\s*\d+(?:\.\d+)?\s*$/.test(value) ? Number(value) : value;
    case "json":
      return parseField(name, value);
    default:
      return kind satisfies never;
  }
}

function parseField(name: string, value: unknown): unknown {
  try {
    return JSON.parse(String(value));
  } catch {
    throw invalidFields({ [name]: ["Value must be valid JSON."] });
  }
}
