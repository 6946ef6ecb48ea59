import { createHash } from "node:crypto";
import type { Lease, Message } from "../delivery/delivery.js";
import type { Note } from "../delivery/note.js";
import { CallsUnderWay } from "../foundation/calls-under-way.js";
import { GroupedWriter } from "../foundation/grouped-writer.js";
import { HookwrightError } from "../foundation/hookwright-error.js";
import type { MessageId } from "../foundation/ids.js";
import { canonicalJson } from "../foundation/json.js";
import type { Handlers } from "../handle/handlers.js";
import type { Hub } from "../observe/hub.js";
import type { StoreHealth } from "../observe/store-health.js";
import type { EmitEntry, EmitResult, IdempotencyClaim, MessageDraft, MessageLog } from "../store/message-log.js";
import { checkRequest, type EmitRequest } from "./emit-request.js";
import { PreparedEvent, type PreparePorts, type PrepareSettings } from "./prepared-event.js";

/** What the caller gets once the event is on disk. */
export interface EmitReceipt {
  /** The message, or the first part of a split bulk event. */
  readonly id: MessageId;
  readonly action: string;
  /** How many webhooks get it. */
  readonly deliveries: number;
  /** Whether the idempotency key was known: then nothing was stored and the rest is the first answer. */
  readonly duplicate: boolean;
  /** All parts of a split bulk event. */
  readonly parts?: readonly MessageId[];
}

/** Where deliveries go that were leased in the moment they were stored. */
export interface DeliverySink {
  /** Sets aside room for at most `wanted` deliveries and says how much there was. */
  reserve(wanted: number): number;
  /** Gives the room back, and hands over what was leased for it. */
  accept(reserved: number, leases: readonly Lease[], messages: ReadonlyMap<MessageId, Message>): void;
  /** Deliveries wait in the store. */
  wake(): void;
}

export interface EmitSettings extends PrepareSettings {
  /** Milliseconds for which a delivery that is handed over at once is leased, where no handler needs longer. */
  readonly leaseTime: number;
}

/** The collaborators of {@link EmitEvent}. */
export interface EmitPorts extends PreparePorts {
  readonly messages: MessageLog;
  readonly handlers: Pick<Handlers, "of" | "leaseTime">;
  readonly sink: DeliverySink;
  readonly hub: Hub;
  readonly health: Pick<StoreHealth, "noted" | "worked">;
}

const day = 86_400_000;

/** Emits in one transaction: enough that the cost of a commit is spread, few enough that nobody waits long for his neighbours. */
const largestGroup = 256;

/** Events that may be under way, and their bytes. Beyond it the database is not keeping up, and callers are told so. */
const mostUnderWay = 10_000;
const mostBytesUnderWay = 256 * 1_048_576;

/** A round is lost to each change of the organization's webhooks that falls between matching and storing; so many for one emit are a fault. */
const mostRounds = 100;

/**
 * Event in, deliveries out: checks, matches, and stores a message with its deliveries in one transaction. When it
 * resolves, the event is on disk.
 */
export class EmitEvent {
  readonly #ports: EmitPorts;
  readonly #settings: EmitSettings;
  readonly #writer: GroupedWriter<EmitEntry, EmitResult>;
  readonly #calls = new CallsUnderWay();
  #bytesUnderWay = 0;

  constructor(ports: EmitPorts, settings: EmitSettings) {
    this.#ports = ports;
    this.#settings = settings;
    this.#writer = new GroupedWriter((entries) => this.#append(entries), largestGroup);
  }

