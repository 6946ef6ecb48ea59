import { defineExtension, type Extension, type Infer, type JsonSchema } from "@hookwright/core";
import type { Caller } from "./plugin-route.js";

/** One call of a command. It runs in the service, where the plugin is, and not in the process of whoever types it. */
export interface CommandCall<Options> extends Caller {
  readonly options: Options;
}

/** What an author says of a command. */
export interface CommandOptions<Options extends JsonSchema> {
  /** `hookwright {plugin} {name}`: lower-case letters, digits and `-`. */
  readonly name: string;
  /** One sentence for the help. */
  readonly summary: string;
  /** Of an object, one member for each option: `{ month: { type: "string" } }` is `--month 2026-07`, a boolean is a flag. */
  readonly options?: Options;
  /** Options that may be given without their name, in this order. */
  readonly positional?: readonly string[];
  /** What it gives back is printed: a text as it is, anything else as JSON. */
  run(call: CommandCall<Infer<Options>>): unknown;
}

/** A command as the server takes it, made with {@link defineCommand}. */
export interface PluginCommand extends Omit<CommandOptions<JsonSchema>, "run"> {
  /** As in {@link CommandOptions}. */
  run(call: CommandCall<never>): unknown;
}

/**
 * Types a command by the schema of its options; it changes nothing. Everything is checked when the plugin contributes it.
 *
 * @example
 * ```ts
 * import { definePlugin } from "@hookwright/core";
 * import { commands, defineCommand } from "@hookwright/plugin-server";
 *
 * const report = defineCommand({
 *   name: "report",
 *   summary: "Print the invoices of a month.",
 *   options: { type: "object", required: ["month"], properties: { month: { type: "string" } } },
 *   positional: ["month"],
 *   run: ({ options, organization }) => `Organization ${organization} has no invoices in ${options.month}.`,
 * });
 *
 * // $ hookwright plugins run billing report 2026-07
 * export default definePlugin({
 *   name: "billing",
 *   version: "1.0.0",
 *   setup: (ctx) => void ctx.contribute(commands, report),
 * });
 * ```
 */
export function defineCommand<const Options extends JsonSchema = { readonly type: "object" }>(
  command: CommandOptions<Options>,
): PluginCommand {
  return command;
}

/** Where plugins add commands: `hookwright {plugin} {command}`. They are gone when the plugin is. */
export const commands: Extension<PluginCommand> = defineExtension<PluginCommand>("server/commands");
