import type { Clock } from "../foundation/clock.js";
import { organizationOf } from "../foundation/organization-scope.js";
import type { StoreHealth } from "../observe/store-health.js";
import type { PluginStateStore, StateOwner } from "../store/plugin-state-store.js";

/** The collaborators of {@link StoreProbe}. */
export interface ProbePorts {
  readonly state: Pick<PluginStateStore, "compareAndSet">;
  readonly health: StoreHealth;
  readonly clock: Clock;
}

/** Between two tries, in milliseconds: whoever asks more often hears what came of the last one. */
const pause = 1_000;

/** As large as an event: a disk with room for a few bytes has none for what comes next. */
const sample = JSON.stringify("x".repeat(65_536));

const key = "probe";

/** No plugin can have this name. */
const owner: StateOwner = { plugin: ":store-probe", organization: organizationOf({}) };

/**
 * Decides whether the store takes what is written. As long as writes go through it asks nothing; after one that failed it
 * tries one itself, so that a service that nobody sends anything, because it said that it is not ready, gets ready again.
 */
export class StoreProbe {
  readonly #ports: ProbePorts;
  #triedAt = Number.NEGATIVE_INFINITY;
  #trying: Promise<void> | undefined;

  constructor(ports: ProbePorts) {
    this.#ports = ports;
  }

  /** @throws HookwrightError what the store failed with. */
  async check(): Promise<void> {
    const { health, clock } = this.#ports;
    if (health.failure === undefined) return;
    const now = clock.now();
    if (this.#trying === undefined && (now - this.#triedAt >= pause || now < this.#triedAt)) {
      this.#triedAt = now;
      this.#trying = this.#try();
    }
    await this.#trying;
    if (health.failure !== undefined) throw health.failure.error;
  }

  async #try(): Promise<void> {
    const { state, health } = this.#ports;
    try {
      await state.compareAndSet(owner, [{ key, expected: undefined, value: sample }]);
      await state.compareAndSet(owner, [{ key, expected: undefined, value: null }]);
      health.worked();
    } catch (error) {
      health.noted(error);
    } finally {
      this.#trying = undefined;
    }
  }
}
