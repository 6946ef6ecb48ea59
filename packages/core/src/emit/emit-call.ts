import type { EventInstance } from "../event/event-class.js";
import type { EventDefinition } from "../event/event-definition.js";
import type { EventRegistry } from "../event/event-registry.js";
import type { KnownAction, WebhookEventMap } from "../event/webhook-event-map.js";
import { type OrganizationOptions, organizationOf, projectOf } from "../foundation/organization-scope.js";
import { type Payload, payloadOf } from "../foundation/payload-bytes.js";
import { runAsNobody } from "../observe/blame.js";
import type { EmitEvent, EmitReceipt } from "./emit-event.js";
import { emittable } from "./emittable.js";
import { readEmit } from "./read-emit.js";

export interface EmitOptions extends OrganizationOptions {
  /** The project in which it happened; absent for an organization-only event. */
  readonly project?: number;
  /** Idempotency key: a repeated call with equal content stores nothing and gets the first answer, for 24 hours. */
  readonly id?: string;
}

/** Accepts an event, written in one of three ways. When it resolves, the event and its deliveries are on disk. */
export interface Emit {
  (event: EventInstance, options?: EmitOptions): Promise<EmitReceipt>;
  <Payload>(
    event: EventDefinition<string, Payload>,
    payload: NoInfer<Payload>,
    options?: EmitOptions,
  ): Promise<EmitReceipt>;
  <Action extends KnownAction>(
    action: Action,
    payload: WebhookEventMap[Action],
    options?: EmitOptions,
  ): Promise<EmitReceipt>;
}

/** Reads what a caller of `emit` wrote, and hands it on as one request. */
export class EmitCall {
  readonly #registry: EventRegistry;
  readonly #emit: EmitEvent;

  constructor(registry: EventRegistry, emit: EmitEvent) {
    this.#registry = registry;
    this.#emit = emit;
  }

  /** @throws HookwrightError as `EmitEvent.emit`, `action_unknown`, `action_reserved` or `definition_invalid`. */
  async emit(given: readonly unknown[]): Promise<EmitReceipt> {
    const { action, payload, options } = readEmit<EmitOptions>(given);
    return this.emitPayload(action, payloadOf(payload), options);
  }

  /** @throws HookwrightError as `EmitEvent.emit`, `action_unknown` or `action_reserved`. */
  async emitPayload(action: string, payload: Payload, options: EmitOptions): Promise<EmitReceipt> {
    const request = {
      event: emittable(this.#registry, action),
      payload,
      organization: organizationOf(options),
      project: options.project === undefined ? null : projectOf(options.project),
      ...(options.id === undefined ? {} : { idempotencyKey: options.id }),
    };
    // A plugin may ask for it; what is stored and delivered together with it is that of others.
    return runAsNobody(() => this.#emit.emit(request));
  }
}
