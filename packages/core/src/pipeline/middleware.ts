import type { Outcome } from "../delivery/outcome.js";
import type { OutgoingRequest } from "./outgoing-request.js";

/**
 * Passes the request on to the layers below and comes back with how the attempt ended; it never rejects for what happens
 * there. Called once, while its middleware has the attempt, with the request that was given or one made from it; any other
 * call rejects and is blamed on its middleware.
 */
export type Next = (request: OutgoingRequest) => Promise<Outcome>;

/**
 * One layer around every attempt: sees the request on its way out and the outcome on its way back, which it waits for. The
 * body is read-only. What it throws before `next` keeps the request from being sent: the delivery is repeated later, and the
 * receiver is not blamed; a repeated one goes on without it where it fails again and is not required. What it throws afterwards is told, and the outcome stands. It may return an outcome of its own,
 * with or without calling `next`; only `interrupted` is the transport's alone.
 */
export type Middleware = (request: OutgoingRequest, next: Next) => Outcome | Promise<Outcome>;

/** The order in which the layers are entered. Body, id and timestamp are in place before `sign`; on the way back the order is the reverse. */
export type Phase = "observe" | "prepare" | "sign" | "send";

/** In order. */
export const phases: readonly Phase[] = ["observe", "prepare", "sign", "send"];

/** A middleware's name and place. */
export interface MiddlewareOptions {
  /** The name that records and errors use, behind the owner's; the function's own name unless given. */
  readonly name?: string;
  /** Smaller is entered earlier within its phase; 0 unless given. */
  readonly order?: number;
  /**
   * Whether a delivery may never leave without it: `true` for one that signs, or removes what must not leave. One that is
   * not required and fails again when the attempt is repeated is left out. `true` in phase `sign` unless given, else `false`.
   */
  readonly required?: boolean;
}

/** A middleware in its place. */
export interface Layer {
  /** Begins with the owner: `billing/currencyHeader`. */
  readonly name: string;
  /** Who added it: `core`, `application`, or a plugin's name. */
  readonly owner: string;
  readonly phase: Phase;
  readonly order: number;
  readonly run: Middleware;
  /** How it is watched; absent for core's own, which keep the rules of `next` by their tests: guarding them would only cost time. */
  readonly guard?: LayerGuard;
}

/** What is known of a layer that is not core's. */
interface LayerGuard {
  /** Whose code it is, when it is a plugin's. */
  readonly plugin: string | undefined;
  readonly required: boolean;
}
