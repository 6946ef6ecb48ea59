import { type ClaimedChanges, claimedDelivery } from "../delivery/claimed-delivery.test.support.js";
import type { Outcome } from "../delivery/outcome.js";
import { SteppedClock } from "../foundation/stepped-clock.test.support.js";
import { type Block, Watchdog } from "../observe/watchdog.js";
import type { TransportOutcome, WireRequest } from "../transport/transport.js";
import type { MiddlewareFault } from "./attempt-run.js";
import type { Layer, Middleware, MiddlewareOptions, Phase } from "./middleware.js";
import { OutgoingRequest } from "./outgoing-request.js";
import { type PassResult, Pipeline, type PipelineOptions } from "./pipeline.js";

/** A middleware's own time in the scenes, in milliseconds. */
export const limit = 1_000;

export const ok: TransportOutcome = {
  kind: "answered",
  status: 200,
  retryAfter: undefined,
  excerpt: "ok",
  bodyError: undefined,
};

export type Answer = (request: WireRequest) => TransportOutcome | Promise<TransportOutcome>;

/** A pipeline over a transport that answers as it is told, with a clock that stands still. */
export class OnionScene {
  readonly clock = new SteppedClock();
  readonly faults: MiddlewareFault[] = [];
  readonly sent: WireRequest[] = [];
  readonly blocks: Block[] = [];
  readonly pipeline: Pipeline;
  answer: Answer = () => ok;

  constructor(builtin: readonly Layer[] = [], changes: Partial<PipelineOptions> = {}) {
    this.pipeline = new Pipeline({
      clock: this.clock,
      builtin,
      middlewareLimit: limit,
      transport: {
        send: async (request) => {
          this.sent.push(request);
          return this.answer(request);
        },
      },
      onFault: (fault) => this.faults.push(fault),
      watchdog: new Watchdog((block) => this.blocks.push(block)),
      ...changes,
    });
  }

  use(phase: Phase, middleware: Middleware, options?: MiddlewareOptions): () => void {
    return this.pipeline.use("app", phase, middleware, options);
  }

  request(changes: ClaimedChanges = {}): OutgoingRequest {
    return OutgoingRequest.of(claimedDelivery(changes), this.clock.now());
  }

  run(changes: ClaimedChanges = {}): Promise<PassResult> {
    return this.pipeline.run(this.request(changes));
  }

  /** What was told of faults: which layer, what it said, and what came of it. */
  get told(): readonly (readonly [layer: string, message: string, effect: MiddlewareFault["effect"]])[] {
    return this.faults.map(({ layer, error, effect }) => [
      layer.name,
      error instanceof Error ? error.message : String(error),
      effect,
    ]);
  }
}

/** An answer that comes when the test says so. */
export class HeldAnswer {
  readonly #gate = Promise.withResolvers<TransportOutcome>();
  readonly answer: Answer = () => this.#gate.promise;

  give(outcome: TransportOutcome = ok): void {
    this.#gate.resolve(outcome);
  }
}

/** Something that a middleware waits for and never gets. */
export function never(): Promise<Outcome> {
  return new Promise(() => undefined);
}
