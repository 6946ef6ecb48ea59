import type { Settlement } from "../delivery/attempt.js";
import type { Message, WebhookLease } from "../delivery/delivery.js";
import { actionOfFact, type DeliveryFact } from "../delivery/note.js";
import { isOperational } from "../event/builtin/operational-events.js";
import type { OrganizationId, ProjectId } from "../foundation/ids.js";

/** What the worker needs so that what comes of deliveries is told as an event. */
export interface NoteDesk {
  /** Whether a webhook of this scope or a handler may want to be told so. Costs no more than a look into memory. */
  wants(action: string, scope: NoteScope): boolean;
  /** Notes were written. */
  written(): void;
}

/** Whose webhooks hear of it: those of the project, and the organization's. */
export interface NoteScope {
  readonly organization: OrganizationId;
  readonly project: ProjectId | null;
}

/** What an attempt came to that is worth being told; `undefined` for most. */
export function deliveryFact(
  lease: WebhookLease,
  message: Message,
  { verdict, attempt }: Settlement,
): DeliveryFact | undefined {
  const isRecovered = verdict.kind === "delivered" && lease.afterFailure === true;
  if (attempt === null || (verdict.kind !== "failed" && !isRecovered)) return undefined;
  return {
    kind: isRecovered ? "recovered" : "exhausted",
    delivery: lease.id,
    message: message.id,
    action: message.action,
    hops: message.hops,
    attempt: attempt.number,
    status: attempt.status,
    code: attempt.code,
  };
}

/** The settlement with what is to be told of it. An event that tells of deliveries never leads to another. */
export function withNote(
  settlement: Settlement,
  {
    fact,
    message,
    scope,
  }: { readonly fact: DeliveryFact | undefined; readonly message: Message; readonly scope: NoteScope },
  desk: NoteDesk,
): Settlement {
  const { kind } = settlement.effect;
  if (fact === undefined && kind !== "failed" && kind !== "gone") return settlement;
  if (isOperational(message.action)) return { ...settlement, silent: true };
  return fact !== undefined && desk.wants(actionOfFact[fact.kind], scope) ? { ...settlement, note: fact } : settlement;
}
