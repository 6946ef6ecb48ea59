import type { Attempt } from "../delivery/attempt.js";
import type { BodyForm, DeliveryStatus, Message, PendingDelivery } from "../delivery/delivery.js";
import type { DeliveryId, OrganizationId, TargetId } from "../foundation/ids.js";

/** One stored delivery. */
export interface DeliveryRow {
  readonly id: DeliveryId;
  readonly organization: OrganizationId;
  readonly webhook: TargetId;
  message: Message;
  readonly action: string;
  readonly form: BodyForm;
  readonly test: boolean;
  readonly createdAt: number;
  status: DeliveryStatus;
  due: number;
  /** Claims so far. */
  fence: number;
  failures: number;
  finishedAt: number | null;
  readonly attempts: Attempt[];
}

/** A delivery as it is before its first claim. */
export function newRow(delivery: PendingDelivery, message: Message): DeliveryRow {
  const { id, webhook, action, form } = delivery;
  const { organization, createdAt } = message;
  return {
    id,
    organization,
    webhook,
    message,
    action,
    form,
    test: false,
    createdAt,
    status: "pending",
    due: createdAt,
    fence: 0,
    failures: 0,
    finishedAt: null,
    attempts: [],
  };
}
