import { type JsonSchema, type RegisteredEvent, version } from "@hookwright/core";
import { bodySchema } from "./body-schema.js";
import { bodyName, componentName, payloadName, schemaPlace } from "./component-names.js";
import { documentedSchema, holdsReference } from "./documented-schema.js";
import { draft07Of } from "./draft-07.js";
import { movedSchema } from "./moved-schema.js";
import { receivedHeaders } from "./received-headers.js";

type Members = Readonly<Record<string, unknown>>;

/** The message of webhooks that take no payload; no action's name in a document is written like this. */
const strippedName = "_stripped";

/**
 * The AsyncAPI 3.0 document: what a receiver gets. The one channel is a webhook's address, and each event is a message of
 * it, under its canonical name and under each alias.
 */
export function asyncApiDocument(events: readonly RegisteredEvent[]): Members {
  const messages = Object.fromEntries([
    ...events.flatMap((event) => event.names.map((name) => [componentName(name), messageOf(event, name)])),
    [strippedName, strippedMessage(events)],
  ]);
  const keys = Object.keys(messages);
  return {
    asyncapi: "3.0.0",
    info: {
      title: "Hookwright",
      version,
      description: "The messages that webhooks get.",
      license: { name: "Apache-2.0", url: "https://www.apache.org/licenses/LICENSE-2.0" },
    },
    defaultContentType: "application/json",
    channels: {
      webhook: {
        // Known only to whoever saves the webhook.
        address: null,
        title: "Webhook",
        description: "The URL that a webhook was saved with.",
        messages: refs(keys, "#/components/messages"),
      },
    },
    operations: {
      deliver: {
        action: "send",
        channel: { $ref: "#/channels/webhook" },
        title: "Deliver a message",
        summary: "Each message is one POST. 2xx is delivered, 410 deactivates the webhook, anything else is a failure.",
        bindings: { http: { method: "POST", bindingVersion: "0.3.0" } },
        messages: Object.values(refs(keys, "#/channels/webhook/messages")),
      },
    },
    components: {
      messages,
      messageTraits: { received: { contentType: "application/json", headers: headersSchema } },
      schemas: Object.fromEntries(events.flatMap(schemasOf)),
    },
  };
}

/** A name keeps its place in a list, so an event's aliases stand behind it. */
function refs(keys: readonly string[], place: string): Readonly<Record<string, { readonly $ref: string }>> {
  return Object.fromEntries(keys.map((key) => [key, { $ref: `${place}/${key}` }]));
}

function messageOf({ definition, owner }: RegisteredEvent, name: string): Members {
  const { action, title, summary, description, scope, example } = definition;
  const other = name === action ? [] : [`An alias of ${action}: for webhooks that list this name and not the other.`];
  const text = [...other, ...(description === "" ? [] : [description])].join("\n\n");
  return {
    name,
    title,
    summary,
    ...(text === "" ? {} : { description: text }),
    tags: [{ name: `owner:${owner.name}` }, { name: `scope:${scope}` }],
    traits: [{ $ref: "#/components/messageTraits/received" }],
    payload: { $ref: schemaPlace(bodyName(name)) },
    ...(holdsReference(example) ? {} : { examples: [exampleOf({ action: name, ...Object(example) }, summary)] }),
  };
}

/** For `send_payload: false`, whatever the event. */
function strippedMessage(events: readonly RegisteredEvent[]): Members {
  const names = events.flatMap((event) => event.names);
  const summary = "Any event, for a webhook whose send_payload is false.";
  return {
    name: "without payload",
    title: "Without payload",
    summary,
    traits: [{ $ref: "#/components/messageTraits/received" }],
    payload: {
      type: "object",
      required: ["action"],
      properties: { action: { type: "string", enum: names } },
      additionalProperties: false,
    },
    examples: [exampleOf({ action: names[0] }, summary)],
  };
}

function exampleOf(payload: unknown, summary: string): Members {
  const headers = Object.entries(receivedHeaders).map(([header, { example }]) => [header, example]);
  return { name: "example", summary, headers: Object.fromEntries(headers), payload };
}

const headersSchema = {
  type: "object",
  required: Object.keys(receivedHeaders).filter((name) => receivedHeaders[name]?.optional !== true),
  properties: Object.fromEntries(
    Object.entries(receivedHeaders).map(([name, { schema, description }]) => [name, { ...schema, description }]),
  ),
};

function schemasOf(event: RegisteredEvent): readonly (readonly [string, JsonSchema])[] {
  const { action, schema } = event.definition;
  const payload = payloadName(action);
  return [
    [payload, draft07Of(movedSchema(documentedSchema(schema), schemaPlace(payload)))],
    ...event.names.map((name) => [bodyName(name), draft07Of(bodySchema(event, [name]))] as const),
  ];
}
