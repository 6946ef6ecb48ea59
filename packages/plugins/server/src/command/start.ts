import type { Command } from "commander";
import type { CommandIo } from "./command-io.js";
import { collect, finish } from "./options.js";
import type { StartOptions } from "./serve.js";

/** `start`: serves until a signal. */
export function addStart(program: Command, io: CommandIo): void {
  const command = program
    .command("start")
    .description("Serve the API and deliver. Settings come from the environment and the configuration file.")
    .option("--config <file>", "configuration file: a module that exports default defineConfig({ … })")
    .option("--plugin <path>", "a module that exports a plugin; may be repeated", collect)
    .action(async (options: StartOptions) => {
      // Loaded only here: the commands that talk to a service need nothing of it, and start three times as fast.
      const { serve } = await import("./serve.js");
      await serve(options, io);
    });
  finish(command, "start --config hookwright.config.ts", "start --plugin ./billing.ts");
}
