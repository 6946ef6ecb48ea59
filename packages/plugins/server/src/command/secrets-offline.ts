import { existsSync } from "node:fs";
import { type Store, systemClock } from "@hookwright/core";
import { discardUnreadable, findUnreadable, SealedWebhooks, type UnreadableValues } from "@hookwright/core/internal";
import { sqlite } from "@hookwright/plugin-sqlite";
import type { DataFolder } from "../data-folder.js";
import { type KeyRotation, knownSecretKeys, rotateSecretKey } from "../secret-keys.js";
import { CommandError } from "./command-io.js";

/**
 * Changes the key of stored secrets where no service runs: the command opens the database itself, and so holds the lock
 * under which the key file may be written.
 *
 * @throws CommandError without a database.
 */
export function rotateOffline(folder: DataFolder, configured: readonly string[] | undefined): Promise<KeyRotation> {
  return withStore(folder, async (store) => {
    const webhooks = new SealedWebhooks(store.webhooks);
    // Keys that do not fit are told before a new one is written.
    await webhooks.unlock(knownSecretKeys(configured, folder));
    return rotateSecretKey({ configured, folder, reseal: (keys) => webhooks.reseal(keys) });
  });
}

/** What is to be taken out, and what was said to it. */
export interface Discarding {
  readonly configured: readonly string[] | undefined;
  /** The count that is told without it was read. */
  readonly yes: boolean;
  /** Also where that is every sealed value. */
  readonly all: boolean;
}

/**
 * Takes out what no key opens, for a key that is lost. A key that is only not at hand looks the same, so the values stay until
 * somebody has seen how many they are.
 *
 * @throws CommandError without a database, without keys, and where `yes` or `all` is missing.
 */
export function discardOffline(folder: DataFolder, { configured, yes, all }: Discarding): Promise<readonly number[]> {
  return withStore(folder, async ({ webhooks }) => {
    const keys = knownSecretKeys(configured, folder);
    if (keys.length === 0) throw noKeys(folder);
    const found = await findUnreadable(webhooks, keys);
    if (found.unreadable === 0) return [];
    if (found.unreadable === found.sealed && !all) throw noneOpens(found);
    if (!yes) throw unasked(found);
    return discardUnreadable(webhooks, keys, systemClock.now());
  });
}

/** Where a key may be that this command does not know. */
const elsewhere =
  "of the service may stand in its own environment or in its configuration file, which this command does not see";

function noKeys({ secretKey }: DataFolder): CommandError {
  return new CommandError(
    `No secret key is at hand, so nothing was taken out: the key ${elsewhere}; set HOOKWRIGHT_SECRET_KEY to it. If it is lost for good, write a new one (\`openssl rand -base64 32\`) to ${secretKey} first.`,
  );
}

function noneOpens({ sealed }: UnreadableValues): CommandError {
  return new CommandError(
    `None of the ${sealed} sealed values opens with the keys at hand, so nothing was taken out: the right key ${elsewhere}; set HOOKWRIGHT_SECRET_KEY to it. If it is lost for good, call this again with --all --yes.`,
  );
}

function unasked({ sealed, unreadable, webhooks }: UnreadableValues): CommandError {
  const whose = `webhook${webhooks.length === 1 ? "" : "s"} ${webhooks.slice(0, mostNamed).join(", ")}${webhooks.length > mostNamed ? ", …" : ""}`;
  return new CommandError(
    `${unreadable} of ${sealed} sealed values, of ${whose}, would be taken out for good, and nothing was yet: call this again with --yes.`,
  );
}

/** Webhooks that are named in one line. */
const mostNamed = 20;

async function withStore<Result>(folder: DataFolder, work: (store: Store) => Promise<Result>): Promise<Result> {
  if (!existsSync(folder.database))
    throw new CommandError(
      `There is no database ${folder.database}: set HOOKWRIGHT_DATA to the data folder of the service on this machine.`,
    );
  const store = sqlite({ file: folder.database });
  await store.open();
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}
