import type { Clock } from "../foundation/clock.js";
import type { DeliveryId } from "../foundation/ids.js";

/** So many deliveries are remembered, in some 3 MB. */
const mostRemembered = 10_000;

/** Milliseconds after which a delivery is forgotten where room is needed: three times the longest wait for its next attempt. */
const memory = 900_000;

interface Failures {
  readonly middlewares: readonly string[];
  readonly at: number;
}

/**
 * Owns which middlewares failed in earlier attempts of a delivery. Only as far as this process made them: the first attempt
 * after a restart counts as the first one.
 */
export class FailedBefore {
  readonly #clock: Pick<Clock, "now">;
  /** Those that failed last come last. */
  readonly #deliveries = new Map<DeliveryId, Failures>();

  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
  }

  has(delivery: DeliveryId, middleware: string): boolean {
    return this.#deliveries.get(delivery)?.middlewares.includes(middleware) ?? false;
  }

  /** Does nothing where there is no room for a further delivery. */
  note(delivery: DeliveryId, middleware: string): void {
    const known = this.#deliveries.get(delivery)?.middlewares ?? [];
    if (known.length === 0 && this.isFull()) return;
    const middlewares = known.includes(middleware) ? known : [...known, middleware];
    this.#deliveries.delete(delivery);
    this.#deliveries.set(delivery, { middlewares, at: this.#clock.now() });
  }

  forget(delivery: DeliveryId): void {
    this.#deliveries.delete(delivery);
  }

  /** Whether a delivery that is not remembered may have failed before nonetheless. */
  isFull(): boolean {
    if (this.#deliveries.size < mostRemembered) return false;
    const oldest = this.#clock.now() - memory;
    for (const [delivery, { at }] of this.#deliveries) {
      if (at > oldest) break;
      this.#deliveries.delete(delivery);
    }
    return this.#deliveries.size >= mostRemembered;
  }
}
