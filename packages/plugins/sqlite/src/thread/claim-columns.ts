import type {
  BodyForm,
  ClaimedBatch,
  ClaimOptions,
  DeliveryId,
  Lease,
  MessageId,
  OrganizationId,
  TargetId,
} from "@hookwright/core";
import { cell, decodeMessages, type MessageColumns } from "./message-columns.js";

export type ClaimColumns = ClaimOptions;

/** Leases as they travel, with each message once. */
export interface ClaimedColumns {
  readonly delivery: DeliveryId[];
  readonly organization: OrganizationId[];
  readonly webhook: TargetId[];
  readonly message: MessageId[];
  readonly action: string[];
  readonly form: BodyForm[];
  readonly version: number[];
  readonly fence: number[];
  readonly failures: number[];
  readonly afterFailure: boolean[];
  readonly due: number[];
  readonly messages: MessageColumns;
  readonly nextDue: number | undefined;
}

export function decodeClaimed(columns: ClaimedColumns, { leaseUntil }: ClaimOptions): ClaimedBatch {
  const leases = columns.delivery.map(
    (id, index): Lease => ({
      id,
      webhook: cell(columns.webhook, index),
      action: cell(columns.action, index),
      form: cell(columns.form, index),
      organization: cell(columns.organization, index),
      message: cell(columns.message, index),
      webhookVersion: cell(columns.version, index),
      attempt: cell(columns.fence, index),
      failures: cell(columns.failures, index),
      due: cell(columns.due, index),
      leaseUntil,
      ...(cell(columns.afterFailure, index) ? { afterFailure: true } : {}),
    }),
  );
  const messages = new Map(decodeMessages(columns.messages).map((message) => [message.id, message]));
  return { leases, messages, nextDue: columns.nextDue };
}
