import type { JsonSchema, RegisteredEvent } from "@hookwright/core";
import { isJsonObject } from "@hookwright/core/internal";
import { bodyName, payloadName, schemaPlace } from "./component-names.js";
import { documentedSchema } from "./documented-schema.js";
import { movedPart } from "./moved-schema.js";
import { mapSubschemas, partAt, type Subschema } from "./subschemas.js";

/** What a schema is opened to, and where it and its parts are found. */
interface Opening {
  /** The members that stand in a body beside the payload. */
  readonly added: readonly string[];
  /** What `action` may be. */
  readonly actions: readonly string[];
  /** Where the document holds the payload's schema as it is. */
  readonly closed: string;
  /** Where it holds the opened one. */
  readonly opened: string;
}

/** Keywords whose parts look at the same object: what is added to it is seen by them too. */
const sameObject = new Set(["allOf", "anyOf", "dependentSchemas", "else", "if", "not", "oneOf", "then"]);

const filledProject = {
  type: "object",
  description: "Where it happened: filled in, since the payload did not say.",
  required: ["id"],
  properties: { id: { type: "integer", minimum: 1 } },
};

/**
 * The schema of the body that a webhook gets: `action` first, then the payload's own members, and `project` where it is
 * filled in. The payload's schema does not expect these two and may be closed to them, so wherever it speaks of that same
 * object they are let in. Everything else is referred to at its place in the payload's schema, which the document holds too.
 *
 * @param actions - the name or names that `action` may be; the document holds the schema as the body of the first one
 */
export function bodySchema({ definition }: RegisteredEvent, actions: readonly [string, ...string[]]): JsonSchema {
  const { action, scope } = definition;
  const schema = documentedSchema(definition.schema);
  const [first] = actions;
  const opener = new Opener(schema, {
    added: scope === "project" ? ["action", "project"] : ["action"],
    actions,
    closed: schemaPlace(payloadName(action)),
    opened: schemaPlace(bodyName(first)),
  });
  const opened = opener.open(schema);
  const { $defs: _defs, definitions: _definitions, ...rest } = opened;
  const { action: _let, project, ...members } = membersOf(opened);
  const properties = {
    action: { type: "string", ...(actions.length === 1 ? { const: first } : { enum: actions }) },
    ...members,
    ...(scope === "project" ? { project: projectSchema(schema, project) } : project === undefined ? {} : { project }),
  };
  const required = ["action", ...(Array.isArray(schema["required"]) ? schema["required"] : [])];
  const parts = opener.parts();
  // This order is how a person reads it.
  const { type, title, description, ...constraints } = rest;
  return {
    type,
    title: title ?? action,
    ...(description === undefined ? {} : { description }),
    ...constraints,
    required,
    properties,
    ...(parts === undefined ? {} : { $defs: parts }),
  };
}

/** A payload may bring a project of its own; where its schema forbids one, only ours is there. */
function projectSchema(payload: JsonSchema, own: unknown): unknown {
  const required = Array.isArray(payload["required"]) && payload["required"].includes("project");
  if (own !== undefined && own !== true)
    return required || takesFilledProject(own) ? own : { anyOf: [own, filledProject] };
  return payload["additionalProperties"] === false ? filledProject : { description: "Where it happened." };
}

/** Whether it is plain that `{"id": 12}` fits: most schemas say it a second time then. */
function takesFilledProject(own: unknown): boolean {
  if (!isJsonObject(own) || own["type"] !== "object" || own["additionalProperties"] !== undefined) return false;
  const known = new Set(["type", "title", "description", "required", "properties", "additionalProperties"]);
  const required: readonly unknown[] = Array.isArray(own["required"]) ? own["required"] : [];
  const id = membersOf(own)["id"];
  return (
    Object.keys(own).every((keyword) => known.has(keyword)) &&
    required.every((name) => name === "id") &&
    (id === undefined || (isJsonObject(id) && id["type"] === "integer" && Object.keys(id).length <= 2))
  );
}

/** Lets members into every part of a schema that speaks of the whole payload. */
class Opener {
  readonly #schema: JsonSchema;
  readonly #opening: Opening;
  /** The parts that were opened because a reference leads to them, by that reference. */
  readonly #referred = new Map<string, { readonly name: string; part?: Subschema }>();

  constructor(schema: JsonSchema, opening: Opening) {
    this.#schema = schema;
    this.#opening = opening;
  }

  parts(): Readonly<Record<string, unknown>> | undefined {
    if (this.#referred.size === 0) return undefined;
    return Object.fromEntries([...this.#referred.values()].map(({ name, part }) => [name, part]));
  }

  open(schema: JsonSchema): JsonSchema {
    const { added, closed } = this.#opening;
    const opened = mapSubschemas(schema, (part, keyword) =>
      sameObject.has(keyword) ? this.#openPart(part) : movedPart(part, closed),
    );
    if (typeof schema["$ref"] === "string") opened["$ref"] = this.#openReference(schema["$ref"]);
    if ("additionalProperties" in opened || "unevaluatedProperties" in opened)
      opened["properties"] = { ...Object.fromEntries(added.map((name) => [name, true])), ...membersOf(opened) };
    if (isJsonObject(opened["patternProperties"]))
      opened["patternProperties"] = this.#exceptAdded(opened["patternProperties"]);
    if ("propertyNames" in opened) opened["propertyNames"] = { anyOf: [{ enum: added }, opened["propertyNames"]] };
    if (typeof opened["minProperties"] === "number") opened["minProperties"] += 1;
    if (typeof opened["maxProperties"] === "number") opened["maxProperties"] += added.length;
    const { const: only, ...others } = opened;
    if (only !== undefined) return { ...others, enum: this.#withActions([only]) };
    return Array.isArray(opened["enum"]) ? { ...opened, enum: this.#withActions(opened["enum"]) } : opened;
  }

  #openPart(part: Subschema): Subschema {
    return typeof part === "boolean" ? part : this.open(part);
  }

  /** Each part once: it may refer to itself. */
  #openReference(reference: string): string {
    const known = this.#referred.get(reference);
    const entry: { readonly name: string; part?: Subschema } = known ?? { name: `part-${this.#referred.size + 1}` };
    if (known === undefined) {
      this.#referred.set(reference, entry);
      entry.part = this.#openPart(partAt(this.#schema, reference) ?? true);
    }
    return `${this.#opening.opened}/$defs/${entry.name}`;
  }

  /** A pattern of names speaks of the payload's own. */
  #exceptAdded(patterns: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
    const added = this.#opening.added.join("|");
    return Object.fromEntries(
      Object.entries(patterns).map(([pattern, part]) => [`^(?!(?:${added})$)(?=[\\s\\S]*?(?:${pattern}))`, part]),
    );
  }

  #withActions(values: readonly unknown[]): readonly unknown[] {
    return values.flatMap((value) =>
      isJsonObject(value) ? this.#opening.actions.map((action) => ({ action, ...value })) : [value],
    );
  }
}

function membersOf(schema: JsonSchema): Readonly<Record<string, unknown>> {
  return isJsonObject(schema["properties"]) ? schema["properties"] : {};
}
