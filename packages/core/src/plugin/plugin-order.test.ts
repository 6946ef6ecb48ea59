import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { AnyPluginManifest } from "./plugin.js";
import { cyclePath, dependencyProblems, startOrder } from "./plugin-order.js";

type Ranges = Readonly<Record<string, string>>;

function plugin(name: string, requires: Ranges = {}, more: Partial<AnyPluginManifest> = {}): AnyPluginManifest {
  return { name, version: "1.0.0", requires, ...more };
}

function problemsIn(...manifests: readonly AnyPluginManifest[]) {
  return dependencyProblems(manifests, { loaded: [], refused: new Set() });
}

const namesOf = (manifests: readonly AnyPluginManifest[]) => manifests.map(({ name }) => name);
const any = (...names: readonly string[]) => Object.fromEntries(names.map((name) => [name, "*"]));

describe("the order", () => {
  test("is as given where nothing is required", () => {
    expect(namesOf(startOrder([plugin("c"), plugin("a"), plugin("b")]))).toEqual(["c", "a", "b"]);
  });

  test("has what is required, or would be liked, first", () => {
    const manifests = [
      plugin("a", any("c")),
      plugin("b"),
      plugin("c", {}, { optional: any("d", "absent") }),
      plugin("d"),
    ];
    expect(namesOf(startOrder(manifests))).toEqual(["d", "c", "a", "b"]);
  });

  test("holds every plugin once, each after all that it requires", () => {
    const graphs = fc.array(fc.array(fc.nat(30), { maxLength: 5 }), { maxLength: 30 });
    fc.assert(
      fc.property(graphs, fc.infiniteStream(fc.nat()), (graph, shuffle) => {
        // Only backwards, so that there is no circle; then in any order.
        const all = graph.map((needs, index) =>
          plugin(`p${index}`, any(...needs.filter((need) => need < index).map((need) => `p${need}`))),
        );
        const given = all
          .map((manifest) => ({ manifest, place: shuffle.next().value ?? 0 }))
          .sort((one, other) => one.place - other.place)
          .map(({ manifest }) => manifest);
        const order = namesOf(startOrder(given));
        expect(order.toSorted()).toEqual(namesOf(all).toSorted());
        for (const { name, requires } of all)
          for (const needed of Object.keys(requires ?? {}))
            expect(order.indexOf(needed)).toBeLessThan(order.indexOf(name));
        expect(problemsIn(...given)).toEqual([]);
      }),
    );
  });

  test("of a chain that is longer than the stack is found", () => {
    const chain = Array.from({ length: 50_000 }, (_, index) => plugin(`p${index}`, any(`p${index + 1}`)));
    expect(namesOf(startOrder([...chain, plugin("p50000")])).at(0)).toBe("p50000");
  });
});

