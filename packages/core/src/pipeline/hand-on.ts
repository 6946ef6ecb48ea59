import type { Outcome } from "../delivery/outcome.js";
import type { Next } from "./middleware.js";
import type { MiddlewareStay, Pass, Step } from "./middleware-stay.js";
import type { OutgoingRequest } from "./outgoing-request.js";
import { entering, type Passage } from "./passage.js";

/** What a middleware threw at once. */
export class Thrown {
  readonly error: unknown;

  constructor(error: unknown) {
    this.error = error;
  }
}

/**
 * Enters a guarded layer whose plugin's code has been entered. One that hands on what next() gave it costs two small objects here, and no promise: every delivery
 * passes the middlewares of all plugins.
 *
 * This and `next` are functions without private members, and next() is a bound one: so V8 makes few instructions of
 * several layers, and little garbage. A closure with the same in its variables took half as long again.
 */
export function enterGuarded(pass: Pass, step: Step, request: OutgoingRequest): Passage {
  const stay = newStay(pass, step, request);
  let left: unknown;
  try {
    const { run } = step;
    left = run(request, next.bind(stay));
  } catch (error) {
    left = new Thrown(error);
  }
  const { below } = stay;
  return below !== undefined && left === below.promise ? below : pass.wayOf(stay, left);
}

export function newStay(pass: Pass, step: Step, request: OutgoingRequest): MiddlewareStay {
  return { pass, step, request, below: undefined, passage: undefined, failed: false };
}

/** A next() that leaves everything to the pass. Bound as the other one is: a middleware that meets two kinds is slowed by both. */
export function slowNext(stay: MiddlewareStay): Next {
  return passOn.bind(stay);
}

function next(this: MiddlewareStay, passed: OutgoingRequest): Promise<Outcome> {
  const { pass } = this;
  if (this.below !== undefined || this.passage !== undefined || passed !== this.request) return pass.next(this, passed);
  this.below = entering;
  const under = this.step.below;
  const below = under?.isNear ? enterGuarded(pass, under, passed) : pass.enter(under, passed);
  this.below = below;
  // A layer below called this very function.
  if (this.failed) pass.arrive(this, below);
  return below.promise;
}

function passOn(this: MiddlewareStay, passed: OutgoingRequest): Promise<Outcome> {
  return this.pass.next(this, passed);
}
