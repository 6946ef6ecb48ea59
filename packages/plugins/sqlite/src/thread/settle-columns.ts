import type { Deactivation, DeliveryId, ReceiverEffect, Settlement, Strain, TargetId, Verdict } from "@hookwright/core";
import { cell } from "./message-columns.js";

/** Settlements as they travel: a column per field; what a verdict or an effect does not have is `null`. */
export interface SettleColumns {
  readonly now: number;
  readonly delivery: DeliveryId[];
  readonly webhook: TargetId[];
  readonly fence: number[];
  readonly verdict: Verdict["kind"][];
  readonly retryAt: (number | null)[];
  readonly failures: (number | null)[];
  /** As JSON: the database thread stores it as it comes. */
  readonly attempt: (string | null)[];
  readonly status: (number | null)[];
  readonly code: (string | null)[];
  readonly effect: ReceiverEffect["kind"][];
  readonly disableAfter: number[];
  readonly pauseUntil: (number | null)[];
  readonly strain: (Strain | null)[];
  /** As JSON. */
  readonly note: (string | null)[];
  readonly silent: boolean[];
}

export interface SettledColumns {
  readonly settled: readonly boolean[];
  readonly deactivated: readonly Deactivation[];
  readonly noted: boolean;
  readonly nextDue: number | undefined;
}

/** One settlement of the columns. */
export interface SettleRow {
  readonly delivery: DeliveryId;
  readonly webhook: TargetId;
  readonly fence: number;
  readonly verdict: Verdict["kind"];
  readonly retryAt: number | null;
  readonly failures: number | null;
  readonly attempt: string | null;
  readonly status: number | null;
  readonly code: string | null;
  readonly effect: ReceiverEffect["kind"];
  readonly disableAfter: number;
  readonly pauseUntil: number | null;
  readonly strain: Strain | null;
  readonly note: string | null;
  readonly silent: boolean;
}

export function settleRow(columns: SettleColumns, index: number): SettleRow {
  return {
    delivery: cell(columns.delivery, index),
    webhook: cell(columns.webhook, index),
    fence: cell(columns.fence, index),
    verdict: cell(columns.verdict, index),
    retryAt: cell(columns.retryAt, index),
    failures: cell(columns.failures, index),
    attempt: cell(columns.attempt, index),
    status: cell(columns.status, index),
    code: cell(columns.code, index),
    effect: cell(columns.effect, index),
    disableAfter: cell(columns.disableAfter, index),
    pauseUntil: cell(columns.pauseUntil, index),
    strain: cell(columns.strain, index),
    note: cell(columns.note, index),
    silent: cell(columns.silent, index),
  };
}

export function encodeSettle(settlements: readonly Settlement[], now: number): SettleColumns {
  const columns: SettleColumns = {
    now,
    delivery: [],
    webhook: [],
    fence: [],
    verdict: [],
    retryAt: [],
    failures: [],
    attempt: [],
    status: [],
    code: [],
    effect: [],
    disableAfter: [],
    pauseUntil: [],
    strain: [],
    note: [],
    silent: [],
  };
  for (const { delivery, webhook, fence, verdict, attempt, effect, note, silent } of settlements) {
    columns.delivery.push(delivery);
    columns.webhook.push(webhook);
    columns.fence.push(fence);
    columns.verdict.push(verdict.kind);
    columns.retryAt.push(verdict.kind === "retry" ? Math.ceil(verdict.at) : null);
    columns.failures.push("failures" in verdict ? verdict.failures : null);
    columns.attempt.push(attempt === null ? null : JSON.stringify(attempt));
    columns.status.push(attempt?.status ?? null);
    columns.code.push(attempt?.code ?? null);
    columns.effect.push(effect.kind);
    columns.disableAfter.push(effect.kind === "failed" ? effect.disableAfter : 0);
    columns.pauseUntil.push(effect.kind === "failed" ? roundedUp(effect.pauseUntil) : null);
    columns.strain.push(effect.kind === "failed" ? (effect.strain ?? null) : null);
    columns.note.push(note === undefined ? null : JSON.stringify(note));
    columns.silent.push(silent === true);
  }
  return columns;
}

/** Columns of whole numbers take no others. */
function roundedUp(time: number | undefined): number | null {
  return time === undefined ? null : Math.ceil(time);
}
