/** A JSON Schema, draft 2020-12, as a plain object. */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
}

/**
 * The type of what a schema accepts, over this subset: `type` (also a list, so that `["string", "null"]` may be null),
 * `enum`, `const`, `properties`, `required`, `additionalProperties`, `items`, `prefixItems`, `anyOf`, `oneOf`, `allOf`,
 * `true`, `false`, and `$ref` to `#`, `#/$defs/name` or `#/definitions/name`. Everything else is left out: the type is then
 * wider than the schema, never narrower, and `unknown` where nothing is left. A discriminated union is a `oneOf` whose forms
 * have a `const` each. Arrays and objects are read-only. Of a map (`additionalProperties` as a schema) beside named members,
 * and of names by pattern, the other members are `unknown`.
 *
 * @example
 * ```ts
 * import type { Infer } from "@hookwright/core";
 *
 * type Invoice = Infer<{ type: "object"; required: ["id"]; properties: { id: { type: "integer" } } }>;
 * const invoice: Invoice = { id: 1 };
 * console.log(invoice.id);
 * ```
 */
export type Infer<S> = InferIn<S, S>;

/** `Root` is what a reference begins at. */
type InferIn<S, Root> = S extends unknown
  ? keyof S & Combining extends never
    ? InferTyped<S, Root>
    : InferCombined<S, Root>
  : never;

/** Asked for first and together: most schemas have none of them, and the compiler's work is counted in questions. */
type Combining = "allOf" | "anyOf" | "oneOf" | "const" | "enum" | "$ref";

type InferCombined<S, Root> = S extends { readonly const: infer Value }
  ? Value
  : S extends { readonly enum: readonly (infer Value)[] }
    ? Value
    : InferTyped<S, Root> & InferOptions<S, Root> & InferParts<S, Root> & InferReference<S, Root>;

type InferOptions<S, Root> = S extends { readonly anyOf: readonly (infer Option)[] }
  ? InferIn<Option, Root> & InferOneOf<S, Root>
  : InferOneOf<S, Root>;

type InferOneOf<S, Root> = S extends { readonly oneOf: readonly (infer Option)[] } ? InferIn<Option, Root> : unknown;

type InferParts<S, Root> = S extends { readonly allOf: infer Parts extends readonly unknown[] }
  ? InferEach<Parts, Root>
  : unknown;

type InferEach<Parts extends readonly unknown[], Root> = Parts extends readonly [infer First, ...infer Rest]
  ? InferIn<First, Root> & InferEach<Rest, Root>
  : unknown;

type InferReference<S, Root> = S extends { readonly $ref: infer Reference }
  ? Reference extends "#"
    ? Infer<Root>
    : Reference extends `#/$defs/${infer Name}`
      ? InferNamedPart<Root, "$defs", Name>
      : Reference extends `#/definitions/${infer Name}`
        ? InferNamedPart<Root, "definitions", Name>
        : unknown
  : unknown;

type InferNamedPart<Root, Keyword extends string, Name extends string> = Root extends {
  readonly [K in Keyword]: { readonly [N in Name]: infer Part };
}
  ? InferIn<Part, Root>
  : unknown;

type InferTyped<S, Root> = S extends { readonly type: infer Names }
  ? InferType<Names extends readonly (infer Name)[] ? Name : Names, S, Root>
  : S extends { readonly properties: object } | { readonly required: readonly string[] }
    ? InferObject<S, Root>
    : S extends false
      ? never
      : unknown;

interface Scalars {
  readonly string: string;
  readonly number: number;
  readonly integer: number;
  readonly boolean: boolean;
  readonly null: null;
}

type InferType<Name, S, Root> = Name extends keyof Scalars
  ? Scalars[Name]
  : Name extends "object"
    ? InferObject<S, Root>
    : Name extends "array"
      ? InferArray<S, Root>
      : unknown;

type InferArray<S, Root> = S extends { readonly prefixItems: infer Items extends readonly unknown[] }
  ? { readonly [Index in keyof Items]: InferIn<Items[Index], Root> }
  : S extends { readonly items: infer Item }
    ? readonly InferIn<Item, Root>[]
    : readonly unknown[];

type InferObject<S, Root> = S extends { readonly properties: infer Properties }
  ? InferMembers<Properties, RequiredOf<S>, Root> & InferOthers<S, { readonly [key: string]: unknown }>
  : { readonly [Key in RequiredOf<S> & string]: unknown } & (S extends { readonly additionalProperties: infer Extra }
      ? InferOthers<S, { readonly [key: string]: InferIn<Extra, Root> }> & object
      : { readonly [key: string]: unknown });

type RequiredOf<S> = S extends { readonly required: readonly (infer Key)[] } ? Key : never;

type InferMembers<Properties, Required, Root> = {
  readonly [Key in keyof Properties & Required]: InferIn<Properties[Key], Root>;
} & {
  readonly [Key in Exclude<keyof Properties, Required>]?: InferIn<Properties[Key], Root>;
};

/** The members that `properties` does not name. An index signature binds the named ones too, so only beside none of them may it be narrow. */
type InferOthers<S, Others> = S extends { readonly patternProperties: object }
  ? { readonly [key: string]: unknown }
  : S extends { readonly additionalProperties: false }
    ? unknown
    : Others;
