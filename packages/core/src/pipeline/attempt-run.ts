import { isMadeOutcome, type Outcome, senderFailed } from "../delivery/outcome.js";
import { HookwrightError } from "../foundation/hookwright-error.js";
import { enterPlugin, runAsNobody } from "../observe/blame.js";
import type { Watchdog } from "../observe/watchdog.js";
import { enterGuarded, newStay, slowNext, Thrown } from "./hand-on.js";
import type { Layer } from "./middleware.js";
import { follow, isOver, isRunning, type MiddlewareStay, nameOf, type Pass, type Step } from "./middleware-stay.js";
import { OutgoingRequest } from "./outgoing-request.js";
import { OwnTime } from "./own-time.js";
import { endedPassage, entering, OpenPassage, type Passage } from "./passage.js";

/** What happened on the way through the onion, beside its outcome. */
export interface RunReport {
  /** The middlewares that passed on another request than they got, in order, then those that returned another outcome. */
  readonly changedBy: readonly string[];
  /** The first middleware that failed, or that ended the attempt without calling next(). */
  readonly stoppedBy: string | null;
  /** The middlewares that the attempt waited for, in order. */
  readonly slowedBy: readonly string[];
  /** The middlewares that failed and were left out: what was sent is not all that it was to be. */
  readonly leftOut: readonly string[];
}

/** A failure of a middleware, also one that changes nothing any more. */
export interface MiddlewareFault {
  readonly layer: Layer;
  /** The request that it was given. */
  readonly request: OutgoingRequest;
  readonly error: unknown;
  /** `stopped`: nothing was sent. `left-out`: the attempt goes on without it. `ignored`: what lay below stands. */
  readonly effect: "stopped" | "left-out" | "ignored";
}

export type FaultListener = (fault: MiddlewareFault) => void;

/** What one pass works with. */
export interface RunPlan {
  /** The outermost layer. */
  readonly first: Step | undefined;
  /** The plugin of the innermost one that is guarded, where it is a plugin's. */
  readonly last: string | undefined;
  /** What lies under the last layer. Never rejects. */
  readonly send: (request: OutgoingRequest) => Promise<Outcome>;
  /** Must not throw. */
  readonly onFault: FaultListener;
  readonly watchdog: Watchdog;
  /** Whether this one failed with the delivery before: it is left out then, unless it is required. */
  readonly failedBefore: (layer: Layer, request: OutgoingRequest) => boolean;
  /** Whether each call is timed: two readings of the clock cost more than all the rest of one. */
  readonly timed: boolean;
}

/** From so many milliseconds of its own on a middleware is recorded as one that slowed the attempt. */
const slowLimit = 100;

const nobody: readonly string[] = [];

/**
 * Owns one pass through the onion: keeps the rules of `next`, and knows whose code the attempt waits for, so that a
 * middleware's deadline counts its own time and not that of the layers below it.
 */
export class AttemptRun implements Pass {
  readonly #plan: RunPlan;
  readonly #isTimed: boolean;
  #changedBy = nobody;
  #leftOut = nobody;
  #stoppedBy: string | null = null;
  #sent: OutgoingRequest | undefined = undefined;
  /** All that may be waited for. */
  readonly #stays: MiddlewareStay[] = [];
  /** Of those that are timed, or were seen to be waited for. */
  #times: Map<MiddlewareStay, OwnTime> | undefined = undefined;
  #lookedAt: number | undefined = undefined;

  constructor(plan: RunPlan) {
    this.#plan = plan;
    this.#isTimed = plan.timed;
  }

  /** The request as it reached the transport; `undefined` when it did not. */
  get sent(): OutgoingRequest | undefined {
    return this.#sent;
  }

  get report(): RunReport {
    const isTimed = this.#isTimed || this.#lookedAt !== undefined;
    return {
      changedBy: this.#changedBy,
      stoppedBy: this.#stoppedBy,
      slowedBy: isTimed ? this.#slow() : nobody,
      leftOut: this.#leftOut,
    };
  }

