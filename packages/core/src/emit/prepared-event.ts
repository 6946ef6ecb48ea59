import type { Message } from "../delivery/delivery.js";
import { refuseClosed } from "../event/event-registry.js";
import type { Clock } from "../foundation/clock.js";
import { type Payload, splitPayload } from "../foundation/payload-bytes.js";
import type { Handlers } from "../handle/handlers.js";
import type { MessageDraft } from "../store/message-log.js";
import type { EmitRequest } from "./emit-request.js";
import { type DraftPorts, MessageDrafter } from "./message-drafter.js";
import type { Subscriptions } from "./subscriptions.js";

export interface PrepareSettings {
  /** Whether organization-only events are sent. */
  readonly organizationWebhooks: boolean;
  /** Elements of a bulk event in one message; 0 = never split. */
  readonly batchSize: number;
}

/** The collaborators of {@link PreparedEvent}. */
export interface PreparePorts extends DraftPorts {
  readonly subscriptions: Subscriptions;
  readonly handlers: Pick<Handlers, "of">;
  readonly clock: Clock;
}

/** Who gets an event, as far as is known at this moment. */
export interface EventRound {
  readonly drafts: readonly MessageDraft[];
  /** The organization's change number that matching was based on. */
  readonly basedOn: number;
  /** How many webhooks get it. */
  readonly webhooks: number;
}

/** One checked event: its messages, made once, and who gets them, asked anew in each round. */
export class PreparedEvent {
  readonly messages: readonly Message[];
  readonly #request: EmitRequest;
  readonly #drafters: readonly MessageDrafter[];
  readonly #ports: PreparePorts;
  readonly #settings: PrepareSettings;

  /** `payload` is that of the request, checked. */
  constructor(
    { request, payload }: { readonly request: EmitRequest; readonly payload: Payload },
    ports: PreparePorts,
    settings: PrepareSettings,
  ) {
    this.#request = request;
    this.#ports = ports;
    this.#settings = settings;
    this.messages = this.#messagesOf(payload);
    this.#drafters = this.messages.map((message) => new MessageDrafter(message, ports));
  }

  /** @throws HookwrightError `middleware_failed` when a transform fails, `action_unknown` when the event was withdrawn meanwhile. */
  async round(): Promise<EventRound> {
    const { event, organization, project } = this.#request;
    const { action, scope } = event.definition;
    const organizationOnly = scope === "organization";
    const query = { organization, project, names: event.names, organizationOnly };
    const matched = await this.#ports.subscriptions.match(query);
    // Its plugin may have been stopped while the webhooks were read: its transforms would be missing.
    refuseClosed(event);
    // Recorded, but sent to nobody, while organization webhooks are switched off.
    const isHeldBack = organizationOnly && !this.#settings.organizationWebhooks;
    const matches = isHeldBack ? [] : matched.matches;
    const handlers = this.#ports.handlers.of(action);
    const drafts = this.#drafters.map((drafter) => drafter.draft(matches, handlers));
    return { drafts, basedOn: matched.basedOn, webhooks: matches.length };
  }

  #messagesOf(payload: Payload): readonly Message[] {
    const { event, organization, project, hops = 0 } = this.#request;
    const { action, bulk } = event.definition;
    const { batchSize } = this.#settings;
    const pieces = batchSize === 0 ? [payload.bytes] : splitPayload(payload.bytes, bulk, batchSize);
    const createdAt = this.#ports.clock.now();
    return pieces.map((bytes) => ({
      id: this.#ports.ids.messageId(),
      organization,
      project,
      action,
      payload: bytes,
      variants: new Map(),
      hops,
      createdAt,
    }));
  }
}
