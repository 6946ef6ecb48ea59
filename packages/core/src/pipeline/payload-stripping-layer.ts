import type { Lease, Message } from "../delivery/delivery.js";
import { HookwrightError } from "../foundation/hookwright-error.js";
import { actionOnlyBody, deliveryBody } from "../foundation/payload-bytes.js";
import type { Layer } from "./middleware.js";
import { OutgoingRequest } from "./outgoing-request.js";

/** Bodies of messages that are being delivered, by form and action: all webhooks of a message share them. */
const bodies = new WeakMap<Message, Map<string, Uint8Array>>();

/** Puts in the body of the form that the delivery was matched to: the payload, nothing but the action, or a variant. */
export const payloadStrippingLayer: Layer = {
  name: "core/payload-stripping",
  owner: "core",
  phase: "prepare",
  order: 0,
  run: (request, next) => next(OutgoingRequest.derive(request, { body: bodyOf(OutgoingRequest.claimed(request)) })),
};

/** What decides the bytes of a delivery: its message, and how it was matched. */
interface BodySource {
  readonly lease: Pick<Lease, "form" | "action">;
  readonly message: Message;
}

/** The bytes that a delivery sends, the same in each of its attempts. */
export function bodyOf(delivery: BodySource): Uint8Array {
  const { lease, message } = delivery;
  let known = bodies.get(message);
  if (known === undefined) {
    known = new Map();
    bodies.set(message, known);
  }
  const key = `${lease.form} ${lease.action}`;
  const body = known.get(key) ?? makeBody(delivery);
  known.set(key, body);
  return body;
}

function makeBody({ lease, message }: BodySource): Uint8Array {
  if (lease.form === "stripped") return actionOnlyBody(lease.action);
  if (lease.form === "full") return deliveryBody(lease.action, message.payload);
  const variant = message.variants.get(lease.form.slice("variant:".length));
  // Sending the full payload instead would undo what the transform removed.
  if (variant === undefined) {
    throw new HookwrightError("storage_failed", `Message ${message.id} has no stored payload for ${lease.form}.`);
  }
  return deliveryBody(lease.action, variant);
}
