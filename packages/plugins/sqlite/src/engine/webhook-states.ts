import type { StatementSync } from "node:sqlite";
import type { DisabledReason, OrganizationId, WebhookId } from "@hookwright/core";
import type { LaneSettings } from "@hookwright/core/store/lanes";
import type { Database, Query } from "../database/database.js";
import type { UnderWay } from "./under-way.js";

/** What every delivery asks of its webhook. */
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
  ordered: number,
  version: number,
  consecutiveFailures: number,
  deletedAt: number | null,
];

/**
 * Owns what memory keeps of the webhooks table, and gives every webhook that is in use its lane. Only webhooks that a
 * delivery asked for are in memory.
 */
export class WebhookStates {
  readonly #underWay: UnderWay;
  readonly #states = new Map<WebhookId, WebhookState>();
  readonly #changeNumbers = new Map<OrganizationId, number>();
  /** Changed in this transaction. */
  readonly #changed = new Set<WebhookId>();
  /** Lanes that rest while their backlog is put in another order. */
  readonly #resting = new Set<WebhookId>();
  readonly #select: Query<StateRow>;
  readonly #selectChange: Query<readonly [number]>;
  readonly #count: StatementSync;
  readonly #deactivate: StatementSync;

  constructor(database: Database, underWay: UnderWay) {
    this.#underWay = underWay;
    this.#select = database.query(
      `SELECT organization, is_active, max_concurrency, rate_limit, ordered, version, consecutive_failures, deleted_at
       FROM webhooks WHERE id = ?`,
    );
    this.#selectChange = database.query("SELECT coalesce(max(version), 0) FROM webhooks WHERE organization = ?");
    this.#count = database.prepare("UPDATE webhooks SET consecutive_failures = ? WHERE id = ?");
    this.#deactivate = database.prepare(
      `UPDATE webhooks SET is_active = 0, disabled_at = ?, updated_at = ?, disabled_reason = ?, version = ? WHERE id = ?`,
    );
  }

  /** A webhook that was ever created, deleted ones included. */
  find(id: WebhookId): WebhookState | undefined {
    return this.#states.get(id) ?? this.#load(id);
  }

  /** A webhook that is there. */
  live(id: WebhookId): WebhookState | undefined {
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
  refresh(id: WebhookId): void {
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
    this.#deactivate.run(now, now, reason, this.nextChange(organization), id);
    this.refresh(id);
  }

  /** Lets nothing of the webhook leave while it rests. */
  setResting(id: WebhookId, rests: boolean): void {
    if (rests) this.#resting.add(id);
    else this.#resting.delete(id);
    this.refresh(id);
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
  #load(id: WebhookId): WebhookState | undefined {
    const row = this.#select.get(id);
    if (row === undefined) {
      this.#states.delete(id);
      return undefined;
    }
    const [organization, isActive, maxConcurrency, rateLimit, ordered, version, consecutiveFailures, deletedAt] = row;
    const state: WebhookState = {
      id,
      organization,
      isActive: isActive === 1,
      maxConcurrency,
      rateLimit,
      ordered: ordered === 1,
      version,
      consecutiveFailures,
      deletedAt,
    };
    this.#states.set(id, state);
    if (deletedAt === null) {
      this.#underWay.lanes.configure({ ...state, isActive: state.isActive && !this.#resting.has(id) });
    }
    return state;
  }
}
