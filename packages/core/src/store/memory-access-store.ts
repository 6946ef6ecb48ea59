import type { OrganizationId } from "../foundation/ids.js";
import type { AccessStore, AccessToken } from "./access-store.js";

/** Access tokens, in memory. */
export class MemoryAccessStore implements AccessStore {
  readonly #tokens = new Map<string, AccessToken>();
  #lastId = 0;

  async add(token: Omit<AccessToken, "id">): Promise<AccessToken> {
    const known = this.#tokens.get(token.hash);
    if (known !== undefined) return known;
    this.#lastId += 1;
    const added = { ...token, id: this.#lastId };
    this.#tokens.set(token.hash, added);
    return added;
  }

  async find(hash: string): Promise<AccessToken | undefined> {
    return this.#tokens.get(hash);
  }

  async list(organization: OrganizationId): Promise<readonly AccessToken[]> {
    return [...this.#tokens.values()].filter((token) => token.organization === organization);
  }

  async remove(organization: OrganizationId, id: number): Promise<boolean> {
    const token = (await this.list(organization)).find((candidate) => candidate.id === id);
    return token !== undefined && this.#tokens.delete(token.hash);
  }
}
