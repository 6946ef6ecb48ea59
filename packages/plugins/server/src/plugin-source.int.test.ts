import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BootError, definePlugin } from "@hookwright/core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { loadPlugins, type PluginSource, pluginOption } from "./plugin-source.js";

/** What definePlugin makes, written without an import: the folder of these files has no packages. */
const made = "Object.assign((config) => ({ manifest, config }), { manifest, config: undefined, events: [] })";
const billing = `const manifest: { name: string; version: string } = { name: "billing", version: "1.0.0" };\nexport default ${made};`;

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "plugin-source-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

test("a plugin by value, by file, and by file with a configuration, in the order of the list", async () => {
  file("billing.ts", billing);
  const value = definePlugin({ name: "value", version: "1.0.0" });
  const plugins = await loadPlugins([
    source("./billing.ts"),
    source(value),
    source(["./billing.ts", { currency: "EUR" }]),
    pluginOption(join(folder, "billing.ts")),
  ]);
  expect(plugins.map(({ manifest, config }) => [manifest.name, config])).toEqual([
    ["billing", undefined],
    ["value", undefined],
    ["billing", { currency: "EUR" }],
    ["billing", undefined],
  ]);
});

test.each<[string, unknown, string | undefined, RegExp]>([
  ["a file that is not there", "./none.ts", undefined, /expected the file \S+none\.ts, found nothing there\. Correct/],
  ["a folder", "./", undefined, /expected a file, found the folder/],
  ["no default export", "./x.ts", "export const plugin = 1;", /found no default export\. Export the plugin as default/],
  ["an export that is no plugin", "./x.ts", "export default {};", /found a value of type object/],
  [
    "an error while it runs",
    "./x.ts",
    `throw new Error("no currency\\nat all");`,
    /an error while it was loaded: no currency\. Look/,
  ],
  ["an error without a message", "./x.ts", "throw undefined;", /an error while it was loaded: /],
  [
    "an import that leads nowhere",
    "./x.ts",
    `import "./missing.mjs"; export default 1;`,
    /an import that leads nowhere: Cannot find module/,
  ],
  [
    "a configured plugin with a configuration",
    ["./y.ts", {}],
    undefined,
    /expected a plugin to configure, found one that has its configuration already/,
  ],
  [
    "an entry that is none",
    5,
    undefined,
    /expected what definePlugin makes, a name, or \[name, configuration\], found a value of type number/,
  ],
  ["two configurations", ["./y.ts", {}, {}], undefined, /found a list/],
])("%s is told in one line that names it", async (_, entry, text, line) => {
  file("y.ts", `export default { manifest: { name: "y", version: "1.0.0" }, config: {} };`);
  if (text !== undefined) file(String(entry), text);
  const error = await loadPlugins([source(entry)]).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(BootError);
  expect(error).toMatchObject({ code: "plugins_refused", message: expect.stringMatching(line) });
  expect(error).toMatchObject({ message: expect.stringContaining("plugins[0] in hooks.config.ts") });
  expect(error).toMatchObject({ message: expect.not.stringContaining("\n") });
});

test("all that cannot be loaded are told at once", async () => {
  const error = await loadPlugins([source("./a.ts"), pluginOption(join(folder, "b.ts"))]).catch(
    (thrown: unknown) => thrown,
  );
  expect(error).toMatchObject({
    message: expect.stringMatching(
      /^The plugins have 2 problems:\n- Plugin \.\/a\.ts .*\n- Plugin \S+b\.ts \(--plugin\): .*$/,
    ),
    problems: [{ code: "plugin_unreadable" }, { code: "plugin_unreadable" }],
  });
});

function source(entry: unknown): PluginSource {
  return { entry, from: "plugins[0] in hooks.config.ts", base: join(folder, "hooks.config.ts") };
}

function file(name: string, text: string): void {
  mkdirSync(join(folder, name, ".."), { recursive: true });
  writeFileSync(join(folder, name), text);
}
