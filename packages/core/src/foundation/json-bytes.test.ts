import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isJsonArray, type JsonRange, jsonDepth, jsonElements, jsonMembers, jsonWidth } from "./json-bytes.js";
import { anyContent, objectContent, spell, spelling } from "./json-texts.test.support.js";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

describe("the members of an object", () => {
  test("say together what the whole text says", () => {
    fc.assert(
      fc.property(objectContent, spelling, (content, seed) => {
        const bytes = encoder.encode(spell(content, seed));
        const members = jsonMembers(bytes).map((member) => `${JSON.stringify(member.key)}:${textOf(bytes, member)}`);
        expect(parsed(`{${members.join(",")}}`)).toBe(parsed(decoder.decode(bytes)));
      }),
    );
  });

  test("are values without the blanks around them", () => {
    fc.assert(
      fc.property(objectContent, spelling, (content, seed) => {
        const bytes = encoder.encode(spell(content, seed));
        for (const member of jsonMembers(bytes)) {
          const text = textOf(bytes, member);
          expect(text).toBe(text.trim());
          expect(() => JSON.parse(text)).not.toThrow();
        }
      }),
    );
  });

  test("are found behind a byte order mark, behind blanks, and at a place inside a text", () => {
    const keys = (text: string, start?: number) => jsonMembers(encoder.encode(text), start).map(({ key }) => key);
    expect(keys('\ufeff{"a":1}')).toEqual(["a"]);
    expect(keys(' \n{ "a" : 1 } ')).toEqual(["a"]);
    expect(keys('{"a": {"b":1,"c":2}}', 5)).toEqual(["b", "c"]);
  });
});

test("the elements of an array say together what the array says", () => {
  fc.assert(
    fc.property(fc.array(anyContent, { maxLength: 6 }), spelling, (elements, seed) => {
      const bytes = encoder.encode(spell({ kind: "array", elements }, seed));
      const texts = jsonElements(bytes, 0).map((element) => textOf(bytes, element));
      expect(texts).toHaveLength(elements.length);
      expect(parsed(`[${texts.join(",")}]`)).toBe(parsed(decoder.decode(bytes)));
    }),
  );
});

test("an array is told from any other value", () => {
  fc.assert(
    fc.property(anyContent, spelling, (content, seed) => {
      const bytes = encoder.encode(spell(content, seed));
      expect(isJsonArray(bytes, { start: 0, end: bytes.length })).toBe(content.kind === "array");
    }),
  );
});

describe("the depth of a text", () => {
  test("is that of what it says", () => {
    fc.assert(
      fc.property(anyContent, spelling, (content, seed) => {
        const text = spell(content, seed);
        expect(jsonDepth(encoder.encode(text))).toBe(depthOf(text));
      }),
    );
  });

  test.each([0, 1, 500, 100_000])("is counted to %i", (depth) => {
    expect(jsonDepth(encoder.encode(`${"[".repeat(depth)}${"]".repeat(depth)}`))).toBe(depth);
  });

  test("can be asked of any bytes, valid JSON or not", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.string({ unit: fc.constantFrom(...'{}[]"\\,:a') }),
        (bytes, text) => {
          for (const some of [bytes, encoder.encode(text)]) {
            const depth = jsonDepth(some);
            expect(depth).toBeGreaterThanOrEqual(0);
            expect(depth).toBeLessThanOrEqual(some.length);
          }
        },
      ),
    );
  });
});

describe("the width of a text", () => {
  test("is that of the widest object in it", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), fc.boolean(), (value, spaced) => {
        const text = JSON.stringify(value, undefined, spaced ? 2 : 0);
        expect(jsonWidth(encoder.encode(text))).toBe(widthOf(JSON.parse(text)));
      }),
    );
  });

  test("can be asked of any bytes, valid JSON or not", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'{}[]"\\,:a') }), (text) => {
        expect(jsonWidth(encoder.encode(text))).toBeLessThanOrEqual(text.length);
      }),
    );
  });
});

function widthOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  const own = Array.isArray(value) ? 0 : Object.keys(value).length;
  return Math.max(own, ...Object.values(value).map(widthOf));
}

function textOf(bytes: Uint8Array, range: JsonRange): string {
  return decoder.decode(bytes.subarray(range.start, range.end));
}

function parsed(text: string): string {
  return JSON.stringify(JSON.parse(text));
}

/** By taking away everything inside strings, and then pairs of brackets from the inside out. */
function depthOf(text: string): number {
  let rest = text.replace(/"(?:[^"\\]|\\.)*"/g, "").replace(/[^[\]{}]/g, "");
  let depth = 0;
  while (rest !== "") {
    rest = rest.replace(/\[\]|\{\}/g, "");
    depth += 1;
  }
  return depth;
}
