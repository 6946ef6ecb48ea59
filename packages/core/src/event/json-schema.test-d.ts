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

  test("a choice keeps what stands beside it", () => {
    const payment = accepts({
      type: "object",
      required: ["kind", "id"],
      properties: { id: { type: "integer" }, kind: { enum: ["card", "cash"] } },
      discriminator: { propertyName: "kind" },
      oneOf: [
        { required: ["number"], properties: { kind: { const: "card" }, number: { type: "string" } } },
        { properties: { kind: { const: "cash" } } },
      ],
    });
    expectTypeOf(payment.id).toEqualTypeOf<number>();
    expectTypeOf(payment.kind).toEqualTypeOf<"card" | "cash">();
    if (payment.kind === "card") expectTypeOf(payment.number).toEqualTypeOf<string>();
    expectTypeOf<{ id: number; kind: "cash" }>().toExtend<typeof payment>();
    expectTypeOf<{ id: number; kind: "card" }>().not.toExtend<typeof payment>();
    expectTypeOf<{ kind: "cash" }>().not.toExtend<typeof payment>();
  });

  test("a choice between required members asks for one of them", () => {
    const contact = accepts({
      type: "object",
      properties: { mail: { type: "string" }, phone: { type: "string" } },
      anyOf: [{ required: ["mail"] }, { required: ["phone"] }],
    });
    expectTypeOf<{ mail: string }>().toExtend<typeof contact>();
    expectTypeOf<{ phone: string }>().toExtend<typeof contact>();
    expectTypeOf<{ other: string }>().not.toExtend<typeof contact>();
    expectTypeOf<{ mail: number }>().not.toExtend<typeof contact>();
  });

  test("anyOf and oneOf beside each other hold both", () => {
    const value = accepts({
      anyOf: [{ type: "string" }, { type: "integer" }],
      oneOf: [{ type: "integer" }, { type: "boolean" }],
    });
    expectTypeOf(value).toEqualTypeOf<number>();
  });

  test("a required member that is not described is unknown, and must be there", () => {
    const value = accepts({ type: "object", required: ["id"] });
    expectTypeOf(value.id).toBeUnknown();
    expectTypeOf<{ id: 5 }>().toExtend<typeof value>();
    expectTypeOf<{ other: 5 }>().not.toExtend<typeof value>();
  });

  test("true is anything, and false is nothing", () => {
    const value = accepts({ type: "object", properties: { any: true, none: false } });
    expectTypeOf(value.any).toBeUnknown();
    expectTypeOf(value.none).toEqualTypeOf<undefined>();
    expectTypeOf<Infer<true>>().toBeUnknown();
    expectTypeOf<Infer<false>>().toBeNever();
  });

  test("a reference is what it leads to", () => {
    const order = accepts({
      type: "object",
      required: ["buyer", "seller"],
      properties: {
        buyer: { $ref: "#/$defs/person" },
        seller: { $ref: "#/definitions/firm" },
        lines: { type: "array", items: { $ref: "#/$defs/line" } },
      },
      $defs: {
        person: { type: "object", required: ["name"], properties: { name: { type: "string" } } },
        line: { type: "object", properties: { sku: { $ref: "#/$defs/sku" } } },
        sku: { type: "string" },
      },
      definitions: { firm: { type: "object", required: ["vat"], properties: { vat: { type: ["string", "null"] } } } },
    });
    expectTypeOf(order.buyer.name).toEqualTypeOf<string>();
    expectTypeOf(order.seller.vat).toEqualTypeOf<string | null>();
    expectTypeOf(order.lines?.[0]?.sku).toEqualTypeOf<string | undefined>();
  });

  test("a reference keeps what stands beside it", () => {
    const value = accepts({
      $ref: "#/$defs/base",
      type: "object",
      required: ["more"],
      properties: { more: { type: "integer" } },
      $defs: { base: { type: "object", required: ["id"], properties: { id: { type: "string" } } } },
    });
    expectTypeOf(value.id).toEqualTypeOf<string>();
    expectTypeOf(value.more).toEqualTypeOf<number>();
  });

  test("a schema may refer to itself", () => {
    const tree = accepts({
      type: "object",
      required: ["id"],
      properties: {
        id: { type: "integer" },
        parent: { $ref: "#" },
        children: { type: "array", items: { $ref: "#" } },
      },
    });
    expectTypeOf(tree.parent?.parent?.id).toEqualTypeOf<number | undefined>();
    expectTypeOf(tree.children?.[0]?.children?.[0]?.id).toEqualTypeOf<number | undefined>();

    const json = accepts({
      type: "object",
      required: ["value"],
      properties: { value: { $ref: "#/$defs/value" } },
      $defs: {
        value: { anyOf: [{ type: "string" }, { type: "array", items: { $ref: "#/$defs/value" } }] },
      },
    });
    expectTypeOf<string>().toExtend<typeof json.value>();
    expectTypeOf<[["a"], "b"]>().toExtend<typeof json.value>();
    expectTypeOf<[[5]]>().not.toExtend<typeof json.value>();
  });

  test("nested structures are inferred to the end", () => {
    const value = accepts({
      type: "object",
      required: ["a"],
      properties: {
        a: {
          type: "array",
          items: {
            type: "object",
            required: ["b"],
            properties: {
              b: { type: ["object", "null"], required: ["c"], properties: { c: { enum: [1, 2, null] } } },
              d: { type: "object", additionalProperties: { type: "array", items: { const: "x" } } },
            },
          },
        },
      },
    });
    expectTypeOf(value.a[0]?.b?.c).toEqualTypeOf<1 | 2 | null | undefined>();
    expectTypeOf(value.a[0]?.d?.["any"]?.[0]).toEqualTypeOf<"x" | undefined>();
  });

  test("what the subset cannot say is unknown", () => {
    expectTypeOf(accepts({ $ref: "#/$defs/a" })).toBeUnknown();
    expectTypeOf(accepts({ $ref: "#/$defs/a/items", $defs: { a: { items: { type: "string" } } } })).toBeUnknown();
    expectTypeOf(accepts({ dependentRequired: { a: ["b"] } })).toBeUnknown();
    expectTypeOf(accepts({ not: { type: "string" } })).toBeUnknown();
    expectTypeOf(accepts({ description: "anything" })).toBeUnknown();
    expectTypeOf<Infer<JsonSchema>>().toBeUnknown();
  });
});
