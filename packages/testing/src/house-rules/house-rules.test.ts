import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { cycleRule } from "./cycle-rule.js";
import { dependencyRule, type Manifest } from "./dependency-rule.js";
import { escapeRule } from "./escape-rule.js";
import { layerRule } from "./layer-rule.js";
import { nameRule } from "./name-rule.js";
import { packageRule } from "./package-rule.js";
import { parseSourceTree, readSourceTree } from "./source-tree.js";

describe("this repository", () => {
  const root = fileURLToPath(new URL("../../../../", import.meta.url));
  const tree = readSourceTree(root);

  test("has sources to look at", () => {
    expect(tree.has("packages/testing/src/house-rules/house-rules.test.ts")).toBe(true);
    expect([...tree.keys()].some((path) => path.startsWith("packages/core/src/"))).toBe(true);
  });

  test.each([
    ["layer rule", layerRule],
    ["package rule", packageRule],
    ["cycle rule", cycleRule],
    ["escape rule", escapeRule],
    ["name rule", nameRule],
  ])("keeps the %s", (_, rule) => {
    expect(rule(tree)).toEqual([]);
  });

  test("keeps the dependency rule", () => {
    const places = ["package.json", "{packages,packages/plugins,docs/examples}/*/package.json", "docs/package.json"];
    const manifests = globSync(places, { cwd: root }).map(
      (place): Manifest => JSON.parse(readFileSync(join(root, place), "utf8")),
    );
    expect(manifests.length).toBeGreaterThan(4);
    expect(dependencyRule(manifests, readFileSync(join(root, "docs/dependencies.md"), "utf8"))).toEqual([]);
  });
});

describe("the layer rule", () => {
  test.each([
    ["a lower layer", { "deliver/claim.ts": `import { a } from "../store/a.js";` }],
    ["its own folder", { "store/memory.ts": `import { a } from "./port.js";` }],
    ["a library", { "event/schema.ts": `import { Ajv2020 } from "ajv/dist/2020.js";` }],
    ["tsyringe, in container.ts", { "container.ts": `import { container } from "tsyringe";` }],
    ["anything, in a test", { "foundation/ids.test.ts": `import { a } from "../plugin/host.js";` }],
  ])("lets a file import %s", (_, files) => {
    expect(layerRule(coreTree(files))).toEqual([]);
  });

  test.each([
    ["a value", `import { a } from "../store/a.js";`],
    ["a type", `import type { A } from "../store/a.js";`],
    ["a type in place", `export type B = import("../store/a.js").A;`],
    ["a re-export", `export { a } from "../store/a.js";`],
    ["a re-export of everything", `export * from "../store/a.js";`],
    ["a dynamic import", `export const a = await import("../store/a.js");`],
    ["a side effect", `import "../store/a.js";`],
  ])("finds %s from a layer above", (_, text) => {
    expect(layerRule(coreTree({ "delivery/state.ts": `\n${text}` }))).toEqual([
      "packages/core/src/delivery/state.ts:2 imports store, which stands above delivery",
    ]);
  });

  test("finds an import of a folder in the same row", () => {
    expect(layerRule(coreTree({ "emit/a.ts": `import "../deliver/b.js";` }))).toEqual([
      "packages/core/src/emit/a.ts:1 imports deliver, which stands beside emit",
    ]);
  });

  test("finds an import of a door, the facade and the container from a folder", () => {
    const text = `import "../index.js"; import "../webhooks.js"; import "../container.js";`;
    expect(layerRule(coreTree({ "plugin/host.ts": text }))).toHaveLength(3);
  });

  test("finds one door that imports the other", () => {
    expect(layerRule(coreTree({ "internal.ts": `export { a } from "./index.js";` }))).toHaveLength(1);
  });

  test("finds a folder and a file that the table of layers does not name", () => {
    expect(layerRule(coreTree({ "queue/a.ts": "", "registry.ts": "" }))).toEqual([
      expect.stringContaining(`"queue" is no layer of core`),
      expect.stringContaining(`"registry.ts" is no layer of core`),
    ]);
  });

  test("finds tsyringe outside container.ts", () => {
    expect(layerRule(coreTree({ "plugin/host.ts": `import { inject } from "tsyringe";` }))).toEqual([
      "packages/core/src/plugin/host.ts:1 imports tsyringe, which only container.ts may",
    ]);
  });
});

describe("the package rule", () => {
  test.each([
    ["core, from testing", "packages/testing/src/a.ts", `import "@hookwright/core/internal";`],
    ["testing, from a plugin", "packages/plugins/sqlite/src/a.test.ts", `import "@hookwright/testing";`],
    ["another plugin by name", "packages/plugins/server/src/a.ts", `import "@hookwright/plugin-sqlite";`],
    ["its own name, in a test", "packages/core/src/a.test.ts", `import "@hookwright/core";`],
    ["its own files", "packages/core/src/event/a.ts", `import "../foundation/b.js";`],
  ])("lets a file import %s", (_, path, text) => {
    expect(packageRule(parseSourceTree({ [path]: text }))).toEqual([]);
  });

  test.each([
    ["testing from core", "packages/core/src/a.test.ts", `import "@hookwright/testing";`, "may not know it"],
    ["a plugin from core", "packages/core/src/a.ts", `import "@hookwright/plugin-sqlite";`, "may not know it"],
    ["a plugin from testing", "packages/testing/src/a.ts", `import "@hookwright/plugin-server";`, "may not know it"],
    ["another plugin by path", "packages/plugins/server/src/a.ts", `import "../../sqlite/src/b.js";`, "by the path"],
    ["core by path", "packages/testing/src/a.ts", `import "../../core/src/b.js";`, "by the path"],
    ["its own name", "packages/core/src/a.ts", `import "@hookwright/core";`, "its own package by name"],
    ["a test", "packages/core/src/a.ts", `import "./b.test.js";`, "not shipped"],
  ])("finds an import of %s", (_, path, text, finding) => {
    expect(packageRule(parseSourceTree({ [path]: text }))).toEqual([expect.stringContaining(finding)]);
  });
});

