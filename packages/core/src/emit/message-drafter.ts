import { bodyForm } from "../delivery/body-form.js";
import type { Message, PendingDelivery } from "../delivery/delivery.js";
import type { IdSource } from "../foundation/ids.js";
import type { NumberedHandler } from "../handle/handlers.js";
import type { TransformedEvent, Transforms } from "../pipeline/transforms.js";
import type { MessageDraft } from "../store/message-log.js";
import type { Match } from "../webhook/webhook-index.js";

/** The collaborators of {@link MessageDrafter}. */
export interface DraftPorts {
  readonly ids: IdSource;
  readonly transforms: Transforms;
}

/**
 * Decides which deliveries one message has, and in which form each webhook gets it. Asked again after the webhooks have
 * changed, it makes new deliveries and keeps the variants that it made: each is made once per message.
 */
export class MessageDrafter {
  readonly #message: Message;
  readonly #ports: DraftPorts;
  readonly #variants = new Map<string, Uint8Array>();
  #event: TransformedEvent | undefined;

  constructor(message: Message, ports: DraftPorts) {
    this.#message = message;
    this.#ports = ports;
  }

  /** @throws HookwrightError `middleware_failed` when a transform fails. */
  draft(matches: readonly Match[], handlers: readonly NumberedHandler[]): MessageDraft {
    const variants = new Map<string, Uint8Array>();
    const deliveries: PendingDelivery[] = matches.map((match) => {
      const variant = this.#chooseVariant(match);
      if (variant !== "") variants.set(variant, this.#variant(variant));
      return {
        id: this.#ports.ids.deliveryId(),
        webhook: match.webhook,
        action: match.action,
        form: bodyForm(match.sendPayload, variant),
      };
    });
    // Handlers get the payload in full, whatever transforms make of it for webhooks.
    for (const { id: webhook } of handlers)
      deliveries.push({ id: this.#ports.ids.deliveryId(), webhook, action: this.#message.action, form: "full" });
    return { message: variants.size === 0 ? this.#message : { ...this.#message, variants }, deliveries };
  }

  /** Empty: none. */
  #chooseVariant(match: Match): string {
    const { transforms } = this.#ports;
    return transforms.isEmpty || !match.sendPayload ? "" : transforms.choose(match, this.#transformed());
  }

  #variant(name: string): Uint8Array {
    const known = this.#variants.get(name);
    if (known !== undefined) return known;
    const { bytes } = this.#ports.transforms.make(name, this.#transformed());
    this.#variants.set(name, bytes);
    return bytes;
  }

  /** The message as transforms see it: parsed here, so that nothing they do to it reaches the payload that is stored. */
  #transformed(): TransformedEvent {
    const { action, organization, project, payload } = this.#message;
    this.#event ??= { action, organization, project, payload: JSON.parse(new TextDecoder().decode(payload)) };
    return this.#event;
  }
}
