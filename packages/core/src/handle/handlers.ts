import type { Clock } from "../foundation/clock.js";
import { HookwrightError } from "../foundation/hookwright-error.js";
import type { HandlerId } from "../foundation/ids.js";
import type { Logger } from "../observe/logger.js";
import type { PluginStateStore } from "../store/plugin-state-store.js";
import { type HandlerRegistration, RegisteredHandler } from "./registered-handler.js";

/** The collaborators of {@link Handlers}. */
export interface HandlersPorts {
  readonly store: Pick<PluginStateStore, "register">;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A handler of this process, under the number that the store gave it. */
export interface NumberedHandler {
  readonly id: HandlerId;
  readonly handler: RegisteredHandler;
}

/** A lease outlasts a call by this, in milliseconds: time to write down what it did. */
const leaseMargin = 60_000;

/** Pause after the store failed, in milliseconds. */
const storePause = 1_000;

const none: readonly NumberedHandler[] = [];

const nothing = (): void => undefined;

/**
 * Owns the durable handlers of this process: which plugin has which function for which action, and under which number the
 * store knows it. A plugin's handlers are called from the moment that it is opened, and no more once they are taken out;
 * what waits for them stays in the store.
 */
export class Handlers {
  readonly #ports: HandlersPorts;
  readonly #added = new Set<RegisteredHandler>();
  /** Those that were taken out while calls of them are under way. */
  readonly #leaving = new Set<RegisteredHandler>();
  readonly #open = new Set<string>();
  readonly #byAction = new Map<string, readonly NumberedHandler[]>();
  readonly #byId = new Map<HandlerId, RegisteredHandler>();
  #ids: readonly HandlerId[] = [];
  #leaseTime = 0;
  #onChange: () => void = () => undefined;

  constructor(ports: HandlersPorts) {
    this.#ports = ports;
  }

  /** `told` is called whenever a handler came or went. */
  whenChanged(told: () => void): void {
    this.#onChange = told;
  }

  /**
   * Adds a handler. It is called once its plugin is open.
   *
   * @throws HookwrightError `definition_invalid` when an option is not what it must be, or the plugin has one of this name.
   */
  add(registration: HandlerRegistration): RegisteredHandler {
    const added = new RegisteredHandler(registration);
    const { plugin, handler } = added;
    for (const other of this.#added) {
      if (other.plugin !== plugin || other.handler !== handler) continue;
      throw new HookwrightError(
        "definition_invalid",
        `Plugin ${plugin} has two handlers named ${handler}. Give one of them another name: { name: "…" }.`,
      );
    }
    this.#added.add(added);
    if (this.#open.has(plugin)) void this.#activateLate(added);
    return added;
  }

  /**
   * Lets the handlers that the plugin has added be called, and each that it adds from now on. `onOpen` is called right
   * before the first of them can be.
   *
   * @throws whatever the store throws.
   */
  async open(plugin: string, onOpen: () => void = nothing): Promise<void> {
    this.#open.add(plugin);
    const added = [...this.#added].filter((handler) => handler.plugin === plugin);
    if (added.length === 0) return onOpen();
    await this.#activate(added, onOpen);
  }

  /** Takes a handler out: nothing more is claimed for it. Calls under way go on. */
  remove(handler: RegisteredHandler): void {
    if (!this.#added.delete(handler)) return;
    this.#index([...this.#byId].filter(([, known]) => known !== handler));
    this.#leaving.add(handler);
    void handler.idle().then(() => this.#leaving.delete(handler));
  }

  /**
   * Takes out all handlers of a plugin and waits for their calls, and for those of handlers that were taken out before; those
   * that are under way after so many milliseconds are given up, and their deliveries wait in the store.
   */
  async close(plugin: string, milliseconds: number): Promise<void> {
    this.#open.delete(plugin);
    for (const handler of [...this.#added]) if (handler.plugin === plugin) this.remove(handler);
    const closed = [...this.#leaving].filter((leaving) => leaving.plugin === plugin);
    const timer = this.#ports.clock.setTimer(milliseconds, () => {
      for (const handler of closed) handler.interrupt();
    });
    await Promise.all(closed.map((handler) => handler.idle()));
    timer.cancel();
  }

  /** Gives up every call that is under way. */
  interrupt(): void {
    for (const handler of [...this.#added, ...this.#leaving]) handler.interrupt();
  }

  /** Who handles this canonical action here. */
  of(action: string): readonly NumberedHandler[] {
    return this.#byAction.get(action) ?? none;
  }

  find(id: HandlerId): RegisteredHandler | undefined {
    return this.#byId.get(id);
  }

  /** Those whose deliveries this process may claim; another array after each change. */
  get ids(): readonly HandlerId[] {
    return this.#ids;
  }

  /** How long a lease must be so that every handler that was here can end its call, in milliseconds; 0 until there was one. */
  get leaseTime(): number {
    return this.#leaseTime;
  }

  async #activate(handlers: readonly RegisteredHandler[], onOpen = nothing): Promise<void> {
    const ids = await this.#ports.store.register(
      handlers.map(({ plugin, handler, concurrency, ordered }) => ({ plugin, handler, concurrency, ordered })),
    );
    // One that was taken out meanwhile stays out.
    const numbered = ids.flatMap((id, index) => {
      const handler = handlers[index];
      return handler !== undefined && this.#added.has(handler) ? [[id, handler] as const] : [];
    });
    onOpen();
    this.#index([...this.#byId, ...numbered]);
  }

  /** Nobody waits for it, so it is tried until it works or the handler is taken out. */
  async #activateLate(handler: RegisteredHandler): Promise<void> {
    const { plugin, handler: name } = handler;
    while (this.#added.has(handler)) {
      try {
        return await this.#activate([handler]);
      } catch (error) {
        const message = `The handler ${name} of plugin ${plugin} could not be registered; it is tried again`;
        this.#ports.logger.error(message, { plugin, error });
      }
      await new Promise<void>((resolve) => this.#ports.clock.setTimer(storePause, resolve));
    }
  }

  #index(entries: readonly (readonly [HandlerId, RegisteredHandler])[]): void {
    this.#byId.clear();
    this.#byAction.clear();
    for (const [id, handler] of entries) {
      this.#byId.set(id, handler);
      // Never less again: leases that were given for a handler that is gone run on, and records are tried for as long.
      this.#leaseTime = Math.max(this.#leaseTime, handler.timeout + leaseMargin);
    }
    for (const [id, handler] of this.#byId)
      this.#byAction.set(handler.action, [...this.of(handler.action), { id, handler }]);
    this.#ids = [...this.#byId.keys()];
    this.#onChange();
  }
}
