import { HookwrightError } from "@hookwright/core";
import { describe, expect, test } from "vitest";
import { generateSecret } from "./generate.js";
import { sign } from "./sign.js";
import { vectors } from "./vectors.test.support.js";

describe("the vectors of other libraries", () => {
  test("are all there", () => {
    expect(vectors.map(({ n }) => n)).toEqual("1 2 3a 3b 3c 4 5 6 7 8 9 10 11 12 13 14 15".split(" "));
  });

  test.each(vectors)("$n: the same signature ($source)", ({ id, timestamp, body, secrets, signature }) => {
    expect(sign({ id, timestamp, body }, secrets)).toBe(signature);
  });

  test.each(vectors)("$n: a text and its bytes are signed alike", ({ id, timestamp, body, secrets, signature }) => {
    expect(sign({ id, timestamp, body: Buffer.from(body) }, secrets)).toBe(signature);
  });
});

const message = { id: "msg_1", timestamp: 1_614_265_330, body: "{}" };

test("a secret gives the same signature with and without its prefix", () => {
  const secret = generateSecret();
  expect(sign(message, secret.slice("whsec_".length))).toBe(sign(message, secret));
});

test("both kinds of secrets stand in one header, in the order in which they were given", () => {
  const [first, second] = [vectors[0]?.secrets[0] ?? "", vectors[5]?.secrets[0] ?? ""];
  expect(sign(message, [second, first])).toBe(`${sign(message, second)} ${sign(message, first)}`);
  expect(sign(message, [second, first])).toMatch(/^v1a,\S{88} v1,\S{44}$/);
});

test.each(["", "a.b", "msg\n1", "msg 1", "ü", "x".repeat(257)])("an id such as %j is refused", (id) => {
  expect(() => sign({ ...message, id }, generateSecret())).toThrow(code("signature_malformed"));
});

test.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 1e15])("a timestamp such as %j is refused", (timestamp) => {
  expect(() => sign({ ...message, timestamp }, generateSecret())).toThrow(code("signature_malformed"));
});

test("no secret at all is refused", () => {
  expect(() => sign(message, [])).toThrow(code("secret_invalid"));
});

function code(wanted: string): unknown {
  return expect.toSatisfy((error: unknown) => error instanceof HookwrightError && error.code === wanted);
}
