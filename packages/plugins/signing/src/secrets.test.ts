import { randomBytes } from "node:crypto";
import { HookwrightError } from "@hookwright/core";
import { describe, expect, test } from "vitest";
import { generateKeyPair, generateSecret } from "./generate.js";
import { sign } from "./sign.js";
import { problemOf } from "./signing-key.js";
import { vectors } from "./vectors.test.support.js";
import { createVerifier } from "./verify.js";

const message = { id: "msg_1", timestamp: 1_614_265_330, body: "{}" };
const pair = generateKeyPair();
const other = generateKeyPair();
/** The seed of one pair with the public key of another. */
const mismatched = `whsk_${Buffer.concat([halves(pair.privateKey)[0], halves(other.privateKey)[1]]).toString("base64")}`;

describe("a secret that cannot sign", () => {
  test.each<[string, unknown]>([
    ["a letter", "w"],
    ["nothing", ""],
    ["a prefix alone", "whsec_"],
    ["the other prefix alone", "whsk_"],
    ["null", null],
    ["undefined", undefined],
    ["a number", 7],
    ["what is no base64", "whsec_%"],
    ["too short a text", "whsec_wronglength"],
    ["23 bytes", ofLength(23)],
    ["76 bytes", ofLength(76)],
    [
      "81 bytes",
      "whsec_V09IYXZUaFJoSnFobnpJQkpPMXdpdGFNWnJsRzAxdXZCeTVndVpwRmxSSXFsc0oyYzBTRWRUekJhYnlaZ0JSRGNPQ3BGZG1xYjFVVmRGQ3UK",
    ],
    ["a misspelt prefix", `hwsec_${randomBytes(32).toString("base64")}`],
    ["a public key", pair.publicKey],
    ["half a private key", pair.privateKey.slice(0, -4)],
    ["a private key of which a character is missing", pair.privateKey.slice(0, -1)],
    ["halves of two pairs", mismatched],
    ["base64 without its padding", generateSecret().replace(/=+$/, "")],
    ["base64 with bits behind its end", "whsec_q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6t="],
    ["base64 of URLs", `whsec_${Buffer.alloc(33, 0xfb).toString("base64url")}`],
    ["a blank before it", ` ${generateSecret()}`],
    ["a line's end behind it", `${generateSecret()}\n`],
  ])("%s is refused, and not repeated", (_, secret) => {
    const problem = problemOf(secret);
    expect(problem).toMatch(/^[^\n]+$/);
    const thrown = refusal(() => sign(message, [secret as string]));
    expect(thrown.code).toBe("secret_invalid");
    const text = typeof secret === "string" ? secret : "";
    if (text.length > 8) expect(`${problem}${thrown.message}`).not.toContain(text.slice(6, -2));
  });
});

describe("a secret that can sign", () => {
  test.each<[string, string]>([
    ["24 bytes", ofLength(24)],
    ["75 bytes", ofLength(75)],
    [
      "64 bytes without a prefix",
      "TUdfVE5UMnZlci1TeWxOYXQtX1ZlTW1kLTRtMFdhYmEwanIxdHJvenRCbmlTQ2hFdzBnbHhFbWdFaTJLdzQwSA==",
    ],
    ["a private key with its public half", pair.privateKey],
    ["a seed alone", vectors.find(({ n }) => n === "14")?.secrets[0] ?? ""],
    ["one that is made", generateSecret()],
  ])("%s", (_, secret) => {
    expect(problemOf(secret)).toBeUndefined();
    expect(sign(message, secret)).toMatch(/^v1a?,/);
  });
});

test("both forms of a private key sign alike", () => {
  const seed = `whsk_${halves(pair.privateKey)[0].toString("base64")}`;
  expect(sign(message, seed)).toBe(sign(message, pair.privateKey));
});

test.each(["whpk_", "whpk_AAAA", `whpk_${randomBytes(31).toString("base64")}`, pair.publicKey.slice(0, -1)])(
  "%s verifies nothing",
  (secret) => {
    expect(refusal(() => createVerifier({ secrets: secret })).code).toBe("secret_invalid");
  },
);

test("what is made is new each time", () => {
  const made = [generateSecret(), generateSecret(), generateKeyPair().privateKey, generateKeyPair().privateKey];
  expect(new Set(made).size).toBe(4);
});

function ofLength(bytes: number): string {
  return `whsec_${randomBytes(bytes).toString("base64")}`;
}

function halves(privateKey: string): readonly [Buffer, Buffer] {
  const bytes = Buffer.from(privateKey.slice("whsk_".length), "base64");
  return [bytes.subarray(0, 32), bytes.subarray(32)];
}

function refusal(run: () => unknown): HookwrightError {
  try {
    run();
  } catch (error) {
    if (error instanceof HookwrightError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}
