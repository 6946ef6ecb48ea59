import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { CannotOpen } from "./database-failure.js";
import { type Migration, migrate, readMigrations } from "./migrations.js";

const first: Migration = { number: 1, sql: "CREATE TABLE notes (text TEXT); INSERT INTO notes VALUES ('one')" };
const second: Migration = {
  number: 2,
  sql: "ALTER TABLE notes ADD COLUMN author TEXT; INSERT INTO notes VALUES ('two', 'me')",
};
const third: Migration = { number: 3, sql: "INSERT INTO notes VALUES ('three', NULL)" };
const broken: Migration = {
  number: 3,
  sql: "INSERT INTO notes VALUES ('three', NULL); INSERT INTO nowhere VALUES (1)",
};

test("an older schema is brought to the newest, each step once", () => {
  const connection = new DatabaseSync(":memory:");
  migrate(connection, "notes.db", [first]);
  expect(version(connection)).toBe(1);
  migrate(connection, "notes.db", [first, second, third]);
  migrate(connection, "notes.db", [first, second, third]);
  expect(version(connection)).toBe(3);
  expect(texts(connection)).toEqual(["one", "two", "three"]);
});

test("a step that fails takes all steps of its transaction back", () => {
  const connection = new DatabaseSync(":memory:");
  migrate(connection, "notes.db", [first]);
  expect(() => migrate(connection, "notes.db", [first, second, broken])).toThrow(/nowhere/);
  expect(version(connection)).toBe(1);
  expect(texts(connection)).toEqual(["one"]);
  migrate(connection, "notes.db", [first, second, third]);
  expect(texts(connection)).toEqual(["one", "two", "three"]);
});

test("a newer schema is not touched", () => {
  const connection = new DatabaseSync(":memory:");
  migrate(connection, "notes.db", [first, second]);
  expect(() => migrate(connection, "notes.db", [first])).toThrow(CannotOpen);
  expect(version(connection)).toBe(2);
});

test("header values from before there were sealed ones are read as they were given", () => {
  const connection = new DatabaseSync(":memory:");
  const all = readMigrations();
  migrate(connection, "hookwright.db", all.slice(0, 2));
  const headers = { "X-Plain": "value", "X-Like": "hw1.0123456789ab.AAAA", "X-Twice": "hw0.x", "X-Near": "hw.1" };
  const put = connection.prepare(
    `INSERT INTO webhooks VALUES (?, 1, NULL, 'https://receiver.example/', 1, 1, '[]', ?, 1, NULL, NULL, NULL, 0, 0, NULL, NULL, 0, 1, 1, ?, NULL)`,
  );
  put.run(1, JSON.stringify(headers), 1);
  put.run(2, "{}", 2);
  migrate(connection, "hookwright.db", all);
  const rows = connection.prepare("SELECT headers FROM webhooks ORDER BY id").all();
  expect(rows.map((row) => JSON.parse(String(row["headers"])))).toEqual([
    { ...headers, "X-Like": "hw0.hw1.0123456789ab.AAAA", "X-Twice": "hw0.hw0.x" },
    {},
  ]);
});

test("the files are numbered from 1 without a gap", () => {
  const numbers = readMigrations().map(({ number }) => number);
  expect(numbers).toEqual(numbers.map((_, index) => index + 1));
  expect(numbers.length).toBeGreaterThan(0);
});

function version(connection: DatabaseSync): unknown {
  return connection.prepare("PRAGMA user_version").get()?.["user_version"];
}

function texts(connection: DatabaseSync): readonly unknown[] {
  return connection
    .prepare("SELECT text FROM notes")
    .all()
    .map(({ text }) => text);
}
