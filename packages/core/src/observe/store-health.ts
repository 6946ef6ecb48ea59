import type { Clock } from "../foundation/clock.js";
import type { Hub } from "./hub.js";
import type { Logger } from "./logger.js";

/** The collaborators of {@link StoreHealth}. */
export interface StoreHealthPorts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly hub: Hub;
}

/** A store that fails, fails every second; the log is told of it once in this time, in milliseconds. */
const silence = 60_000;

/** Owns what is known of the store's health: the last write that failed, until one goes through. Says it in the log once, not each time. */
export class StoreHealth {
  readonly #ports: StoreHealthPorts;
  #failure: { readonly error: unknown } | undefined;
  #toldAt = Number.NEGATIVE_INFINITY;
  /** Failures since the last line. */
  #untold = 0;
  /** Whether the log was told of the failure that stands. */
  #isTold = false;

  constructor(ports: StoreHealthPorts) {
    this.#ports = ports;
  }

  /** Why the last write did not go through; `undefined` when it did. */
  get failure(): { readonly error: unknown } | undefined {
    return this.#failure;
  }

  /** A call of our own failed, and is tried again. */
  failed(operation: string, error: unknown): void {
    const { clock, logger, hub } = this.#ports;
    this.noted(error);
    this.#untold += 1;
    hub.notify("store.failed", { operation, error });
    const now = clock.now();
    if (now - this.#toldAt < silence && now >= this.#toldAt) return;
    logger.error(`The store failed during ${operation}; it is tried again`, { operation, error, times: this.#untold });
    this.#toldAt = now;
    this.#untold = 0;
    this.#isTold = true;
  }

  /** A caller's write failed, and the caller was told. */
  noted(error: unknown): void {
    this.#failure = { error };
  }

  /** A write went through. */
  worked(): void {
    if (this.#failure === undefined) return;
    this.#failure = undefined;
    if (this.#isTold) this.#ports.logger.info("The store works again");
    this.#isTold = false;
  }
}
