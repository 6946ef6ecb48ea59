import { type DataFolder, dataFolder, defaultFolder, readSmallFile } from "../data-folder.js";
import { messageOf } from "../outside-values.js";
import { isTokenText } from "../token-text.js";
import { CommandError, type CommandIo } from "./command-io.js";

/** Where the local service listens unless it is told otherwise. */
const defaultUrl = "http://127.0.0.1:8080";

/** The data folder of the service on this machine. */
export function folderOf({ environment }: CommandIo): DataFolder {
  return dataFolder(environment["HOOKWRIGHT_DATA"]?.trim() || defaultFolder);
}

/** A token, and where it is from. */
export interface FoundToken {
  readonly value: string;
  readonly source: string;
}

/** The token to call with. @throws CommandError when there is none that can be sent; its value is in no message. */
export function tokenOf(io: CommandIo): FoundToken {
  const set = io.environment["HOOKWRIGHT_TOKEN"]?.trim();
  const { token: file } = folderOf(io);
  const found = set ? { value: set, source: "HOOKWRIGHT_TOKEN" } : { value: readTokenFile(file), source: file };
  if (isTokenText(found.value)) return found;
  if (found.value !== "")
    throw new CommandError(`The token in ${found.source} must be visible ASCII characters without blanks.`);
  throw new CommandError(
    `No token: set HOOKWRIGHT_TOKEN, or HOOKWRIGHT_DATA to the data folder of the service (there is no file ${file}).`,
  );
}

function readTokenFile(file: string): string {
  try {
    return readSmallFile(file) ?? "";
  } catch (error) {
    throw new CommandError(
      `The token file ${file} cannot be read: ${messageOf(error)}. Set HOOKWRIGHT_TOKEN instead.`,
      { cause: error },
    );
  }
}

/** Where the service is. @throws CommandError when HOOKWRIGHT_URL is no URL. */
export function serviceUrl({ environment }: CommandIo): URL {
  const text = environment["HOOKWRIGHT_URL"]?.trim() || defaultUrl;
  const url = URL.parse(text);
  if (url !== null && /^https?:$/.test(url.protocol)) return url;
  throw new CommandError(
    `HOOKWRIGHT_URL must be an http or https URL such as ${defaultUrl}, found ${JSON.stringify(text.slice(0, 200))}.`,
  );
}
