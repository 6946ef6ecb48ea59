import type { AccessStore, Clock, OrganizationId } from "@hookwright/core";
import { type DataFolder, readSmallFile, writeSecretFile } from "./data-folder.js";
import { hashToken, makeToken } from "./tokens.js";

/** What the first token needs. */
export interface FirstTokenPorts {
  readonly access: AccessStore;
  readonly folder: DataFolder;
  readonly clock: Clock;
}

/** Where the first token stands: set from outside, in a file, or in a file whose token somebody revoked. */
export type FirstToken =
  | { readonly kind: "configured" }
  | { readonly kind: "file"; readonly file: string }
  | { readonly kind: "revoked"; readonly file: string };

/** The organization that the first token belongs to. */
const firstOrganization = 1 as OrganizationId;

/**
 * Sees to it that somebody can call the API: with the token that was set, or else with one that is generated once into the
 * data folder. A token in the file that somebody revoked is neither brought back nor replaced while the organization has
 * others.
 */
export async function ensureFirstToken(
  configured: string | undefined,
  { access, folder, clock }: FirstTokenPorts,
): Promise<FirstToken> {
  const add = (name: string, value: string) =>
    access.add({ organization: firstOrganization, name, hash: hashToken(value), createdAt: clock.now() });
  if (configured !== undefined) {
    await add("HOOKWRIGHT_TOKEN", configured);
    return { kind: "configured" };
  }
  const file = folder.token;
  const kept = readSmallFile(file);
  if (kept !== undefined && (await access.find(hashToken(kept))) !== undefined) return { kind: "file", file };
  if (kept !== undefined && (await access.list(firstOrganization)).length > 0) return { kind: "revoked", file };
  const made = makeToken();
  // Stored before it is written: a crash in between leaves a token that nobody knows, not a file that does not work.
  await add("first token", made);
  writeSecretFile(file, made);
  return { kind: "file", file };
}
