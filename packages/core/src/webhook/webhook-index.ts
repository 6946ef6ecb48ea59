import { isOperational } from "../event/builtin/operational-events.js";
import type { OrganizationId, ProjectId, WebhookId } from "../foundation/ids.js";
import type { WebhookSubscription } from "./webhook.js";

/** What is looked for. */
export interface MatchQuery {
  readonly organization: OrganizationId;
  readonly project: ProjectId | null;
  /** The canonical action, then its aliases. */
  readonly names: readonly string[];
  /** An organization-only event reaches no project's webhooks. */
  readonly organizationOnly: boolean;
}

/** One webhook that wants the event. */
export interface Match {
  readonly webhook: WebhookId;
  readonly project: ProjectId | null;
  /** The name that the webhook gets in `action`. */
  readonly action: string;
  readonly sendPayload: boolean;
}

/** What the index keeps of one active webhook. */
interface Entry {
  readonly id: WebhookId;
  readonly organization: OrganizationId;
  readonly project: ProjectId | null;
  readonly sendPayload: boolean;
  readonly sendForAllActions: boolean;
  readonly actions: readonly string[];
}

/** The webhooks of one project, or those of the organization as a whole. */
class Group {
  readonly forAll = new Map<WebhookId, Entry>();
  readonly byAction = new Map<string, Map<WebhookId, Entry>>();

  get isEmpty(): boolean {
    return this.forAll.size === 0 && this.byAction.size === 0;
  }
}

/**
 * Decides which webhooks get an event. Holds the active subscriptions in memory, by organization, project and action, so
 * that a match costs what matches and not what exists.
 */
export class WebhookIndex {
  readonly #entries = new Map<WebhookId, Entry>();
  readonly #groups = new Map<OrganizationId, Map<ProjectId | null, Group>>();

  /** Adds, replaces, or takes out if it is not active. */
  put(subscription: WebhookSubscription): void {
    this.remove(subscription.id);
    if (!subscription.isActive) return;
    const { id, organization, project, sendPayload, sendForAllActions } = subscription;
    const entry: Entry = {
      id,
      organization,
      project,
      sendPayload,
      sendForAllActions,
      // Those that "all" does not stand for count beside it.
      actions: sendForAllActions ? subscription.actions.filter(isOperational) : subscription.actions,
    };
    this.#entries.set(id, entry);
    const group = this.#groupOf(entry);
    if (sendForAllActions) group.forAll.set(id, entry);
    for (const action of entry.actions) getOrMake(group.byAction, action, () => new Map()).set(id, entry);
  }

  remove(id: WebhookId): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    this.#entries.delete(id);
    const groups = this.#groups.get(entry.organization);
    const group = groups?.get(entry.project);
    if (groups === undefined || group === undefined) return;
    group.forAll.delete(id);
    for (const action of entry.actions) {
      const named = group.byAction.get(action);
      named?.delete(id);
      if (named?.size === 0) group.byAction.delete(action);
    }
    if (group.isEmpty) groups.delete(entry.project);
    if (groups.size === 0) this.#groups.delete(entry.organization);
  }

  /**
   * One match for each webhook that wants the event. One that listed only an alias gets that alias in `action`; one that
   * listed the canonical name, both, or all actions gets the canonical name. An event that tells of Hookwright's own work is
   * wanted only by those that listed it.
   */
  match(query: MatchQuery): readonly Match[] {
    const groups = this.#groups.get(query.organization);
    if (groups === undefined) return [];
    const matches = new Map<WebhookId, Match>();
    this.#matchGroup(groups.get(null), query.names, matches);
    if (query.project !== null && !query.organizationOnly)
      this.#matchGroup(groups.get(query.project), query.names, matches);
    return [...matches.values()];
  }

  #matchGroup(group: Group | undefined, names: readonly string[], into: Map<WebhookId, Match>): void {
    const canonical = names[0];
    if (group === undefined || canonical === undefined) return;
    if (!isOperational(canonical))
      for (const entry of group.forAll.values()) into.set(entry.id, toMatch(entry, canonical));
    for (const name of names) {
      for (const entry of group.byAction.get(name)?.values() ?? []) {
        // Names run from the canonical one to the aliases, so the first that is found is the one to send.
        if (!into.has(entry.id)) into.set(entry.id, toMatch(entry, name));
      }
    }
  }

  #groupOf(entry: Entry): Group {
    const groups = getOrMake(this.#groups, entry.organization, () => new Map<ProjectId | null, Group>());
    return getOrMake(groups, entry.project, () => new Group());
  }
}

function toMatch(entry: Entry, action: string): Match {
  return { webhook: entry.id, project: entry.project, action, sendPayload: entry.sendPayload };
}

function getOrMake<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
