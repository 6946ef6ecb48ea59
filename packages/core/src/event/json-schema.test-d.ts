import { describe, expectTypeOf, test } from "vitest";
import type { Infer, JsonSchema } from "./json-schema.js";

/** The type of what a schema literal accepts. */
declare function accepts<const Schema extends JsonSchema>(schema: Schema): Infer<Schema>;

type Open = { readonly [key: string]: unknown };

describe("the inferred type of", () => {
  test("a scalar is the language's", () => {
    expectTypeOf(accepts({ type: "string" })).toEqualTypeOf<string>();
    expectTypeOf(accepts({ type: "integer" })).toEqualTypeOf<number>();
    expectTypeOf(accepts({ type: "number" })).toEqualTypeOf<number>();
    expectTypeOf(accepts({ type: "boolean" })).toEqualTypeOf<boolean>();
    expectTypeOf(accepts({ type: "null" })).toEqualTypeOf<null>();
  });

  test("a list of types is their union", () => {
    expectTypeOf(accepts({ type: ["string", "null"] })).toEqualTypeOf<string | null>();
    expectTypeOf(accepts({ type: ["integer", "array"], items: { type: "string" } })).toEqualTypeOf<
      number | readonly string[]
    >();
  });

  test("a constant and an enumeration is what they list", () => {
    expectTypeOf(accepts({ const: "card" })).toEqualTypeOf<"card">();
    expectTypeOf(accepts({ type: "string", enum: ["a", "b"] })).toEqualTypeOf<"a" | "b">();
    expectTypeOf(accepts({ enum: [1, null] })).toEqualTypeOf<1 | null>();
  });

  test("an array is read-only", () => {
    expectTypeOf(accepts({ type: "array" })).toEqualTypeOf<readonly unknown[]>();
    expectTypeOf(accepts({ type: "array", items: { type: "integer" } })).toEqualTypeOf<readonly number[]>();
    expectTypeOf(
      accepts({ type: "array", prefixItems: [{ type: "string" }, { type: "null" }], items: false, minItems: 2 }),
    ).toEqualTypeOf<readonly [string, null]>();
  });

  test("an object has its required members, its optional ones, and whatever else comes", () => {
    const value = accepts({
      type: "object",
      required: ["id"],
      properties: { id: { type: "integer" }, note: { type: "string" } },
    });
    expectTypeOf(value.id).toEqualTypeOf<number>();
    expectTypeOf(value.note).toEqualTypeOf<string | undefined>();
    expectTypeOf(value["more"]).toBeUnknown();
    expectTypeOf<{ id: number }>().toExtend<typeof value>();
    expectTypeOf<{ id: number; more: boolean }>().toExtend<typeof value>();
    expectTypeOf<{ note: string }>().not.toExtend<typeof value>();
    expectTypeOf<{ id: string }>().not.toExtend<typeof value>();
    expectTypeOf(accepts({ type: "object" })).toExtend<Open>();
  });

  test("a closed object has no other members", () => {
    const value = accepts({
      type: "object",
      additionalProperties: false,
      required: ["id"],
      properties: { id: { type: "integer" } },
    });
    // @ts-expect-error: there is no such member
    value["more"];
    // @ts-expect-error: nor may one be written
    const wrong: typeof value = { id: 1, more: 2 };
    expectTypeOf(wrong).toExtend<{ id: number }>();
  });

  test("a map has values of one type", () => {
    const value = accepts({ type: "object", additionalProperties: { type: "number" } });
    expectTypeOf(value["anything"]).toEqualTypeOf<number | undefined>();
    expectTypeOf<{ a: number; b: number }>().toExtend<typeof value>();
    expectTypeOf<{ a: number; b: string }>().not.toExtend<typeof value>();
  });

  test("a map with named members is wide enough for both", () => {
    const value = accepts({
      type: "object",
      required: ["id"],
      properties: { id: { type: "integer" } },
      additionalProperties: { type: "string" },
    });
    expectTypeOf<{ id: number; note: string }>().toExtend<typeof value>();
    expectTypeOf(value.id).toEqualTypeOf<number>();
  });

  test("an object with patterns of names is open", () => {
    const value = accepts({
      type: "object",
      additionalProperties: false,
      patternProperties: { "^x-": { type: "string" } },
    });
    expectTypeOf<{ "x-a": string }>().toExtend<typeof value>();
  });

  test("a choice is a union", () => {
    expectTypeOf(accepts({ anyOf: [{ type: "string" }, { type: "integer" }] })).toEqualTypeOf<string | number>();
    const payment = accepts({
      oneOf: [
        {
          type: "object",
          required: ["kind", "number"],
          properties: { kind: { const: "card" }, number: { type: "string" } },
        },
        { type: "object", required: ["kind"], properties: { kind: { const: "cash" } } },
      ],
    });
    expectTypeOf(payment.kind).toEqualTypeOf<"card" | "cash">();
    if (payment.kind === "card") expectTypeOf(payment.number).toEqualTypeOf<string>();
  });

  test("all of several is all of them", () => {
    const value = accepts({
      type: "object",
      required: ["id"],
      properties: { id: { type: "integer" } },
      allOf: [
        { type: "object", required: ["name"], properties: { name: { type: "string" } } },
        { type: "object", properties: { note: { type: "string" } } },
      ],
    });
    expectTypeOf(value.id).toEqualTypeOf<number>();
    expectTypeOf(value.name).toEqualTypeOf<string>();
    expectTypeOf(value.note).toEqualTypeOf<string | undefined>();
  });

  test("what the subset cannot say is unknown", () => {
    expectTypeOf(accepts({ $ref: "#/$defs/a" })).toBeUnknown();
    expectTypeOf(accepts({ not: { type: "string" } })).toBeUnknown();
    expectTypeOf(accepts({ description: "anything" })).toBeUnknown();
    expectTypeOf<Infer<JsonSchema>>().toBeUnknown();
    expectTypeOf<Infer<true>>().toBeUnknown();
  });
});