  /**
   * @throws HookwrightError `scope_invalid`, `payload_invalid`, `middleware_failed` (a transform), `idempotency_conflict`,
   * `overloaded`, `storage_full` or `storage_failed`; nothing is stored then.
   */
  async emit(request: EmitRequest): Promise<EmitReceipt> {
    const payload = checkRequest(request);
    this.#refuseOverload();
    this.#bytesUnderWay += payload.bytes.length;
    try {
      return await this.#calls.run(() =>
        this.#store(request, new PreparedEvent({ request, payload }, this.#ports, this.#settings)),
      );
    } finally {
      this.#bytesUnderWay -= payload.bytes.length;
    }
  }

  /** Takes a note away that nobody waits for. Matched with nothing, it can not be stale. */
  async dropNote({ id: note, organization }: Pick<Note, "id" | "organization">): Promise<void> {
    await this.#writer.add({
      organization,
      drafts: [],
      basedOn: Number.MAX_SAFE_INTEGER,
      idempotency: undefined,
      note,
    });
  }

  /** Resolves when no emit is under way. */
  whenIdle(): Promise<void> {
    return this.#calls.none();
  }

  #refuseOverload(): void {
    if (this.#calls.count < mostUnderWay && this.#bytesUnderWay < mostBytesUnderWay) return;
    throw new HookwrightError(
      "overloaded",
      `${this.#calls.count} events of ${this.#bytesUnderWay} bytes wait to be written. Try again in a second.`,
    );
  }

  async #store(request: EmitRequest, event: PreparedEvent): Promise<EmitReceipt> {
    const { messages } = event;
    const claim = this.#claimOf(request);
    for (let round = 0; round < mostRounds; round += 1) {
      const { drafts, basedOn, webhooks } = await event.round();
      const receipt = receiptOf(request, messages, webhooks);
      const idempotency = claim === undefined ? undefined : { ...claim, answer: JSON.stringify(receipt) };
      const { organization, note } = request;
      const isUnwanted = note !== undefined && drafts.every(({ deliveries }) => deliveries.length === 0);
      const entry = { organization, drafts: isUnwanted ? [] : drafts, basedOn, idempotency };
      const result = await this.#writer.add(note === undefined ? entry : { ...entry, note });
      switch (result.kind) {
        case "stored":
          if (!isUnwanted) this.#tell(messages, webhooks);
          return receipt;
        case "told":
          return { ...receipt, duplicate: true };
        case "duplicate":
          // The answer was written by this very line of an earlier call.
          return { ...(JSON.parse(result.answer) as EmitReceipt), duplicate: true };
        case "conflict":
          throw new HookwrightError(
            "idempotency_conflict",
            `The id ${JSON.stringify(request.idempotencyKey)} was used in the last 24 hours for an event with other content. Use a new one.`,
          );
        case "stale":
          await this.#ports.subscriptions.catchUp(request.organization);
          break;
        default:
          result satisfies never;
      }
    }
    throw new HookwrightError(
      "overloaded",
      "The webhooks change faster than an event can be matched. Try again in a second.",
    );
  }

  #claimOf({ event, payload, project, idempotencyKey }: EmitRequest): Omit<IdempotencyClaim, "answer"> | undefined {
    if (idempotencyKey === undefined) return undefined;
    const content = canonicalJson(new TextDecoder().decode(payload.bytes));
    const fingerprint = createHash("sha256").update(`${event.definition.action}\n${project}\n${content}`).digest("hex");
    return { key: idempotencyKey, fingerprint, expiresAt: this.#ports.clock.now() + day };
  }

  async #append(entries: readonly EmitEntry[]): Promise<readonly EmitResult[]> {
    const { messages, sink, clock, handlers, health } = this.#ports;
    const drafts = entries.flatMap((entry) => entry.drafts);
    const reserved = sink.reserve(drafts.reduce((sum, draft) => sum + draft.deliveries.length, 0));
    let leases: readonly Lease[] = [];
    try {
      const now = clock.now();
      const leaseUntil = now + Math.max(this.#settings.leaseTime, handlers.leaseTime);
      const results = await messages.append(entries, { now, leaseUntil, limit: reserved });
      const stored = results.filter((result) => result.kind === "stored");
      leases = stored.flatMap((result) => result.leases);
      if (stored.some((result) => result.waiting)) sink.wake();
      if (stored.length > 0) health.worked();
      return results;
    } catch (error) {
      health.noted(error);
      // It may be stored though the answer is lost: a claim tells when the leases end that nobody took.
      sink.wake();
      throw error;
    } finally {
      sink.accept(reserved, leases, messagesOf(drafts, leases));
    }
  }

  #tell(messages: readonly Message[], deliveries: number): void {
    for (const { id: message, action, organization, project } of messages)
      this.#ports.hub.notify("message.accepted", { message, action, organization, project, deliveries });
  }
}

function receiptOf(request: EmitRequest, messages: readonly Message[], deliveries: number): EmitReceipt {
  const parts = messages.map((message) => message.id);
  const [id] = parts;
  if (id === undefined) throw new TypeError("an event has at least one message");
  const receipt = { id, action: request.event.definition.action, deliveries, duplicate: false };
  return parts.length === 1 ? receipt : { ...receipt, parts };
}

function messagesOf(drafts: readonly MessageDraft[], leases: readonly Lease[]): ReadonlyMap<MessageId, Message> {
  const wanted = new Set(leases.map((lease) => lease.message));
  const leased = drafts.map((draft) => draft.message).filter(({ id }) => wanted.has(id));
  return new Map(leased.map((message) => [message.id, message]));
}
