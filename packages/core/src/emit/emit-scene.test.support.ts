import type { Lease, Message } from "../delivery/delivery.js";
import { builtinEvents } from "../event/builtin/builtin-events.js";
import { definitionOf } from "../event/event-class.js";
import type { EventDefinition } from "../event/event-definition.js";
import { coreOwner, EventRegistry } from "../event/event-registry.js";
import type { Clock } from "../foundation/clock.js";
import { IdSource, type MessageId, type OrganizationId, type ProjectId } from "../foundation/ids.js";
import { type Payload, payloadOf } from "../foundation/payload-bytes.js";
import { Handlers } from "../handle/handlers.js";
import { Hub } from "../observe/hub.js";
import { silentLogger } from "../observe/logger.js";
import { StoreHealth } from "../observe/store-health.js";
import { Transforms } from "../pipeline/transforms.js";
import type { DeliveryDetail } from "../store/attempt-log.js";
import { createMemoryStore } from "../store/memory-store.js";
import type { EmitEntry, EmitResult, HandOver, MessageLog } from "../store/message-log.js";
import type { Store } from "../store/store.js";
import type { NewWebhook } from "../store/webhook-store.js";
import type { Webhook } from "../webhook/webhook.js";
import { type DeliverySink, EmitEvent, type EmitReceipt, type EmitSettings } from "./emit-event.js";
import { Subscriptions } from "./subscriptions.js";

/** Where and as whom something is emitted in a scene. */
export interface EmitAt {
  readonly organization?: number;
  readonly project?: number;
  readonly id?: string;
}

/** What a test does around, or instead of, the store's own append. */
export type Append = (
  entries: readonly EmitEntry[],
  next: () => Promise<readonly EmitResult[]>,
) => Promise<readonly EmitResult[]>;

/** Owns an emit over a memory store, with nothing behind it: what is stored stays as it was stored. */
export class EmitScene {
  readonly store: Store = createMemoryStore();
  readonly registry = new EventRegistry();
  readonly transforms = new Transforms();
  readonly hub = new Hub();
  readonly handlers: Handlers;
  readonly clock = new SceneClock();
  readonly sink = new RecordingSink();
  /** Every entry that was handed to the store, in order. */
  readonly appended: EmitEntry[] = [];
  readonly #emit: EmitEvent;
  #around: Append = (_, next) => next();

  constructor(settings: Partial<EmitSettings> = {}) {
    for (const event of Object.values(builtinEvents)) {
      const definition = definitionOf(event);
      if (definition !== undefined) this.registry.register(definition, coreOwner);
    }
    this.handlers = new Handlers({ store: this.store.state, clock: this.clock, logger: silentLogger });
    const ports = {
      messages: this.#log(),
      subscriptions: new Subscriptions(this.store.webhooks),
      transforms: this.transforms,
      handlers: this.handlers,
      sink: this.sink,
      ids: new IdSource(this.clock),
      clock: this.clock,
      hub: this.hub,
      health: new StoreHealth({ clock: this.clock, logger: silentLogger, hub: this.hub }),
    };
    this.#emit = new EmitEvent(ports, { organizationWebhooks: false, batchSize: 0, leaseTime: 60_000, ...settings });
  }

  /** Puts `append` around every call of the store's own from now on. */
  around(append: Append): void {
    this.#around = append;
  }

  define(definition: EventDefinition): void {
    this.registry.register(definition, { name: "scene", version: "1.0.0" });
  }

  webhook(changes: Partial<NewWebhook> = {}): Promise<Webhook> {
    return this.store.webhooks.create({ ...plainWebhook, ...changes }, this.clock.now());
  }

  /** Emits a value of the program, or a payload that came as bytes. */
  emit(action: string, payload: object, at: EmitAt = {}): Promise<EmitReceipt> {
    return this.emitPayload(action, payloadOf(payload), at);
  }

  emitPayload(action: string, payload: Payload, { organization = 1, project, id }: EmitAt = {}): Promise<EmitReceipt> {
    return this.#emit.emit({
      event: this.registry.require(action),
      payload,
      organization: organizationId(organization),
      project: project === undefined ? null : projectId(project),
      ...(id === undefined ? {} : { idempotencyKey: id }),
    });
  }

  /** The messages of these ids; each must be there. */
  async messages(ids: readonly string[], organization = 1): Promise<readonly Message[]> {
    // The ids come from receipts.
    const found = await Promise.all(
      ids.map((id) => this.store.messages.get(organizationId(organization), id as MessageId)),
    );
    return found.map((message, index) => {
      if (message === undefined) throw new Error(`${ids[index]} is not stored`);
      return message;
    });
  }

  /** The payload of one message as text. */
  async payloadText(id: string): Promise<string> {
    const [message] = await this.messages([id]);
    return new TextDecoder().decode(message?.payload);
  }

  /** Every delivery of an organization that is stored, oldest first. */
  async deliveries(organization = 1): Promise<readonly DeliveryDetail[]> {
    const { attempts } = this.store;
    const records = await attempts.list(organizationId(organization), {}, { limit: 1_000_000 });
    const details = await Promise.all(records.map(({ id }) => attempts.get(organizationId(organization), id)));
    return details.filter((detail) => detail !== undefined).toReversed();
  }

  #log(): MessageLog {
    const { messages } = this.store;
    return {
      append: (entries: readonly EmitEntry[], handOver: HandOver) => {
        this.appended.push(...entries);
        return this.#around(entries, () => messages.append(entries, handOver));
      },
      get: (organization, id) => messages.get(organization, id),
    };
  }
}

/** The organization with this number. */
export function organizationId(number: number): OrganizationId {
  // In these scenes the number is the id.
  return number as OrganizationId;
}

/** The project with this number. */
export function projectId(number: number): ProjectId {
  // As above.
  return number as ProjectId;
}

const plainWebhook: NewWebhook = {
  organization: organizationId(1),
  project: null,
  url: "https://receiver.example/hook",
  sendPayload: true,
  sendForAllActions: true,
  actions: [],
  headers: {},
  isActive: true,
  retrySchedule: null,
  maxConcurrency: null,
  rateLimit: null,
  ordered: false,
  handshake: false,
  allowedRate: null,
};

/** Stands still until it is set. */
class SceneClock implements Clock {
  time = 1_767_225_600_000;

  now(): number {
    return this.time;
  }

  setTimer(): never {
    throw new Error("an emit sets no timer");
  }
}

/** Has as much room as a test gives it, and keeps what it was handed. */
class RecordingSink implements DeliverySink {
  room = 0;
  reserved = 0;
  woken = 0;
  readonly accepted: { readonly lease: Lease; readonly message: Message | undefined }[] = [];

  reserve(wanted: number): number {
    const reserved = Math.min(wanted, this.room - this.reserved);
    this.reserved += reserved;
    return reserved;
  }

  accept(reserved: number, leases: readonly Lease[], messages: ReadonlyMap<MessageId, Message>): void {
    this.reserved -= reserved;
    this.accepted.push(...leases.map((lease) => ({ lease, message: messages.get(lease.message) })));
  }

  wake(): void {
    this.woken += 1;
  }
}
