import { accessSync, constants, existsSync, mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { HookwrightError } from "@hookwright/core";
import type { DataFolder } from "./data-folder.js";
import { messageOf } from "./outside-values.js";

/**
 * Makes the folder, open to its owner only. One that is there already keeps its rights: they may be somebody's choice;
 * `doctor` tells when they are too wide.
 *
 * @throws HookwrightError `configuration_invalid` when it cannot be made or written to.
 */
export function prepareDataFolder({ path }: DataFolder): void {
  try {
    makeFolder(path);
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new HookwrightError(
      "configuration_invalid",
      `HOOKWRIGHT_DATA: the folder ${path} cannot be ${isFile(path) ? "made: a file of that name is there" : `made or written to: ${messageOf(error)}`}. Set HOOKWRIGHT_DATA to a folder that this user can write to.`,
      { cause: error },
    );
  }
}

/** Not mkdir's own `recursive`: where a folder exists and nothing can be made in it (/proc), that one tries for ever. */
function makeFolder(path: string): void {
  if (existsSync(path)) return void mkdirSync(path, { recursive: true });
  if (!existsSync(dirname(path))) makeFolder(dirname(path));
  mkdirSync(path, { mode: 0o700 });
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
