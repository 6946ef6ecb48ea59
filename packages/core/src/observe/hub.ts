import { EventEmitter } from "eventemitter3";
import type { Outcome } from "../delivery/outcome.js";
import type { Verdict } from "../delivery/verdict.js";
import { type Disposer, disposeOnce } from "../foundation/disposer.js";
import { HookwrightError } from "../foundation/hookwright-error.js";
import type { DeliveryId, MessageId, OrganizationId, ProjectId, WebhookId } from "../foundation/ids.js";
import type { DisabledReason } from "../webhook/webhook.js";

/** What listeners can hear of, and what each tells. */
export interface Notifications {
  /** An event was accepted and is stored. */
  readonly "message.accepted": {
    readonly message: MessageId;
    readonly action: string;
    readonly organization: OrganizationId;
    readonly project: ProjectId | null;
    readonly deliveries: number;
  };
  /** An attempt ended and is recorded. */
  readonly "attempt.recorded": {
    readonly delivery: DeliveryId;
    readonly message: MessageId;
    readonly webhook: WebhookId;
    readonly organization: OrganizationId;
    readonly action: string;
    readonly attempt: number;
    /** Milliseconds. */
    readonly duration: number;
    readonly outcome: Outcome;
    readonly verdict: Verdict;
  };
  /** A webhook was deactivated by its failures or by a 410 answer. */
  readonly "webhook.disabled": {
    readonly webhook: WebhookId;
    readonly organization: OrganizationId;
    readonly reason: DisabledReason;
    readonly consecutiveFailures: number;
  };
  /** A middleware threw, hung or broke the rules of next(). */
  readonly "middleware.failed": { readonly middleware: string; readonly delivery: DeliveryId; readonly error: unknown };
  /** A listener threw or rejected. Swallowed otherwise, since nobody who waits for it is left. */
  readonly "listener.failed": { readonly listener: string; readonly notification: string; readonly error: unknown };
  /** The store failed outside a caller's call; it is tried again. */
  readonly "store.failed": { readonly operation: string; readonly error: unknown };
}

/** What can be listened to. */
export type NotificationName = keyof Notifications;

/** Is told the facts; what it returns or throws changes nothing. */
export type Listener<Name extends NotificationName> = (facts: Notifications[Name]) => unknown;

/** The names at run time: a listener for a misspelt one would wait for ever without a word. */
const names: ReadonlySet<string> = new Set(
  Object.keys({
    "message.accepted": true,
    "attempt.recorded": true,
    "webhook.disabled": true,
    "middleware.failed": true,
    "listener.failed": true,
    "store.failed": true,
  } satisfies Record<NotificationName, true>),
);

/**
 * Tells listeners what happened, after the fact and in order. eventemitter3 calls listeners at once and lets the first that
 * throws stop the rest, so notifications wait for the current turn of the event loop to end and every listener is wrapped: none can slow
 * or break a delivery, nor another listener.
 */
export class Hub {
  readonly #emitter = new EventEmitter();
  #waiting: (() => void)[] = [];

  /**
   * Calls `listener` on each notification of this name; `owner` is blamed when it fails. Once the disposer was called the
   * listener is not, not even for what happened before.
   *
   * @throws HookwrightError `definition_invalid` when there is no such notification, or the listener is no function.
   */
  on<Name extends NotificationName>(name: Name, listener: Listener<Name>, owner = "application"): Disposer {
    refuseUnfit(name, listener, owner);
    let isListening = true;
    const guarded = (facts: Notifications[Name]): void => {
      // eventemitter3 still calls what was removed while it is at it.
      if (isListening) this.#call({ name, owner, facts, listener });
    };
    this.#emitter.on(name, guarded);
    return disposeOnce(() => {
      isListening = false;
      this.#emitter.off(name, guarded);
    });
  }

  /** Never throws, costs nothing when nobody listens. The facts are frozen: all listeners get the same ones. */
  notify<Name extends NotificationName>(name: Name, facts: Notifications[Name]): void {
    if (this.#emitter.listenerCount(name) === 0) return;
    Object.freeze(facts);
    if (this.#waiting.length === 0) setImmediate(() => this.#flush());
    this.#waiting.push(() => this.#emitter.emit(name, facts));
  }

  #flush(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const emit of waiting) emit();
  }

  #call<Name extends NotificationName>(call: Call<Name>): void {
    try {
      const result = call.listener(call.facts);
      // Whatever can be awaited: a rejection that nobody handles would end the process.
      if (result !== undefined) Promise.resolve(result).catch((error: unknown) => this.#blame(call, error));
    } catch (error) {
      this.#blame(call, error);
    }
  }

  #blame<Name extends NotificationName>(call: Call<Name>, error: unknown): void {
    // A listener of listener failures that fails itself is the end of the line: telling it again would not end.
    if (call.name === "listener.failed") return;
    this.notify("listener.failed", { listener: call.owner, notification: call.name, error });
  }
}

interface Call<Name extends NotificationName> {
  readonly name: Name;
  readonly owner: string;
  readonly facts: Notifications[Name];
  readonly listener: Listener<Name>;
}

function refuseUnfit(name: unknown, listener: unknown, owner: string): void {
  if (typeof name !== "string" || !names.has(name)) {
    throw new HookwrightError(
      "definition_invalid",
      `A listener of ${owner} asks for the notification ${JSON.stringify(name)}. There are: ${[...names].join(", ")}.`,
    );
  }
  if (typeof listener !== "function") {
    throw new HookwrightError(
      "definition_invalid",
      `The listener of ${owner} for ${name} must be a function, found ${typeof listener}.`,
    );
  }
}
