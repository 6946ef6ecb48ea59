import type { StatementSync } from "node:sqlite";
import type { DisabledReason, HandlerId, OrganizationId, TargetId } from "@hookwright/core";
import { isHandlerId, type LaneSettings } from "@hookwright/core/internal";
import type { Database, Query } from "../database/database.js";
import type { HandlerTable } from "./handler-table.js";
import type { PauseTable } from "./pause-table.js";
import type { UnderWay } from "./under-way.js";

/** What every delivery asks of its webhook, or of the handler that stands in a webhook's place. */
export interface WebhookState extends LaneSettings {
  readonly version: number;
  readonly consecutiveFailures: number;
  readonly deletedAt: number | null;
}

type StateRow = readonly [
  organization: OrganizationId,
  isActive: number,
  maxConcurrency: number | null,
  rateLimit: number | null,
  allowedRate: number | null,
  ordered: number,
  version: number,
  consecutiveFailures: number,
  deletedAt: number | null,
];

/** All handlers take turns as if they were one organization; no organization has this number. */
const handlersTurn = 0 as OrganizationId;

/** A handler has no versions; what is leased at once is told by a version that is not 0. */
const handlerVersion = 1;

const none: readonly HandlerId[] = [];

/**
 * Owns what memory keeps of the webhooks and the handlers, and gives each that is in use its lane. Only those that a
 * delivery asked for are in memory.
 */
export class WebhookStates {
  readonly #underWay: UnderWay;
  readonly #states = new Map<TargetId, WebhookState>();
  readonly #changeNumbers = new Map<OrganizationId, number>();
  /** Changed in this transaction. */
  readonly #changed = new Set<TargetId>();
  /** Lanes that rest while their backlog is put in another order. */
  readonly #resting = new Set<TargetId>();
  readonly #handlers: HandlerTable;
  readonly #pauses: PauseTable;
  /** The handlers that the last claim named; `undefined` before the first, when nothing is known. */
  #offered: readonly HandlerId[] | undefined;
  readonly #select: Query<StateRow>;
  readonly #selectChange: Query<readonly [number]>;
  readonly #count: StatementSync;
  readonly #deactivate: StatementSync;

