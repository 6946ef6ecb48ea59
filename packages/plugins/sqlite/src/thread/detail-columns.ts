import type {
  Attempt,
  BodyForm,
  DeliveryDetail,
  DeliveryId,
  DeliveryRecord,
  DeliveryStatus,
  HandlerName,
  MessageId,
  OrganizationId,
  ProjectId,
  TargetId,
} from "@hookwright/core";
import { isHandlerId } from "@hookwright/core/internal";
import { decodeMessages, encodeMessages, type MessageColumns } from "./message-columns.js";

/** What stands in the column `status`, by place. */
export const statuses = ["pending", "delivered", "failed", "cancelled"] as const satisfies readonly DeliveryStatus[];

/** One delivery, as the database's columns have it. */
export type RecordRow = readonly [
  id: DeliveryId,
  organization: OrganizationId,
  message: MessageId,
  target: TargetId,
  project: ProjectId | null,
  action: string,
  form: BodyForm,
  status: number,
  test: number,
  createdAt: number,
  finishedAt: number | null,
  due: number | null,
  attempts: number,
  lastStatus: number | null,
  lastCode: string | null,
  /** A handler's plugin and name, as JSON; `null` for a webhook. */
  handler: string | null,
];

/** A delivery with everything about it. Attempts are JSON. */
export interface DetailColumns {
  readonly delivery: RecordRow;
  readonly message: MessageColumns;
  readonly attempts: readonly string[];
}

export interface TestColumns {
  readonly delivery: DeliveryRecord;
  readonly message: MessageColumns;
  readonly attempts: readonly string[];
}

export function encodeTest({ delivery, message, attempts }: DeliveryDetail): TestColumns {
  return { delivery, message: encodeMessages([message]), attempts: attempts.map((attempt) => JSON.stringify(attempt)) };
}

export function decodeDetail(columns: DetailColumns): DeliveryDetail | undefined {
  const message = decodeMessages(columns.message)[0];
  if (message === undefined) return undefined;
  // Written by encodeSettle or encodeTest and by nobody else.
  const attempts = columns.attempts.map(readAttempt);
  return { delivery: decodeRecord(columns.delivery), message, attempts };
}

export function decodeRecord(row: RecordRow): DeliveryRecord {
  const [id, organization, message, target, project, action, form, status, test, createdAt, ...rest] = row;
  const [finishedAt, nextAttemptAt, attempts, lastStatus, lastCode, handler] = rest;
  return {
    id,
    organization,
    message,
    webhook: isHandlerId(target) ? null : target,
    handler: handler === null ? null : handlerName(handler),
    project,
    action,
    form,
    status: statuses[status] ?? "pending",
    test: test === 1,
    createdAt,
    finishedAt,
    nextAttemptAt,
    attempts,
    lastStatus,
    lastCode,
  };
}

function handlerName(text: string): HandlerName {
  // Written by the query that reads it.
  const [plugin, handler] = JSON.parse(text) as [string, string];
  return { plugin, handler };
}

/** Written by encodeSettle. Attempts of the first schema do not say who slowed them. */
function readAttempt(text: string): Attempt {
  return { slowedBy: [], ...(JSON.parse(text) as Omit<Attempt, "slowedBy"> & Partial<Attempt>) };
}
