import { existsSync } from "node:fs";
import { systemClock } from "@hookwright/core";
import { sqlite } from "@hookwright/plugin-sqlite";
import type { DataFolder } from "../data-folder.js";
import { type IssuedToken, issueToken, type TokenRequest } from "../issued-token.js";
import { CommandError } from "./command-io.js";

/** Makes a token where no service runs: the command opens the database itself. @throws CommandError without one. */
export async function issueOffline(folder: DataFolder, wanted: TokenRequest): Promise<IssuedToken> {
  if (!existsSync(folder.database))
    throw new CommandError(
      `There is no database ${folder.database}: set HOOKWRIGHT_DATA to the data folder of the service on this machine.`,
    );
  const store = sqlite({ file: folder.database });
  await store.open();
  try {
    return await issueToken(wanted, { access: store.access, clock: systemClock });
  } finally {
    await store.close();
  }
}
