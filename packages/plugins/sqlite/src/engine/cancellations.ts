import type { TargetId } from "@hookwright/core";
import type { DueEntry } from "./due-table.js";
import type { Tables } from "./tables.js";
import type { UnderWay } from "./under-way.js";

/** So many at a time: a step takes some milliseconds. */
const stepSize = 250;

/**
 * Owns the work that a deleted webhook leaves behind: its deliveries that wait are cancelled in small steps. A process
 * that dies before the end goes on at the next open.
 */
export class Cancellations {
  readonly #tables: Tables;
  readonly #underWay: UnderWay;
  readonly #left = new Map<TargetId, number>();

  constructor(tables: Tables, underWay: UnderWay) {
    this.#tables = tables;
    this.#underWay = underWay;
  }

  /** Puts the webhook's deliveries on the list of what is to be cancelled. They count as cancelled from here on. */
  add(webhook: TargetId, now: number): void {
    this.#left.set(webhook, now);
  }

  /** When a pending delivery that is not under way was cancelled in truth; `undefined`: it was not. */
  timeOf(webhook: TargetId): number | undefined {
    return this.#left.get(webhook);
  }

  get isEmpty(): boolean {
    return this.#left.size === 0;
  }

  /** The first step, in the transaction that deletes the webhook. */
  begin(webhook: TargetId, now: number): void {
    const more = this.#cancelSome(webhook, now);
    if (more) this.#underWay.onCommit(() => this.add(webhook, now));
  }

  /** One more step, in a transaction of its own. */
  step(): void {
    const next = this.#left.entries().next();
    if (next.done) return;
    const [webhook, now] = next.value;
    const more = this.#cancelSome(webhook, now);
    if (!more) this.#underWay.onCommit(() => this.#left.delete(webhook));
  }

  /** Whether more may be left. What is under way ends by itself. */
  #cancelSome(webhook: TargetId, now: number): boolean {
    const waiting = this.#waiting(webhook);
    for (const entry of waiting) {
      this.#tables.due.delete(entry);
      this.#tables.deliveries.cancel(entry.number, now);
      this.#underWay.forget(entry.delivery);
    }
    return waiting.length === stepSize;
  }

  #waiting(webhook: TargetId): readonly DueEntry[] {
    const waiting: DueEntry[] = [];
    for (const entry of this.#tables.due.of(webhook)) {
      if (this.#underWay.isRunning(entry.delivery)) continue;
      waiting.push(entry);
      if (waiting.length === stepSize) break;
    }
    return waiting;
  }
}