describe("a dependency", () => {
  test("that is missing is told with the nearest name", () => {
    expect(problemsIn(plugin("reports", { biling: "^1.0.0" }), plugin("billing"))).toEqual([
      {
        code: "plugin_missing",
        plugin: "reports@1.0.0",
        expected: "plugin biling ^1.0.0",
        found: "no plugin of this name",
        fix: "Did you mean billing? Otherwise add the plugin biling.",
      },
    ]);
  });

  test("that is missing is suggested nothing when nothing is like it", () => {
    expect(problemsIn(plugin("a", { "zebra-crossings": "1" }))).toMatchObject([
      { fix: "Add the plugin zebra-crossings." },
    ]);
  });

  test("that only would be liked may be missing, but not be of another version", () => {
    const reports = plugin("reports", {}, { optional: { billing: "^1.0.0" } });
    expect(problemsIn(reports)).toEqual([]);
    expect(problemsIn(reports, plugin("billing", {}, { version: "2.0.0" }))).toMatchObject([
      { code: "plugin_version" },
    ]);
  });

  test.each([
    ["2.0.0", "^1.0.0"],
    ["1.0.0-beta.2", "^1.0.0"],
  ])("in version %s is told when %s is required, with both sides", (version, range) => {
    expect(problemsIn(plugin("reports", { billing: range }), plugin("billing", {}, { version }))).toEqual([
      {
        code: "plugin_version",
        plugin: "reports@1.0.0",
        expected: `plugin billing ${range}`,
        found: `billing@${version}`,
        fix: "Load versions of reports and billing that fit each other.",
      },
    ]);
  });

  test("in a prerelease is fine when the range holds it", () => {
    const billing = plugin("billing", {}, { version: "1.0.0-beta.2" });
    expect(problemsIn(plugin("reports", { billing: ">=1.0.0-beta.1" }), billing)).toEqual([]);
  });

  test("on a plugin with problems of its own is no problem", () => {
    const others = { loaded: [], refused: new Set(["billing"]) };
    expect(dependencyProblems([plugin("reports", any("billing"))], others)).toEqual([]);
  });

  test("of a loaded plugin is looked at only where the new one is concerned", () => {
    const loaded = [plugin("waiting", any("unloaded")), plugin("reports", { billing: "^1.0.0" })];
    const others = { loaded, refused: new Set<string>() };
    expect(dependencyProblems([plugin("other")], others)).toEqual([]);
    expect(dependencyProblems([plugin("billing", {}, { version: "2.0.0" })], others)).toMatchObject([
      { code: "plugin_version", plugin: "reports@1.0.0", found: "billing@2.0.0" },
    ]);
  });
});

describe("a circle", () => {
  test("is told once, as a path", () => {
    const manifests = [plugin("x", any("a")), plugin("a", any("b")), plugin("b", any("c")), plugin("c", any("a"))];
    expect(problemsIn(...manifests)).toEqual([
      {
        code: "plugin_cycle",
        plugin: "a@1.0.0",
        expected: "plugins that do not require each other in a circle",
        found: "a → b → c → a",
        fix: expect.stringContaining("Take one"),
      },
    ]);
  });

  test("of one plugin is one", () => {
    expect(problemsIn(plugin("a", any("a")))).toMatchObject([{ code: "plugin_cycle", found: "a → a" }]);
  });

  test("over an optional dependency is one, too", () => {
    const problems = problemsIn(plugin("a", any("b")), plugin("b", {}, { optional: any("a") }));
    expect(problems).toMatchObject([{ found: "a → b → a" }]);
  });

  test("beside another one is told beside it", () => {
    const manifests = [plugin("a", any("b")), plugin("b", any("a")), plugin("c", any("d")), plugin("d", any("c"))];
    expect(problemsIn(...manifests).map(({ found }) => found)).toEqual(["a → b → a", "c → d → c"]);
  });

  test("among plugins that all require each other is told shortly", () => {
    const names = Array.from({ length: 60 }, (_, index) => `p${index}`);
    const problems = problemsIn(...names.map((name) => plugin(name, any(...names))));
    expect(problems.length).toBeLessThanOrEqual(names.length);
  });

  test("of any length has a path under 1 kB", () => {
    const longest = Array.from({ length: 20_000 }, (_, index) => `${index}-`.padEnd(100, "x"));
    const circle = longest.map((name, index) => plugin(name, any(longest[(index + 1) % longest.length] ?? "")));
    const [problem, ...others] = problemsIn(...circle);
    expect(others).toEqual([]);
    expect(new TextEncoder().encode(problem?.found).length).toBeLessThan(1_000);
    expect(problem?.found).toMatch(/^0-x+ → 1-x+ → .* … 19995 more … → 19999-x+ → 0-x+$/);
  });

  test.each([
    [["a"], "a → a"],
    [["a", "b", "c"], "a → b → c → a"],
    [["a", "b", "c", "d", "e", "f"], "a → b → c → d → e → f → a"],
    [["a", "b", "c", "d", "e", "f", "g"], "a → b → c → d → … 2 more … → g → a"],
  ])("of %j reads %s", (names, path) => {
    expect(cyclePath(names)).toBe(path);
  });
});
