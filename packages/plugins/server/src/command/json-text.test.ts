import { expect, test } from "vitest";
import { harmlessJson, reformatJson } from "./json-text.js";

test("numbers keep the digits that they came with", () => {
  const text = `{"id": 12345678901234567890, "score": 1.0, "tiny": 1e-400, "list": [ 1, 2 ]}`;
  expect(reformatJson(text, 0)).toBe(`{"id":12345678901234567890,"score":1.0,"tiny":1e-400,"list":[1,2]}`);
});

test("an indent puts each member on a line", () => {
  expect(reformatJson(`{"a":{"b":"c"}}`, 2)).toBe(`{\n  "a": {\n    "b": "c"\n  }\n}`);
});

test("a text that is no JSON is refused", () => {
  expect(() => reformatJson("{", 2)).toThrow(SyntaxError);
});

test("letters that a terminal would obey are escaped, and the value stays the same", () => {
  const value = { "\u009bkey": "\u001b[2J\u007f\u009b31m\u202egpj.exe é😀" };
  for (const text of [harmlessJson(JSON.stringify(value)), reformatJson(JSON.stringify(value), 0)]) {
    expect(text).not.toMatch(/[\p{Cc}\u202e]/u);
    expect(text).toContain("é😀");
    expect(JSON.parse(text)).toEqual(value);
  }
});
