import { type Interrupted, isMadeOutcome, type Outcome, senderFailed } from "../delivery/outcome.js";
import type { Clock, Timer } from "../foundation/clock.js";
import { type Disposer, disposeOnce } from "../foundation/disposer.js";
import { HookwrightError } from "../foundation/hookwright-error.js";
import type { Transport } from "../transport/transport.js";
import { AttemptRun, type FaultListener, type RunReport } from "./attempt-run.js";
import { type Layer, type Middleware, type MiddlewareOptions, type Next, type Phase, phases } from "./middleware.js";
import { OutgoingRequest } from "./outgoing-request.js";

/** How one pass ended. */
export interface PassResult extends RunReport {
  readonly outcome: Outcome;
  /** The request as it reached the transport; `undefined` when it did not. */
  readonly sent: OutgoingRequest | undefined;
}

export interface PipelineOptions {
  readonly clock: Clock;
  /** The built-in layers; each is the first of its phase. */
  readonly builtin: readonly Layer[];
  /** What lies under the last layer. */
  readonly transport: Pick<Transport, "send">;
  /** A middleware's own time in one attempt, in milliseconds. */
  readonly middlewareLimit: number;
  /** Must not throw. */
  readonly onFault: FaultListener;
}

/** Own time is looked at so often, by one timer for all attempts: a timer for each would cost more than the middleware. */
const watchInterval = 250;

/**
 * Owns the onion around every attempt. Layers are put in order when one is added or removed, never for a delivery; a
 * change takes effect with the next attempt.
 */
export class Pipeline {
  readonly #options: PipelineOptions;
  readonly #now: () => number;
  readonly #added = new Set<Layer>();
  readonly #runs = new Set<AttemptRun>();
  #layers: readonly Layer[];
  #watch: Timer | undefined;

  constructor(options: PipelineOptions) {
    this.#options = options;
    this.#now = () => options.clock.now();
    this.#layers = inOrder([], options.builtin);
  }

  /**
   * Adds a middleware; the disposer takes it out again. Attempts under way keep the layers that they began with.
   *
   * @throws HookwrightError `definition_invalid` when it is no function, or phase or order are none.
   */
  use(owner: string, phase: Phase, middleware: Middleware, options: MiddlewareOptions = {}): Disposer {
    const name = `${owner}/${options.name ?? nameOf(middleware)}`;
    const layer = checkedLayer({ name, owner, phase, order: options.order ?? 0, run: middleware });
    this.#added.add(layer);
    this.#arrange();
    return disposeOnce(() => {
      this.#added.delete(layer);
      this.#arrange();
    });
  }

  /** The layers in the order in which they are entered. */
  get layers(): readonly Layer[] {
    return this.#layers;
  }

  /** One attempt. Never rejects. */
  async run(request: OutgoingRequest): Promise<PassResult> {
    const run = new AttemptRun(this.#now, this.#options.onFault);
    const pass: Pass = { layers: this.#layers, run, sent: undefined };
    const isWatched = this.#added.size > 0;
    if (isWatched) this.#watchOver(run);
    const outcome = await this.#enter(pass, 0, request);
    if (isWatched) this.#runs.delete(run);
    return { outcome, sent: pass.sent, ...run.report };
  }

  #enter(pass: Pass, index: number, request: OutgoingRequest): Promise<Outcome> {
    const layer = pass.layers[index];
    if (layer === undefined) {
      pass.sent = request;
      return this.#send(request);
    }
    const below: Next = (next) => this.#enter(pass, index + 1, next);
    // Core's own layers keep the rules of next by their tests; guarding them would only cost time.
    return layer.owner === "core" ? runBuiltin(layer, request, below) : pass.run.enter(layer, request, below);
  }

  /** A transport of somebody else may break its law: then the fault is the sender's, as with any code of its own. */
  async #send(request: OutgoingRequest): Promise<Outcome> {
    try {
      const outcome: unknown = await this.#options.transport.send(OutgoingRequest.toWire(request));
      if (isInterrupted(outcome) || isMadeOutcome(outcome)) return outcome;
      throw new TypeError("it came back with no outcome");
    } catch (error) {
      return senderFailed("core/transport", error);
    }
  }

  #arrange(): void {
    this.#layers = inOrder([...this.#added], this.#options.builtin);
  }

  #watchOver(run: AttemptRun): void {
    this.#runs.add(run);
    this.#watch ??= this.#options.clock.setTimer(watchInterval, () => this.#look());
  }

  #look(): void {
    this.#watch = undefined;
    const live = [...this.#runs];
    for (const run of live) run.expire(this.#options.middlewareLimit);
    if (live.length > 0) this.#watch = this.#options.clock.setTimer(watchInterval, () => this.#look());
  }
}

interface Pass {
  readonly layers: readonly Layer[];
  readonly run: AttemptRun;
  sent: OutgoingRequest | undefined;
}

/** Whatever breaks, an attempt ends with an outcome. */
async function runBuiltin(layer: Layer, request: OutgoingRequest, below: Next): Promise<Outcome> {
  try {
    return await layer.run(request, below);
  } catch (error) {
    return senderFailed(layer.name, error);
  }
}

function isInterrupted(outcome: unknown): outcome is Interrupted {
  return typeof outcome === "object" && outcome !== null && "kind" in outcome && outcome.kind === "interrupted";
}

/** By phase, core's first, then by order, then as they were added. */
function inOrder(added: readonly Layer[], builtin: readonly Layer[]): readonly Layer[] {
  return phases.flatMap((phase) => [
    ...builtin.filter((layer) => layer.phase === phase),
    ...added.filter((layer) => layer.phase === phase).sort((left, right) => left.order - right.order),
  ]);
}

function checkedLayer(layer: Layer): Layer {
  if (typeof layer.run !== "function") {
    throw invalid(`A middleware of ${layer.owner} must be a function (request, next), found ${typeof layer.run}.`);
  }
  if (!phases.includes(layer.phase)) {
    throw invalid(
      `Middleware ${layer.name}: the phase must be one of ${phases.join(", ")}, found ${JSON.stringify(layer.phase)}.`,
    );
  }
  if (!Number.isFinite(layer.order)) {
    throw invalid(`Middleware ${layer.name}: the order must be a number, found ${String(layer.order)}.`);
  }
  return layer;
}

function invalid(message: string): HookwrightError {
  return new HookwrightError("definition_invalid", message);
}

function nameOf(middleware: Middleware): string {
  return typeof middleware === "function" && middleware.name !== "" ? middleware.name : "middleware";
}