  constructor(
    database: Database,
    { handlers, pauses }: { readonly handlers: HandlerTable; readonly pauses: PauseTable },
    underWay: UnderWay,
  ) {
    this.#handlers = handlers;
    this.#pauses = pauses;
    this.#underWay = underWay;
    this.#select = database.query(
      `SELECT organization, is_active, max_concurrency, rate_limit, allowed_rate, ordered, version, consecutive_failures, deleted_at
       FROM webhooks WHERE id = ?`,
    );
    this.#selectChange = database.query("SELECT coalesce(max(version), 0) FROM webhooks WHERE organization = ?");
    this.#count = database.prepare("UPDATE webhooks SET consecutive_failures = ? WHERE id = ?");
    this.#deactivate = database.prepare(
      "UPDATE webhooks SET is_active = 0, disabled_at = ?, disabled_reason = ?, version = ? WHERE id = ?",
    );
  }

  /** A webhook that was ever created, deleted ones included, or a handler that was ever registered. */
  find(id: TargetId): WebhookState | undefined {
    return this.#states.get(id) ?? this.#load(id);
  }

  /** A webhook that is there. */
  live(id: TargetId): WebhookState | undefined {
    const state = this.find(id);
    return state?.deletedAt === null ? state : undefined;
  }

  changeNumber(organization: OrganizationId): number {
    const known = this.#changeNumbers.get(organization);
    if (known !== undefined) return known;
    const change = this.#selectChange.get(organization)?.[0] ?? 0;
    this.#changeNumbers.set(organization, change);
    return change;
  }

  /** The number of the change that is being made. */
  nextChange(organization: OrganizationId): number {
    const change = this.changeNumber(organization) + 1;
    this.#changeNumbers.set(organization, change);
    return change;
  }

  /** Reads the webhook again: its row was changed. */
  refresh(id: TargetId): void {
    this.#changed.add(id);
    this.#load(id);
  }

  /** Writes nothing where the counter stays. */
  countFailures(state: WebhookState, consecutiveFailures: number): void {
    if (state.consecutiveFailures === consecutiveFailures) return;
    this.#count.run(consecutiveFailures, state.id);
    this.#changed.add(state.id);
    this.#states.set(state.id, { ...state, consecutiveFailures });
  }

  deactivate({ id, organization }: WebhookState, reason: DisabledReason, now: number): void {
    this.#deactivate.run(now, reason, this.nextChange(organization), id);
    this.refresh(id);
  }

  /** Lets nothing leave before `until`. Writes nothing where a pause lasts as long already. */
  pause(id: TargetId, until: number): void {
    const state = this.find(id);
    if (state === undefined || (state.pausedUntil ?? Number.NEGATIVE_INFINITY) >= until) return;
    this.#pauses.put(id, until);
    this.#changed.add(id);
    this.#states.set(id, { ...state, pausedUntil: until });
    this.#underWay.onCommit(() => this.#underWay.lanes.pause(id, until));
  }

  /** It is new. */
  welcome(id: TargetId): void {
    this.#underWay.onCommit(() => this.#underWay.lanes.welcome(id));
  }

  /** Ends its pause, and whatever its receiver did that holds it back. */
  renew(id: TargetId): void {
    if (this.find(id)?.pausedUntil !== undefined) {
      this.#pauses.end(id);
      this.refresh(id);
    }
    this.#underWay.onCommit(() => this.#underWay.lanes.renew(id));
  }

  /** Lets nothing of the webhook leave while it rests. */
  setResting(id: TargetId, rests: boolean): void {
    if (rests) this.#resting.add(id);
    else this.#resting.delete(id);
    this.refresh(id);
  }

  /** Lets these handlers' deliveries be leased, and no others'. Of memory alone: it holds whatever becomes of the transaction. */
  offer(handlers: readonly HandlerId[] = none): void {
    const before = this.#offered ?? none;
    if (this.#offered !== undefined && isEqual(before, handlers)) return;
    this.#offered = handlers;
    for (const id of new Set([...before, ...handlers])) this.#load(id);
  }

  /** Whether it is known that nobody has this handler. */
  isAbsent(id: HandlerId): boolean {
    return this.#offered !== undefined && !this.#offered.includes(id);
  }

  commit(): void {
    for (const id of this.#changed) if (this.live(id) === undefined) this.#underWay.lanes.remove(id);
    this.#changed.clear();
  }

  rollback(): void {
    this.#changeNumbers.clear();
    for (const id of this.#changed) this.#load(id);
    this.#changed.clear();
  }

  /** A deleted webhook keeps its lane until the deletion is committed. */
  #load(id: TargetId): WebhookState | undefined {
    const state = isHandlerId(id) ? this.#readHandler(id) : this.#readWebhook(id);
    if (state === undefined) {
      this.#states.delete(id);
      return undefined;
    }
    this.#states.set(id, state);
    if (state.deletedAt === null) {
      this.#underWay.lanes.configure({ ...state, isActive: state.isActive && !this.#resting.has(id) });
    }
    return state;
  }

  #readHandler(id: HandlerId): WebhookState | undefined {
    const settings = this.#handlers.find(id);
    if (settings === undefined) return undefined;
    return {
      id,
      organization: handlersTurn,
      isActive: this.#offered?.includes(id) === true,
      maxConcurrency: settings.concurrency,
      rateLimit: null,
      allowedRate: null,
      ordered: settings.ordered,
      version: handlerVersion,
      consecutiveFailures: 0,
      deletedAt: null,
    };
  }

  #readWebhook(id: TargetId): WebhookState | undefined {
    const row = this.#select.get(id);
    if (row === undefined) return undefined;
    const [organization, isActive, maxConcurrency, rateLimit, allowedRate, ordered, version, ...rest] = row;
    const [consecutiveFailures, deletedAt] = rest;
    const pausedUntil = this.#pauses.of(id);
    return {
      id,
      organization,
      isActive: isActive === 1,
      maxConcurrency,
      rateLimit,
      allowedRate,
      ordered: ordered === 1,
      version,
      consecutiveFailures,
      deletedAt,
      ...(pausedUntil === undefined ? {} : { pausedUntil }),
    };
  }
}

function isEqual(left: readonly HandlerId[], right: readonly HandlerId[]): boolean {
  return left.length === right.length && left.every((id, index) => id === right[index]);
}
