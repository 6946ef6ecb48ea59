import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { OrganizationId, WebhookId } from "../foundation/ids.js";
import { type SealContext, Vault } from "./vault.js";

const here: SealContext = { organization: 1 as OrganizationId, purpose: "header X-Key" };
const oneKey = "a".repeat(32);
const otherKey = "b".repeat(44);
const anyText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom("", "hw1.x.y", "hw0.", "hw1.0123456789ab.AAAA"),
);

describe("a vault with a key", () => {
  const vault = new Vault([oneKey]);
  const ofOne = { ...here, webhook: 1 as WebhookId };

  test("binds what it seals to the webhook that it is for", () => {
    const sealed = vault.seal("s3cr3t", ofOne);
    expect(vault.open(sealed, ofOne)).toBe("s3cr3t");
    expect(vault.open(sealed, { ...here, webhook: 2 as WebhookId })).toBeUndefined();
    expect(vault.open(sealed, here)).toBeUndefined();
    expect(vault.open(sealed.replace("hw2.", "hw1."), ofOne)).toBeUndefined();
    expect([vault.isCurrent(sealed), vault.isCurrent(vault.seal("s3cr3t", here))]).toEqual([true, false]);
  });

  test("takes nothing that is plain or not bound, once it is told that everything is", () => {
    const [exempt, unbound] = [vault.seal("s3cr3t", here), vault.seal("s3cr3t", here)];
    const strict = vault.boundBut(new Set([exempt]));
    for (const text of ["planted", "hw0.planted", unbound]) {
      expect(vault.open(text, ofOne)).toBeDefined();
      expect(strict.open(text, ofOne)).toBeUndefined();
      expect(new Vault([otherKey], strict).open(text, ofOne)).toBeUndefined();
    }
    expect(strict.open(exempt, ofOne)).toBe("s3cr3t");
    expect(strict.open(strict.seal("s3cr3t", ofOne), ofOne)).toBe("s3cr3t");
  });

  test("opens what it sealed, whatever the text", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const sealed = vault.seal(text, here);
        expect(vault.open(sealed, here)).toBe(text.toWellFormed());
        expect(sealed).toMatch(/^hw1\.[0-9a-f]{12}\.[A-Za-z0-9_-]+$/);
      }),
    );
  });

  test("shows nothing of the text, and seals it differently each time", () => {
    const all = Array.from({ length: 100 }, () => vault.seal("s3cr3t-value-s3cr3t", here));
    expect(new Set(all).size).toBe(100);
    for (const sealed of all) {
      expect(sealed).not.toContain("s3cr3t");
      expect(Buffer.from(sealed.split(".")[2] ?? "", "base64url").toString("latin1")).not.toContain("s3cr3t");
    }
  });

  test.each<[string, SealContext]>([
    ["another organization", { ...here, organization: 2 as OrganizationId }],
    ["another header", { ...here, purpose: "header X-Other" }],
    ["a signing secret", { ...here, purpose: "signing-secret" }],
  ])("opens nothing that was moved to %s", (_, there) => {
    expect(vault.open(vault.seal("s3cr3t", here), there)).toBeUndefined();
  });

  test("opens nothing that was changed in a single bit", () => {
    const sealed = vault.seal("s3cr3t", here);
    const [version = "", id = "", text = ""] = sealed.split(".");
    const bytes = Buffer.from(text, "base64url");
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const damaged = Buffer.from(bytes);
      damaged.writeUInt8(damaged.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      expect(vault.open(`${version}.${id}.${damaged.toString("base64url")}`, here)).toBeUndefined();
    }
    for (let length = 0; length < bytes.length; length += 1)
      expect(vault.open(`${version}.${id}.${bytes.subarray(0, length).toString("base64url")}`, here)).toBeUndefined();
  });

  test.each(["hw1.", "hw1.zz.zz", "hw2.0123456789ab.AAAA", "hw1.0123456789ab.", "hw9."])(
    "opens no text of another form or version: %s",
    (text) => {
      expect(vault.open(text, here)).toBeUndefined();
      expect(vault.stateOf(text)).toBe("unknown-key");
    },
  );

  test("reads what was stored before there was a key", () => {
    for (const text of ["plain", "", "hw", "hw1", "hw.1.2", "HW1.0123456789ab.AAAA"]) {
      expect(vault.open(text, here)).toBe(text);
      expect(vault.stateOf(text)).toBe("plain");
      expect(vault.isCurrent(text)).toBe(false);
    }
  });

  test("tells by the key's name what it can open", () => {
    const sealed = vault.seal("text", here);
    expect(vault.stateOf(sealed)).toBe("newest-key");
    expect(new Vault([otherKey, oneKey]).stateOf(sealed)).toBe("older-key");
    expect(new Vault([otherKey]).stateOf(sealed)).toBe("unknown-key");
    expect(new Vault([]).stateOf(sealed)).toBe("unknown-key");
    expect(sealed).not.toContain(oneKey);
  });
});

describe("a vault with several keys", () => {
  test("seals with the first and opens with all", () => {
    const old = new Vault([oneKey]).seal("old", here);
    const both = new Vault([otherKey, oneKey]);
    expect(both.open(old, here)).toBe("old");
    expect(new Vault([otherKey]).open(both.seal("new", here), here)).toBe("new");
    expect(new Vault([otherKey]).open(old, here)).toBeUndefined();
  });

  test("opens what the keys of the vault before it sealed", () => {
    const before = new Vault([oneKey]);
    const vault = new Vault([otherKey], before);
    expect(vault.open(before.seal("old", here), here)).toBe("old");
    expect(vault.isCurrent(before.seal("old", here))).toBe(false);
  });
});

describe("a vault without a key", () => {
  const vault = new Vault([]);

  test("keeps texts as they are, and mixes none up with a sealed one", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const stored = vault.seal(text, here);
        expect(vault.open(stored, here)).toBe(text);
        expect(vault.isCurrent(stored)).toBe(true);
        // Whoever gets a key later reads the same.
        expect(new Vault([oneKey]).open(stored, here)).toBe(text);
        if (!text.startsWith("hw")) expect(stored).toBe(text);
      }),
    );
  });
});

describe("a key", () => {
  test("must have at least 32 characters, and is in no message", () => {
    const short = "short-key-that-nobody-may-see";
    expect(() => new Vault([oneKey, short])).toThrow(/at least 32 characters/);
    expect(() => new Vault([short])).not.toThrow(new RegExp(short));
    expect(() => new Vault([oneKey.slice(1)])).toThrow();
  });

  test.each([
    ["hex of 32 bytes", "00".repeat(32)],
    ["base64 of 32 bytes", Buffer.alloc(32, 7).toString("base64")],
    ["a long passphrase", "correct horse battery staple, and some more of it"],
  ])("may be %s", (_, key) => {
    const vault = new Vault([key]);
    expect(vault.open(vault.seal("text", here), here)).toBe("text");
  });
});