  /** Never rejects, never throws. */
  start(request: OutgoingRequest): Promise<Outcome> {
    return this.enter(this.#plan.first, request).promise;
  }

  /** Sees whom the attempt waits for; one that it waited for longer than `limit` milliseconds is given up. */
  look(now: number, limit: number): void {
    const before = this.#lookedAt;
    this.#lookedAt = now;
    const stay = this.#stays.find(isRunning);
    if (stay === undefined) return;
    if (this.#timeFor(stay).look(now, before) <= limit) return;
    this.#fail(stay, broken(stay, `took more than ${limit} ms of its own time`));
  }

  enter(step: Step | undefined, request: OutgoingRequest): Passage {
    if (step === undefined) return this.#send(request);
    if (!step.isGuarded) return this.#enterBuiltin(step, request);
    if (this.#isTimed) return enterPlugin(step.plugin, () => this.#enterTimed(step, request));
    return step.isNear ? enterGuarded(this, step, request) : this.#enterAs(step, request);
  }

  /** As code of the layer's plugin. */
  #enterAs(step: Step, request: OutgoingRequest): Passage {
    return enterPlugin(step.plugin, () => enterGuarded(this, step, request));
  }

  /** As {@link enterGuarded}, with the clock running. Apart from it: what is not called is not in the way there. */
  #enterTimed(step: Step, request: OutgoingRequest): Passage {
    const stay = newStay(this, step, request);
    const { run, layer } = step;
    const time = this.#timeFor(stay);
    this.#stays.push(stay);
    let left: unknown;
    time.start();
    try {
      const callback = { owner: layer.owner, name: `middleware ${layer.name}` };
      left = this.#plan.watchdog.run(callback, () => run(request, slowNext(stay)));
    } catch (error) {
      left = new Thrown(error);
    }
    time.hasReturned = true;
    // One that has not called next() yet is still what the attempt waits for.
    if (stay.below !== undefined) time.stop();
    return this.wayOf(stay, left);
  }

  wayOf(stay: MiddlewareStay, left: unknown): Passage {
    if (left instanceof Thrown) this.#fail(stay, left.error);
    const { below } = stay;
    if (below !== undefined && left === below.promise) {
      stay.passage ??= below;
      return below;
    }
    if (stay.passage === undefined) return this.#await(stay, left);
    // What it promises after it has failed is nobody's any more.
    Promise.resolve(left).catch(() => undefined);
    return stay.passage;
  }

  #enterBuiltin({ layer, below }: Step, request: OutgoingRequest): Passage {
    let passage: Passage | undefined;
    let left: Outcome | Promise<Outcome>;
    try {
      left = layer.run(request, (passed) => {
        passage = this.enter(below, passed);
        return passage.promise;
      });
    } catch (error) {
      left = senderFailed(layer.name, error);
    }
    if (passage !== undefined && left === passage.promise) return passage;
    // Whatever breaks, an attempt ends with an outcome.
    return this.#passageOf(Promise.resolve(left), layer.name);
  }

  #await(stay: MiddlewareStay, left: unknown): Passage {
    const passage = new OpenPassage();
    stay.passage = passage;
    if (!this.#isTimed) this.#stays.push(stay);
    Promise.resolve(left).then(
      (outcome: unknown) => this.#leave(stay, outcome),
      (error: unknown) => this.#fail(stay, error),
    );
    return passage;
  }

