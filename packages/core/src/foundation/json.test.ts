import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalJson, isJsonObject } from "./json.js";
import { anyContent, type Content, spell, spelling } from "./json-texts.test.support.js";

describe("the canonical text", () => {
  test("is the same for every spelling of one content", () => {
    fc.assert(
      fc.property(anyContent, spelling, spelling, (content, one, other) => {
        expect(canonicalJson(spell(content, one))).toBe(canonicalJson(spell(content, other)));
      }),
    );
  });

  test("differs where the content differs", () => {
    fc.assert(
      fc.property(anyContent, anyContent, spelling, (left, right, seed) => {
        const equal = canonicalJson(spell(left, seed)) === canonicalJson(spell(right, seed));
        expect(equal).toBe(saysTheSame(left, right));
      }),
    );
  });

  test("differs where one value inside differs", () => {
    fc.assert(
      fc.property(anyContent, anyContent, fc.nat(), spelling, (content, leaf, place, seed) => {
        const changed = replaceOne(content, leaf, place);
        const equal = canonicalJson(spell(content, seed)) === canonicalJson(spell(changed, seed));
        expect(equal).toBe(saysTheSame(content, changed));
      }),
    );
  });

  test.each([
    ["12345678901234567890", "12345678901234567891"],
    ["9007199254740993", "9007199254740992"],
    ["1e400", "null"],
    ["1e400", "1e401"],
    ["[1]", "1"],
    ['{"a":1}', '[["a",1]]'],
    ['"1"', "1"],
  ])("tells %s from %s", (left, right) => {
    expect(canonicalJson(left)).not.toBe(canonicalJson(right));
  });

  test.each([
    ["1", "1.0"],
    ["100", "1E+2"],
    ["-0", "0"],
    ["1e20", "100000000000000000000"],
    ["12345678901234567890", "1234567890123456789.0e1"],
    ["0.0012e30", "1.2e27"],
    ['"\\u0041"', '"A"'],
    ['{"a":1,"a":2}', '{"a":2}'],
    ['{"__proto__":1,"b":2}', '{"b":2,"__proto__":1}'],
  ])("is the same for %s and %s", (left, right) => {
    expect(canonicalJson(left)).toBe(canonicalJson(right));
  });

  test("of a number with a million digits is ready at once", () => {
    const digits = `${"9".repeat(500_000)}${"0".repeat(500_000)}`;
    expect(canonicalJson(digits)).toBe(`${"9".repeat(500_000)}e500000`);
  });
});

test("an object is no array, no null and nothing that is not there", () => {
  expect([{}, [], null, undefined, "x", 1].map(isJsonObject)).toEqual([true, false, false, false, false, false]);
});

/** By the content itself: an own road to the same answer. */
function saysTheSame(left: Content, right: Content): boolean {
  if (left.kind === "number" && right.kind === "number") return sameNumber(left, right);
  if (left.kind === "array" && right.kind === "array") {
    const { elements } = right;
    return (
      left.elements.length === elements.length &&
      left.elements.every((element, index) => same(element, elements[index]))
    );
  }
  if (left.kind === "object" && right.kind === "object") {
    const others = new Map(right.members);
    return left.members.length === others.size && left.members.every(([key, member]) => same(member, others.get(key)));
  }
  if (left.kind === "string" && right.kind === "string") return left.text === right.text;
  return left.kind === "word" && right.kind === "word" && left.word === right.word;
}

function same(left: Content, right: Content | undefined): boolean {
  return right !== undefined && saysTheSame(left, right);
}

type NumberContent = Extract<Content, { kind: "number" }>;

/** As a double says it, where it says it exactly enough; else digit by digit. */
function sameNumber(left: NumberContent, right: NumberContent): boolean {
  const [one, other] = [left, right].map(({ digits, power }) => Number(`${digits}e${power}`));
  if (Math.abs(one ?? 0) <= Number.MAX_SAFE_INTEGER) return one === other;
  const shift = Math.min(left.power, right.power);
  return left.digits * 10n ** BigInt(left.power - shift) === right.digits * 10n ** BigInt(right.power - shift);
}

/** The content with one value inside replaced. */
function replaceOne(content: Content, leaf: Content, place: number): Content {
  if (content.kind === "array" && content.elements.length > 0) {
    const at = place % content.elements.length;
    const elements = content.elements.map((element, index) =>
      index === at ? replaceOne(element, leaf, place) : element,
    );
    return { kind: "array", elements };
  }
  if (content.kind === "object" && content.members.length > 0) {
    const at = place % content.members.length;
    const members = content.members.map(
      ([key, member], index) => [key, index === at ? replaceOne(member, leaf, place) : member] as const,
    );
    return { kind: "object", members };
  }
  return leaf;
}
