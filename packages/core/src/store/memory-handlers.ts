import type { HandlerId, OrganizationId } from "../foundation/ids.js";
import type { MemoryDeliveries } from "./memory-deliveries.js";
import type { HandlerName, HandlerSettings } from "./plugin-state-store.js";

/** All handlers take turns as if they were one organization; no organization has this number. */
const handlersTurn = 0 as OrganizationId;

const none: readonly HandlerId[] = [];

/** Owns which number belongs to which handler in the memory store, and which of them the process has at this moment. */
export class MemoryHandlers {
  readonly #deliveries: MemoryDeliveries;
  readonly #ids = new Map<string, HandlerId>();
  readonly #settings = new Map<HandlerId, HandlerSettings>();
  /** What the last claim named; `undefined` before the first, when nothing is known. */
  #offered: readonly HandlerId[] | undefined;

  constructor(deliveries: MemoryDeliveries) {
    this.#deliveries = deliveries;
  }

  register(handlers: readonly HandlerSettings[]): readonly HandlerId[] {
    return handlers.map((settings) => {
      const id = this.#idOf(settings);
      this.#settings.set(id, settings);
      this.#configure(id);
      return id;
    });
  }

  /** Lets these handlers' deliveries be claimed, and no others'. */
  offer(handlers: readonly HandlerId[] = none): void {
    if (this.#offered === handlers) return;
    const before = this.#offered ?? [];
    this.#offered = handlers;
    for (const id of new Set([...before, ...handlers])) this.#configure(id);
  }

  /** Whether it is known that nobody has it. */
  isAbsent(id: HandlerId): boolean {
    return this.#offered !== undefined && !this.#offered.includes(id);
  }

  nameOf(id: HandlerId): HandlerName {
    const { plugin, handler } = this.#settingsOf(id);
    return { plugin, handler };
  }

  #idOf({ plugin, handler }: HandlerName): HandlerId {
    const name = JSON.stringify([plugin, handler]);
    // The count is the one maker of handler ids here: below zero, and none is given up again.
    const id = this.#ids.get(name) ?? ((-this.#ids.size - 1) as HandlerId);
    this.#ids.set(name, id);
    return id;
  }

  #configure(id: HandlerId): void {
    const { concurrency, ordered } = this.#settingsOf(id);
    this.#deliveries.configure({
      id,
      organization: handlersTurn,
      isActive: this.#offered?.includes(id) === true,
      maxConcurrency: concurrency,
      rateLimit: null,
      allowedRate: null,
      ordered,
    });
  }

  #settingsOf(id: HandlerId): HandlerSettings {
    const settings = this.#settings.get(id);
    if (settings === undefined) throw new Error(`handler ${id} was never registered`);
    return settings;
  }
}
