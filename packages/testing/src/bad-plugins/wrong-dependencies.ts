import { type ConfiguredPlugin, definePlugin } from "@hookwright/core";
import type { BadPluginCase, ExpectedProblem } from "./bad-plugin-case.js";
import type { Notebook } from "./notebook.js";

interface Needs {
  readonly requires?: Readonly<Record<string, string>>;
  readonly optional?: Readonly<Record<string, string>>;
  readonly hookwright?: string;
  readonly version?: string;
}

function plugin(notebook: Notebook, name: string, { version = "6.6.6", ...needs }: Needs = {}): ConfiguredPlugin {
  return definePlugin({ name, version, ...needs, setup: () => notebook.note(`${name} was set up`) });
}

interface DependencyCase {
  readonly name: string;
  readonly fault: string;
  /** By name. */
  readonly plugins: Readonly<Record<string, Needs>>;
  readonly problem: ExpectedProblem;
}

/** Each requires the next one, and the last one the first. */
function circleOf(count: number): Readonly<Record<string, Needs>> {
  const names = Array.from({ length: count }, (_, index) => `bad-${index + 1}`);
  return Object.fromEntries(
    names.map((name, index) => [name, { requires: { [names[(index + 1) % count] ?? ""]: "*" } }]),
  );
}

const cases: readonly DependencyCase[] = [
  {
    name: "a plugin that is missing",
    fault: "It requires a plugin that nobody has added.",
    plugins: { bad: { requires: { "no-such-plugin": "^1.0.0" } } },
    problem: { code: "plugin_missing", tells: ["bad@6.6.6", "no-such-plugin ^1.0.0"] },
  },
  {
    name: "a plugin whose name is misspelt",
    fault: "It requires a plugin that is there, under a name that is nearly right.",
    plugins: { bad: { requires: { witnes: "^1.0.0" } } },
    problem: { code: "plugin_missing", tells: ["bad@6.6.6", "witnes", "Did you mean witness?"] },
  },
  {
    name: "another version of a plugin",
    fault: "It requires a version that another plugin does not have.",
    plugins: { bad: { requires: { witness: "^2.0.0" } } },
    problem: { code: "plugin_version", tells: ["bad@6.6.6", "witness", "^2.0.0", "witness@1.2.3"] },
  },
  {
    name: "another version of an optional plugin",
    fault: "What it would like to have is there, in a version that it cannot work with.",
    plugins: { bad: { optional: { witness: "<1.0.0" } } },
    problem: { code: "plugin_version", tells: ["bad@6.6.6", "<1.0.0", "witness@1.2.3"] },
  },
  {
    name: "a release, where a prerelease is there",
    fault: "1.0.0-beta.2 comes before 1.0.0.",
    plugins: { bad: { requires: { worse: "^1.0.0" } }, worse: { version: "1.0.0-beta.2" } },
    problem: { code: "plugin_version", tells: ["bad@6.6.6", "^1.0.0", "worse@1.0.0-beta.2"] },
  },
  {
    name: "another version of core",
    fault: "It was written for a version of core that this is not.",
    plugins: { bad: { hookwright: "^99.0.0" } },
    problem: { code: "plugin_version", tells: ["bad@6.6.6", "@hookwright/core ^99.0.0"] },
  },
  {
    name: "itself",
    fault: "It can never start, since it waits for itself.",
    plugins: { bad: { requires: { bad: "*" } } },
    problem: { code: "plugin_cycle", tells: ["bad@6.6.6", "bad → bad"] },
  },
  {
    name: "each other",
    fault: "Two plugins wait for each other.",
    plugins: { bad: { requires: { worse: "*" } }, worse: { requires: { bad: "*" } } },
    problem: { code: "plugin_cycle", tells: ["bad → worse → bad"] },
  },
  {
    name: "each other, half of it optional",
    fault: "Two plugins wait for each other, one of them only if it may.",
    plugins: { bad: { requires: { worse: "*" } }, worse: { optional: { bad: "*" } } },
    problem: { code: "plugin_cycle", tells: ["bad → worse → bad"] },
  },
  {
    name: "each other, in a circle of three",
    fault: "Three plugins wait for each other.",
    plugins: circleOf(3),
    problem: { code: "plugin_cycle", tells: ["bad-1 → bad-2 → bad-3 → bad-1"] },
  },
  {
    name: "each other, in a circle of 5,000",
    fault: "A chain of dependencies is longer than the stack, and its path longer than a line.",
    plugins: circleOf(5_000),
    problem: { code: "plugin_cycle", tells: ["bad-1 → bad-2", "more", "→ bad-1"] },
  },
];

export const wrongDependencies: readonly BadPluginCase[] = cases.map(({ name, fault, plugins, problem }) => ({
  name,
  fault,
  plugins: (notebook) => Object.entries(plugins).map(([plugged, needs]) => plugin(notebook, plugged, needs)),
  expectation: { kind: "refused-at-boot", problems: [problem] },
}));
