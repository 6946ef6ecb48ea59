import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { definePlugin } from "@hookwright/core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { defineConfig, loadConfig } from "./config-file.js";

/** What definePlugin makes, written without an import: the folder of these files has no packages. */
const plugin = `Object.assign((config) => ({ manifest, config }), { manifest, config: undefined, events: [] })`;
const billing = `const manifest = { name: "billing", version: "1.0.0" };\nexport default ${plugin};`;

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "config-file-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

test("defineConfig hands back what it is given", () => {
  const config = { plugins: [definePlugin({ name: "billing", version: "1.0.0" })], HOOKWRIGHT_PORT: 9_000 };
  expect(defineConfig(config)).toBe(config);
});

test("a TypeScript file is loaded with its plugins and settings", async () => {
  const path = file(
    "hooks.config.ts",
    `const manifest = { name: "billing", version: "1.0.0" };
     const port: number = 9000;
     export default { plugins: [${plugin}, ${plugin}({ currency: "EUR" })], HOOKWRIGHT_PORT: port };`,
  );
  const config = await loadConfig(path);
  expect(config.name).toBe("hooks.config.ts");
  expect(config.values).toEqual({ HOOKWRIGHT_PORT: 9_000 });
  expect(config.plugins).toMatchObject([
    { entry: expect.any(Function), from: "plugins[0] in hooks.config.ts", base: path },
    { entry: { config: { currency: "EUR" } }, from: "plugins[1] in hooks.config.ts", base: path },
  ]);
});

test("a file without plugins is a configuration too", async () => {
  expect(await loadConfig(file("hooks.config.mjs", "export default {};"))).toMatchObject({ plugins: [], values: {} });
});

test.each([
  ["no default export", "export const config = {};", /must export default defineConfig\(\{ … \}\), found no default/],
  ["a plugin in place of a configuration", billing, /found a plugin\.$/],
  ["a list", "export default [];", /found a list\.$/],
  ["plugins that are no list", "export default { plugins: {} };", /^plugins in .* must be a list/],
  ["an unknown setting", "export default { HOOKWRIGHT_PROT: 1 };", /^"HOOKWRIGHT_PROT" in .* is no setting; expected/],
  ["a setting of a wrong type", "export default { HOOKWRIGHT_PORT: [1] };", /^HOOKWRIGHT_PORT in .* found a list/],
  ["a fault of syntax", "export default {", /^--config .* cannot be loaded: /],
  ["an error while it runs", `throw new Error("no currency\\nat all");`, /cannot be loaded: no currency\.$/],
  ["an error without a message", "throw undefined;", /cannot be loaded: /],
  [
    "an import that leads nowhere",
    `import "./missing.mjs"; export default {};`,
    /cannot be loaded: Cannot find module/,
  ],
])("%s is told in one line that names the file", async (_, text, line) => {
  const path = file("wrong.config.mjs", text);
  const error = await loadConfig(path).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: "configuration_invalid", message: expect.stringMatching(line) });
  expect(error).toMatchObject({ message: expect.stringContaining("wrong.config.mjs") });
  expect(error).toMatchObject({ message: expect.not.stringContaining("\n") });
});

test("a file that is not there is told in one line that names it", async () => {
  await expect(loadConfig(join(folder, "none.ts"))).rejects.toThrow(/^--config .*none\.ts cannot be loaded: /);
});

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}
