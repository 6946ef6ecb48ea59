/** A JSON Schema, draft 2020-12, as a plain object. */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
}

/**
 * The type of what a schema accepts, over this subset: `type` (also a list), `enum`, `const`, `properties`, `required`,
 * `additionalProperties`, `items`, `prefixItems`, `anyOf`, `oneOf` and `allOf`. Where a schema says more than the subset
 * can, the type is wider than the schema, never narrower.
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
export type Infer<S> = S extends unknown
  ? keyof S & Combining extends never
    ? InferTyped<S>
    : InferCombined<S>
  : never;

/** Asked for first and together: most schemas have none of them, and the compiler's work is counted in questions. */
type Combining = "allOf" | "anyOf" | "oneOf" | "const" | "enum";

type InferCombined<S> = S extends { readonly allOf: infer Parts extends readonly unknown[] }
  ? InferChoice<S> & InferEach<Parts>
  : InferChoice<S>;

type InferChoice<S> = S extends { readonly const: infer Value }
  ? Value
  : S extends { readonly enum: readonly (infer Value)[] }
    ? Value
    : S extends { readonly anyOf: readonly (infer Option)[] }
      ? Infer<Option>
      : S extends { readonly oneOf: readonly (infer Option)[] }
        ? Infer<Option>
        : InferTyped<S>;

type InferEach<Parts extends readonly unknown[]> = Parts extends readonly [infer First, ...infer Rest]
  ? Infer<First> & InferEach<Rest>
  : unknown;

type InferTyped<S> = S extends { readonly type: infer Names }
  ? InferNamed<Names extends readonly (infer Name)[] ? Name : Names, S>
  : S extends { readonly properties: object }
    ? InferObject<S>
    : unknown;

interface Scalars {
  readonly string: string;
  readonly number: number;
  readonly integer: number;
  readonly boolean: boolean;
  readonly null: null;
}

type InferNamed<Name, S> = Name extends keyof Scalars
  ? Scalars[Name]
  : Name extends "object"
    ? InferObject<S>
    : Name extends "array"
      ? InferArray<S>
      : unknown;

type InferArray<S> = S extends { readonly prefixItems: infer Items extends readonly unknown[] }
  ? { readonly [Index in keyof Items]: Infer<Items[Index]> }
  : S extends { readonly items: infer Item }
    ? readonly Infer<Item>[]
    : readonly unknown[];

type InferObject<S> = S extends { readonly properties: infer Properties }
  ? InferMembers<Properties, S extends { readonly required: readonly (infer Key)[] } ? Key : never> &
      InferOthers<S, { readonly [key: string]: unknown }>
  : S extends { readonly additionalProperties: infer Extra }
    ? InferOthers<S, { readonly [key: string]: Infer<Extra> }> & object
    : { readonly [key: string]: unknown };

type InferMembers<Properties, Required> = {
  readonly [Key in keyof Properties & Required]: Infer<Properties[Key]>;
} & {
  readonly [Key in Exclude<keyof Properties, Required>]?: Infer<Properties[Key]>;
};

/** The members that `properties` does not name. An index signature binds the named ones too, so only beside none of them may it be narrow. */
type InferOthers<S, Others> = S extends { readonly patternProperties: object }
  ? { readonly [key: string]: unknown }
  : S extends { readonly additionalProperties: false }
    ? unknown
    : Others;
