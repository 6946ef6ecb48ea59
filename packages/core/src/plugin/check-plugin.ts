import { satisfies, valid, validRange } from "semver";
import { describeProblem, type PayloadProblem } from "../event/payload-problem.js";
import { SchemaCompiler } from "../event/schema-compiler.js";
import { HookwrightError, messageOf } from "../foundation/hookwright-error.js";
import { isJsonObject } from "../foundation/json.js";
import { version } from "../foundation/version.js";
import type { ConfiguredPlugin } from "./plugin.js";

const namePattern = /^(?:@[a-z0-9][a-z0-9-]*\/)?[a-z0-9][a-z0-9-]*$/;

/** Everything that is wrong with what a plugin says of itself, each `plugin_invalid` naming plugin and field. Runs none of its code. */
export function checkManifest(plugin: ConfiguredPlugin): readonly HookwrightError[] {
  // Authors who write JavaScript may hand in anything; a plugin is a function.
  const manifest: unknown = (plugin as Partial<ConfiguredPlugin> | null | undefined)?.manifest;
  if (typeof manifest !== "object" || manifest === null)
    return [invalid("A plugin must be made with definePlugin({ name, version, … }).")];
  const fields: Partial<Record<string, unknown>> = { ...manifest };
  const label = `Plugin ${JSON.stringify(fields["name"])}@${String(fields["version"])}`;
  return faultsOf(fields).map((fault) => invalid(`${label}: ${fault}.`));
}

/**
 * The plugin's configuration with the defaults of its schema.
 *
 * @throws HookwrightError `configuration_invalid` with the place but never the value, which may be a secret; `schema_invalid`.
 */
export function completeConfig({ manifest, config }: ConfiguredPlugin): unknown {
  if (manifest.config === undefined) return config ?? {};
  const name = `the configuration of plugin ${manifest.name}@${manifest.version}`;
  const check = new SchemaCompiler({ fillDefaults: true }).compile(manifest.config, name);
  const completed = copyOf(config ?? {}, name);
  const problem = check(completed);
  if (problem === undefined) return completed;
  const told = withoutValue(problem);
  throw new HookwrightError("configuration_invalid", `In ${name}: ${describeProblem(told)}.`, {
    details: { plugin: manifest.name, problem: told },
  });
}

type Fields = Partial<Record<string, unknown>>;

function faultsOf(fields: Fields): readonly string[] {
  return [
    faultOfName(fields["name"]),
    faultOfVersion(fields["version"]),
    faultOfRange(fields["hookwright"]),
    fields["events"] === undefined || Array.isArray(fields["events"]) ? undefined : "events must be a list",
    fields["config"] === undefined || isJsonObject(fields["config"])
      ? undefined
      : "config must be a JSON Schema object",
    faultOfFunction("setup", fields["setup"]),
    faultOfFunction("stop", fields["stop"]),
  ].filter((fault) => fault !== undefined);
}

function faultOfName(name: unknown): string | undefined {
  if (typeof name !== "string" || !namePattern.test(name))
    return 'name must hold lower-case letters, digits and "-", with an optional @scope/';
  return name === "core" || name === "application" ? "this name is reserved" : undefined;
}

function faultOfVersion(found: unknown): string | undefined {
  return typeof found === "string" && valid(found) !== null
    ? undefined
    : "version must be a SemVer version such as 1.0.0";
}

function faultOfRange(range: unknown): string | undefined {
  if (range === undefined) return undefined;
  if (typeof range !== "string" || validRange(range) === null)
    return "hookwright must be a SemVer range such as ^1.0.0";
  if (satisfies(version, range, { includePrerelease: true })) return undefined;
  return `it works with @hookwright/core ${range}, found ${version}: load a version of it that fits`;
}

function faultOfFunction(field: string, value: unknown): string | undefined {
  return value === undefined || typeof value === "function" ? undefined : `${field} must be a function`;
}

function copyOf(config: unknown, name: string): unknown {
  try {
    return structuredClone(config);
  } catch (error) {
    throw new HookwrightError(
      "configuration_invalid",
      `In ${name}: it must hold nothing but data, since it has a schema: ${messageOf(error)}`,
      { cause: error },
    );
  }
}

/** `the number 1234` is told as `a number`. */
function withoutValue(problem: PayloadProblem): PayloadProblem {
  return { ...problem, found: problem.found.replace(/^the (\w+) .*$/s, "a $1") };
}

function invalid(message: string): HookwrightError {
  return new HookwrightError("plugin_invalid", message);
}
