import { satisfies, valid, validRange } from "semver";
import { messageOf } from "../foundation/hookwright-error.js";
import { isJsonObject } from "../foundation/json.js";
import { nearestName } from "../foundation/nearest-name.js";
import { version } from "../foundation/version.js";
import { type BootProblem, told } from "./boot-error.js";
import type { AnyPluginManifest } from "./plugin.js";

/** What came of a manifest: a copy that cannot change any more, or what is wrong with it. */
export type CheckedManifest =
  | { readonly manifest: AnyPluginManifest; readonly problems: readonly [] }
  | { readonly manifest: undefined; readonly problems: readonly BootProblem[]; readonly name: string | undefined };

/**
 * Checks what a plugin says of itself, field by field, and runs none of its code: not even a getter. `place` says which
 * one is meant as long as its name is not known.
 */
export function checkManifest(plugin: unknown, place: string): CheckedManifest {
  try {
    return checkFields(fieldsOf(plugin), place);
  } catch (error) {
    const problem: BootProblem = {
      code: "plugin_invalid",
      plugin: place,
      expected: "a plugin made with definePlugin({ name, version, … })",
      found: error instanceof NoManifest ? error.message : `one that cannot be read: ${messageOf(error)}`,
      fix: "List what definePlugin gives, as it is or called with a configuration.",
    };
    return { manifest: undefined, problems: [problem], name: undefined };
  }
}

/**
 * Whether a version is in a range. A prerelease is where SemVer orders it: 1.0.0-beta.2 comes before 1.0.0, so that
 * ^1.0.0 does not hold it and >=1.0.0-beta.1 does; 1.1.0-beta.1 is in ^1.0.0.
 */
export function isInRange(found: string, range: string): boolean {
  return satisfies(found, range, { includePrerelease: true });
}

/** `billing@1.0.0`, whatever the manifest says. */
export function labelOf({ name, version }: Pick<AnyPluginManifest, "name" | "version">): string {
  return `${name}@${version}`;
}

type Fields = Partial<Record<string, unknown>>;

/** The plugin is no plugin at all; the message says what it is. */
class NoManifest extends Error {}

function fieldsOf(plugin: unknown): Fields {
  const isHolder = (typeof plugin === "object" && plugin !== null) || typeof plugin === "function";
  const manifest: unknown = isHolder ? Object.getOwnPropertyDescriptor(plugin, "manifest")?.value : undefined;
  if (!isHolder) throw new NoManifest(told(plugin));
  if (typeof manifest !== "object" || manifest === null) throw new NoManifest(`${told(plugin)} without a manifest`);
  // An instance of a class keeps its methods elsewhere: they would be left out without a word.
  if (!isRecord(manifest)) throw new NoManifest("a manifest that is an instance of a class");
  return withoutGetters(manifest);
}

function withoutGetters(object: object): Fields {
  const described = Object.entries(Object.getOwnPropertyDescriptors(object));
  return Object.fromEntries(described.map(([key, { value, get }]) => [key, get === undefined ? value : getter]));
}

/** Stands for a value that only the plugin's own code could tell. */
const getter = Symbol("a getter");

interface Rule {
  readonly expected: string;
  readonly fits: (value: unknown) => boolean;
}

const rules: Readonly<Record<keyof AnyPluginManifest, Rule>> = {
  name: {
    expected: 'name to be at most 100 lower-case letters, digits and "-", with an optional @scope/',
    fits: isName,
  },
  version: {
    expected: "version to be a SemVer version such as 1.0.0",
    fits: (value) => typeof value === "string" && valid(value) !== null,
  },
  hookwright: { expected: "hookwright to be a SemVer range such as ^1.0.0", fits: isRange },
  requires: { expected: 'requires to be an object such as { billing: "^1.0.0" }', fits: isRecord },
  optional: { expected: 'optional to be an object such as { billing: "^1.0.0" }', fits: isRecord },
  essential: { expected: "essential to be true or false", fits: (value) => typeof value === "boolean" },
  events: { expected: "events to be a list", fits: Array.isArray },
  config: { expected: "config to be a JSON Schema, an object", fits: isJsonObject },
  setup: { expected: "setup to be a function", fits: isFunction },
  stop: { expected: "stop to be a function", fits: isFunction },
};

const needed: ReadonlySet<string> = new Set(["name", "version"]);

/** Who adds what is no plugin's, in the registry, in records and in logs. */
const reserved: ReadonlySet<unknown> = new Set(["core", "application"]);

