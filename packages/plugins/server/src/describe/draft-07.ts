import type { JsonSchema } from "@hookwright/core";
import { isJsonObject } from "@hookwright/core/internal";
import { mapSubschemas, type Subschema } from "./subschemas.js";

/**
 * A schema of draft 2020-12 in the words of draft 07, which is what AsyncAPI's own tools read. What draft 07 cannot say
 * (`unevaluatedProperties`, `minContains`) is left out: then it accepts more than the event does, never less.
 */
export function draft07Of(schema: JsonSchema): JsonSchema {
  const {
    $schema: _dialect,
    $ref,
    prefixItems,
    items,
    dependentRequired,
    dependentSchemas,
    minContains,
    maxContains: _maxContains,
    contains,
    unevaluatedItems: _unevaluatedItems,
    unevaluatedProperties: _unevaluatedProperties,
    discriminator: _discriminator,
    ...same
  } = mapSubschemas(schema, partOf);
  const rest = {
    ...same,
    ...itemsOf(prefixItems, items),
    ...(contains === undefined || minContains === 0 ? {} : { contains }),
    ...(isJsonObject(dependentRequired) || isJsonObject(dependentSchemas)
      ? { dependencies: dependencies(dependentRequired, dependentSchemas) }
      : {}),
  };
  return $ref === undefined ? rest : withReference($ref, rest);
}

function partOf(part: Subschema): Subschema {
  return typeof part === "boolean" ? part : draft07Of(part);
}

function itemsOf(prefix: unknown, others: unknown): JsonSchema {
  if (prefix === undefined) return others === undefined ? {} : { items: others };
  return { items: prefix, ...(others === undefined ? {} : { additionalItems: others }) };
}

function dependencies(required: unknown, schemas: unknown): JsonSchema {
  const [names, parts] = [isJsonObject(required) ? required : {}, isJsonObject(schemas) ? schemas : {}];
  const both = Object.keys(names).filter((name) => Object.hasOwn(parts, name));
  return Object.fromEntries([
    ...Object.entries(names),
    ...Object.entries(parts),
    ...both.map((name) => [name, { allOf: [{ required: names[name] }, parts[name]] }] as const),
  ]);
}

/** Beside a reference nothing counted yet in draft 07. */
function withReference($ref: unknown, rest: JsonSchema): JsonSchema {
  if (Object.keys(rest).length === 0) return { $ref };
  const others: readonly unknown[] = Array.isArray(rest["allOf"]) ? rest["allOf"] : [];
  return { ...rest, allOf: [{ $ref }, ...others] };
}
