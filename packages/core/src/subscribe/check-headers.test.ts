import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkHeaders } from "./check-headers.js";

const headers = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`X-${index}`, "v"]));

describe("headers", () => {
  test.each([
    {},
    { Authorization: "Basic abc==" },
    { "X-Empty": "" },
    { "x_y-1": "a b\tc" },
    { A: "!~" },
    { "User-Agent": "mine" },
    { teapot: "short", "x-webhook-id": "1", hosts: "a" },
    { A: "x".repeat(4_096) },
    headers(10),
  ])("like %j are saved as they are", (value) => {
    expect(checkHeaders(value)).toEqual({ value });
  });

  test("keep a member with an odd name of their own", () => {
    const value: unknown = JSON.parse('{"__proto__":"a","constructor":"b"}');
    const checked = checkHeaders(value);
    expect("value" in checked && Object.entries(checked.value)).toEqual([
      ["__proto__", "a"],
      ["constructor", "b"],
    ]);
  });

  test.each<[unknown, string]>([
    [null, "This field may not be null."],
    [[], "[] failed JSON schema check"],
    ["str", "str failed JSON schema check"],
    [["Authorization: secret"], "list failed JSON schema check"],
    [5, "int failed JSON schema check"],
    [true, "bool failed JSON schema check"],
  ])("that are %j are refused", (value, text) => {
    expect(checkHeaders(value)).toEqual({ problem: [text] });
  });

  test.each<readonly [string, string]>([
    ["X Y", 'Header "X Y": a name holds letters, digits, "-" and "_" only.'],
    ["", 'Header "": a name holds letters, digits, "-" and "_" only.'],
    ["X.Y", 'Header "X.Y": a name holds letters, digits, "-" and "_" only.'],
    ["A\n", 'Header "A\\n": a name holds letters, digits, "-" and "_" only.'],
    ["Ä", 'Header "Ä": a name holds letters, digits, "-" and "_" only.'],
    ...[
      "host",
      "Content-Length",
      "CONTENT-TYPE",
      "connection",
      "transfer-encoding",
      "te",
      "trailer",
      "upgrade",
      "keep-alive",
      "expect",
      "Proxy-Authorization",
      "webhook-id",
      "Webhook-Signature",
      "ce-type",
    ].map((name) => [name, `Header "${name}": this name belongs to the sender.`] as const),
  ])("with the name %j are refused", (name, text) => {
    expect(checkHeaders({ [name]: "secret" })).toEqual({ problem: [text] });
  });

  test.each<[unknown, string]>([
    [null, "the value must be a string."],
    [5, "the value must be a string."],
    [{ secret: 1 }, "the value must be a string."],
    ["x".repeat(4_097), "the value has more than 4096 characters."],
    [" a", "the value must be visible ASCII, with blanks inside only."],
    ["a\t", "the value must be visible ASCII, with blanks inside only."],
    ["a\r\nX-Evil: 1", "the value must be visible ASCII, with blanks inside only."],
    ["a\u0000b", "the value must be visible ASCII, with blanks inside only."],
    ["grün", "the value must be visible ASCII, with blanks inside only."],
    ["\u007f", "the value must be visible ASCII, with blanks inside only."],
  ])("with the value %j are refused", (value, text) => {
    expect(checkHeaders({ "X-Key": value })).toEqual({ problem: [`Header "X-Key": ${text}`] });
  });

  test("have one text for each fault, all at once", () => {
    const value = { ...headers(9), "X Y": "1", Host: "a", "X-Z": null, "x-z": "b" };
    expect(checkHeaders(value)).toEqual({
      problem: [
        "At most 10 headers are allowed, found 13.",
        'Header "X Y": a name holds letters, digits, "-" and "_" only.',
        'Header "Host": this name belongs to the sender.',
        'Header "X-Z": the value must be a string.',
        'Header "x-z": the name is there twice, differing in case only.',
      ],
    });
  });

  test("never show a value in what is wrong with them", () => {
    const value = fc.oneof(fc.string({ minLength: 1 }), fc.jsonValue(), fc.constant("x".repeat(5_000)));
    fc.assert(
      fc.property(fc.dictionary(fc.string({ minLength: 1 }), value, { minKeys: 1 }), (some) => {
        const secrets = Object.fromEntries(Object.entries(some).map(([name, each]) => [name, shownSecret(each)]));
        const checked = checkHeaders(secrets);
        if ("problem" in checked) expect(JSON.stringify(checked.problem)).not.toContain("S3CR3T");
      }),
    );
  });

  test("by the hundred thousand are refused at once, and with a list that ends", () => {
    const many = Array.from({ length: 100_000 }, (_, index) => [`not a name ${index}`, "v"]);
    const checked = checkHeaders(Object.fromEntries(many));
    expect("problem" in checked && Object.values(checked.problem)).toHaveLength(101);
  });
});

/** The same kind of value with a secret in it. */
function shownSecret(value: unknown): unknown {
  if (typeof value === "string") return `S3CR3T${value}`;
  if (Array.isArray(value)) return ["S3CR3T", ...value];
  return typeof value === "object" && value !== null ? { ...value, S3CR3T: "S3CR3T" } : value;
}
