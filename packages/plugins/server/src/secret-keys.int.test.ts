import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { OrganizationId, Webhook } from "@hookwright/core";
import { SealedWebhooks } from "@hookwright/core/internal";
import { sqlite } from "@hookwright/plugin-sqlite";
import { newWebhook } from "@hookwright/testing";
import { beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { buildProgram } from "./built-program.test.support.js";
import { type DataFolder, dataFolder, readSmallFile, writeSecretFile } from "./data-folder.js";
import { ensureSecretKeys, parseSecretKeys, rotateSecretKey } from "./secret-keys.js";

const organization = 1 as OrganizationId;
const child = fileURLToPath(new URL("../dist/rotation-child.test.support.js", import.meta.url));
const configured = "1".repeat(32);

let folder: DataFolder;

beforeEach(() => {
  const path = mkdtempSync(join(tmpdir(), "secret-keys-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  folder = dataFolder(path);
});

describe("the key file", () => {
  test("is made once, for its owner only, with 256 random bits", async () => {
    const keys = await ensure();
    expect(keys).toEqual([expect.stringMatching(/^[A-Za-z0-9_-]{43}$/)]);
    expect(statSync(folder.secretKey).mode & 0o777).toBe(0o600);
    expect(await ensure()).toEqual(keys);
    expect(readdirSync(folder.path)).toEqual(["secret-key"]);
  });

  test("is not made where a key is set", async () => {
    expect(await ensure([configured])).toEqual([configured]);
    expect(readdirSync(folder.path)).toEqual([]);
  });

  test.each(["", "short", `${configured}\nshort`])("with %j in it is refused, and not replaced", async (text) => {
    writeFileSync(folder.secretKey, text);
    await expect(ensure()).rejects.toThrow(/secret-key must hold/);
    await expect(ensure()).rejects.not.toThrow(/short$/);
    expect(readFileSync(folder.secretKey, "utf8")).toBe(text);
  });

  test.each([
    [`${configured},${configured}`, [configured, configured]],
    [` ${configured} \n,\t${configured}\r\n`, [configured, configured]],
    [configured.slice(1), undefined],
    [",", undefined],
  ])("and the setting are read alike: %j", (text, keys) => {
    expect(parseSecretKeys(text)).toEqual(keys);
  });
});

test("a secret that cannot be put in its place leaves no draft behind", () => {
  mkdirSync(folder.secretKey);
  expect(() => writeSecretFile(folder.secretKey, configured)).toThrow();
  expect(readdirSync(folder.path)).toEqual(["secret-key"]);
});

describe("a change of the key", () => {
  beforeAll(buildProgram, 120_000);

  test.each([
    "the new key is written",
    "step 1 is done",
    "step 2 is done",
    "step 3 is done",
    "everything is sealed anew",
  ])(
    "that is killed when %s loses no value, and is gone on with",
    async (point) => {
      const before = await fill(250);
      const [oldKey = ""] = keysInFile();
      expect(await dieAt(point)).toBe("SIGKILL");
      const both = keysInFile();
      expect(both).toHaveLength(2);
      expect(both[1]).toBe(oldKey);
      expect(await read(both)).toEqual(before);

      const { resumed, webhooks } = await rotate();
      expect({ resumed, webhooks }).toEqual({ resumed: true, webhooks: 250 });
      expect(keysInFile()).toEqual([both[0]]);
      expect(await read(keysInFile())).toEqual(before);
      await expect(read([oldKey])).rejects.toMatchObject({ code: "secret_unreadable" });
      expect(statSync(folder.secretKey).mode & 0o777).toBe(0o600);
    },
    60_000,
  );

  test("that nothing cuts off leaves the new key alone", async () => {
    const before = await fill(3);
    const old = keysInFile();
    expect(await dieAt("the old key is dropped")).toBe("SIGKILL");
    expect(keysInFile()).toHaveLength(1);
    expect(keysInFile()).not.toEqual(old);
    expect(await read(keysInFile())).toEqual(before);
  });

  test("removes what a crash left of an earlier one", async () => {
    await fill(1);
    writeFileSync(`${folder.secretKey}.0123456789ab`, configured);
    await rotate();
    expect(readdirSync(folder.path).filter((name) => name.startsWith("secret-key"))).toEqual(["secret-key"]);
  });

  test("seals what was stored before there was a key, and leaves nothing of it in the files", async () => {
    const before = await fill(5, []);
    expect(filesHold("header-value")).toBe(true);
    expect(await rotate()).toMatchObject({ resealed: 5, keys: "file", resumed: false });
    expect(filesHold("header-value")).toBe(false);
    expect(await read(keysInFile())).toEqual(before);
  });

  test("with keys that are set seals with the newest of them, and writes no file", async () => {
    const before = await fill(5, [configured]);
    const newest = "2".repeat(32);
    expect(await rotate([newest, configured])).toMatchObject({ resealed: 5, keys: "configured" });
    expect(await read([newest])).toEqual(before);
    expect(readSmallFile(folder.secretKey)).toBeUndefined();
  });
});

/** As a start does where nothing is stored yet. */
function ensure(keys?: readonly string[]): Promise<readonly string[]> {
  const counts = { plain: 0, "newest-key": 0, "older-key": 0, "unknown-key": 0 };
  return ensureSecretKeys({ configured: keys, folder, survey: async () => ({ counts, locked: undefined }) });
}

/** Webhooks with long and short header values and secrets, sealed with these keys or that of the file. */
async function fill(count: number, keys?: readonly string[]): Promise<readonly unknown[]> {
  return withWebhooks(keys ?? (await ensure()), async (webhooks) => {
    const all = Array.from({ length: count }, async (_, index) => {
      const headers = { "X-Key": `header-value ${index}`, "X-Long": "header-value ".repeat(200) };
      const { id } = await webhooks.create(newWebhook({ headers }), 1);
      const secret = { text: `secret ${index}`, createdAt: 1, expiresAt: null };
      if (index % 2 === 0) await webhooks.changeSecrets(organization, id, () => [secret], 1);
    });
    await Promise.all(all);
    return contents(webhooks);
  });
}

function read(keys: readonly string[]): Promise<readonly unknown[]> {
  return withWebhooks(keys, contents);
}

function rotate(keys?: readonly string[]): ReturnType<typeof rotateSecretKey> {
  return withWebhooks(keys ?? keysInFile(), (webhooks) =>
    rotateSecretKey({ configured: keys, folder, reseal: (all) => webhooks.reseal(all) }),
  );
}

async function contents(webhooks: SealedWebhooks): Promise<readonly unknown[]> {
  const all: readonly Webhook[] = await webhooks.list(organization, {}, {});
  const targets = await webhooks.targets(
    all.map(({ id }) => id),
    1,
  );
  return [all, targets.map(({ target }) => target.signingSecrets.map((secret) => secret.reveal()))];
}

async function withWebhooks<Result>(
  keys: readonly string[],
  work: (webhooks: SealedWebhooks) => Promise<Result>,
): Promise<Result> {
  const store = sqlite({ file: folder.database });
  await store.open();
  try {
    const webhooks = new SealedWebhooks(store.webhooks);
    await webhooks.unlock(keys);
    return await work(webhooks);
  } finally {
    await store.close();
  }
}

function keysInFile(): readonly string[] {
  return readSmallFile(folder.secretKey)?.split("\n") ?? [];
}

function filesHold(text: string): boolean {
  return readdirSync(folder.path).some((name) => readFileSync(join(folder.path, name)).includes(text));
}

async function dieAt(point: string): Promise<NodeJS.Signals | null> {
  const started = spawn(process.execPath, [child, folder.path, point], { stdio: "inherit" });
  onTestFinished(() => void started.kill("SIGKILL"));
  const [, signal] = await once(started, "exit");
  return signal;
}
