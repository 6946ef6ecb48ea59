import type { Disposer } from "../foundation/disposer.js";
import { type Deadline, within } from "./deadline.js";

/** One thing that is started and stopped. */
export interface LifecycleStep {
  readonly name: string;
  start?(): void | Promise<void>;
  stop?(): unknown;
}

/** What went wrong while stopping, by step; the other steps were stopped all the same. */
export interface StopFault {
  readonly step: string;
  readonly error: unknown;
}

/**
 * Owns an order: starts steps one after the other, stops those that were started in exactly the reverse order, one at a
 * time. The container's own disposal is not used: it closes what others still need.
 */
export class Lifecycle {
  /** How long the stop of each step is waited for. */
  readonly #limit: Deadline | undefined;
  readonly #started: LifecycleStep[] = [];
  #stopped = false;

  /** Without a limit a step that never stops is waited for without end. */
  constructor(limit?: Deadline) {
    this.#limit = limit;
  }

  /** Whether `stop` was called: from then on nothing is taken over. */
  get isStopped(): boolean {
    return this.#stopped;
  }

  /** Starts a step; what it throws is the caller's, and the step does not count as started. */
  async start(step: LifecycleStep): Promise<void> {
    await step.start?.();
    this.#started.push(step);
  }

  /** Takes over the stop of something that runs already. The disposer lets go of it, without stopping it. */
  own(step: LifecycleStep): Disposer {
    this.#started.push(step);
    return () => {
      const index = this.#started.indexOf(step);
      if (index >= 0) this.#started.splice(index, 1);
    };
  }

  /** Stops everything; a failing step keeps no other from being stopped. */
  async stop(): Promise<readonly StopFault[]> {
    this.#stopped = true;
    const faults: StopFault[] = [];
    for (let step = this.#started.pop(); step !== undefined; step = this.#started.pop()) {
      try {
        await this.#stopOne(step);
      } catch (error) {
        faults.push({ step: step.name, error });
      }
    }
    return faults;
  }

  async #stopOne(step: LifecycleStep): Promise<void> {
    const stopping = Promise.resolve(step.stop?.());
    if (this.#limit === undefined) return void (await stopping);
    await within(this.#limit, stopping, { what: `${step.name} did not stop` });
  }
}
