import type { SQLInputValue } from "node:sqlite";
import { statuses } from "../thread/detail-columns.js";
import type { InputOf } from "../thread/protocol.js";
import { cancelled, pending } from "./delivery-table.js";
import { holdsSql } from "./number-blocks.js";

/** A part of a statement, with the values of its question marks. */
export interface SqlPart {
  readonly sql: string;
  readonly values: readonly SQLInputValue[];
}

/** An index of deliveries whose entries, `l`, are walked from the newest down. */
export interface IndexPlan {
  readonly from: string;
  readonly where: SqlPart;
  /** Whether the newest deliveries may be missing in it. */
  readonly hasTail: boolean;
}

export type ListQuestion = InputOf<"listDeliveries">;

/** The index that leaves the least to read. `isStored`: every stored status is the true one. */
export function indexPlanOf({ organization, filter }: ListQuestion, isStored: boolean): IndexPlan {
  const { webhook, status } = filter;
  if ((status === "failed" || status === "cancelled") && isStored) {
    const [column, value] = webhook === undefined ? ["organization", organization] : ["webhook", webhook];
    const index = webhook === undefined ? "deliveries_that_ended_badly" : "deliveries_of_webhook_that_ended_badly";
    const where = { sql: `l.${column} = ? AND l.status IN (2, 3)`, values: [value] };
    return { from: `deliveries l INDEXED BY ${index}`, where, hasTail: false };
  }
  if (webhook !== undefined) {
    const where = { sql: "l.webhook = ?", values: [webhook] };
    return { from: "deliveries_of_webhook l", where, hasTail: true };
  }
  const where = { sql: "l.organization = ?", values: [organization] };
  return { from: "deliveries_of_organization l", where, hasTail: true };
}

/** What every delivery `d` of the answer must meet. */
export function conditionsOf({ organization, filter }: ListQuestion, isStored: boolean): SqlPart {
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
  return joined(parts, " AND ");
}

/** What a block must meet that can hold a delivery of the answer. */
export function blockConditionsOf({ organization, filter }: ListQuestion): SqlPart {
  const { actions, project, status, since, until } = filter;
  const parts: SqlPart[] = [];
  if (since !== undefined) parts.push({ sql: "last_created >= ?", values: [since] });
  if (until !== undefined) parts.push({ sql: "first_created < ?", values: [until] });
  if (status === "pending") parts.push({ sql: "waits = 1", values: [] });
  if (actions !== undefined) {
    const beginning = project === undefined ? "" : `,${organization} ${project}`;
    const held = actions.map((action) => ({
      sql: holdsSql("scopes"),
      values: [`${beginning}/${action}@${organization},`],
    }));
    // None of no actions.
    const any = held.length === 0 ? { sql: "0", values: [] } : joined(held, " OR ");
    parts.push({ ...any, sql: `(${any.sql})` });
  } else if (project !== undefined) {
    parts.push({ sql: holdsSql("scopes"), values: [`,${organization} ${project}/`] });
  }
  return parts.length === 0 ? { sql: "1", values: [] } : joined(parts, " AND ");
}

function joined(parts: readonly SqlPart[], word: string): SqlPart {
  return { sql: parts.map(({ sql }) => sql).join(word), values: parts.flatMap(({ values }) => values) };
}

/** While deliveries are being cancelled, one that is stored as pending can be cancelled in truth. */
function statusCodes(status: (typeof statuses)[number], isStored: boolean): readonly number[] {
  const code = statuses.indexOf(status);
  return code === cancelled && !isStored ? [pending, cancelled] : [code];
}
