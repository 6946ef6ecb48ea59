import type { OrganizationId } from "../foundation/ids.js";
import type { IdempotencyClaim } from "./message-log.js";

/** Owns the idempotency keys of the memory store. */
export class MemoryKeys {
  readonly #claims = new Map<string, IdempotencyClaim>();

  /** The claim that holds this key at `now`. */
  find(organization: OrganizationId, key: string, now: number): IdempotencyClaim | undefined {
    const claim = this.#claims.get(scoped(organization, key));
    return claim !== undefined && now < claim.expiresAt ? claim : undefined;
  }

  keep(organization: OrganizationId, claim: IdempotencyClaim): void {
    this.#claims.set(scoped(organization, claim.key), claim);
  }

  forgetExpired(now: number): void {
    for (const [name, claim] of this.#claims) if (claim.expiresAt <= now) this.#claims.delete(name);
  }
}

function scoped(organization: OrganizationId, key: string): string {
  return `${organization}:${key}`;
}
