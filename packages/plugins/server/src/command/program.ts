import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { isRecord, messageOf } from "../outside-values.js";
import { CommandError, type CommandIo, UsageError } from "./command-io.js";
import { addDeliveries } from "./deliveries.js";
import { addDoctor } from "./doctor.js";
import { addEvents } from "./events.js";
import { addExplain } from "./explain.js";
import { addJobs } from "./jobs.js";
import { addListen } from "./listen.js";
import { tryPluginCommand } from "./plugin-commands.js";
import { addPlugins } from "./plugins.js";
import { addSecrets } from "./secrets.js";
import { addSend } from "./send.js";
import { addStart } from "./start.js";
import { printable } from "./table.js";
import { addToken } from "./token.js";
import { addWebhooks } from "./webhooks.js";

/**
 * Runs the `hookwright` command.
 *
 * @param args - what stands after the program's name
 * @returns 0; 1 when something could not be done; 2 when the command was not understood. Bad news in an answer are told
 * through `io.fail()`.
 */
export async function runProgram(args: readonly string[], outer: CommandIo): Promise<0 | 1 | 2> {
  const io = tellingText(outer);
  const program = new Command("hookwright")
    .description("Webhooks: a service that delivers them, and the commands to work with it.")
    .version(ownVersion())
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.print(text.trimEnd()),
      writeErr: (text) => io.tell(text.trimEnd()),
    })
    .showHelpAfterError("(add --help to see how it is called)");
  const commands = [
    addStart,
    addListen,
    addSend,
    addWebhooks,
    addDeliveries,
    addJobs,
    addEvents,
    addPlugins,
    addToken,
    addSecrets,
    addDoctor,
    addExplain,
  ];
  for (const add of commands) add(program, io);
  program.addHelpText(
    "after",
    "\nPlugins of the running service add commands: hookwright <plugin> <command>. See plugins list.",
  );
  try {
    if (isPluginWord(program, args) && (await tryPluginCommand(args, io))) return 0;
    await program.parseAsync([...args], { from: "user" });
    return 0;
  } catch (error) {
    return await exitCodeOf(error, io);
  }
}

/** Whatever is told beside the answer may repeat what others wrote: it reaches the terminal as text, in the lines that it has. */
function tellingText(io: CommandIo): CommandIo {
  return {
    ...io,
    tell: (text) => io.tell(text.split("\n").map(printable).join("\n")),
    draw: (text) => io.draw(printable(text)),
  };
}

/** No command of ours has this name: a plugin may. */
function isPluginWord(program: Command, [word]: readonly string[]): boolean {
  return (
    word !== undefined &&
    !word.startsWith("-") &&
    word !== "help" &&
    !program.commands.some((own) => own.name() === word)
  );
}

async function exitCodeOf(error: unknown, io: CommandIo): Promise<0 | 1 | 2> {
  // Commander has printed its own message already; 0 is what --help and --version end with.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof UsageError) {
    io.tell(`error: ${error.message}`);
    return 2;
  }
  // What we throw on purpose says all there is to say; the stack of anything else is the only trace of a bug.
  if (error instanceof CommandError || (await isOurs(error))) io.tell(`hookwright: ${await readable(error)}`);
  else io.tell(`hookwright: ${error instanceof Error ? error.stack : String(error)}`);
  return 1;
}

/** Core is loaded only now: a command that went well, and did not need it, has not waited for it. */
async function isOurs(error: unknown): Promise<boolean> {
  const { HookwrightError } = await import("@hookwright/core");
  return error instanceof HookwrightError;
}

/** One line; of what is wrong with plugins, one for each problem. */
async function readable(error: unknown): Promise<string> {
  const { BootError } = await import("@hookwright/core");
  return error instanceof BootError ? error.message : oneLine(messageOf(error));
}

function ownVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  return isRecord(manifest) ? String(manifest["version"]) : "";
}

function oneLine(message: string): string {
  return message.replace(/\s*\n\s*/g, " ");
}
