import type { AccessStore, Clock, OrganizationId } from "@hookwright/core";
import { hashToken, makeToken } from "./tokens.js";

/** A token that somebody on this machine asks for. */
export interface TokenRequest {
  readonly organization: number;
  readonly name: string;
}

/** A token with its value, which is told this once. */
export interface IssuedToken extends TokenRequest {
  readonly id: number;
  readonly value: string;
}

/** Makes a token for any organization: who can do this can read the database. */
export async function issueToken(
  { organization, name }: TokenRequest,
  { access, clock }: { readonly access: AccessStore; readonly clock: Clock },
): Promise<IssuedToken> {
  const value = makeToken();
  const { id } = await access.add({
    // Checked to be a positive whole number where it was read.
    organization: organization as OrganizationId,
    name,
    hash: hashToken(value),
    createdAt: clock.now(),
  });
  return { id, organization, name, value };
}
