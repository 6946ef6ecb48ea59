import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { messageOf } from "../outside-values.js";
import { CommandError, type CommandIo } from "./command-io.js";

const lineEnd = 0x0a;

/**
 * The text of a file that holds secrets, `-` for standard input: the command line itself can be read by every user of the
 * machine. Of what a person types, one line.
 */
export async function readSecretFile(
  file: string,
  { stdin, typed, tell }: Pick<CommandIo, "stdin" | "typed" | "tell">,
): Promise<string> {
  if (file === "-") {
    if (typed) tell("Paste the secret, then press Enter.");
    const pieces: Uint8Array[] = [];
    for await (const piece of stdin) {
      pieces.push(piece);
      if (typed && piece.includes(lineEnd)) break;
    }
    return Buffer.concat(pieces).toString("utf8").trim();
  }
  try {
    return readFileSync(file, "utf8").trim();
  } catch (error) {
    throw new CommandError(`The file ${resolve(file)} cannot be read: ${messageOf(error)}`, { cause: error });
  }
}
