import type { HandlerLease, Message } from "../delivery/delivery.js";
import { HookwrightError } from "../foundation/hookwright-error.js";
import { withFacts } from "../observe/logger.js";
import type { PluginStateStore, StateChange } from "../store/plugin-state-store.js";
import type { EmitOutlet, PreparedEmit } from "./emit-outlet.js";
import type { HandlerCall, HandlerEmit } from "./handler.js";
import type { RegisteredHandler } from "./registered-handler.js";
import { StateDraft } from "./state-draft.js";

/** What one call works with. */
export interface SessionPorts {
  readonly state: Pick<PluginStateStore, "read">;
  readonly outlet: EmitOutlet;
}

/** A handler's delivery that this process holds, with all that a call needs. Nothing else can be called. */
export interface HeldCall {
  readonly lease: HandlerLease;
  readonly message: Message;
  readonly handler: RegisteredHandler;
}

/** What one call wants to be kept. */
export interface SessionEffects {
  readonly changes: readonly StateChange[];
  readonly emits: readonly PreparedEmit[];
}

/** Handlers in a row: chains of so many by design are not known, and a circle ends soon. */
const mostHops = 16;

/** Events of one call, and their bytes: they are matched and stored in one transaction. */
const mostEmits = 1_000;
const mostEmitBytes = 32 * 1_048_576;

/** Owns one call of a handler: what it is given, and what it wants to be kept. Nothing of it has an effect by itself. */
export class HandlerSession {
  readonly #held: HeldCall;
  readonly #outlet: EmitOutlet;
  readonly #state: StateDraft;
  #emits: PreparedEmit[] = [];
  #emitBytes = 0;
  #isOver = false;
  #loop: HookwrightError | undefined;

  constructor(held: HeldCall, { state, outlet }: SessionPorts) {
    this.#held = held;
    this.#outlet = outlet;
    const { handler, message } = held;
    this.#state = new StateDraft(state, { plugin: handler.plugin, organization: message.organization });
  }

  /** Calls the handler; rejects with what it throws, or with a `StoreFault` when its state could not be read. */
  async run(signal: AbortSignal): Promise<void> {
    const { handler } = this.#held;
    try {
      await handler.call(this.#callWith(signal) as HandlerCall<never>);
    } catch (error) {
      // Wrapped or not: what it threw after it had read nothing is no failure of its own.
      throw this.#state.fault ?? error;
    }
    // Caught or not: whoever catches it would go round once more, or conclude from what was not read.
    const fault = this.#state.fault ?? this.#loop;
    if (fault !== undefined) throw fault;
  }

  /** Ends the call: whatever it does later is refused. */
  end(): SessionEffects {
    this.#isOver = true;
    return { changes: this.#state.seal(), emits: this.#emits };
  }

  #callWith(signal: AbortSignal): HandlerCall {
    const { lease, message, handler } = this.#held;
    const emit: HandlerEmit = (...given: readonly unknown[]) => this.#emit(given);
    return {
      // Parsed for each call, so that nothing that one does to it reaches the next.
      payload: JSON.parse(new TextDecoder().decode(message.payload)),
      message: message.id,
      delivery: lease.id,
      organization: message.organization,
      project: message.project,
      action: message.action,
      createdAt: message.createdAt,
      attempt: lease.attempt,
      state: this.#state,
      emit,
      signal,
      log: withFacts(handler.log, { handler: handler.handler, delivery: lease.id }),
    };
  }

  #emit(given: readonly unknown[]): void {
    this.#refuseEmit();
    const { organization, project, hops } = this.#held.message;
    const emit = this.#outlet.prepare(given, { organization, project, hops: hops + 1 });
    if (this.#emitBytes + emit.bytes > mostEmitBytes) throw this.#tooMany(`${mostEmitBytes} bytes of events`);
    this.#emitBytes += emit.bytes;
    this.#emits.push(emit);
  }

  #refuseEmit(): void {
    const { handler, message } = this.#held;
    const who = `The handler ${handler.handler} of plugin ${handler.plugin}`;
    if (this.#isOver) {
      throw new HookwrightError(
        "lifecycle_invalid",
        `${who} emitted an event after it had ended. Await whatever it begins before it returns.`,
      );
    }
    if (message.hops >= mostHops) {
      this.#loop = new HookwrightError(
        "emit_loop",
        `${who} emitted an event for ${message.action} that ${message.hops} handlers in a row led to. Break the circle.`,
      );
      throw this.#loop;
    }
    if (this.#emits.length < mostEmits) return;
    throw this.#tooMany(`${mostEmits} events`);
  }

  #tooMany(what: string): HookwrightError {
    const { handler, plugin } = this.#held.handler;
    return new HookwrightError(
      "overloaded",
      `The handler ${handler} of plugin ${plugin} emitted more than ${what} in one call. Split the work over several events, each handled by a call of its own.`,
    );
  }
}
