import { describeProblem, type PayloadProblem } from "../event/payload-problem.js";
import { SchemaCompiler } from "../event/schema-compiler.js";
import { deepFreeze } from "../foundation/deep-freeze.js";
import { HookwrightError, messageOf } from "../foundation/hookwright-error.js";
import { labelOf } from "./check-manifest.js";
import type { AnyPluginManifest } from "./plugin.js";

/**
 * The plugin's configuration with the defaults of its schema; frozen, since every run of the plugin gets the same one.
 *
 * @throws HookwrightError `configuration_invalid` with the place but never the value, which may be a secret; `schema_invalid`.
 */
export function completeConfig(manifest: AnyPluginManifest, config: unknown): unknown {
  if (manifest.config === undefined) return config ?? {};
  const plugin = labelOf(manifest);
  const name = `the configuration of plugin ${plugin}`;
  const check = new SchemaCompiler({ fillDefaults: true }).compile(manifest.config, name);
  const completed = copyOf(config ?? {}, name);
  const problem = check(completed);
  if (problem === undefined) return deepFreeze(completed);
  const told = withoutValue(problem);
  const place = told.pointer === "" ? "the configuration" : `the configuration at ${told.pointer}`;
  throw new HookwrightError("configuration_invalid", `In ${name}: ${describeProblem(told)}.`, {
    details: {
      problem: told,
      expected: `${place} to be ${told.expected}`,
      found: told.found,
      fix: `Configure the plugin with a value that fits, as in ${manifest.name}({ … }).`,
    },
  });
}

function copyOf(config: unknown, name: string): unknown {
  try {
    return structuredClone(config);
  } catch (error) {
    throw new HookwrightError(
      "configuration_invalid",
      `In ${name}: it must hold nothing but data, since it has a schema: ${messageOf(error)}`,
      { cause: error, details: { expected: "a configuration that holds nothing but data, since it has a schema" } },
    );
  }
}

/** `the number 1234` is told as `a number`. */
function withoutValue(problem: PayloadProblem): PayloadProblem {
  return { ...problem, found: problem.found.replace(/^the (\w+) .*$/s, "a $1") };
}
