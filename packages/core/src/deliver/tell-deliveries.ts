import type { WebhookLease } from "../delivery/delivery.js";
import type { DeliveryFact } from "../delivery/note.js";
import type { Hub } from "../observe/hub.js";
import type { Logger } from "../observe/logger.js";
import type { Deactivation } from "../store/delivery-queue.js";
import type { DeliveredOnce } from "./deliver-once.js";

/** Who hears what became of deliveries. */
export interface Hearers {
  readonly hub: Hub;
  readonly logger: Logger;
}

/** An attempt is recorded, and with it what it came to, if that is worth being told. */
export function tellRecorded(
  { lease, outcome, settlement }: DeliveredOnce,
  fact: DeliveryFact | undefined,
  { hub }: Hearers,
): void {
  const { attempt, verdict } = settlement;
  if (attempt === null) return;
  const { id: delivery, message, webhook, organization, action } = lease;
  const { number, duration } = attempt;
  hub.notify("attempt.recorded", {
    delivery,
    message,
    webhook,
    organization,
    action,
    attempt: number,
    duration,
    outcome,
    verdict,
  });
  if (fact === undefined) return;
  const { kind, hops: _, ...facts } = fact;
  hub.notify(`delivery.${kind}`, { ...facts, webhook, organization });
}

/** An attempt was made that counts for nothing: its delivery was given to another. */
export function tellLost({ id: delivery, webhook, attempt }: WebhookLease, { logger }: Hearers): void {
  logger.warn(`Delivery ${delivery} was no longer held when its attempt was to be recorded`, {
    code: "lease_lost",
    delivery,
    webhook,
    attempt,
  });
}

/** A record deactivated its webhook. */
export function tellDeactivated(deactivation: Deactivation, { hub, logger }: Hearers): void {
  const { webhook, organization, reason, consecutiveFailures } = deactivation;
  hub.notify("webhook.disabled", { webhook, organization, reason, consecutiveFailures });
  const why =
    reason === "gone" ? "because its receiver answered 410" : `after ${consecutiveFailures} consecutive failures`;
  logger.warn(`Webhook ${webhook} auto-disabled ${why}`, { webhook, organization, reason });
}
