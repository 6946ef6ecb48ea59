import { EventEmitter } from "eventemitter3";
import type { Outcome } from "../delivery/outcome.js";
import type { Verdict } from "../delivery/verdict.js";
import { type Disposer, disposeOnce } from "../foundation/disposer.js";
import type { ErrorCode } from "../foundation/error-codes.js";
import { HookwrightError } from "../foundation/hookwright-error.js";
import type { DeliveryId, MessageId, OrganizationId, ProjectId, WebhookId } from "../foundation/ids.js";
import type { DisabledReason } from "../webhook/webhook.js";
import { runAsNobody } from "./blame.js";
import { type OwnerScope, plainScope } from "./owner-scope.js";

/** How an error came that nobody caught: from a promise, or thrown into the event loop. */
export type StrayOrigin = "rejection" | "exception";

/** What became of a delivery, and its last attempt. */
export interface DeliveryNews {
  readonly delivery: DeliveryId;
  readonly message: MessageId;
  readonly webhook: WebhookId;
  readonly organization: OrganizationId;
  /** Canonical. */
  readonly action: string;
  readonly attempt: number;
  /** The HTTP status; `null` when no answer came. */
  readonly status: number | null;
  /** `null` where it succeeded. */
  readonly code: ErrorCode | null;
}

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
  /** A durable handler was called for a delivery, and what came of it is recorded. */
  readonly "handler.recorded": {
    readonly plugin: string;
    readonly handler: string;
    readonly delivery: DeliveryId;
    readonly message: MessageId;
    readonly organization: OrganizationId;
    readonly action: string;
    readonly attempt: number;
    /** Milliseconds. */
    readonly duration: number;
    /** `null` where it succeeded. */
    readonly code: ErrorCode | null;
    readonly error: unknown;
    readonly verdict: Verdict;
  };
  /** A webhook was deactivated by its failures or by a 410 answer. */
  readonly "webhook.disabled": {
    readonly webhook: WebhookId;
    readonly organization: OrganizationId;
    readonly reason: DisabledReason;
    readonly consecutiveFailures: number;
  };
  /** A delivery to a webhook failed for good, and that is recorded. */
  readonly "delivery.exhausted": DeliveryNews;
  /** A delivery to a webhook arrived although the attempt before had failed, and that is recorded. */
  readonly "delivery.recovered": DeliveryNews;
  /** A middleware threw, hung or broke the rules of next(). */
  readonly "middleware.failed": {
    readonly middleware: string;
    readonly delivery: DeliveryId;
    /** `stopped`: nothing was sent. `left-out`: it was sent without it. `ignored`: what came of the layers below stands. */
    readonly effect: "stopped" | "left-out" | "ignored";
    readonly error: unknown;
  };
  /** A listener threw or rejected. Swallowed otherwise, since nobody who waits for it is left. */
  readonly "listener.failed": { readonly listener: string; readonly notification: string; readonly error: unknown };
  /** A plugin left an error behind that nobody caught: see `Webhooks.blame`. */
  readonly "plugin.failed": {
    readonly plugin: string;
    readonly origin: StrayOrigin;
    readonly error: unknown;
    /** How many the plugin has left behind since the host was made, this one included. */
    readonly count: number;
  };
  /** A callback of a plugin, or of the application, held up everything in the process. Told once in 10 seconds for each. */
  readonly "plugin.blocked": {
    readonly plugin: string;
    /** `middleware billing/currency`, `setup`, `listener for attempt.recorded`. */
    readonly callback: string;
    readonly milliseconds: number;
    /** How often since it was last told, this time included. */
    readonly times: number;
  };
  /** Listeners are slower than what there is to tell: so many notifications were told to nobody. */
  readonly "notifications.lost": { readonly count: number };
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
    "handler.recorded": true,
    "webhook.disabled": true,
    "delivery.exhausted": true,
    "delivery.recovered": true,
    "middleware.failed": true,
    "listener.failed": true,
    "plugin.failed": true,
    "plugin.blocked": true,
    "notifications.lost": true,
    "store.failed": true,
  } satisfies Record<NotificationName, true>),
);

