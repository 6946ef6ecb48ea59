import { existsSync } from "node:fs";
import type { Command } from "commander";
import type { DataFolder } from "../data-folder.js";
import { isServing, requestRotation } from "../machine-socket.js";
import type { KeyRotation } from "../secret-keys.js";
import { readSetting } from "../settings.js";
import { CommandError, type CommandIo } from "./command-io.js";
import { finish, type JsonOption } from "./options.js";
import { folderOf } from "./service-access.js";
import { counted } from "./table.js";

/** `secrets`: what header values and signing secrets are sealed with. */
export function addSecrets(program: Command, io: CommandIo): void {
  const group = program
    .command("secrets")
    .description("What stored header values and signing secrets are sealed with: rotate-key, discard-unreadable.");
  const rotate = group
    .command("rotate-key")
    .description(
      "Seal all stored header values and signing secrets with a new key, on the service's machine, while it runs or is stopped. One that was cut off is brought to its end.",
    )
    .action(async (options: JsonOption) => {
      const folder = folderOf(io);
      const rotation = await rotateKey(folder, io);
      io.print(options.json ? JSON.stringify(rotation) : rotationText(rotation, folder));
    });
  finish(rotate, "secrets rotate-key");

  const discard = group
    .command("discard-unreadable")
    .description(
      "For a key that is lost, while the service is stopped: take out the header values and signing secrets that no key opens, and switch their webhooks off until somebody has set them again. Keys are taken from HOOKWRIGHT_SECRET_KEY and the data folder; those of a configuration file are not seen.",
    )
    .option("--yes", "take them out; without it they are only counted")
    .option("--all", "also where no sealed value opens at all, as with a wrong key")
    .action(async (options: DiscardOptions) => {
      const discarded = await discardUnreadable(options, io);
      io.print(options.json ? JSON.stringify({ webhooks: discarded }) : discardedText(discarded));
    });
  finish(discard, "secrets discard-unreadable", "secrets discard-unreadable --yes");
}

interface DiscardOptions extends JsonOption {
  readonly yes?: true;
  readonly all?: true;
}

async function discardUnreadable({ yes, all }: DiscardOptions, io: CommandIo): Promise<readonly number[]> {
  const folder = folderOf(io);
  if (await isServing(folder))
    throw new CommandError("A service runs on this data folder, so it has its keys: stop it.");
  const { discardOffline } = await import("./secrets-offline.js");
  const configured = readSetting("HOOKWRIGHT_SECRET_KEY", io);
  return discardOffline(folder, { configured, yes: yes === true, all: all === true });
}

function discardedText(webhooks: readonly number[]): string {
  if (webhooks.length === 0) return "Every value can be opened: nothing was taken out.";
  return `Switched off, with values taken out: webhook${webhooks.length === 1 ? "" : "s"} ${webhooks.join(", ")}. Set their headers and secrets again, then switch them on: without a secret they are sent unsigned.`;
}

async function rotateKey(folder: DataFolder, io: CommandIo): Promise<KeyRotation> {
  const answer = await requestRotation(folder);
  if (answer?.kind === "done") return answer.value;
  if (answer !== undefined) throw new CommandError(`The running service could not change the key: ${answer.reason}`);
  const { rotateOffline } = await import("./secrets-offline.js");
  return rotateOffline(folder, readSetting("HOOKWRIGHT_SECRET_KEY", io));
}

function rotationText({ keys, resumed, webhooks, resealed }: KeyRotation, { secretKey }: DataFolder): string {
  const anew = `${resealed} of them ${resealed === 1 ? "was" : "were"} sealed anew`;
  const done = `The values of ${counted(webhooks, "webhook")} are sealed with the newest key; ${anew}.`;
  // It looks like the key that is in use, and who backs it up instead of that one has nothing.
  const stale = existsSync(secretKey)
    ? `\nThe file ${secretKey} is not used any more; only older backups need it.`
    : "";
  if (keys === "configured")
    return `${done}\nThe keys are set from outside: HOOKWRIGHT_SECRET_KEY needs its first key only, from the next start on.${stale}`;
  return resumed
    ? `${done}\nA change that was cut off is complete now; the old key is gone.`
    : `${done}\nThe old key is gone.`;
}
