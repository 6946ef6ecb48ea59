import { HookwrightError, messageOf } from "../foundation/hookwright-error.js";
import { isJsonObject } from "../foundation/json.js";
import type { EventDefinition, EventOwner } from "./event-definition.js";
import { describeFound } from "./payload-problem.js";

const actionPattern = /^[A-Za-z][A-Za-z0-9_.:-]{0,127}$/;

/**
 * Checks what the compiler cannot, or could not because the author wrote JavaScript.
 *
 * @throws HookwrightError `definition_invalid`, naming owner, event and field, what was expected and what was found.
 */
export function checkDefinition(definition: EventDefinition, owner: EventOwner): void {
  const fault = faultOf(definition, owner);
  if (fault === undefined) return;
  const event = `event ${JSON.stringify(String(definition.action).slice(0, 128))}`;
  const { field, expected, found } = fault;
  throw new HookwrightError(
    "definition_invalid",
    `The ${field} of ${event} of ${owner.name}@${owner.version} must be ${expected}, found ${shown(found)}.`,
    { details: { field, expected: `the ${field} of ${event} to be ${expected}`, found: shown(found) } },
  );
}

/** One field that is not as it must be. */
interface FieldFault {
  readonly field: keyof EventDefinition;
  /** Follows "must be". */
  readonly expected: string;
  readonly found: unknown;
}

/** Whatever the author's own getters do. */
function faultOf(definition: EventDefinition, owner: EventOwner): FieldFault | undefined {
  try {
    return findFault(definition);
  } catch (error) {
    const event = `event ${JSON.stringify(String(definition.action).slice(0, 128))}`;
    const found = `one that cannot be read: ${messageOf(error)}`;
    throw new HookwrightError(
      "definition_invalid",
      `The definition of ${event} of ${owner.name}@${owner.version} is ${found}.`,
      {
        cause: error,
        details: { expected: `${event} to be plain data`, found },
      },
    );
  }
}

function findFault(definition: EventDefinition): FieldFault | undefined {
  return (
    faultOfNames(definition) ?? faultOfTexts(definition) ?? faultOfSchema(definition) ?? faultOfExample(definition)
  );
}

const actionForm = "a letter followed by up to 127 letters, digits, _ . : or -";

function faultOfNames({ action, aliases, scope, version }: EventDefinition): FieldFault | undefined {
  if (!isAction(action)) return { field: "action", expected: actionForm, found: action };
  if (!Array.isArray(aliases)) return { field: "aliases", expected: "a list of names", found: aliases };
  const odd: unknown = aliases.find((alias) => !isAction(alias));
  if (odd !== undefined) return { field: "aliases", expected: `names like an action, each ${actionForm}`, found: odd };
  const twice = [action, ...aliases].find((name, index, names) => names.indexOf(name) < index);
  if (twice !== undefined)
    return { field: "aliases", expected: "names that differ from each other and from the action", found: twice };
  if (scope !== "project" && scope !== "organization")
    return { field: "scope", expected: '"project" or "organization"', found: scope };
  if (!Number.isSafeInteger(version) || version < 1)
    return { field: "version", expected: "a whole number from 1", found: version };
  return undefined;
}

function faultOfTexts({ summary, title, description, key }: EventDefinition): FieldFault | undefined {
  if (!isText(summary)) return { field: "summary", expected: "one sentence that says what happened", found: summary };
  if (!isText(title)) return { field: "title", expected: "a text", found: title };
  if (typeof description !== "string") return { field: "description", expected: "a text", found: description };
  return typeof key === "string" ? undefined : { field: "key", expected: "the name of a member", found: key };
}

function faultOfSchema({ schema, bulk }: EventDefinition): FieldFault | undefined {
  if (!isJsonObject(schema)) return { field: "schema", expected: "a JSON Schema object", found: schema };
  if (schema["type"] !== "object") {
    const expected = 'one of type "object", since a payload is a JSON object';
    return { field: "schema", expected, found: schema["type"] };
  }
  const described = schema["properties"];
  const properties = isJsonObject(described) ? described : {};
  if (Object.hasOwn(properties, "action"))
    return { field: "schema", expected: "one without a member action, which the body has already", found: properties };
  if (!Array.isArray(bulk)) return { field: "bulk", expected: "the name of an array, or a list of such", found: bulk };
  const unknown: unknown = bulk.find((name) => !Object.hasOwn(properties, name));
  if (unknown === undefined) return undefined;
  return { field: "bulk", expected: "a name that the schema declares", found: unknown };
}

function faultOfExample({ example }: EventDefinition): FieldFault | undefined {
  if (!isJsonObject(example)) return { field: "example", expected: "a payload, a JSON object", found: example };
  if (!Object.hasOwn(example, "action")) return undefined;
  return { field: "example", expected: "one without a member action, which the body has already", found: example };
}

function isAction(name: unknown): boolean {
  return typeof name === "string" && actionPattern.test(name);
}

function isText(value: unknown): boolean {
  return typeof value === "string" && value.trim() !== "";
}

/** What an author wrote is no secret: short texts are shown as they are. */
function shown(value: unknown): string {
  return typeof value === "string" && value.length <= 128 ? JSON.stringify(value) : describeFound(value);
}
