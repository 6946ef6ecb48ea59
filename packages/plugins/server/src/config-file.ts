import { basename, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { type ConfiguredPlugin, HookwrightError } from "@hookwright/core";
import { messageOf } from "./outside-values.js";
import { type SettingName, type SettingValue, settingNames } from "./settings.js";

/** What a configuration file exports: plugins, and settings by the names that the environment uses too. */
export interface ServerConfig extends Readonly<Partial<Record<SettingName, SettingValue>>> {
  /** In the order in which they are started; those of `--plugin` come after them. */
  readonly plugins?: readonly ConfiguredPlugin[];
}

/** A configuration file that was read and checked. */
export interface LoadedConfig {
  /** The file's name as messages show it. */
  readonly name: string;
  readonly values: Readonly<Partial<Record<SettingName, SettingValue>>>;
  readonly plugins: readonly ConfiguredPlugin[];
}

/**
 * Types what a configuration file exports; it changes nothing.
 *
 * @example
 * ```ts
 * import { definePlugin } from "@hookwright/core";
 * import { defineConfig } from "@hookwright/plugin-server";
 *
 * const billing = definePlugin({ name: "billing", version: "1.0.0" });
 *
 * export default defineConfig({ plugins: [billing], HOOKWRIGHT_PORT: 9000, WEBHOOK_RETRY_SCHEDULE: "standard" });
 * ```
 */
export function defineConfig(config: ServerConfig): ServerConfig {
  return config;
}

/**
 * Loads the file behind `--config`: an ES module, or TypeScript that Node can strip of its types.
 *
 * @param path - relative to the working directory
 * @throws HookwrightError `configuration_invalid`: one line that names the file and what is wrong with it.
 */
export async function loadConfig(path: string): Promise<LoadedConfig> {
  const exported = await defaultExportOf(path, "--config");
  if (!isRecord(exported) || Array.isArray(exported) || isPlugin(exported))
    throw invalid(`--config ${path} must export default defineConfig({ … }), found ${kindOf(exported)}`);
  const { plugins = [], ...values } = exported;
  if (!Array.isArray(plugins)) throw invalid(`plugins in ${path} must be a list, found ${kindOf(plugins)}`);
  for (const [index, plugin] of plugins.entries())
    if (!isPlugin(plugin))
      throw invalid(`plugins[${index}] in ${path} must be made with definePlugin({ … }), found ${kindOf(plugin)}`);
  for (const [name, value] of Object.entries(values)) checkValue({ path, name, value });
  return { name: basename(path), values, plugins };
}

/**
 * Loads the file behind `--plugin`: a module whose default export is a plugin.
 *
 * @param path - relative to the working directory
 * @throws HookwrightError `configuration_invalid`: one line that names the file and what is wrong with it.
 */
export async function loadPlugin(path: string): Promise<ConfiguredPlugin> {
  const exported = await defaultExportOf(path, "--plugin");
  if (isPlugin(exported)) return exported;
  throw invalid(`--plugin ${path} must export default definePlugin({ … }), found ${kindOf(exported)}`);
}

async function defaultExportOf(path: string, option: string): Promise<unknown> {
  try {
    const module: { readonly default?: unknown } = await import(pathToFileURL(resolve(path)).href);
    return module.default;
  } catch (error) {
    throw invalid(`${option} ${path} cannot be loaded: ${firstLine(error)}`, error);
  }
}

/** Node's own messages about TypeScript and syntax go on for several lines. */
function firstLine(error: unknown): string {
  const [line = ""] = messageOf(error).split("\n");
  return line.trim() === "" ? "it failed without a message" : line.trim().replace(/\.$/, "");
}

function checkValue({ path, name, value }: { path: string; name: string; value: unknown }): void {
  if (!settingNames.some((known) => known === name)) {
    throw invalid(
      `${JSON.stringify(name)} in ${path} is no setting; expected plugins or one of ${settingNames.join(", ")}`,
    );
  }
  if (["string", "number", "boolean", "undefined"].includes(typeof value)) return;
  throw invalid(`${name} in ${path} must be a text, a number or a boolean, found ${kindOf(value)}`);
}

/** A plugin as definePlugin makes it: a function with a manifest, or what calling that function gives. */
function isPlugin(value: unknown): value is ConfiguredPlugin {
  return isRecord(value) && isRecord(value["manifest"]);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}

function kindOf(value: unknown): string {
  if (value === undefined) return "no default export";
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  return isPlugin(value) ? "a plugin" : `a value of type ${typeof value}`;
}

function invalid(message: string, cause?: unknown): HookwrightError {
  return new HookwrightError("configuration_invalid", `${message}.`, { cause });
}
