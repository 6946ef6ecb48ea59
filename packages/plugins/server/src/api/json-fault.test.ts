import { describe, expect, test } from "vitest";
import { jsonFault } from "./json-fault.js";

describe("jsonFault", () => {
  test.each([
    ["", "Expecting value: line 1 column 1 (char 0)"],
    ["  ", "Expecting value: line 1 column 3 (char 2)"],
    ["{nope", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"],
    ["{'a': 1}", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"],
    ['{"a" 1}', "Expecting ':' delimiter: line 1 column 6 (char 5)"],
    ['{"a": 1 "b"}', "Expecting ',' delimiter: line 1 column 9 (char 8)"],
    ['{"a": 1,}', "Expecting property name enclosed in double quotes: line 1 column 9 (char 8)"],
    ['{\n  "a": nope\n}', "Expecting value: line 2 column 8 (char 9)"],
    ["[1 2]", "Expecting ',' delimiter: line 1 column 4 (char 3)"],
    ["[1,]", "Expecting value: line 1 column 4 (char 3)"],
    ["[1", "Expecting ',' delimiter: line 1 column 3 (char 2)"],
    ['["abc', "Unterminated string starting at: line 1 column 2 (char 1)"],
    ['"a\nb"', "Invalid control character at: line 1 column 3 (char 2)"],
    ['"\\x"', "Invalid \\escape: line 1 column 2 (char 1)"],
    ['"\\u12"', "Invalid \\escape: line 1 column 2 (char 1)"],
    ["01", "Extra data: line 1 column 2 (char 1)"],
    ["1.", "Extra data: line 1 column 2 (char 1)"],
    ["{} []", "Extra data: line 1 column 4 (char 3)"],
    ["NaN", "Expecting value: line 1 column 1 (char 0)"],
    ["-Infinity", "Expecting value: line 1 column 1 (char 0)"],
    ["]", "Expecting value: line 1 column 1 (char 0)"],
    ["[}", "Expecting value: line 1 column 2 (char 1)"],
    ["[[1}]", "Expecting ',' delimiter: line 1 column 4 (char 3)"],
  ])("%j", (text, fault) => {
    expect(() => JSON.parse(text)).toThrow();
    expect(jsonFault(text)).toBe(fault);
  });

  test("finds the fault of every text that is one step from JSON, without repeating any of it", () => {
    const good = '{"secret":["\\u00e9\\n",-1.5e3,true,null,{"b":{}}],"c":[]}';
    for (let index = 0; index < good.length; index += 1) {
      for (const put of ["", "}", ",", '"', "x", "\\", "\n"]) {
        const text = good.slice(0, index) + put + good.slice(index + 1);
        if (isJson(text)) continue;
        expect(jsonFault(text), text).toMatch(/^[A-Z][\w \\':,]+: line \d+ column \d+ \(char \d+\)$/);
        expect(jsonFault(text)).not.toContain("secret");
      }
    }
  });

  test("nesting without end and strings without end cost no stack", () => {
    expect(jsonFault("[".repeat(1_000_000))).toBe("Expecting value: line 1 column 1000001 (char 1000000)");
    expect(jsonFault(`"${"a".repeat(5_000_000)}`)).toMatch(/^Unterminated string/);
  });
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