function checkFields(fields: Fields, place: string): CheckedManifest {
  const plugin = labelFor(fields, place);
  const fault = (expected: string, found: string, fix: string): BootProblem => ({
    code: "plugin_invalid",
    plugin,
    expected,
    found,
    fix,
  });
  const wrong = Object.entries(rules)
    .filter(([key, { fits }]) => (fields[key] !== undefined || needed.has(key)) && !fits(fields[key]))
    .map(([key, { expected }]) => fault(expected, foundIn(fields[key]), `Correct the field ${key}.`));
  const unknown = Object.keys(fields)
    .filter((key) => !Object.hasOwn(rules, key))
    .map((key) => fault(`fields out of ${Object.keys(rules).join(", ")}`, told(key), fixOfUnknown(key)));
  const problems = [
    ...wrong,
    ...unknown,
    ...(reserved.has(fields["name"])
      ? [fault("a name that is not reserved", told(fields["name"]), "Give the plugin a name of its own.")]
      : []),
    ...(["requires", "optional"] as const).flatMap((key) =>
      rangeFaults(fields[key]).map(({ expected, found }) =>
        fault(`${key} to ${expected}`, found, `Correct the field ${key}.`),
      ),
    ),
    ...coreFault(fields["hookwright"], plugin),
  ];
  const name = isName(fields["name"]) ? String(fields["name"]) : undefined;
  if (problems.length > 0) return { manifest: undefined, problems, name };
  return { manifest: frozenCopy(fields), problems: [] };
}

/** What other plugin systems call it. */
const otherNames: Readonly<Record<string, string>> = {
  dependencies: "requires",
  peerDependencies: "requires",
  optionalDependencies: "optional",
  engines: "hookwright",
  options: "config",
  start: "setup",
  init: "setup",
  teardown: "stop",
  dispose: "stop",
};

function fixOfUnknown(key: string): string {
  const nearest = Object.hasOwn(otherNames, key) ? otherNames[key] : nearestName(key, Object.keys(rules));
  return nearest === undefined ? "Take the field out." : `Did you mean ${nearest}? Otherwise take the field out.`;
}

function rangeFaults(ranges: unknown): readonly RangeFault[] {
  if (!isRecord(ranges)) return [];
  return Object.entries(withoutGetters(ranges)).flatMap(([name, range]): readonly RangeFault[] => {
    if (!isName(name)) return [{ expected: "name plugins", found: told(name) }];
    const expected = `ask for ${name} by a SemVer range such as ^1.0.0`;
    return isRange(range) ? [] : [{ expected, found: foundIn(range) }];
  });
}

interface RangeFault {
  readonly expected: string;
  readonly found: string;
}

function coreFault(range: unknown, plugin: string): readonly BootProblem[] {
  if (typeof range !== "string" || !isRange(range) || isInRange(version, range)) return [];
  const fix = "Load a version of the plugin that works with this version of @hookwright/core.";
  return [{ code: "plugin_version", plugin, expected: `@hookwright/core ${range}`, found: version, fix }];
}

/** From here on neither the author nor anyone else can change what was checked. */
function frozenCopy(fields: Fields): AnyPluginManifest {
  const { requires, optional, events } = fields;
  const said = Object.entries({
    ...fields,
    ...(isRecord(requires) ? { requires: Object.freeze({ ...requires }) } : {}),
    ...(isRecord(optional) ? { optional: Object.freeze({ ...optional }) } : {}),
    ...(Array.isArray(events) ? { events: Object.freeze([...events]) } : {}),
  }).filter(([, value]) => value !== undefined);
  // Every field was checked against its rule.
  return Object.freeze(Object.fromEntries(said)) as unknown as AnyPluginManifest;
}

function labelFor(fields: Fields, place: string): string {
  const { name, version } = fields as { readonly name?: unknown; readonly version?: unknown };
  const said = typeof version === "string" ? version.slice(0, 40) : "?";
  if (typeof name !== "string") return place;
  return `${isName(name) ? name : JSON.stringify(name.slice(0, 60))}@${said}`;
}

function foundIn(value: unknown): string {
  return value === getter ? "a getter" : told(value);
}

const namePattern = /^(?:@[a-z0-9][a-z0-9-]*\/)?[a-z0-9][a-z0-9-]*$/;

function isName(value: unknown): boolean {
  return typeof value === "string" && value.length <= 100 && namePattern.test(value);
}

function isRange(value: unknown): boolean {
  return typeof value === "string" && value.trim() !== "" && validRange(value) !== null;
}

/** Written as `{ … }`: a Date, a Map or a promise has no members, and would say nothing. */
function isRecord(value: unknown): value is Fields {
  if (!isJsonObject(value)) return false;
  const parent: unknown = Object.getPrototypeOf(value);
  return parent === null || Object.getPrototypeOf(parent) === null;
}

function isFunction(value: unknown): boolean {
  return typeof value === "function";
}
