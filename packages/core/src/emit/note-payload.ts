import type { DeliveryFact, Note } from "../delivery/note.js";
import type { BuiltinEvents } from "../event/webhook-event-map.js";
import type { WebhookId } from "../foundation/ids.js";

/** The webhook that a note is about. */
export interface NotedWebhook {
  readonly id: WebhookId;
  readonly url: string;
}

type OperationalPayload = BuiltinEvents["WEBHOOK_DISABLED" | "DELIVERY_EXHAUSTED" | "DELIVERY_RECOVERED"];

/** What the event says that tells a note. Of the URL no more than the host: the rest may hold what is secret. */
export function notePayload({ fact, at }: Note, { id, url }: NotedWebhook): OperationalPayload {
  const webhook = { id, host: new URL(url).host };
  const moment = new Date(at).toISOString();
  switch (fact.kind) {
    case "disabled": {
      const { reason, consecutiveFailures: consecutive_failures } = fact;
      return { webhook, reason, consecutive_failures, disabled_at: moment };
    }
    case "exhausted":
      return { delivery: deliveryMember(fact), webhook, failed_at: moment };
    case "recovered":
      return { delivery: deliveryMember(fact), webhook, delivered_at: moment };
    default:
      return fact satisfies never;
  }
}

function deliveryMember({ delivery: id, message, action, attempt, status, code }: DeliveryFact) {
  return { id, message, action, attempt, status, code };
}
