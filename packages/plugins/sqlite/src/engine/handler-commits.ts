import type { CommitResult, EmitEntry, StateOwner } from "@hookwright/core";
import { decodeAppend } from "../thread/append-columns.js";
import type { CommitColumns, CommittedColumns } from "../thread/commit-columns.js";
import { cell } from "../thread/message-columns.js";
import { settleRow } from "../thread/settle-columns.js";
import type { DeliverySettler } from "./delivery-settler.js";
import { LimitedHandOver, type MessageAppender } from "./message-appender.js";
import type { PluginStateTable } from "./plugin-state-table.js";

/** What a commit is made of. */
export interface CommitParts {
  readonly settler: DeliverySettler;
  readonly appender: MessageAppender;
  readonly state: PluginStateTable;
}

/** Writes what handlers did: state, emitted messages and the attempt, together or not at all. */
export class HandlerCommits {
  readonly #parts: CommitParts;

  constructor(parts: CommitParts) {
    this.#parts = parts;
  }

  /** The answer without its `nextDue`, which is known once the transaction is over. */
  commit(columns: CommitColumns): Omit<CommittedColumns, "nextDue"> {
    const answer: Omit<CommittedColumns, "nextDue"> = { kind: [], change: [], version: [] };
    const handOver = new LimitedHandOver(columns.emits);
    const entries = decodeAppend(columns.emits);
    let next = 0;
    columns.plugin.forEach((plugin, index) => {
      next += cell(columns.emitCount, index);
      const emits = entries.slice(next - cell(columns.emitCount, index), next);
      const owner = { plugin, organization: cell(columns.organization, index) };
      const refusal = this.#refuse(columns, index, { owner, emits });
      answer.kind.push(refusal?.kind ?? "committed");
      answer.change.push(refusal?.kind === "stale" ? refusal.change : 0);
      if (refusal !== undefined) return;
      this.#parts.settler.settleOne(settleRow(columns.settlements, index), columns.settlements.now);
      this.#parts.state.apply(owner, cell(columns.changes, index));
      for (const entry of emits) this.#parts.appender.store(entry, handOver, answer.version);
    });
    return answer;
  }

  #refuse(
    columns: CommitColumns,
    index: number,
    { owner, emits }: { readonly owner: StateOwner; readonly emits: readonly EmitEntry[] },
  ): Exclude<CommitResult, { kind: "committed" }> | undefined {
    const { settler, state, appender } = this.#parts;
    if (!settler.accepts(settleRow(columns.settlements, index))) return { kind: "lease_lost" };
    if (!state.isAsExpected(owner, cell(columns.changes, index))) return { kind: "state_changed" };
    const change = emits.map((entry) => appender.staleChange(entry)).find((stale) => stale !== undefined);
    return change === undefined ? undefined : { kind: "stale", change };
  }
}
