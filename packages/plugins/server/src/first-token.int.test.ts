import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createMemoryStore } from "@hookwright/core";
import { ManualClock, organizationId } from "@hookwright/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type DataFolder, dataFolder } from "./data-folder.js";
import { ensureFirstToken, type FirstTokenPorts } from "./first-token.js";
import { hashToken } from "./tokens.js";

let folder: DataFolder;
let ports: FirstTokenPorts;

beforeEach(() => {
  folder = dataFolder(mkdtempSync(join(tmpdir(), "first-token-")));
  ports = { access: createMemoryStore().access, folder, clock: new ManualClock() };
});

afterEach(() => {
  rmSync(folder.path, { recursive: true });
});

test("the first start makes a token for organization 1 and writes it for its owner only", async () => {
  expect(await ensureFirstToken(undefined, ports)).toEqual({ kind: "file", file: folder.token });
  expect(statSync(folder.token).mode & 0o777).toBe(0o600);
  expect(await ports.access.find(hashToken(written()))).toMatchObject({ organization: 1 });
});

test("the next start keeps it", async () => {
  await ensureFirstToken(undefined, ports);
  const first = written();
  expect(await ensureFirstToken(undefined, ports)).toMatchObject({ kind: "file" });
  expect(written()).toBe(first);
  expect(await ports.access.list(organizationId(1))).toHaveLength(1);
});

test("a token that is set from outside is taken, once, and stands in no file", async () => {
  expect(await ensureFirstToken("set-from-outside", ports)).toEqual({ kind: "configured" });
  await ensureFirstToken("set-from-outside", ports);
  expect(await ports.access.list(organizationId(1))).toMatchObject([{ hash: hashToken("set-from-outside") }]);
  expect(() => written()).toThrow("ENOENT");
});

test("a token that was revoked is not brought back", async () => {
  await ensureFirstToken(undefined, ports);
  const revoked = written();
  await ports.access.add({ organization: organizationId(1), name: "new", hash: hashToken("new"), createdAt: 1 });
  await revoke(revoked);
  expect(await ensureFirstToken(undefined, ports)).toEqual({ kind: "revoked", file: folder.token });
  expect(written()).toBe(revoked);
  expect(await ports.access.find(hashToken(revoked))).toBeUndefined();
});

test("when the last token was revoked, the next start makes another one", async () => {
  await ensureFirstToken(undefined, ports);
  const revoked = written();
  await revoke(revoked);
  expect(await ensureFirstToken(undefined, ports)).toMatchObject({ kind: "file" });
  expect(written()).not.toBe(revoked);
  expect(await ports.access.find(hashToken(revoked))).toBeUndefined();
  expect(await ports.access.find(hashToken(written()))).toBeDefined();
});

test("a new database beside an old token file gets a new token", async () => {
  writeFileSync(folder.token, "hwk_of-another-database\n");
  await ensureFirstToken(undefined, ports);
  expect(await ports.access.find(hashToken("hwk_of-another-database"))).toBeUndefined();
  expect(await ports.access.find(hashToken(written()))).toBeDefined();
});

test("a token file that somebody removed is made again, with a new token", async () => {
  await ensureFirstToken(undefined, ports);
  rmSync(folder.token);
  await ensureFirstToken(undefined, ports);
  expect(await ports.access.find(hashToken(written()))).toBeDefined();
});

function written(): string {
  return readFileSync(folder.token, "utf8").trim();
}

async function revoke(value: string): Promise<void> {
  const token = await ports.access.find(hashToken(value));
  if (token !== undefined) await ports.access.remove(token.organization, token.id);
}
