import { expect, test } from "vitest";
import { isDnsName, machineName } from "./dns-name.js";

test.each(["a", "localhost", "hooks.example.com", "xn--bcher-kva.example", "1.2.3.4", "A-b.c", "a".repeat(63)])(
  "%s is a DNS name",
  (name) => expect(isDnsName(name)).toBe(true),
);

test.each([
  "",
  ".",
  "a.",
  ".a",
  "a..b",
  "-a",
  "a-",
  "a_b",
  "a b",
  "a:80",
  "http://a",
  "ü.example",
  "a\n",
  "a".repeat(64),
  "a.".repeat(130),
  7,
])("%j is none", (name) => expect(isDnsName(name)).toBe(false));

test("the machine's name is one", () => {
  expect(isDnsName(machineName())).toBe(true);
});
