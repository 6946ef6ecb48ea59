import type { Command } from "commander";
import type { CommandIo } from "./command-io.js";
import type { Finding } from "./diagnosis.js";
import { harmlessJson } from "./json-text.js";
import { finish, type JsonOption } from "./options.js";
import { printable } from "./table.js";

/** `doctor`: is everything as it should be here? */
export function addDoctor(program: Command, io: CommandIo): void {
  const command = program
    .command("doctor")
    .description("Check this machine, the data folder and the running service. Exit code 1 when a check fails.")
    .action(async (options: JsonOption) => {
      const { diagnose } = await import("./diagnosis.js");
      const findings = await diagnose(io);
      if (findings.some(({ ok }) => !ok)) io.fail();
      io.print(options.json ? harmlessJson(JSON.stringify({ checks: findings })) : findings.map(line).join("\n"));
    });
  finish(command, "doctor");
}

function line({ check, ok, detail }: Finding): string {
  return `${ok ? "ok    " : "FAILED"}  ${check.padEnd(18)}  ${printable(detail)}`;
}
