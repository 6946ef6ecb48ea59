import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { apiReport } from "./api-report.js";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "api-report-"));
  writeFileSync(join(folder, "package.json"), `{ "name": "@hookwright/sample", "type": "module" }`);
  symlinkSync(fileURLToPath(new URL("../../../../node_modules", import.meta.url)), join(folder, "node_modules"));
  mkdirSync(join(folder, "dist"));
  writeTypes("/** A thing. */\nexport declare const thing: number;");
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

test("a package without a report counts as changed", () => {
  expect(apiReport(folder, { update: false })).toMatchObject({ changed: true });
});

test("an updated report is found unchanged", () => {
  const { file } = apiReport(folder, { update: true });
  expect(readFileSync(file, "utf8")).toContain("export const thing: number;");
  expect(apiReport(folder, { update: false })).toMatchObject({ changed: false });
});

test.each([
  ["gains a name", "export declare const thing: number;\nexport declare const other: number;"],
  ["loses a name", "export {};"],
  ["changes a type", "export declare const thing: string;"],
])("a surface that %s is found changed, and the committed report stays", (_, types) => {
  const { file } = apiReport(folder, { update: true });
  const before = readFileSync(file, "utf8");
  writeTypes(types);
  expect(apiReport(folder, { update: false }).changed).toBe(true);
  expect(readFileSync(file, "utf8")).toBe(before);
});

test("a public signature that names a private type is told in the report", () => {
  writeTypes("interface Hidden {}\nexport declare function open(): Hidden;\nexport {};");
  const { file } = apiReport(folder, { update: true });
  expect(readFileSync(file, "utf8")).toContain(`"Hidden" needs to be exported`);
});

function writeTypes(text: string): void {
  writeFileSync(join(folder, "dist/index.d.ts"), `${text}\n`);
}
