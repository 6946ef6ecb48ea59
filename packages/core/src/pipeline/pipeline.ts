import type { WebhookLease } from "../delivery/delivery.js";
import { type Interrupted, isMadeOutcome, isSuccess, type Outcome, senderFailed } from "../delivery/outcome.js";
import type { Clock, Timer } from "../foundation/clock.js";
import { type Disposer, disposeOnce } from "../foundation/disposer.js";
import { HookwrightError } from "../foundation/hookwright-error.js";
import { runAsNobody } from "../observe/blame.js";
import type { Watchdog } from "../observe/watchdog.js";
import type { Transport } from "../transport/transport.js";
import { AttemptRun, type FaultListener, type MiddlewareFault, type RunReport } from "./attempt-run.js";
import { FailedBefore } from "./failed-before.js";
import { type Layer, type Middleware, type MiddlewareOptions, type Phase, phases } from "./middleware.js";
import type { Step } from "./middleware-stay.js";
import { OutgoingRequest } from "./outgoing-request.js";
import { lookInterval } from "./own-time.js";

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
  /** The header that messages are signed with; `webhook-signature` when there is no answer. */
  readonly signatureHeader?: () => string | undefined;
  /** A middleware's own time in one attempt, in milliseconds. */
  readonly middlewareLimit: number;
  /** Must not throw. */
  readonly onFault: FaultListener;
  readonly watchdog: Watchdog;
}

/** After each change of the layers so many runs are timed call by call: what blocks or is slow is mostly so from the start. */
const timedRuns = 1_000;

/**
 * Owns the onion around every attempt. Layers are put in order when one is added or removed, never for a delivery; a
 * change takes effect with the next attempt.
 */
export class Pipeline {
  readonly #options: PipelineOptions;
  readonly #added = new Set<Layer>();
  readonly #runs = new Set<AttemptRun>();
  readonly #failed: FailedBefore;
  #layers: readonly Layer[] = [];
  #first: Step | undefined;
  #last: string | undefined;
  /** One for all attempts: a timer for each would cost more than the middleware. */
  #watch: Timer | undefined;
  #timedRuns = 0;

  constructor(options: PipelineOptions) {
    this.#options = options;
    this.#failed = new FailedBefore(options.clock);
    this.#arrange();
  }

  /**
   * Adds a middleware; the disposer takes it out again. Attempts under way keep the layers that they began with.
   *
   * @throws HookwrightError `definition_invalid` when it is no function, or phase or order are none.
   */
  use(owner: string, phase: Phase, middleware: Middleware, options: MiddlewareOptions = {}): Disposer {
    const name = `${owner}/${checkedName(options.name ?? nameOf(middleware), owner)}`;
    const guard = { plugin: pluginNamed(owner), required: options.required ?? phase === "sign" };
    const layer = checkedLayer({ name, owner, phase, order: options.order ?? 0, run: middleware, guard });
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
    const { watchdog } = this.#options;
    const isGuarded = this.#added.size > 0;
    const run = new AttemptRun({
      first: this.#first,
      last: this.#last,
      send: this.#send,
      onFault: this.#onFault,
      watchdog,
      failedBefore: this.#failedBefore,
      timed: isGuarded && this.#isTimed(),
    });
    if (isGuarded) this.#watchOver(run);
    // Whoever brought the attempt about, its layers are entered from nobody's code.
    const outcome = await (isGuarded ? runAsNobody(() => run.start(request)) : run.start(request));
    if (isGuarded) this.#runs.delete(run);
    if (isSuccess(outcome)) this.#failed.forget(OutgoingRequest.claimed(request).lease.id);
    return { outcome, sent: run.sent, ...run.report };
  }

