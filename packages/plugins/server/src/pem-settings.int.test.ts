import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rootCertificates } from "node:tls";
import { inspect } from "node:util";
import { HookwrightError } from "@hookwright/core";
import { afterAll, describe, expect, test } from "vitest";
import { readSettings } from "./settings.js";

const folder = mkdtempSync(join(tmpdir(), "hookwright-pem-"));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

// Certificates that every Node has, and a key that belongs to none of them.
const [one = "", other = ""] = rootCertificates;
const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const key = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
const locked = privateKey.export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "hunter2" });

const certificateFile = file("one.pem", one);
const keyFile = file("key.pem", key);

test("a file of authorities is read at the start, and its text handed to core", () => {
  const path = file("both.pem", `# ours\n${one}\n${other}\n`);
  const { hooks } = readSettings({ environment: { HOOKWRIGHT_CA_FILE: path }, terminal: false });
  expect(hooks).toMatchObject({
    certificateAuthorities: `# ours\n${one}\n${other}\n`,
    clientCertificate: "",
    clientKey: "",
  });
});

describe("a file that cannot be used is refused in one line that names the setting, and shows nothing of a key", () => {
  test.each<[title: string, environment: Record<string, string>, line: RegExp]>([
    [
      "one that is not there",
      { HOOKWRIGHT_CA_FILE: join(folder, "none.pem") },
      /^HOOKWRIGHT_CA_FILE: the file cannot be read: ENOENT/,
    ],
    ["a folder", { HOOKWRIGHT_CLIENT_CERT: folder }, /^HOOKWRIGHT_CLIENT_CERT: the file cannot be read: EISDIR/],
    [
      "an empty one",
      { HOOKWRIGHT_CA_FILE: file("empty.pem", "") },
      /^HOOKWRIGHT_CA_FILE: the file .*empty\.pem is empty\.$/,
    ],
    [
      "no certificate",
      { HOOKWRIGHT_CA_FILE: keyFile },
      /^HOOKWRIGHT_CA_FILE: the file .*key\.pem has no PEM certificate/,
    ],
    [
      "a certificate alone",
      { HOOKWRIGHT_CLIENT_CERT: certificateFile },
      /^HOOKWRIGHT_CLIENT_CERT needs HOOKWRIGHT_CLIENT_KEY beside it\.$/,
    ],
    [
      "a key alone",
      { HOOKWRIGHT_CLIENT_KEY: keyFile },
      /^HOOKWRIGHT_CLIENT_KEY needs HOOKWRIGHT_CLIENT_CERT beside it\.$/,
    ],
    [
      "a key of another certificate",
      { HOOKWRIGHT_CLIENT_CERT: certificateFile, HOOKWRIGHT_CLIENT_KEY: keyFile },
      /^HOOKWRIGHT_CLIENT_KEY is not the key of the certificate in HOOKWRIGHT_CLIENT_CERT\.$/,
    ],
    [
      "a key with a passphrase",
      { HOOKWRIGHT_CLIENT_CERT: certificateFile, HOOKWRIGHT_CLIENT_KEY: file("locked.pem", locked.toString()) },
      /^HOOKWRIGHT_CLIENT_KEY is encrypted: write it without a passphrase\.$/,
    ],
    [
      "no key",
      { HOOKWRIGHT_CLIENT_CERT: certificateFile, HOOKWRIGHT_CLIENT_KEY: certificateFile },
      /^HOOKWRIGHT_CLIENT_KEY has no PEM private key in it\.$/,
    ],
  ])("%s", (_, environment, line) => {
    const message = refusal(environment);
    expect(message).toMatch(line);
    expect(message).not.toMatch(/\n|PRIVATE/);
  });
});

describe("a key in place of its file's name is refused, and nothing of it shown", () => {
  const encoded = key.split("\n").slice(1, -2).join("");
  test.each([
    ["as PEM", key.trim(), /must be the path of a file/],
    ["as PEM in one line", key.replaceAll("\n", " ").trim(), /must be the path of a file/],
    ["as lines without their frame", key.split("\n").slice(1, -2).join("\n"), /must be the path of a file/],
    ["as one line without its frame", encoded, /the file cannot be read: EN/],
  ])("%s", (_, text, line) => {
    for (const name of ["HOOKWRIGHT_CLIENT_KEY", "HOOKWRIGHT_CLIENT_CERT", "HOOKWRIGHT_CA_FILE"]) {
      const error = refusalOf({ [name]: text });
      expect(error.message).toMatch(line);
      expect(error.message.startsWith(name)).toBe(true);
      expect(inspect(error)).not.toContain(encoded.slice(0, 20));
    }
  });
});

function refusalOf(environment: Readonly<Record<string, string>>): HookwrightError {
  try {
    readSettings({ environment, terminal: false });
  } catch (error) {
    if (error instanceof HookwrightError && error.code === "configuration_invalid") return error;
    throw error;
  }
  throw new Error("the settings were accepted");
}

function refusal(environment: Readonly<Record<string, string>>): string {
  return refusalOf(environment).message;
}
