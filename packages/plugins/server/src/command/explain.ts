import type { Command } from "commander";
import { CommandError, type CommandIo } from "./command-io.js";
import { finish, type JsonOption } from "./options.js";

/** `explain`: what an error code means and what to do about it. */
export function addExplain(program: Command, io: CommandIo): void {
  const command = program
    .command("explain")
    .description("Explain an error code: why it happens and what to do. Asks no service.")
    .argument("<code>", "the code as records and log lines show it, such as connection_refused")
    .action(async (code: string, options: JsonOption) => {
      const { codes, errorPage } = await import("../error-pages.js");
      const known = codes().find((each) => each === code);
      if (known === undefined)
        throw new CommandError(`There is no error code ${JSON.stringify(code.slice(0, 100))}: ${codes().join(", ")}.`);
      const { errorCodes } = await import("@hookwright/core");
      io.print(options.json ? JSON.stringify({ code, ...errorCodes[known] }) : errorPage(known));
    });
  finish(command, "explain connection_refused");
}