  #leave(stay: MiddlewareStay, outcome: unknown): void {
    if (stay.failed) return;
    const below = stay.below?.outcome;
    if (stay.below !== undefined && below === undefined) {
      this.#fail(stay, broken(stay, "returned before next() had ended: await it"));
    } else if (below !== undefined && outcome === below) {
      this.#end(stay, below);
    } else if (!isMadeOutcome(outcome)) {
      this.#fail(stay, broken(stay, "returned no outcome: return what next() resolves to"));
    } else {
      if (below !== undefined) this.#noteChange(stay);
      else this.#stoppedBy ??= nameOf(stay);
      this.#end(stay, Object.freeze(outcome));
    }
  }

  #end(stay: MiddlewareStay, outcome: Outcome): void {
    const at = this.#stopTime(stay);
    if (stay.passage instanceof OpenPassage) stay.passage.end(outcome, at);
  }

  #timeFor(stay: MiddlewareStay): OwnTime {
    this.#times ??= new Map();
    const time = this.#times.get(stay) ?? new OwnTime();
    this.#times.set(stay, time);
    return time;
  }

  #stopTime(stay: MiddlewareStay): number {
    const now = this.#now();
    this.#times?.get(stay)?.leave(now, stay.below?.endedAt ?? now);
    return now;
  }

  next(stay: MiddlewareStay, passed: OutgoingRequest): Promise<Outcome> {
    const misuse = misuseOf(stay, passed);
    if (misuse !== undefined) return this.#refuse(stay, misuse);
    if (passed !== stay.request) this.#noteChange(stay);
    stay.below = entering;
    const { step } = stay;
    const below = this.#isTimed ? this.#passTimed(stay, passed) : this.enter(step.below, passed);
    this.arrive(stay, below);
    return below.promise;
  }

  /** It may have failed meanwhile. */
  arrive(stay: MiddlewareStay, below: Passage): void {
    stay.below = below;
    if (stay.failed) follow(stay, below);
  }

  #passTimed(stay: MiddlewareStay, passed: OutgoingRequest): Passage {
    const time = this.#times?.get(stay);
    time?.stop();
    try {
      return this.#plan.watchdog.apart(() => this.enter(stay.step.below, passed));
    } finally {
      // What it does before it waits for next() is its own time too.
      if (time?.hasReturned === false) time.start();
    }
  }

  /** A rejection that ends nothing by itself: the call may stand in a timer, where nobody waits for it. */
  #refuse(stay: MiddlewareStay, misuse: string): Promise<never> {
    const error = broken(stay, misuse);
    this.#fail(stay, error);
    const refused = Promise.reject(error);
    refused.catch(() => undefined);
    return refused;
  }

  /** What was sent below cannot be taken back: its outcome stands, and is waited for. Otherwise nothing was sent. */
  #fail(stay: MiddlewareStay, error: unknown): void {
    if (stay.failed) return;
    stay.failed = true;
    const { layer } = stay.step;
    const isTooLate = stay.below !== undefined || isOver(stay);
    const isLeftOut = !isTooLate && layer.guard?.required === false && this.#plan.failedBefore(layer, stay.request);
    const effect = isTooLate ? "ignored" : isLeftOut ? "left-out" : "stopped";
    this.#stoppedBy ??= layer.name;
    this.#plan.onFault({ layer, request: stay.request, error, effect });
    if (effect === "stopped") this.#breakOff(stay, senderFailed(layer.name, error));
    else if (effect === "left-out") this.#leaveOut(stay);
    else if (stay.below !== undefined && stay.below !== entering && !isOver(stay)) follow(stay, stay.below);
  }

  #breakOff(stay: MiddlewareStay, outcome: Outcome): void {
    const at = this.#stopTime(stay);
    if (stay.passage instanceof OpenPassage) stay.passage.breakOff(outcome, at);
    else stay.passage = endedPassage(outcome, at);
  }

  #leaveOut(stay: MiddlewareStay): void {
    const { step, request } = stay;
    this.#leftOut = [...this.#leftOut, nameOf(stay)];
    this.#stopTime(stay);
    stay.below = entering;
    // As if it had called next(): the layer below counts on whose code it is entered from.
    this.arrive(
      stay,
      enterPlugin(step.plugin, () => this.enter(step.below, request)),
    );
  }

  #send(request: OutgoingRequest): Passage {
    this.#sent = request;
    const { send, last } = this.#plan;
    const sending = last === undefined ? send(request) : runAsNobody(() => send(request));
    return this.#passageOf(sending, "core/transport");
  }

  #passageOf(work: Promise<Outcome>, name: string): Passage {
    const ended = (outcome: Outcome): Outcome => {
      passage.endedAt = this.#now();
      passage.outcome = Object.freeze(outcome);
      return outcome;
    };
    const promise = work.then(ended, (error: unknown) => ended(senderFailed(name, error)));
    const passage: Passage = { promise, outcome: undefined, endedAt: 0 };
    return passage;
  }

  #now(): number {
    return this.#isTimed ? performance.now() : 0;
  }

  #slow(): readonly string[] {
    const slow = this.#stays.filter((stay) => (this.#times?.get(stay)?.milliseconds ?? 0) >= slowLimit);
    return slow.sort((one, other) => one.step.index - other.step.index).map(nameOf);
  }

  #noteChange(stay: MiddlewareStay): void {
    const name = nameOf(stay);
    if (!this.#changedBy.includes(name)) this.#changedBy = [...this.#changedBy, name];
  }
}

function misuseOf(stay: MiddlewareStay, passed: OutgoingRequest): string | undefined {
  if (isOver(stay)) return "called next() after its attempt had ended";
  if (stay.below !== undefined) return "called next() a second time";
  if (!OutgoingRequest.is(passed)) return "called next() without a request: pass on the one it was given";
  if (!OutgoingRequest.haveOneOrigin(passed, stay.request)) return "called next() with the request of another attempt";
  return undefined;
}

function broken(stay: MiddlewareStay, what: string): HookwrightError {
  return new HookwrightError("middleware_failed", `Middleware ${nameOf(stay)} ${what}.`);
}
