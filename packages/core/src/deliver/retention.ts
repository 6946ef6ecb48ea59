import type { Clock, Timer } from "../foundation/clock.js";
import type { Logger } from "../observe/logger.js";
import type { AttemptLog } from "../store/attempt-log.js";

export interface RetentionPorts {
  readonly attempts: AttemptLog;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** How often old records are looked for, in milliseconds. */
const interval = 600_000;

/** Pause between two steps, in milliseconds: deliveries go first. */
const pause = 20;

/** Owns the removal of what is older than the retention: small steps with pauses, so that nothing is felt. */
export class Retention {
  readonly #ports: RetentionPorts;
  readonly #keep: number;
  #timer: Timer | undefined;
  #step: Promise<void> = Promise.resolve();
  #running = false;

  /** `keep` in milliseconds. */
  constructor(ports: RetentionPorts, keep: number) {
    this.#ports = ports;
    this.#keep = keep;
  }

  start(): void {
    this.#running = true;
    this.#arm(interval);
  }

  async stop(): Promise<void> {
    this.#running = false;
    this.#timer?.cancel();
    await this.#step;
  }

  #arm(wait: number): void {
    if (!this.#running) return;
    this.#timer = this.#ports.clock.setTimer(wait, () => {
      this.#step = this.#purge();
    });
  }

  async #purge(): Promise<void> {
    try {
      const now = this.#ports.clock.now();
      const more = await this.#ports.attempts.purge(now - this.#keep, now);
      this.#arm(more ? pause : interval);
    } catch (error) {
      this.#ports.logger.error("Old records could not be removed; it is tried again", { error });
      this.#arm(interval);
    }
  }
}
