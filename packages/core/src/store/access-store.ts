import type { OrganizationId } from "../foundation/ids.js";

/** An access token as it is kept: never its value, only a hash of it. */
export interface AccessToken {
  readonly id: number;
  readonly organization: OrganizationId;
  readonly name: string;
  /** SHA-256 of the value, in lower-case hex. Values are long and random, so a fast hash is enough. */
  readonly hash: string;
  readonly createdAt: number;
}

/** Who may call: access tokens. */
export interface AccessStore {
  /** Adds a token; with a hash that is known already, returns the token that has it unchanged. */
  add(token: Omit<AccessToken, "id">): Promise<AccessToken>;

  /** The token with this hash. */
  find(hash: string): Promise<AccessToken | undefined>;

  /** By rising id. */
  list(organization: OrganizationId): Promise<readonly AccessToken[]>;

  /** `false` when the organization has no such token. */
  remove(organization: OrganizationId, id: number): Promise<boolean>;
}
