import type { JsonSchema, RegisteredEvent } from "@hookwright/core";
import { isOperational } from "@hookwright/core/internal";
import { bodySchema } from "./body-schema.js";
import { bodyName, componentName, payloadName, schemaPlace } from "./component-names.js";
import { documentedSchema, holdsReference } from "./documented-schema.js";
import { movedSchema } from "./moved-schema.js";
import { receivedHeaders } from "./received-headers.js";

type Members = Readonly<Record<string, unknown>>;

/** What an OpenAPI document says of the events that are registered. */
export interface DescribedEvents {
  /** For the components: each event's payload, and the body in which webhooks get it. */
  readonly schemas: Readonly<Record<string, JsonSchema>>;
  /** What an emitted event may be: one of these. */
  readonly choices: readonly Members[];
  /** For the body of an emit, by action. */
  readonly examples: Readonly<Record<string, Members>>;
  /** The requests that receivers get, one for each event. */
  readonly webhooks: Readonly<Record<string, Members>>;
}

export function describeEvents(events: readonly RegisteredEvent[]): DescribedEvents {
  const each = <Value>(make: (event: RegisteredEvent) => readonly (readonly [string, Value])[]) =>
    Object.fromEntries(events.flatMap(make));
  const emittable = events.filter(({ definition }) => !isOperational(definition.action));
  const shown = emittable.filter(({ definition }) => !holdsReference(definition.example));
  return {
    schemas: each((event) => schemasOf(event)),
    choices: emittable.map(choiceOf),
    examples: Object.fromEntries(shown.map(exampleOf)),
    webhooks: each((event) => [[event.definition.action, webhookOf(event)]]),
  };
}

function schemasOf(event: RegisteredEvent): readonly (readonly [string, JsonSchema])[] {
  const { action, schema, aliases } = event.definition;
  const payload = payloadName(action);
  return [
    [payload, movedSchema(documentedSchema(schema), schemaPlace(payload))],
    [bodyName(action), bodySchema(event, [action, ...aliases])],
  ];
}

function choiceOf({ definition, names }: RegisteredEvent): Members {
  return {
    title: definition.action,
    description: definition.summary,
    properties: { action: { enum: names }, payload: { $ref: schemaPlace(payloadName(definition.action)) } },
  };
}

function exampleOf({ definition }: RegisteredEvent): readonly [string, Members] {
  const { action, summary, example, scope } = definition;
  const value = { action, payload: example, ...(scope === "project" ? { project: 1 } : {}) };
  return [componentName(action), { summary, value }];
}

function webhookOf({ definition }: RegisteredEvent): Members {
  const { action, title, summary, description, aliases, example } = definition;
  const alias =
    aliases.length === 0 ? "" : `A webhook that lists an alias alone (${aliases.join(", ")}) gets that name.`;
  return {
    post: {
      operationId: `receive.${componentName(action)}`,
      summary,
      description: [title, description, alias].filter((text) => text !== "").join("\n\n"),
      tags: ["received"],
      // Receivers check no token of ours.
      security: [],
      parameters: Object.entries(receivedHeaders).map(([name, { schema, description: text, optional = false }]) => ({
        name,
        in: "header",
        required: !optional,
        description: text,
        schema,
      })),
      requestBody: {
        required: true,
        content: {
          "application/json": {
            schema: { $ref: schemaPlace(bodyName(action)) },
            ...(holdsReference(example) ? {} : { example: { action, ...Object(example) } }),
          },
        },
      },
      responses: {
        "2XX": { description: "Delivered, as soon as the status line and headers are in." },
        "410": { description: "No longer wanted: the webhook is deactivated." },
        default: { description: "A failure; redirects are not followed." },
      },
    },
  };
}
