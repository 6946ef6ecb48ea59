import type { OrganizationId } from "../foundation/ids.js";
import type { WebhookStore } from "../store/webhook-store.js";
import { type Match, type MatchQuery, WebhookIndex } from "../webhook/webhook-index.js";

/** Webhooks a catch-up reads at once. */
const pageSize = 5_000;

/** Who wants an event, and which state of the webhooks that was read from. */
export interface Matched {
  readonly matches: readonly Match[];
  /** The organization's change number that the matches are based on. */
  readonly basedOn: number;
}

/**
 * Owns the index of one process and keeps it behind no answered change: the store refuses an emit that was matched on an
 * older change number, and {@link catchUp} reads what is new. Organizations are read when they are first asked for.
 */
export class Subscriptions {
  readonly #store: WebhookStore;
  readonly #index = new WebhookIndex();
  readonly #upTo = new Map<OrganizationId, number>();
  readonly #catchingUp = new Map<OrganizationId, Promise<void>>();

  constructor(store: WebhookStore) {
    this.#store = store;
  }

  /** Matches at once where the organization is known, else after reading it. */
  async match(query: MatchQuery): Promise<Matched> {
    if (!this.#upTo.has(query.organization)) await this.catchUp(query.organization);
    return { matches: this.#index.match(query), basedOn: this.#upTo.get(query.organization) ?? 0 };
  }

  /** Whether a webhook may want it, as far as is known without reading: those of an organization that was not read yet may. */
  mayWant(query: MatchQuery): boolean {
    return !this.#upTo.has(query.organization) || this.#index.match(query).length > 0;
  }

  /** Reads what changed since the last time. Callers at the same time share one reading. */
  catchUp(organization: OrganizationId): Promise<void> {
    const running = this.#catchingUp.get(organization);
    if (running !== undefined) return running;
    const reading = this.#read(organization).finally(() => this.#catchingUp.delete(organization));
    this.#catchingUp.set(organization, reading);
    return reading;
  }

  /** Reads a change that this process made, so that the next emit need not be refused first. */
  async refresh(organization: OrganizationId): Promise<void> {
    if (this.#upTo.has(organization)) await this.catchUp(organization);
  }

  async #read(organization: OrganizationId): Promise<void> {
    let since = this.#upTo.get(organization) ?? 0;
    let more = true;
    while (more) {
      const changes = await this.#store.changes(organization, since, pageSize);
      for (const subscription of changes.changed) this.#index.put(subscription);
      for (const id of changes.deleted) this.#index.remove(id);
      since = changes.upTo;
      more = changes.more;
    }
    // Only now: an emit that is matched while pages are missing must be refused as stale.
    this.#upTo.set(organization, since);
  }
}
