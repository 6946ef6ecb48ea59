import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { HookwrightError } from "@hookwright/core";
import { organizationId } from "@hookwright/testing";
import { expect, onTestFinished, test } from "vitest";
import { SqliteRig, trial } from "../sqlite-rig.test.support.js";
import { readMigrations } from "./migrations.js";
import { openDatabase } from "./open-database.js";

test("a folder and its files are made for their owner alone", async () => {
  const rig = SqliteRig.forTest();
  const folder = join(rig.folder, "new", "folder");
  const store = await rig.open({ file: join(folder, "hooks.db") });
  await store.webhooks.list(organizationId(1), {}, {});
  for (const made of [folder, join(rig.folder, "new")]) expect(statSync(made).mode & 0o777).toBe(0o700);
  const files = readdirSync(folder);
  expect(files).toEqual(expect.arrayContaining(["hooks.db", "hooks.db-wal", "hooks.db.lock"]));
  for (const file of files) expect(statSync(join(folder, file)).mode & 0o777).toBe(0o600);
});

test("a folder that exists keeps its rights", async () => {
  const rig = SqliteRig.forTest();
  chmodSync(rig.folder, 0o755);
  await rig.open();
  expect(statSync(rig.folder).mode & 0o777).toBe(0o755);
});

test("every commit waits for the disk", () => {
  const { file } = SqliteRig.forTest();
  const { database, close } = openDatabase({ file, maxBytes: undefined, migrations: readMigrations() });
  onTestFinished(close);
  expect(database.query("PRAGMA journal_mode").get()).toEqual(["wal"]);
  // 2 is FULL (https://www.sqlite.org/pragma.html#pragma_synchronous).
  expect(database.query("PRAGMA synchronous").get()).toEqual([2]);
});

test("a file that is no database is not touched", async () => {
  const rig = SqliteRig.forTest();
  for (const content of ["x", "notes\n".repeat(1_000)]) {
    writeFileSync(rig.file, content);
    await expect(rig.open()).rejects.toMatchObject({
      code: "storage_foreign",
      message: `The file ${rig.file} is no SQLite database: name another file, or restore a backup where it was one.`,
    });
    expect(readFileSync(rig.file, "utf8")).toBe(content);
    expect(readdirSync(rig.folder)).toEqual(["hooks.db"]);
  }
});

test("another program's database is not touched", async () => {
  const rig = SqliteRig.forTest();
  const other = new DatabaseSync(rig.file);
  other.exec("PRAGMA journal_mode = WAL; CREATE TABLE notes (text); INSERT INTO notes VALUES ('mine')");
  other.close();
  const before = readFileSync(rig.file);
  await expect(rig.open()).rejects.toMatchObject({
    code: "storage_foreign",
    message: `The SQLite file ${rig.file} belongs to another program: name another file.`,
  });
  expect(readFileSync(rig.file).equals(before)).toBe(true);
  expect(readdirSync(rig.folder)).toEqual(["hooks.db"]);
});

test("a database of a newer version is not opened", async () => {
  const { rig } = await trial();
  await rig.kill();
  const connection = new DatabaseSync(rig.file);
  connection.exec("PRAGMA user_version = 999");
  connection.close();
  const opening = rig.open();
  await expect(opening).rejects.toThrow(
    /^The database .* has schema version 999, this program knows versions up to \d+: run the version/,
  );
  await expect(opening).rejects.toMatchObject({ code: "storage_foreign" });
});

test("a path that cannot be a database is named, with the reason", async () => {
  const rig = SqliteRig.forTest();
  writeFileSync(join(rig.folder, "file"), "");
  mkdirSync(join(rig.folder, "folder"));
  const cases: Readonly<Record<string, RegExp>> = {
    "file/hooks.db": /ENOTDIR/,
    "file/deeper/hooks.db": /ENOTDIR/,
    folder: /EISDIR/,
    [`${"long".repeat(100)}.db`]: /ENAMETOOLONG/,
  };
  for (const [name, reason] of Object.entries(cases)) {
    const file = join(rig.folder, name);
    const error: unknown = await rig.open({ file }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(HookwrightError);
    expect(error).toMatchObject({
      code: "storage_failed",
      message: expect.stringContaining(`The database ${file} cannot be opened: `),
    });
    expect(error).toMatchObject({ message: expect.stringMatching(reason) });
  }
});

test("a folder that the system refuses is named, and the open comes to its end", async () => {
  const file = "/proc/hookwright/hooks.db";
  await expect(SqliteRig.forTest().open({ file })).rejects.toMatchObject({
    code: "storage_failed",
    message: expect.stringContaining(file),
  });
});

test("a store that could not be opened opens once the reason is gone", async () => {
  const rig = SqliteRig.forTest();
  writeFileSync(join(rig.folder, "later"), "");
  const store = rig.make({ file: join(rig.folder, "later", "hooks.db") });
  await expect(store.open()).rejects.toMatchObject({ code: "storage_failed" });
  rmSync(join(rig.folder, "later"));
  await store.open();
  expect(existsSync(join(rig.folder, "later", "hooks.db"))).toBe(true);
});
