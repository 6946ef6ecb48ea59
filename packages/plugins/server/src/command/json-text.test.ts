import { expect, test } from "vitest";
import { reformatJson } from "./json-text.js";

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
