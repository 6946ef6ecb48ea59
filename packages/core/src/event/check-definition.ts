import { HookwrightError } from "../foundation/hookwright-error.js";
import { isJsonObject } from "../foundation/json.js";
import type { EventDefinition, EventOwner } from "./event-definition.js";

const actionPattern = /^[A-Za-z][A-Za-z0-9_.:-]{0,127}$/;

/**
 * Checks what the compiler cannot, or could not because the author wrote JavaScript.
 *
 * @throws HookwrightError `definition_invalid`, naming owner, event and field.
 */
export function checkDefinition(definition: EventDefinition, owner: EventOwner): void {
  const fault = findFault(definition);
  if (fault === undefined) return;
  throw new HookwrightError(
    "definition_invalid",
    `Event ${JSON.stringify(String(definition.action).slice(0, 128))} of ${owner.name}@${owner.version}: ${fault}.`,
  );
}

function findFault(definition: EventDefinition): string | undefined {
  if (!isAction(definition.action)) return "action must be a letter followed by up to 127 letters, digits, _ . : or -";
  if (!Array.isArray(definition.aliases) || !definition.aliases.every(isAction))
    return "each alias must be written like an action";
  if (new Set([definition.action, ...definition.aliases]).size !== definition.aliases.length + 1)
    return "the aliases must differ from each other and from the action";
  if (definition.scope !== "project" && definition.scope !== "organization")
    return 'scope must be "project" or "organization"';
  if (!Number.isSafeInteger(definition.version) || definition.version < 1)
    return "version must be a whole number from 1";
  return faultOfTexts(definition) ?? faultOfPayload(definition);
}

function faultOfTexts(definition: EventDefinition): string | undefined {
  if (typeof definition.summary !== "string" || definition.summary.trim() === "")
    return "summary must say in one sentence what happened";
  if (typeof definition.title !== "string" || definition.title.trim() === "") return "title must be a text";
  if (typeof definition.description !== "string") return "description must be a text";
  return typeof definition.key === "string" ? undefined : "key must name a member of the payload";
}

function faultOfPayload({ schema, example, bulk }: EventDefinition): string | undefined {
  if (!isJsonObject(schema)) return "schema must be a JSON Schema object";
  if (schema["type"] !== "object") return 'schema must have type "object": a payload is a JSON object';
  if (!isJsonObject(example)) return "example must be a payload, a JSON object";
  const properties = isJsonObject(schema["properties"]) ? schema["properties"] : {};
  if (Object.hasOwn(properties, "action") || Object.hasOwn(example, "action"))
    return 'the payload cannot have a member "action": the body has it already';
  if (!Array.isArray(bulk)) return "bulk must name an array of the payload, or a list of them";
  const unknown = bulk.find((name) => !Object.hasOwn(properties, name));
  return unknown === undefined ? undefined : `bulk names ${JSON.stringify(unknown)}, which the schema does not declare`;
}

function isAction(name: unknown): boolean {
  return typeof name === "string" && actionPattern.test(name);
}
