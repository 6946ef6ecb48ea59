import type { JsonSchema } from "./json-schema.js";

/** Where an event happens: in a project, or in an organization as a whole. */
export type EventScope = "project" | "organization";

/** What the author of an event says, as `defineEvent` and `@WebhookEvent` take it. */
export interface EventOptions<Action extends string, Payload> {
  /** The key on the wire, such as `INVOICE_PAID`; letters, digits, `_`, `.`, `:` and `-`, at most 128. */
  readonly action: Action;
  /** One sentence: what happened. */
  readonly summary: string;
  /** A payload that the schema accepts; the catalog, test deliveries and the docs show it. */
  readonly example: Payload;
  /** Other names under which webhooks may ask for the event. */
  readonly aliases?: readonly string[];
  /** `project` unless said otherwise; an `organization` event reaches organization webhooks only. */
  readonly scope?: EventScope;
  /** The arrays that `WEBHOOK_BATCH_SIZE` may split: the first one decides, those beside it of equal length are split alike. */
  readonly bulk?: string | readonly string[];
  /** The member of the payload that the event is about; the first required one unless said otherwise. */
  readonly key?: string;
  /** What a person reads in a list; made from the action unless given. */
  readonly title?: string;
  /** More than the summary says; empty unless given. */
  readonly description?: string;
  /** Raised with each change of the schema; 1 unless given. */
  readonly version?: number;
}

/** One event, whichever way it was written. `Payload` is carried by `example`. */
export interface EventDefinition<Action extends string = string, Payload = unknown> {
  readonly action: Action;
  readonly aliases: readonly string[];
  readonly scope: EventScope;
  readonly bulk: readonly string[];
  readonly key: string;
  readonly title: string;
  readonly summary: string;
  readonly description: string;
  readonly version: number;
  readonly schema: JsonSchema;
  readonly example: Payload;
}

/** Who registered an event: core, or a plugin. */
export interface EventOwner {
  readonly name: string;
  readonly version: string;
}

/** Fills in what the author left out. The result is checked when it is registered, so that all faults of a start are told at once. */
export function completeDefinition<Action extends string, Payload>(
  options: EventOptions<Action, Payload>,
  schema: JsonSchema,
): EventDefinition<Action, Payload> {
  const bulk = typeof options.bulk === "string" ? [options.bulk] : (options.bulk ?? []);
  return Object.freeze({
    action: options.action,
    aliases: options.aliases ?? [],
    scope: options.scope ?? "project",
    bulk,
    key: options.key ?? bulk[0] ?? firstRequired(schema) ?? "",
    title: options.title ?? titleOf(options.action),
    summary: options.summary,
    description: options.description ?? "",
    version: options.version ?? 1,
    schema,
    example: options.example,
  });
}

function firstRequired(schema: JsonSchema): string | undefined {
  const required = schema["required"];
  return Array.isArray(required) && typeof required[0] === "string" ? required[0] : undefined;
}

/** `INVOICE_PAID` reads as "Invoice paid". */
function titleOf(action: string): string {
  const words = String(action)
    .toLowerCase()
    .replace(/[_.:-]+/g, " ")
    .trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
