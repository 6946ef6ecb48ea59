import type {
  CommitResult,
  CommittedBatch,
  EmitResult,
  HandlerCommit,
  HandOver,
  OrganizationId,
  StateChange,
} from "@hookwright/core";
import { type AppendColumns, type AppendedColumns, decodeAppended, encodeAppend } from "./append-columns.js";
import { cell } from "./message-columns.js";
import { encodeSettle, type SettleColumns } from "./settle-columns.js";

/** Commits of handlers as they travel; what they emit stands in order, counted by each. */
export interface CommitColumns {
  readonly settlements: SettleColumns;
  readonly organization: OrganizationId[];
  readonly plugin: string[];
  readonly changes: (readonly StateChange[])[];
  readonly emitCount: number[];
  readonly emits: AppendColumns;
}

/** The answer. */
export interface CommittedColumns {
  readonly kind: CommitResult["kind"][];
  /** Of each commit: the change number to catch up to where it is stale, else 0. */
  readonly change: number[];
  /** Of the emitted entries of the committed ones. */
  readonly version: number[];
  readonly nextDue: number | undefined;
}

export function encodeCommits(commits: readonly HandlerCommit[], handOver: HandOver): CommitColumns {
  const settlements = commits.map(({ settlement }) => settlement);
  return {
    settlements: encodeSettle(settlements, handOver.now),
    organization: settlements.map(({ organization }) => organization),
    plugin: commits.map(({ plugin }) => plugin),
    changes: commits.map(({ changes }) => changes),
    emitCount: commits.map(({ emits }) => emits.length),
    emits: encodeAppend(
      commits.flatMap(({ emits }) => emits),
      handOver,
    ),
  };
}

/** Makes the leases from what the caller emitted. */
export function decodeCommitted(
  columns: CommittedColumns,
  commits: readonly HandlerCommit[],
  handOver: HandOver,
): CommittedBatch {
  const stored = storedOf(columns, commits, handOver);
  let next = 0;
  const results = commits.map(({ emits }, index): CommitResult => {
    const kind = cell(columns.kind, index);
    switch (kind) {
      case "committed": {
        next += emits.length;
        const own = stored.slice(next - emits.length, next);
        return { kind, leases: own.flatMap(({ leases }) => leases), waiting: own.some(({ waiting }) => waiting) };
      }
      case "stale":
        return { kind, change: cell(columns.change, index) };
      case "lease_lost":
      case "state_changed":
        return { kind };
      default:
        return kind satisfies never;
    }
  });
  return { results, nextDue: columns.nextDue };
}

type Stored = Extract<EmitResult, { kind: "stored" }>;

/** The emitted entries of those that were committed, as an append tells of them. */
function storedOf(
  { kind, version }: CommittedColumns,
  commits: readonly HandlerCommit[],
  handOver: HandOver,
): readonly Stored[] {
  const entries = commits.flatMap(({ emits }, index) => (kind[index] === "committed" ? emits : []));
  const appended: AppendedColumns = { kind: entries.map(() => "stored"), detail: entries.map(() => null), version };
  return decodeAppended(appended, entries, handOver).filter((result) => result.kind === "stored");
}
