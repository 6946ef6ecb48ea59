import type { EventInstance } from "../event/event-class.js";
import type { EventDefinition } from "../event/event-definition.js";
import type { KnownAction, WebhookEventMap } from "../event/webhook-event-map.js";
import type { DeliveryId, MessageId, OrganizationId, ProjectId } from "../foundation/ids.js";
import type { JsonValue } from "../foundation/json.js";
import type { Logger } from "../observe/logger.js";

/** What a plugin remembers of one organization, as one call of a handler sees it. Keys are texts of 1 to 200 characters, values at most 64 kB of JSON. */
export interface HandlerState {
  /**
   * The value of a key, with what this call has set; `undefined` where there is none. The type is the caller's word: the state
   * holds what this plugin wrote. A copy: changing it changes nothing.
   */
  get<Value = JsonValue>(key: string): Promise<Value | undefined>;
  /** Written when the call has succeeded, and only then. @throws HookwrightError `state_invalid`. */
  set(key: string, value: JsonValue): void;
  /** Removed when the call has succeeded, and only then. @throws HookwrightError `state_invalid`. */
  delete(key: string): void;
}

/** Where an event happens that a handler emits. */
export interface HandlerEmitOptions {
  /** Another project than that of the message; `null`: none. */
  readonly project?: number | null;
}

/**
 * Emits an event when the call has succeeded, and only then: to the message's organization, in its project unless said
 * otherwise. Checked at once.
 *
 * @throws HookwrightError `action_unknown`, `action_reserved`, `payload_invalid`, `scope_invalid`, `overloaded` after 1,000
 * events or 32 MiB of payloads in one call, or `emit_loop` after 16 handlers in a row.
 */
export interface HandlerEmit {
  (event: EventInstance, options?: HandlerEmitOptions): void;
  <Payload>(event: EventDefinition<string, Payload>, payload: NoInfer<Payload>, options?: HandlerEmitOptions): void;
  <Action extends KnownAction>(action: Action, payload: WebhookEventMap[Action], options?: HandlerEmitOptions): void;
}

/** What a durable handler is called with: the event, and all that it may do that is kept exactly once. */
export interface HandlerCall<Payload = unknown> {
  /** In full, whatever webhooks get; a copy of its own for each call. */
  readonly payload: Payload;
  readonly message: MessageId;
  readonly delivery: DeliveryId;
  readonly organization: OrganizationId;
  readonly project: ProjectId | null;
  /** The canonical action. */
  readonly action: string;
  /** When the event was accepted, in milliseconds. */
  readonly createdAt: number;
  /** 1 for the first; what is done outside of `state` and `emit` may have been done by an earlier one. */
  readonly attempt: number;
  readonly state: HandlerState;
  readonly emit: HandlerEmit;
  /** Aborted when the time is over or the plugin is stopped: nothing that is done afterwards counts. */
  readonly signal: AbortSignal;
  /** Its lines carry the plugin's name, the handler's and the delivery. */
  readonly log: Logger;
}

/** Called for each event; what it returns is awaited and ignored, what it throws makes it be called again later. */
export type Handler<Payload = unknown> = (call: HandlerCall<Payload>) => unknown;

/** How a durable handler is run. */
export interface HandlerOptions {
  /** Its name within the plugin, by which what waits for it is found again after a restart; the action unless given. */
  readonly name?: string;
  /** When it is called again after a failure: `standard`, or a list such as `5s,1m,10m`; empty for never; `standard` unless given. */
  readonly retry?: string;
  /** Milliseconds for one call; 30,000 unless given, at most an hour. */
  readonly timeout?: number;
  /** Calls at once, over all organizations; 8 unless given, at most 1,000. */
  readonly concurrency?: number;
  /** Whether it gets events one after the other, in the order in which they were accepted; then one that fails holds up the others. */
  readonly ordered?: boolean;
}
