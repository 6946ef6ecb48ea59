import type { Message } from "../delivery/delivery.js";
import type { EventRegistry } from "../event/event-registry.js";
import { HookwrightError } from "../foundation/hookwright-error.js";
import type { AddedDelivery, MessageHead } from "../store/job-store.js";
import type { MessageDraft, MessageLog } from "../store/message-log.js";
import type { Webhook } from "../webhook/webhook.js";
import { type Match, WebhookIndex } from "../webhook/webhook-index.js";

/** The collaborators of {@link ReplayPlan}. */
export interface ReplayPlanPorts {
  readonly registry: Pick<EventRegistry, "find">;
  readonly messages: Pick<MessageLog, "get">;
  /** Makes the delivery as an emit makes it: its form, and the variants that transforms make. */
  readonly draft: (message: Message, match: Match) => MessageDraft;
  /** Whether {@link draft} reads the payload. */
  readonly readsPayload: (match: Match) => boolean;
}

/** A message that the webhook wants, and why. */
export interface Wanted {
  readonly head: MessageHead;
  readonly match: Match;
}

/** A {@link Wanted} with what its delivery is made of. */
export interface WantedMessage {
  readonly message: Message;
  readonly match: Match;
}

/** What is to be added of a page. */
export interface ReplayDrafts {
  readonly add: readonly AddedDelivery[];
  /** Why those were left out that a transform refused. */
  readonly refusals: readonly unknown[];
}

const nothing = new Uint8Array();

/**
 * Decides which messages a webhook would have been sent if they came now, by the same index that an emit asks, with
 * nothing but this webhook in it. A message whose event nobody registers is wanted by nobody: its scope is not known, and
 * the transforms of its plugin would be missing.
 */
export class ReplayPlan {
  readonly #webhook: Webhook;
  readonly #ports: ReplayPlanPorts;
  readonly #organizationWebhooks: boolean;
  readonly #index = new WebhookIndex();

  /** `organizationWebhooks`: whether organization-only events are sent. */
  constructor(webhook: Webhook, ports: ReplayPlanPorts, organizationWebhooks: boolean) {
    this.#webhook = webhook;
    this.#ports = ports;
    this.#organizationWebhooks = organizationWebhooks;
    // What it gets is held while it is not active, and not lost.
    this.#index.put({ ...webhook, isActive: true });
  }

  /** Those of the messages that the webhook wants. */
  wanted(heads: readonly MessageHead[]): readonly Wanted[] {
    return heads.flatMap((head) => {
      const match = this.#matchOf(head);
      return match === undefined ? [] : [{ head, match }];
    });
  }

  /** Reads what transforms need; what retention has taken is left out. Whatever it throws is of the store. */
  async read(wanted: readonly Wanted[]): Promise<readonly WantedMessage[]> {
    const read: WantedMessage[] = [];
    for (const one of wanted) {
      const message = await this.#messageOf(one);
      if (message !== undefined) read.push({ message, match: one.match });
    }
    return read;
  }

  /** Makes the deliveries, without those that a transform refuses: one that cannot be masked is not sent, and holds up no other. */
  draft(wanted: readonly WantedMessage[]): ReplayDrafts {
    const [add, refusals]: [AddedDelivery[], unknown[]] = [[], []];
    for (const { message, match } of wanted) {
      try {
        add.push(this.#deliveryOf(message, match));
      } catch (error) {
        if (!isRefusal(error)) throw error;
        refusals.push(error);
      }
    }
    return { add, refusals };
  }

  #matchOf({ action, project }: MessageHead): Match | undefined {
    const event = this.#ports.registry.find(action);
    if (event?.isOpen !== true) return undefined;
    const organizationOnly = event.definition.scope === "organization";
    if (organizationOnly && !this.#organizationWebhooks) return undefined;
    const { organization } = this.#webhook;
    return this.#index.match({ organization, project, names: event.names, organizationOnly })[0];
  }

  /** `undefined` when retention has taken it. */
  async #messageOf({ head, match }: Wanted): Promise<Message | undefined> {
    const { organization } = this.#webhook;
    if (this.#ports.readsPayload(match)) return this.#ports.messages.get(organization, head.id);
    return { ...head, organization, payload: nothing, variants: new Map(), hops: 0 };
  }

  #deliveryOf(message: Message, match: Match): AddedDelivery {
    const { message: made, deliveries } = this.#ports.draft(message, match);
    const [delivery] = deliveries;
    if (delivery === undefined) throw new TypeError("one match makes one delivery");
    return { message: message.id, delivery: { ...delivery, webhook: match.webhook }, variants: made.variants };
  }
}

function isRefusal(error: unknown): boolean {
  return error instanceof HookwrightError && error.code === "middleware_failed";
}
