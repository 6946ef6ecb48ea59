import { basename, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { HookwrightError } from "@hookwright/core";
import { isRecord } from "./outside-values.js";
import { firstLine, isPlugin, kindOf, type PluginEntry, type PluginSource } from "./plugin-source.js";
import { type SettingName, type SettingValue, settingNames } from "./settings.js";

/** What a configuration file exports: plugins, and settings by the names that the environment uses too. */
export interface ServerConfig extends Readonly<Partial<Record<SettingName, SettingValue>>> {
  /** In the order in which they are started; those of `--plugin` come after them. */
  readonly plugins?: readonly PluginEntry[];
}

/** A configuration file that was read and checked. */
export interface LoadedConfig {
  /** The file's name as messages show it. */
  readonly name: string;
  readonly values: Readonly<Partial<Record<SettingName, SettingValue>>>;
  /** The plugins that it names, not loaded yet. */
  readonly plugins: readonly PluginSource[];
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
 * export default defineConfig({
 *   plugins: [billing, "./audit.ts", ["@acme/hookwright-mail", { from: "hooks@example.com", key: process.env["MAIL_KEY"] }]],
 *   HOOKWRIGHT_PORT: 9000,
 *   WEBHOOK_RETRY_SCHEDULE: "standard",
 * });
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
  const base = resolve(path);
  const exported = await defaultExportOf(path, base);
  if (!isRecord(exported) || isPlugin(exported))
    throw invalid(`--config ${path} must export default defineConfig({ … }), found ${kindOf(exported)}`);
  const { plugins = [], ...values } = exported;
  if (!Array.isArray(plugins)) throw invalid(`plugins in ${path} must be a list, found ${kindOf(plugins)}`);
  for (const [name, value] of Object.entries(values)) checkValue({ path, name, value });
  const name = basename(path);
  const sources = plugins.map((entry, index) => ({ entry, from: `plugins[${index}] in ${name}`, base }));
  return { name, values, plugins: sources };
}

async function defaultExportOf(path: string, file: string): Promise<unknown> {
  try {
    const module: { readonly default?: unknown } = await import(pathToFileURL(file).href);
    return module.default;
  } catch (error) {
    throw invalid(`--config ${path} cannot be loaded: ${firstLine(error)}`, error);
  }
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

function invalid(message: string, cause?: unknown): HookwrightError {
  return new HookwrightError("configuration_invalid", `${message}.`, { cause });
}