describe("the cycle rule", () => {
  test("lets two files import a third", () => {
    const texts = { "a.ts": `import "./c.js"; import "./b.js";`, "b.ts": `import "./c.js";`, "c.ts": "" };
    expect(cycleRule(coreTree(texts))).toEqual([]);
  });

  test("tells a cycle as a path, and once", () => {
    const texts = {
      "event/a.ts": `import type { B } from "./b.js";`,
      "event/b.ts": `import "./c.js";`,
      "event/c.ts": `export { A } from "./a.js";`,
      "event/d.ts": `import "./a.js";`,
    };
    const [a, b, c] = ["a", "b", "c"].map((name) => `packages/core/src/event/${name}.ts`);
    expect(cycleRule(coreTree(texts))).toEqual([`import cycle: ${a} → ${b} → ${c} → ${a}`]);
  });

  test("finds a file that imports itself", () => {
    expect(cycleRule(coreTree({ "a.ts": `import "./a.js";` }))).toHaveLength(1);
  });

  test("finds a cycle of packages", () => {
    const tree = parseSourceTree({
      "packages/plugins/one/src/index.ts": `import "@hookwright/plugin-two";`,
      "packages/plugins/two/src/index.ts": `import "@hookwright/plugin-one";`,
    });
    expect(cycleRule(tree)).toHaveLength(1);
  });
});

describe("the escape rule", () => {
  test("lets a text speak of what a comment may not", () => {
    expect(escapeRule(coreTree({ "a.ts": `export const a = "// @ts-nocheck";` }))).toEqual([]);
  });

  test("lets a test expect an error of the compiler", () => {
    expect(escapeRule(coreTree({ "a.test-d.ts": "// @ts-expect-error: a number\nexport {};" }))).toEqual([]);
  });

  test.each([
    ["a file that switches the compiler off", "a.ts", "// @ts-nocheck\n"],
    ["a test that switches the compiler off", "a.test.ts", "/* @ts-nocheck */\n"],
    ["a silenced compiler", "a.ts", "// @ts-expect-error\n"],
    ["a silenced lint rule", "a.ts", "// biome-ignore lint/suspicious/noExplicitAny: reasons\n"],
    ["a property that somebody else assigns", "a.ts", "export class A { b!: string; }"],
    ["a variable that somebody else assigns", "a.ts", "let a!: string; export { a };"],
  ])("finds %s", (_, path, text) => {
    expect(escapeRule(coreTree({ [path]: text }))).toEqual([expect.stringContaining(`packages/core/src/${path}:1 `)]);
  });
});

describe("the name rule", () => {
  test.each(["event/event-types.ts", "event/common-case.ts", "event/event.types.test.ts"])("lets %s be", (path) => {
    expect(nameRule(coreTree({ [path]: "" }))).toEqual([]);
  });

  test.each([
    "utils/a.ts",
    "event/helpers.ts",
    "common/a.ts",
    "misc/a.ts",
    "event/types.ts",
    "deliver/delivery-manager.ts",
    "event/string-utils.test.ts",
  ])("finds %s", (path) => {
    expect(nameRule(coreTree({ [path]: "" }))).toHaveLength(1);
  });
});

describe("the dependency rule", () => {
  const list = "| package | licence |\n| --- | --- |\n| `one`, `two` | MIT, not `three` |\n";

  test("lets a workspace package and a listed, pinned one be", () => {
    const manifest = {
      dependencies: { one: "1.0.0", "@hookwright/core": "workspace:^" },
      optionalDependencies: { two: "2.0.0-beta.1" },
    };
    expect(dependencyRule([manifest], list)).toEqual([]);
  });

  test.each(["^1.0.0", "1.x", "latest", "1"])("finds the version %s", (version) => {
    const manifest = { name: "sample", dependencies: { one: version }, devDependencies: { two: "2.0.0" } };
    expect(dependencyRule([manifest], list)).toEqual([`sample does not pin one: ${version}`]);
  });

  test("finds what is not listed, and what is listed in vain", () => {
    expect(dependencyRule([{ dependencies: { one: "1.0.0", three: "3.0.0" } }], list)).toEqual([
      "three is not in the list of dependencies",
      "two is listed, but nothing depends on it",
    ]);
  });
});

test("a file that does not parse is named", () => {
  expect(() => coreTree({ "a.ts": "import {" })).toThrow("packages/core/src/a.ts does not parse");
});

function coreTree(texts: Readonly<Record<string, string>>): ReturnType<typeof parseSourceTree> {
  const inCore = Object.entries(texts).map(([path, text]) => [`packages/core/src/${path}`, text]);
  return parseSourceTree(Object.fromEntries(inCore));
}
