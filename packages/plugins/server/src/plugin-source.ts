import { statSync } from "node:fs";
import { registerHooks } from "node:module";
import { basename, dirname, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { BootError, type BootProblem, type ConfiguredPlugin } from "@hookwright/core";
import { messageOf } from "./outside-values.js";

/**
 * One plugin of a configuration file: the plugin itself, a file or a package whose default export is one, or such a name
 * with the plugin's configuration. A file begins with `./`, `../` or `/`, and is relative to the configuration file; a
 * package is looked for from there.
 */
export type PluginEntry = ConfiguredPlugin | string | readonly [name: string, config: unknown];

/** An entry, and where it stands. */
export interface PluginSource {
  readonly entry: unknown;
  /** For messages: `--plugin` or `plugins[0] in hooks.config.ts`. */
  readonly from: string;
  /** Absolute path of the file that names it; names are looked up from there. */
  readonly base: string;
  /** As a person wrote it, where `entry` is not that. */
  readonly written?: string;
}

/** What `--plugin` names: a file, relative to the working directory. */
export function pluginOption(path: string): PluginSource {
  const base = resolve("command-line");
  return { entry: pathToFileURL(resolve(path)).href, from: "--plugin", base, written: path };
}

/**
 * Loads plugins, in this order.
 *
 * @throws BootError with every one that cannot be loaded: what was expected, what was found, what to do.
 */
export async function loadPlugins(sources: readonly PluginSource[]): Promise<readonly ConfiguredPlugin[]> {
  const plugins: ConfiguredPlugin[] = [];
  const problems: Problem[] = [];
  for (const source of sources) {
    // One after the other: what one file changes when it is loaded, the next one sees each time.
    const loaded = await load(source);
    if (isPlugin(loaded)) plugins.push(loaded);
    else problems.push(loaded);
  }
  if (problems.length === 0) return plugins;
  throw new BootError(
    problems.map(({ cause: _, ...problem }) => ({ code: "plugin_unreadable", ...problem })),
    problems.map(({ cause }) => cause).filter((cause) => cause !== undefined),
  );
}

interface Problem extends Omit<BootProblem, "code"> {
  readonly cause?: unknown;
}

async function load(source: PluginSource): Promise<ConfiguredPlugin | Problem> {
  const { entry, from } = source;
  if (isPlugin(entry)) return entry;
  const [name, ...configs] = Array.isArray(entry) ? entry : [entry];
  if (typeof name !== "string" || name === "" || configs.length > 1) {
    return {
      plugin: from,
      expected: "what definePlugin makes, a name, or [name, configuration]",
      found: kindOf(entry),
      fix: "Correct the entry.",
    };
  }
  const exported = await exportOf(name, source);
  if (!("value" in exported)) return exported;
  const { value } = exported;
  const label = labelOf(name, source);
  if (!isPlugin(value)) {
    const expected = "a module with export default definePlugin({ … })";
    return { plugin: label, expected, found: kindOf(value), fix: "Export the plugin as default." };
  }
  if (configs.length === 0) return value;
  const configure: unknown = value;
  if (typeof configure === "function") return configured(configure(configs[0]), label);
  const found = "one that has its configuration already";
  return { plugin: label, expected: "a plugin to configure", found, fix: "Name it without a configuration." };
}

function configured(value: unknown, label: string): ConfiguredPlugin | Problem {
  if (isPlugin(value)) return value;
  const expected = "what definePlugin makes, which can be called with a configuration";
  return { plugin: label, expected, found: kindOf(value), fix: "Export the plugin as definePlugin made it." };
}

type Exported = { readonly value: unknown } | Problem;

function exportOf(name: string, source: PluginSource): Promise<Exported> {
  if (/^(?:\.{0,2}\/|file:|[A-Za-z]:[\\/])/.test(name)) return exportOfFile(name, source);
  return exportOfPackage(name, source);
}

async function exportOfFile(name: string, source: PluginSource): Promise<Exported> {
  const path = name.startsWith("file:") ? fileURLToPath(name) : resolve(dirname(source.base), name);
  const plugin = labelOf(name, source);
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined)
    return { plugin, expected: `the file ${path}`, found: "nothing there", fix: "Correct the path." };
  if (found.isDirectory())
    return {
      plugin,
      expected: "a file",
      found: `the folder ${path}`,
      fix: "Name the file in it that exports the plugin.",
    };
  return importDefault(pathToFileURL(path).href, plugin);
}

