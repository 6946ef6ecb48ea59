import type {
  BodyForm,
  DeliveryId,
  EmitEntry,
  EmitResult,
  HandOver,
  IdempotencyClaim,
  Lease,
  MessageDraft,
  OrganizationId,
  PendingDelivery,
  TargetId,
} from "@hookwright/core";
import { cell, decodeMessages, encodeMessages, type MessageColumns } from "./message-columns.js";

/** An append as it travels. Entries, their messages and their deliveries stand in order, each level counted by the one above. */
export interface AppendColumns extends HandOver {
  readonly organization: OrganizationId[];
  readonly basedOn: number[];
  readonly idempotency: (IdempotencyClaim | null)[];
  readonly note: (number | null)[];
  /** Of each entry. */
  readonly messageCount: number[];
  readonly messages: MessageColumns;
  /** Of each message. */
  readonly deliveryCount: number[];
  readonly delivery: DeliveryId[];
  readonly webhook: TargetId[];
  readonly action: string[];
  readonly form: BodyForm[];
}

/** The answer. What the caller knows already does not travel back. */
export interface AppendedColumns {
  /** Of each entry. */
  readonly kind: EmitResult["kind"][];
  /** Of each entry: a duplicate's first answer, or the change number to catch up to. */
  readonly detail: (string | number | null)[];
  /** Of each delivery of the stored entries: its webhook's version when it was leased, or 0 where it waits. */
  readonly version: number[];
}

export function encodeAppend(entries: readonly EmitEntry[], handOver: HandOver): AppendColumns {
  const drafts = entries.flatMap((entry) => entry.drafts);
  const columns: AppendColumns = {
    now: handOver.now,
    leaseUntil: handOver.leaseUntil,
    limit: handOver.limit,
    organization: entries.map((entry) => entry.organization),
    basedOn: entries.map((entry) => entry.basedOn),
    idempotency: entries.map((entry) => entry.idempotency ?? null),
    note: entries.map((entry) => entry.note ?? null),
    messageCount: entries.map((entry) => entry.drafts.length),
    messages: encodeMessages(drafts.map((draft) => draft.message)),
    deliveryCount: drafts.map((draft) => draft.deliveries.length),
    delivery: [],
    webhook: [],
    action: [],
    form: [],
  };
  for (const { deliveries } of drafts) {
    for (const { id, webhook, action, form } of deliveries) {
      columns.delivery.push(id);
      columns.webhook.push(webhook);
      columns.action.push(action);
      columns.form.push(form);
    }
  }
  return columns;
}

/** The entries as the other side had them. */
export function decodeAppend(columns: AppendColumns): readonly EmitEntry[] {
  const deliveries = columns.delivery.map((id, index): PendingDelivery => {
    return {
      id,
      webhook: cell(columns.webhook, index),
      action: cell(columns.action, index),
      form: cell(columns.form, index),
    };
  });
  let delivery = 0;
  const drafts = decodeMessages(columns.messages).map((message, index): MessageDraft => {
    const first = delivery;
    delivery += cell(columns.deliveryCount, index);
    return { message, deliveries: deliveries.slice(first, delivery) };
  });
  let draft = 0;
  return columns.organization.map((organization, index): EmitEntry => {
    const first = draft;
    draft += cell(columns.messageCount, index);
    const note = cell(columns.note, index);
    return {
      organization,
      drafts: drafts.slice(first, draft),
      basedOn: cell(columns.basedOn, index),
      idempotency: cell(columns.idempotency, index) ?? undefined,
      ...(note === null ? {} : { note }),
    };
  });
}

/** Makes the leases from what the caller appended. */
export function decodeAppended(
  columns: AppendedColumns,
  entries: readonly EmitEntry[],
  handOver: HandOver,
): readonly EmitResult[] {
  let next = 0;
  const takeVersion = (): number => {
    next += 1;
    return cell(columns.version, next - 1);
  };
  return entries.map((entry, index): EmitResult => {
    const detail = cell(columns.detail, index);
    const kind = cell(columns.kind, index);
    switch (kind) {
      case "stored":
        return storedResult(entry.drafts, handOver, takeVersion);
      case "duplicate":
        return { kind, answer: String(detail) };
      case "conflict":
      case "told":
        return { kind };
      case "stale":
        return { kind, change: Number(detail) };
      default:
        return kind satisfies never;
    }
  });
}

function storedResult(drafts: readonly MessageDraft[], handOver: HandOver, takeVersion: () => number): EmitResult {
  const leases: Lease[] = [];
  let waiting = false;
  for (const { message, deliveries } of drafts) {
    const { id: messageId, organization } = message;
    for (const { id, webhook, action, form } of deliveries) {
      const webhookVersion = takeVersion();
      if (webhookVersion === 0) {
        waiting = true;
        continue;
      }
      leases.push({
        id,
        webhook,
        action,
        form,
        organization,
        message: messageId,
        webhookVersion,
        attempt: 1,
        failures: 0,
        due: handOver.now,
        leaseUntil: handOver.leaseUntil,
      });
    }
  }
  return { kind: "stored", leases, waiting };
}
