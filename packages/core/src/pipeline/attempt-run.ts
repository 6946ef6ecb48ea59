import { isMadeOutcome, type Outcome } from "../delivery/outcome.js";
import { HookwrightError } from "../foundation/hookwright-error.js";
import type { Layer, Next } from "./middleware.js";
import { MiddlewareStay } from "./middleware-stay.js";
import { OutgoingRequest } from "./outgoing-request.js";

/** What happened on the way through the onion, beside its outcome. */
export interface RunReport {
  /** The middlewares that passed on another request than they got, in order, then those that returned another outcome. */
  readonly changedBy: readonly string[];
  /** The first middleware that failed, or that ended the attempt without calling next(). */
  readonly stoppedBy: string | null;
}

/** A failure of a middleware, also one that changes nothing any more. */
export interface MiddlewareFault {
  readonly layer: Layer;
  /** The request that it was given. */
  readonly request: OutgoingRequest;
  readonly error: unknown;
  /** Whether the attempt ended by it; else what lay below stands. */
  readonly endsAttempt: boolean;
}

export type FaultListener = (fault: MiddlewareFault) => void;

/** Passes on to the layers below. Never rejects, never throws. */
type Below = (request: OutgoingRequest) => Promise<Outcome>;

/**
 * Owns one pass through the onion: keeps the rules of `next`, and knows at each moment whose code is running, so that a
 * middleware's deadline counts its own time and not that of the layers below it.
 */
export class AttemptRun {
  readonly #onFault: FaultListener;
  readonly #now: () => number;
  readonly #changedBy: string[] = [];
  #stoppedBy: string | null = null;
  #running: MiddlewareStay | undefined;
  #since = 0;

  constructor(now: () => number, onFault: FaultListener) {
    this.#now = now;
    this.#onFault = onFault;
  }

  get report(): RunReport {
    return { changedBy: [...this.#changedBy], stoppedBy: this.#stoppedBy };
  }

  /** Gives up the middleware whose own code has been running for longer than `limit` milliseconds, if there is one. */
  expire(limit: number): void {
    const stay = this.#running;
    if (stay === undefined || stay.ownTime + this.#now() - this.#since <= limit) return;
    stay.fail(broken(stay.layer, `took more than ${limit} ms of its own time`));
  }

  /** Enters one middleware with its guard around it. Never rejects. */
  enter(layer: Layer, request: OutgoingRequest, below: Below): Promise<Outcome> {
    return new Promise((resolve) => {
      const stay = new MiddlewareStay(layer, {
        onFault: (error, endsAttempt) => {
          this.#stoppedBy ??= layer.name;
          this.#onFault({ layer, request, error, endsAttempt });
        },
        onEnd: (outcome) => {
          if (this.#running === stay) this.#switchTo(undefined);
          resolve(outcome);
        },
      });
      this.#switchTo(stay);
      void this.#run(stay, request, below);
    });
  }

  async #run(stay: MiddlewareStay, request: OutgoingRequest, below: Below): Promise<void> {
    try {
      const { run } = stay.layer;
      this.#leave(stay, await run(request, this.#nextOf(stay, request, below)));
    } catch (error) {
      stay.fail(error);
    }
  }

  #leave(stay: MiddlewareStay, outcome: unknown): void {
    const { layer, nextCalled, belowOutcome } = stay;
    if (nextCalled && belowOutcome === undefined) {
      stay.fail(broken(layer, "returned before next() had ended: await it"));
    } else if (belowOutcome !== undefined && outcome === belowOutcome) {
      stay.finish(belowOutcome);
    } else if (!isMadeOutcome(outcome)) {
      stay.fail(broken(layer, "returned no outcome: return what next() resolves to"));
    } else if (stay.finish(outcome)) {
      if (nextCalled) this.#noteChange(layer);
      else this.#stoppedBy ??= layer.name;
    }
  }

  #nextOf(stay: MiddlewareStay, given: OutgoingRequest, below: Below): Next {
    return (request) => {
      const misuse = misuseOf(stay, given, request);
      if (misuse !== undefined) return refusal(stay, misuse);
      stay.nextCalled = true;
      if (request !== given) this.#noteChange(stay.layer);
      // What lies below is not this middleware's time; a guarded layer there makes it its own.
      this.#switchTo(undefined);
      return below(request).then((outcome) => {
        if (!stay.ended) this.#switchTo(stay);
        stay.belowEnded(Object.freeze(outcome));
        return outcome;
      });
    };
  }

  #noteChange({ name }: Layer): void {
    if (!this.#changedBy.includes(name)) this.#changedBy.push(name);
  }

  #switchTo(stay: MiddlewareStay | undefined): void {
    const now = this.#now();
    if (this.#running !== undefined) this.#running.ownTime += now - this.#since;
    this.#running = stay;
    this.#since = now;
  }
}

function misuseOf(stay: MiddlewareStay, given: OutgoingRequest, request: unknown): string | undefined {
  if (stay.ended) return "called next() after its attempt had ended";
  if (stay.nextCalled) return "called next() a second time";
  if (!(request instanceof OutgoingRequest)) return "called next() without a request: pass on the one it was given";
  if (request.delivery !== given.delivery) return "called next() with the request of another attempt";
  return undefined;
}

/** A rejection that ends nothing by itself: the call may stand in a timer, where nobody waits for it. */
function refusal(stay: MiddlewareStay, misuse: string): Promise<never> {
  const error = broken(stay.layer, misuse);
  stay.fail(error);
  const refused = Promise.reject(error);
  refused.catch(() => undefined);
  return refused;
}

function broken(layer: Layer, what: string): HookwrightError {
  return new HookwrightError("middleware_failed", `Middleware ${layer.name} ${what}.`);
}
