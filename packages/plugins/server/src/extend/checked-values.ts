import type { JsonSchema, PayloadProblem } from "@hookwright/core";
import { isJsonObject, SchemaCompiler } from "@hookwright/core/internal";

/** A value that fits its schema, or why it does not. */
export type Checked = { readonly value: unknown } | { readonly problem: PayloadProblem };

/** Checks a value that nobody else holds: defaults are written into it. */
export type ValueCheck = (value: unknown) => Checked;

/** @throws HookwrightError `schema_invalid` that begins with `name`. */
export function valueCheck(schema: JsonSchema, name: string): ValueCheck {
  // A compiler of its own: what it compiled is freed with it, when the plugin goes.
  const check = new SchemaCompiler({ fillDefaults: true }).compile(schema, name);
  return (value) => {
    const problem = check(value);
    return problem === undefined ? { value } : { problem };
  };
}

/** As {@link valueCheck}, for an object of texts: those that the schema wants as numbers or booleans are read as such before. */
export function textsCheck(schema: JsonSchema, name: string): ValueCheck {
  const check = valueCheck(schema, name);
  const properties = isJsonObject(schema["properties"]) ? schema["properties"] : {};
  return (texts) =>
    check(
      Object.fromEntries(
        Object.entries(Object(texts)).map(([member, text]) => [member, readText(text, typesOf(properties, member))]),
      ),
    );
}

function typesOf(properties: Readonly<Record<string, unknown>>, name: string): readonly unknown[] {
  const member = Object.hasOwn(properties, name) ? properties[name] : undefined;
  const type = isJsonObject(member) ? member["type"] : undefined;
  return Array.isArray(type) ? type : [type];
}

function readText(text: unknown, types: readonly unknown[]): unknown {
  if (typeof text !== "string") return text;
  const isNumber = types.includes("integer") || types.includes("number");
  if (isNumber && /^-?\d+(?:\.\d+)?$/.test(text) && Number.isFinite(Number(text))) return Number(text);
  if (types.includes("boolean") && /^(?:true|false)$/.test(text)) return text === "true";
  return text;
}
