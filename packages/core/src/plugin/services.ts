import type { EventOwner } from "../event/event-definition.js";
import { type Disposer, disposeOnce } from "../foundation/disposer.js";
import { HookwrightError } from "../foundation/hookwright-error.js";
import { refuseNoToken, type Token } from "./token.js";

/** A service and who provides it. */
export interface ProvidedService {
  readonly owner: EventOwner;
  readonly value: unknown;
  /** Whether others may begin to use it: neither before its provider has started, nor once that is being stopped. */
  readonly isOpen: () => boolean;
}

/** Owns which plugin provides which service. */
export class Services {
  readonly #provided = new Map<symbol, ProvidedService>();

  /** @throws HookwrightError `token_taken` naming both, `definition_invalid` when it is no token. */
  provide(service: Token, provided: ProvidedService): Disposer {
    const { owner } = provided;
    const asking = `${owner.name}@${owner.version}`;
    refuseNoToken(service, "service", asking);
    const other = this.#provided.get(service.key)?.owner;
    if (other !== undefined) {
      throw new HookwrightError(
        "token_taken",
        `Plugin ${asking} provides ${service.id}, which ${other.name}@${other.version} provides already. Load one of them.`,
        { details: { token: service.id, claims: [other.name, owner.name] } },
      );
    }
    this.#provided.set(service.key, provided);
    return disposeOnce(() => this.#provided.delete(service.key));
  }

  /** What a started plugin provides; for core itself, which is no plugin. */
  find(service: Token): ProvidedService | undefined {
    const provided = this.#provided.get(service.key);
    return provided?.isOpen() === true ? provided : undefined;
  }

  /** @throws HookwrightError `service_missing`, `definition_invalid` when it is no token. */
  use(owner: EventOwner, service: Token): ProvidedService {
    const asking = `${owner.name}@${owner.version}`;
    refuseNoToken(service, "service", asking);
    const provided = this.#provided.get(service.key);
    if (provided !== undefined && (provided.isOpen() || provided.owner.name === owner.name)) return provided;
    throw new HookwrightError(
      "service_missing",
      `Plugin ${asking} asks for the service ${service.id}, which no started plugin provides. ` +
        "Load the plugin that provides it, and list that plugin in `requires`.",
      { details: { token: service.id } },
    );
  }
}
