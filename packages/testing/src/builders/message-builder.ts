import type { Clock, EmitEntry, Message, MessageDraft, PendingDelivery, TargetId } from "@hookwright/core";
import { IdSource } from "@hookwright/core/internal";
import { organizationId } from "./ids.js";

const encoder = new TextEncoder();

/** Makes messages, deliveries and emit entries that could have come from an emit at the clock's time. Ids rise. */
export class MessageBuilder {
  readonly #clock: Clock;
  readonly #ids: IdSource;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#ids = new IdSource(clock);
  }

  /** A message of organization 1, `ANNOTATION_CREATED`, with a small payload. */
  message(changes: Partial<Message> = {}): Message {
    return {
      id: this.#ids.messageId(),
      organization: organizationId(1),
      project: null,
      action: "ANNOTATION_CREATED",
      payload: encoder.encode('{"annotation":{"id":1},"task":{"id":1},"project":{"id":1}}'),
      variants: new Map(),
      hops: 0,
      createdAt: this.#clock.now(),
      ...changes,
    };
  }

  /** One delivery to a webhook or a handler, in full. */
  delivery(webhook: TargetId, changes: Partial<PendingDelivery> = {}): PendingDelivery {
    return { id: this.#ids.deliveryId(), webhook, action: "ANNOTATION_CREATED", form: "full", ...changes };
  }

  /** A message with one delivery to each of these webhooks and handlers. */
  draft(webhooks: readonly TargetId[], changes: Partial<Message> = {}): MessageDraft {
    const message = this.message(changes);
    return { message, deliveries: webhooks.map((webhook) => this.delivery(webhook, { action: message.action })) };
  }

  /** An entry of one message with one delivery to each of these webhooks and handlers, with no idempotency key. */
  entry(webhooks: readonly TargetId[], changes: Partial<EmitEntry> = {}): EmitEntry {
    const organization = changes.organization ?? organizationId(1);
    return {
      organization,
      drafts: changes.drafts ?? [this.draft(webhooks, { organization })],
      basedOn: 0,
      idempotency: undefined,
      ...changes,
    };
  }
}