/** As an import in the file that names it would find it. */
async function exportOfPackage(name: string, source: PluginSource): Promise<Exported> {
  const plugin = labelOf(name, source);
  const parentURL = pathToFileURL(source.base).href;
  const alias = `hookwright-plugin:${name}`;
  const hooks = registerHooks({
    resolve: (specifier, context, next) =>
      specifier === alias ? next(name, { ...context, parentURL }) : next(specifier, context),
  });
  try {
    const exported = await importDefault(alias, plugin);
    const cause = "cause" in exported ? exported.cause : undefined;
    const isAbsent = codeOf(cause) === "ERR_MODULE_NOT_FOUND" && messageOf(cause).includes(`'${packageOf(name)}'`);
    if (!isAbsent) return exported;
    const expected = `the package ${name}, as seen from ${dirname(source.base)}`;
    const fix = `Install it there (npm install ${packageOf(name)}), or begin the name of a file with ./.`;
    return { plugin, expected, found: "nothing there", fix, cause };
  } finally {
    hooks.deregister();
  }
}

async function importDefault(specifier: string, plugin: string): Promise<Exported> {
  try {
    const module: { readonly default?: unknown } = await import(specifier);
    return { value: module.default };
  } catch (cause) {
    return { plugin, expected: "a module that can be loaded", ...faultOf(cause), cause };
  }
}

function faultOf(error: unknown): Pick<Problem, "found" | "fix"> {
  const line = firstLine(error);
  const code = codeOf(error);
  if (code === "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX") {
    return {
      found: `TypeScript that is more than types: ${line}`,
      fix: "Leave out enums, namespaces and decorators, or compile the file and name the JavaScript.",
    };
  }
  if (error instanceof Error && error.name === "SyntaxError")
    return { found: `a fault of syntax${placeOf(error)}: ${line}`, fix: "Correct the file." };
  if (code === "ERR_MODULE_NOT_FOUND" || code === "ERR_PACKAGE_PATH_NOT_EXPORTED")
    return { found: `an import that leads nowhere: ${line}`, fix: "Install what it imports, or correct the import." };
  return { found: `an error while it was loaded: ${line}`, fix: "Look at the code that runs when it is imported." };
}

/** Node writes the place of a fault of syntax before the stack. */
function placeOf(error: unknown): string {
  const [, file, line] = /^(file:\S+?|\/\S+?):(\d+)$/m.exec(error instanceof Error ? (error.stack ?? "") : "") ?? [];
  return file === undefined ? "" : ` in ${basename(file)}, line ${line}`;
}

/** Node's own messages about TypeScript and syntax go on for several lines. */
export function firstLine(error: unknown): string {
  const [line = ""] = messageOf(error).trim().split("\n");
  return line.trim() === "" ? "it failed without a message" : line.trim().replace(/\.$/, "");
}

function codeOf(error: unknown): unknown {
  return Object(error).code;
}

/** `@acme/billing/extra` is in the package `@acme/billing`. */
function packageOf(name: string): string {
  return name.split("/", name.startsWith("@") ? 2 : 1).join("/");
}

function labelOf(name: string, { from, written = name }: PluginSource): string {
  return `${written} (${from})`;
}

/** A plugin as definePlugin makes it: a function with a manifest, or what calling that function gives. */
export function isPlugin(value: unknown): value is ConfiguredPlugin {
  const isHolder = (typeof value === "object" && value !== null) || typeof value === "function";
  return isHolder && "manifest" in value && typeof value.manifest === "object" && value.manifest !== null;
}

/** What something is, in few words. */
export function kindOf(value: unknown): string {
  if (value === undefined) return "no default export";
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  return isPlugin(value) ? "a plugin" : `a value of type ${typeof value}`;
}
