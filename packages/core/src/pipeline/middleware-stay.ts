import type { Outcome } from "../delivery/outcome.js";
import type { Layer, Middleware } from "./middleware.js";
import type { OutgoingRequest } from "./outgoing-request.js";
import { OpenPassage, type Passage } from "./passage.js";

/** A layer with its place in the onion. */
export interface Step {
  readonly layer: Layer;
  readonly run: Middleware;
  /** Whose code it is, when it is a plugin's. */
  readonly plugin: string | undefined;
  readonly isGuarded: boolean;
  /** Whether it is guarded as the layer above is, and of the same plugin, or both of none: then nothing changes hands. */
  readonly isNear: boolean;
  readonly index: number;
  /** `undefined`: the transport. */
  readonly below: Step | undefined;
}

/** One pass through the onion, as a layer needs it that does more than hand on. */
export interface Pass {
  /** Enters any layer, or the transport. */
  enter(step: Step | undefined, request: OutgoingRequest): Passage;
  /** What next() does wherever it is not called for the first time and with the request that was given. */
  next(stay: MiddlewareStay, passed: OutgoingRequest): Promise<Outcome>;
  /** The layers below `stay` have been entered, and lead to `below`. */
  arrive(stay: MiddlewareStay, below: Passage): void;
  /** Where a layer leads whose function has returned `left`, or thrown it. */
  wayOf(stay: MiddlewareStay, left: unknown): Passage;
}

/** One middleware's stay in one attempt, from its call to the outcome that it leaves with. A plain object: one is made for each layer that a delivery passes. */
export interface MiddlewareStay {
  readonly pass: Pass;
  readonly step: Step;
  /** The request that it was given. */
  readonly request: OutgoingRequest;
  /** Where the request went on to: by next(), or because it was left out. */
  below: Passage | undefined;
  /** Where it leads itself; the same as `below` where it hands on what next() gave it, and nothing that it does counts any more. */
  passage: Passage | undefined;
  failed: boolean;
}

export function nameOf({ step }: MiddlewareStay): string {
  return step.layer.name;
}

/** Whether nothing is waited for any more: neither it nor what lies below. */
export function isOver({ passage }: MiddlewareStay): boolean {
  return passage?.outcome !== undefined;
}

/** Whether it is its own code, and none of a layer below, that the attempt waits for. */
export function isRunning(stay: MiddlewareStay): boolean {
  const { failed, below, passage } = stay;
  if (failed || isOver(stay)) return false;
  return below === undefined || (below !== passage && below.outcome !== undefined);
}

/** It leaves as the passage below does: it has failed. */
export function follow(stay: MiddlewareStay, below: Passage): void {
  if (stay.passage instanceof OpenPassage) stay.passage.follow(below);
  else stay.passage = below;
}