/** Notifications that wait to be told; what comes on top is lost. Each delivery makes one, and 512 are under way at most. */
const mostWaiting = 10_000;

/** Calls of one listener whose promises have not settled; it is not called again before one has. */
const mostUnderWay = 1_000;

/** Listeners run for so long in a row, in milliseconds; then deliveries have their turn. */
const longestTurn = 10;

/**
 * Tells listeners what happened, after the fact and in order. eventemitter3 calls listeners at once and lets the first that
 * throws stop the rest, so notifications wait for the current turn of the event loop to end and every listener is wrapped: none can slow
 * or break a delivery, nor another listener. What they are too slow to hear is counted and let go: a flood of notifications costs no
 * memory.
 */
export class Hub {
  readonly #emitter = new EventEmitter();
  readonly #scope: OwnerScope;
  #waiting: (() => void)[] = [];
  #lost = 0;

  /** Listeners are called through `scope`. */
  constructor(scope: OwnerScope = plainScope) {
    this.#scope = scope;
  }

  /**
   * Calls `listener` on each notification of this name; `owner` is blamed when it fails. Once the disposer was called the
   * listener is not, not even for what happened before.
   *
   * @throws HookwrightError `definition_invalid` when there is no such notification, or the listener is no function.
   */
  on<Name extends NotificationName>(name: Name, listener: Listener<Name>, owner = "application"): Disposer {
    refuseUnfit(name, listener, owner);
    let isListening = true;
    const call: Call<Name> = { name, owner, listener, underWay: 0, isTold: false };
    const guarded = (facts: Notifications[Name]): void => {
      // eventemitter3 still calls what was removed while it is at it.
      if (isListening) this.#call(call, facts);
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
    if (this.#waiting.length === 0) runAsNobody(() => setImmediate(() => this.#flush()));
    if (this.#waiting.length < mostWaiting) this.#waiting.push(() => this.#emitter.emit(name, facts));
    else this.#lost += 1;
  }

  #flush(): void {
    const begun = performance.now();
    const waiting = this.#waiting;
    this.#waiting = [];
    let told = 0;
    for (const emit of waiting) {
      emit();
      told += 1;
      // Promises settle between turns: who answers at once never has too many calls under way.
      if (told >= mostUnderWay || performance.now() - begun >= longestTurn) break;
    }
    if (told < waiting.length) this.#goOn(waiting.slice(told));
    else this.#tellLost();
  }

  /** What was notified meanwhile comes after what is left, and has asked for a turn already. */
  #goOn(left: readonly (() => void)[]): void {
    if (this.#waiting.length === 0) setImmediate(() => this.#flush());
    this.#waiting = [...left, ...this.#waiting];
  }

  #tellLost(): void {
    if (this.#lost === 0) return;
    const count = this.#lost;
    this.#lost = 0;
    this.notify("notifications.lost", { count });
  }

  #call<Name extends NotificationName>(call: Call<Name>, facts: Notifications[Name]): void {
    if (call.underWay >= mostUnderWay) return this.#refuse(call);
    try {
      const callback = `listener for ${call.name}`;
      const result = this.#scope.run({ name: call.owner }, callback, () => call.listener(facts));
      if (result !== undefined) void this.#await(call, result);
    } catch (error) {
      this.#blame(call, error);
    }
  }

  /** Whatever can be awaited: a rejection that nobody handles would end the process. */
  async #await<Name extends NotificationName>(call: Call<Name>, result: unknown): Promise<void> {
    call.underWay += 1;
    try {
      await result;
    } catch (error) {
      this.#blame(call, error);
    }
    call.underWay -= 1;
    call.isTold = false;
  }

  #refuse<Name extends NotificationName>(call: Call<Name>): void {
    if (call.isTold) return;
    call.isTold = true;
    const what = `A listener of ${call.owner} for ${call.name} has ${mostUnderWay} calls under way.`;
    this.#blame(call, new HookwrightError("listener_failed", `${what} It hears nothing more until one has ended.`));
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
  readonly listener: Listener<Name>;
  underWay: number;
  /** Whether it was told that too many are. */
  isTold: boolean;
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
