import type { SQLInputValue } from "node:sqlite";
import { statuses } from "../thread/detail-columns.js";
import type { InputOf } from "../thread/protocol.js";
import { cancelled, pending } from "./delivery-table.js";

/** A part of a statement, with the values of its question marks. */
export interface SqlPart {
  readonly sql: string;
  readonly values: readonly SQLInputValue[];
}

/** An index of deliveries whose entries, `l`, are walked from the newest down. */
export interface ListPlan {
  readonly from: string;
  readonly where: SqlPart;
  /** Whether the newest deliveries may be missing in it. */
  readonly hasTail: boolean;
}

type Question = InputOf<"listDeliveries">;

/** The index that leaves the least to read. `isStored`: every stored status is the true one. */
export function planOf({ organization, filter }: Question, isStored: boolean): ListPlan {
  if ((filter.status === "failed" || filter.status === "cancelled") && isStored) {
    const where = { sql: "l.organization = ? AND l.status IN (2, 3)", values: [organization] };
    return { from: "deliveries l INDEXED BY deliveries_that_ended_badly", where, hasTail: false };
  }
  if (filter.webhook !== undefined) {
    const where = { sql: "l.webhook = ?", values: [filter.webhook] };
    return { from: "deliveries_of_webhook l", where, hasTail: true };
  }
  const where = { sql: "l.organization = ?", values: [organization] };
  return { from: "deliveries_of_organization l", where, hasTail: true };
}

/** What every delivery `d` of the answer must meet. */
export function conditionsOf({ organization, filter }: Question, isStored: boolean): SqlPart {
  const { webhook, actions, project, status, since, until } = filter;
  const parts: SqlPart[] = [{ sql: "d.organization = ?", values: [organization] }];
  if (webhook !== undefined) parts.push({ sql: "d.webhook = ?", values: [webhook] });
  if (project !== undefined) parts.push({ sql: "d.project = ?", values: [project] });
  if (since !== undefined) parts.push({ sql: "d.created_at >= ?", values: [since] });
  if (until !== undefined) parts.push({ sql: "d.created_at < ?", values: [until] });
  if (actions !== undefined) {
    parts.push({ sql: "d.action IN (SELECT value FROM json_each(?))", values: [JSON.stringify(actions)] });
  }
  if (status !== undefined) parts.push({ sql: `d.status IN (${statusCodes(status, isStored).join()})`, values: [] });
  return { sql: parts.map((part) => part.sql).join(" AND "), values: parts.flatMap((part) => part.values) };
}

/** While deliveries are being cancelled, one that is stored as pending can be cancelled in truth. */
function statusCodes(status: (typeof statuses)[number], isStored: boolean): readonly number[] {
  const code = statuses.indexOf(status);
  return code === cancelled && !isStored ? [pending, cancelled] : [code];
}
