/**
 * The name under which a document holds something of an event; `action` may be an alias. Names of components may not hold
 * the colon that actions may: an action with one is written with `-2D` and `-3A` behind a `_`, with which none begins, so that two names never fall together.
 */
export function componentName(action: string): string {
  if (!action.includes(":")) return action;
  return `_${action.replaceAll("-", "-2D").replaceAll(":", "-3A")}`;
}

/** Where a document holds the schema of an event's payload. */
export function payloadName(action: string): string {
  return `Payload.${componentName(action)}`;
}

/** Where a document holds the schema of the body that a webhook gets under this action or alias. */
export function bodyName(action: string): string {
  return `Body.${componentName(action)}`;
}

/** A JSON pointer into the schemas of a document; OpenAPI and AsyncAPI keep them at the same place. */
export function schemaPlace(name: string): string {
  return `#/components/schemas/${name}`;
}