  /** A transport of somebody else may break its law: then the fault is the sender's, as with any code of its own. */
  readonly #send = async (request: OutgoingRequest): Promise<Outcome> => {
    try {
      this.#refuseUnsigned(request);
      const outcome: unknown = await this.#options.transport.send(OutgoingRequest.toWire(request));
      if (isInterrupted(outcome) || isMadeOutcome(outcome)) return outcome;
      throw new TypeError("it came back with no outcome");
    } catch (error) {
      return senderFailed("core/transport", error);
    }
  };

  /** A plugin that provides secrets may not sign, and another one may take the signature off: what comes of it is looked at. */
  #refuseUnsigned(request: OutgoingRequest): void {
    const { target } = OutgoingRequest.claimed(request);
    if (target.signingSecrets.length === 0) return;
    const name = this.#options.signatureHeader?.() ?? "webhook-signature";
    if ((request.header(name) ?? "") !== "") return;
    throw new HookwrightError(
      "middleware_failed",
      `Webhook ${target.id} has a signing secret, and no middleware put a ${name} on its message: nothing was sent.`,
      { details: { webhook: target.id } },
    );
  }

  readonly #onFault = (fault: MiddlewareFault): void => {
    const { lease, test } = OutgoingRequest.claimed(fault.request);
    const mayBeLeftOut = fault.layer.guard?.required === false && fault.effect !== "ignored";
    // A test is not repeated.
    if (mayBeLeftOut && !test) this.#failed.note(lease.id, fault.layer.name);
    this.#options.onFault(fault);
  };

  /** Where more deliveries fail than can be remembered, each that is repeated counts: a bad plugin must not hold them up for ever. */
  readonly #failedBefore = ({ name }: Layer, request: OutgoingRequest): boolean => {
    const { lease } = OutgoingRequest.claimed(request);
    return isRepeated(lease) && (this.#failed.has(lease.id, name) || this.#failed.isFull());
  };

  #isTimed(): boolean {
    if (this.#options.watchdog.isAlert) return true;
    if (this.#timedRuns === 0) return false;
    this.#timedRuns -= 1;
    return true;
  }

  #arrange(): void {
    this.#layers = inOrder([...this.#added], this.#options.builtin);
    this.#first = stepsOf(this.#layers);
    this.#last = this.#layers.findLast(({ guard }) => guard !== undefined)?.guard?.plugin;
    this.#timedRuns = timedRuns;
  }

  #watchOver(run: AttemptRun): void {
    this.#runs.add(run);
    this.#watch ??= this.#options.clock.setTimer(lookInterval, () => this.#look());
  }

  #look(): void {
    this.#watch = undefined;
    const live = [...this.#runs];
    const now = this.#options.clock.now();
    for (const run of live) run.look(now, this.#options.middlewareLimit);
    if (live.length > 0) this.#watch = this.#options.clock.setTimer(lookInterval, () => this.#look());
  }
}

/** Attempts count claims, so what the receiver did not fail was the sender's: a middleware's, or the end of the process. */
function isRepeated({ attempt, failures }: WebhookLease): boolean {
  return attempt - failures > 1;
}

function stepsOf(layers: readonly Layer[]): Step | undefined {
  return layers.reduceRight<Step | undefined>((below, layer, index) => {
    const above = layers[index - 1];
    const plugin = layer.guard?.plugin;
    const isGuarded = layer.guard !== undefined;
    const isNear = isGuarded && above?.guard !== undefined && above.guard.plugin === plugin;
    return { layer, index, run: layer.run, plugin, isGuarded, isNear, below };
  }, undefined);
}

function pluginNamed(owner: string): string | undefined {
  return owner === "core" || owner === "application" ? undefined : owner;
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
  if (typeof layer.guard?.required !== "boolean")
    throw invalid(`Middleware ${layer.name}: required must be true or false, found ${typeof layer.guard?.required}.`);
  return layer;
}

/** On one line of the log, in the record of an attempt. */
const namePattern = /^\P{Cc}{1,100}$/u;

function checkedName(name: unknown, owner: string): string {
  if (typeof name === "string" && namePattern.test(name)) return name;
  throw invalid(`A middleware of ${owner}: the name must be a text of 1 to 100 characters, on one line.`);
}

function invalid(message: string): HookwrightError {
  return new HookwrightError("definition_invalid", message);
}

function nameOf(middleware: Middleware): string {
  return typeof middleware === "function" && middleware.name !== "" ? middleware.name : "middleware";
}
