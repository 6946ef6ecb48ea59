import type { AccessStore, AccessToken, OrganizationId } from "@hookwright/core";
import type { CallThread } from "../thread/store-thread.js";

/** Access tokens, in the database thread. */
export class ThreadAccessStore implements AccessStore {
  readonly #call: CallThread;

  constructor(call: CallThread) {
    this.#call = call;
  }

  async add(token: Omit<AccessToken, "id">): Promise<AccessToken> {
    return this.#call("addToken", token);
  }

  async find(hash: string): Promise<AccessToken | undefined> {
    return this.#call("findToken", hash);
  }

  async list(organization: OrganizationId): Promise<readonly AccessToken[]> {
    return this.#call("listTokens", organization);
  }

  async remove(organization: OrganizationId, id: number): Promise<boolean> {
    return this.#call("removeToken", { organization, id });
  }
}
