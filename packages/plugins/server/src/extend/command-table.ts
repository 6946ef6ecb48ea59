import type { Disposer, EventOwner } from "@hookwright/core";
import { isJsonObject } from "@hookwright/core/internal";
import { textsCheck, type ValueCheck } from "./checked-values.js";
import type { PluginCommand } from "./plugin-command.js";

/** A command that can be called, and whose it is. */
export interface ServedCommand {
  readonly owner: EventOwner;
  readonly command: PluginCommand;
  readonly check: ValueCheck;
  /** Aborts when the command is taken away. */
  readonly signal: AbortSignal;
}

const namePattern = /^[a-z0-9][a-z0-9-]{0,63}$/;

/** Owns the commands of plugins. */
export class CommandTable {
  readonly #commands = new Set<ServedCommand>();

  /** @throws TypeError or HookwrightError that says what is wrong with the command. */
  add(owner: EventOwner, command: PluginCommand): Disposer {
    refuseUnfit(command);
    if (this.find(owner.name, command.name) !== undefined)
      throw new TypeError(`Command ${command.name} is there already.`);
    const gone = new AbortController();
    const schema = { additionalProperties: false, ...command.options, type: "object" };
    const check = textsCheck(schema, `the options of command ${command.name}`);
    const served: ServedCommand = { owner, command, check, signal: gone.signal };
    this.#commands.add(served);
    return () => {
      this.#commands.delete(served);
      gone.abort();
    };
  }

  /** In the order in which they were added. */
  list(): readonly ServedCommand[] {
    return [...this.#commands];
  }

  find(plugin: string, name: string): ServedCommand | undefined {
    return this.list().find(({ owner, command }) => owner.name === plugin && command.name === name);
  }
}

/** `<month> [--verbose]`: how it is called, as far as its schema says. */
export function usageOf({ options = {}, positional = [] }: PluginCommand): string {
  const properties = isJsonObject(options["properties"]) ? options["properties"] : {};
  const required: readonly unknown[] = Array.isArray(options["required"]) ? options["required"] : [];
  const parts = Object.entries(properties).map(([name, schema]) => {
    const isFlag = isJsonObject(schema) && schema["type"] === "boolean";
    const text = positional.includes(name) ? `<${name}>` : isFlag ? `--${name}` : `--${name} <${name}>`;
    return required.includes(name) ? text : `[${text}]`;
  });
  return parts.join(" ");
}

/**
 * Reads `2026-07 --verbose --limit=3` into the options of a command, each as a text.
 *
 * @throws TypeError that says which argument cannot be read.
 */
export function readArguments(
  { options = {}, positional = [] }: PluginCommand,
  args: readonly string[],
): Readonly<Record<string, string>> {
  const properties = isJsonObject(options["properties"]) ? options["properties"] : {};
  const found: [string, string][] = [];
  const places = [...positional];
  for (let index = 0; index < args.length; index += 1) {
    const arg = args[index] ?? "";
    const [, name, value] = /^--([^=]+)(?:=(.*))?$/s.exec(arg) ?? [];
    if (name === undefined) {
      const place = places.shift();
      if (place === undefined) throw new TypeError(`One argument too many: ${JSON.stringify(arg.slice(0, 100))}.`);
      found.push([place, arg]);
      continue;
    }
    const schema = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (value !== undefined) found.push([name, value]);
    else if (isJsonObject(schema) && schema["type"] === "boolean") found.push([name, "true"]);
    else {
      index += 1;
      const next = args[index];
      if (next === undefined) throw new TypeError(`--${name.slice(0, 100)} needs a value.`);
      found.push([name, next]);
    }
  }
  return Object.fromEntries(found);
}

function refuseUnfit(command: PluginCommand): void {
  // Authors who write JavaScript may hand in anything.
  const { name, summary, options, positional = [], run }: Partial<Record<string, unknown>> = { ...command };
  const fault = (what: string): TypeError => new TypeError(`Command ${String(name)}: ${what}.`);
  if (typeof name !== "string" || !namePattern.test(name))
    throw fault("name must hold lower-case letters, digits and -");
  if (typeof summary !== "string" || summary.trim() === "") throw fault("summary must say what it does");
  if (options !== undefined && !isJsonObject(options)) throw fault("options must be a schema of an object");
  if (!Array.isArray(positional) || !positional.every((each) => typeof each === "string"))
    throw fault("positional must be a list of options");
  if (typeof run !== "function") throw fault("run must be a function");
}
