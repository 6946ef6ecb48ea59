import { randomBytes } from "node:crypto";
import { HookwrightError, type ResealReport, type ValueSurvey } from "@hookwright/core";
import { type DataFolder, readSmallFile, removeSecretDrafts, writeSecretFile } from "./data-folder.js";

/** 256 bits, as much as the cipher takes. */
const keyBytes = 32;

/** The shortest key that the vault of core takes, in characters. */
const shortestKey = 32;

/** Keys in one text, newest first, with commas, blanks or line ends between them; `undefined` when one is too short or there is none. */
export function parseSecretKeys(text: string): readonly string[] | undefined {
  const keys = text.split(/[\s,]+/).filter((key) => key !== "");
  return keys.length > 0 && keys.every((key) => key.length >= shortestKey) ? keys : undefined;
}

/** What keys are looked for with. */
export interface SecretKeyPorts {
  readonly configured: readonly string[] | undefined;
  readonly folder: DataFolder;
  /** How what is stored stands to no key at all. */
  readonly survey: () => Promise<ValueSurvey>;
}

/**
 * The keys that values are sealed with: those that were set, or else those of the file in the data folder, where the first
 * start writes one. Only who holds the database's lock may call it: two that start at once would make two keys.
 *
 * @throws HookwrightError `configuration_invalid` when the file holds anything else, `secret_unreadable` when it is missing and
 * values are stored that were sealed: a key in its place would hide that it is gone.
 */
export async function ensureSecretKeys({ configured, folder, survey }: SecretKeyPorts): Promise<readonly string[]> {
  if (configured !== undefined) return configured;
  const kept = readKeyFile(folder);
  if (kept !== undefined) return kept;
  refuseOrphans(await survey(), folder);
  const made = [makeSecretKey()];
  writeKeyFile(folder, made);
  return made;
}

function refuseOrphans({ counts, locked }: ValueSurvey, { secretKey }: DataFolder): void {
  if (locked === undefined) return;
  throw new HookwrightError(
    "secret_unreadable",
    `The file ${secretKey} is missing, and ${counts["unknown-key"]} stored header values and signing secrets, the first of them of webhook ${locked}, are sealed: put the file back, or start with the key that sealed them (HOOKWRIGHT_SECRET_KEY).`,
    { details: { webhook: locked } },
  );
}

/** The same without making one; none where there is none yet. */
export function knownSecretKeys(configured: readonly string[] | undefined, folder: DataFolder): readonly string[] {
  return configured ?? readKeyFile(folder) ?? [];
}

/** What a change of keys came to. */
export interface KeyRotation extends ResealReport {
  /** Where the keys stand: in the file, where the old one is gone now, or in the configuration, where somebody takes it out. */
  readonly keys: "file" | "configured";
  /** Whether one that was cut off before was brought to its end, with the key that was made then. */
  readonly resumed: boolean;
}

/** What a change of keys is made with. */
export interface RotationPorts {
  readonly configured: readonly string[] | undefined;
  readonly folder: DataFolder;
  /** Seals everything anew with the first of these keys. */
  readonly reseal: (keys: readonly string[]) => Promise<ResealReport>;
}

/**
 * Makes a new key, seals everything with it, then drops the old one. The new key is on the disk before anything is sealed
 * with it, and the old one goes after everything was: an end anywhere in between leaves both, and the next call goes on.
 */
export async function rotateSecretKey({ configured, folder, reseal }: RotationPorts): Promise<KeyRotation> {
  if (configured !== undefined) return { ...(await reseal(configured)), keys: "configured", resumed: false };
  const kept = readKeyFile(folder) ?? [];
  const resumed = kept.length > 1;
  const keys = resumed ? kept : [makeSecretKey(), ...kept];
  if (!resumed) writeKeyFile(folder, keys);
  const report = await reseal(keys);
  writeKeyFile(folder, keys.slice(0, 1));
  removeSecretDrafts(folder);
  return { ...report, keys: "file", resumed };
}

function makeSecretKey(): string {
  return randomBytes(keyBytes).toString("base64url");
}

/** One a line. */
function writeKeyFile({ secretKey }: DataFolder, keys: readonly string[]): void {
  writeSecretFile(secretKey, keys.join("\n"));
}

function readKeyFile({ secretKey }: DataFolder): readonly string[] | undefined {
  const text = readSmallFile(secretKey);
  if (text === undefined) return undefined;
  const keys = parseSecretKeys(text);
  if (keys !== undefined) return keys;
  throw new HookwrightError(
    "configuration_invalid",
    `The file ${secretKey} must hold secret keys of at least ${shortestKey} characters, one a line, newest first: put back what stood there, or set HOOKWRIGHT_SECRET_KEY.`,
  );
}
