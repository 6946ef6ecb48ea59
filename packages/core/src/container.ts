import "reflect-metadata";
import { type DependencyContainer, container as globalContainer, instanceCachingFactory } from "tsyringe";
import type { AttemptPorts } from "./deliver/deliver-once.js";
import { DeliveryWorker } from "./deliver/delivery-worker.js";
import { Retention } from "./deliver/retention.js";
import { TargetCache } from "./deliver/target-cache.js";
import { parseRetrySchedule } from "./delivery/retry-schedule.js";
import { EmitCall } from "./emit/emit-call.js";
import { EmitEvent } from "./emit/emit-event.js";
import { EventOutlet } from "./emit/event-outlet.js";
import type { PreparePorts } from "./emit/prepared-event.js";
import { Subscriptions } from "./emit/subscriptions.js";
import { builtinEvents } from "./event/builtin/builtin-events.js";
import { definitionOf } from "./event/event-class.js";
import { coreOwner, EventRegistry } from "./event/event-registry.js";
import type { Brand } from "./foundation/brand.js";
import { type Clock, systemClock } from "./foundation/clock.js";
import { HookwrightError } from "./foundation/hookwright-error.js";
import { IdSource } from "./foundation/ids.js";
import { version } from "./foundation/version.js";
import { Handlers } from "./handle/handlers.js";
import { guardedLogger } from "./observe/guarded-logger.js";
import { Hub } from "./observe/hub.js";
import { type Logger, silentLogger } from "./observe/logger.js";
import { LoopMonitor } from "./observe/loop-monitor.js";
import { blamingScope, type OwnerScope } from "./observe/owner-scope.js";
import { StrayErrors } from "./observe/stray-errors.js";
import { type Block, Watchdog } from "./observe/watchdog.js";
import type { MiddlewareFault } from "./pipeline/attempt-run.js";
import { deadlineLayer } from "./pipeline/deadline-layer.js";
import { headersLayer } from "./pipeline/headers-layer.js";
import { loggingLayer } from "./pipeline/logging-layer.js";
import { payloadStrippingLayer } from "./pipeline/payload-stripping-layer.js";
import { Pipeline } from "./pipeline/pipeline.js";
import { Transforms } from "./pipeline/transforms.js";
import { ExtensionPoints } from "./plugin/extension-points.js";
import type { ConfiguredPlugin } from "./plugin/plugin.js";
import { PluginHost } from "./plugin/plugin-host.js";
import { Services } from "./plugin/services.js";
import type { Store } from "./store/store.js";
import { ManageWebhooks } from "./subscribe/manage-webhooks.js";
import { parseAllowTargets } from "./transport/allow-rules.js";
import { TargetGuard } from "./transport/target-guard.js";
import type { Transport } from "./transport/transport.js";
import { createUndiciTransport } from "./transport/undici-transport.js";

/** What can be set; each has the default that its line names. */
export interface Settings {
  /** Milliseconds of one attempt, from connect to the end of the answer that is read; 1,000. */
  readonly timeout: number;
  /** `standard`, a list such as `5s,1m,10m`, or empty for no retries; empty. */
  readonly retrySchedule: string;
  /** Failed attempts in a row that deactivate a webhook; 0 = never; 50. */
  readonly maxConsecutiveFailures: number;
  /** Elements of a bulk event in one message; 0 = never split; 0. */
  readonly batchSize: number;
  /** Milliseconds for which finished deliveries, attempts and messages are kept; 30 days. */
  readonly retention: number;
  /** Whether organization webhooks may be made and organization-only events are sent; false. */
  readonly organizationWebhooks: boolean;
  /** What deliveries may reach beside public addresses: CIDR blocks, host names, `*.suffix`, `loopback`, `private`; nothing. */
  readonly allowTargets: string;
  /** Deliveries in memory at once; 512. */
  readonly window: number;
  /** Milliseconds for a plugin's setup, and for each thing that is undone when it stops; 10,000. */
  readonly pluginTimeout: number;
  /**
   * `continue`: a plugin that fails in its setup takes along only those that require it, unless it is essential. `refuse`:
   * then nothing starts. `continue`.
   */
  readonly onPluginFailure: "continue" | "refuse";
}

/** What an embedding application hands in. */
export interface Composition {
  readonly store: Store;
  readonly plugins?: readonly ConfiguredPlugin[];
  readonly settings?: Partial<Settings>;
  readonly logger?: Logger;
  readonly clock?: Clock;
  readonly transport?: Transport;
  /** In [0, 1); spreads retries. */
  readonly random?: () => number;
  /** Fills the random part of ids; a test that wants the same ids each time hands in its own. */
  readonly randomBytes?: (bytes: Uint8Array) => void;
}

const defaultSettings: Settings = {
  timeout: 1_000,
  retrySchedule: "",
  maxConsecutiveFailures: 50,
  batchSize: 0,
  retention: 30 * 86_400_000,
  organizationWebhooks: false,
  allowTargets: "",
  window: 512,
  pluginTimeout: 10_000,
  onPluginFailure: "continue",
};

/** A middleware's own time in one attempt, in milliseconds. */
const middlewareLimit = 5_000;

/** A lease outlasts the exchange and every middleware by far: what it ends is a process that hangs. */
const leaseMargin = 60_000;

/** A key of the container; registered symbols, so that two copies of this package agree. */
type Token<Value> = symbol & Brand<symbol, "token"> & { readonly value?: Value };

function token<Value>(name: string): Token<Value> {
  return Symbol.for(`@hookwright/core/${name}`) as Token<Value>;
}

/** Everything that has one instance in a host. */
export const tokens = {
  store: token<Store>("store"),
  settings: token<Settings>("settings"),
  logger: token<Logger>("logger"),
  clock: token<Clock>("clock"),
  ids: token<IdSource>("ids"),
  hub: token<Hub>("hub"),
  registry: token<EventRegistry>("registry"),
  guard: token<TargetGuard>("guard"),
  transport: token<Transport>("transport"),
  transforms: token<Transforms>("transforms"),
  pipeline: token<Pipeline>("pipeline"),
  attemptPorts: token<AttemptPorts>("attempt-ports"),
  subscriptions: token<Subscriptions>("subscriptions"),
  handlers: token<Handlers>("handlers"),
  worker: token<DeliveryWorker>("worker"),
  emit: token<EmitEvent>("emit"),
  manage: token<ManageWebhooks>("manage"),
  retention: token<Retention>("retention"),
  extensions: token<ExtensionPoints>("extensions"),
  services: token<Services>("services"),
  ownerScope: token<OwnerScope>("owner-scope"),
  watchdog: token<Watchdog>("watchdog"),
  loopMonitor: token<LoopMonitor>("loop-monitor"),
  strayErrors: token<StrayErrors>("stray-errors"),
  emitCall: token<EmitCall>("emitCall"),
  plugins: token<PluginHost>("plugins"),
} as const;

/** Looks up the one instance behind a token. */
export type Resolve = <Value>(of: Token<Value>) => Value;

/**
 * The composition root: the one place that knows which class stands behind which token. tsyringe builds the objects, each once and when first asked for;
 * their start and stop are not its business. Everything is registered in a container of this host's own, never in the global one.
 */
export function compose(composition: Composition): Resolve {
  const own = globalContainer.createChildContainer();
  const resolve: Resolve = (of) => own.resolve(of);
  registerValues(own, composition);
  registerParts(own, resolve, composition);
  return resolve;
}

/** The lowest value of each setting that is a number; what counts something must be whole. */
const lowestSettings = {
  timeout: 1,
  maxConsecutiveFailures: 0,
  batchSize: 0,
  retention: 1,
  window: 1,
  pluginTimeout: 1,
} as const;
const amounts: ReadonlySet<string> = new Set(["timeout", "retention", "pluginTimeout"]);

/** @throws HookwrightError `configuration_invalid`: a window of 0 would deliver nothing, without a word. */
function completeSettings(given: Partial<Settings> = {}): Settings {
  // What is undefined was not set, whatever the types of the caller allow.
  const said = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const settings: Settings = { ...defaultSettings, ...said };
  for (const [name, lowest] of Object.entries(lowestSettings)) {
    const value: unknown = Reflect.get(settings, name);
    const isFit = amounts.has(name) ? Number.isFinite(value) : Number.isSafeInteger(value);
    if (isFit && Number(value) >= lowest) continue;
    throw new HookwrightError(
      "configuration_invalid",
      `The setting ${name} must be ${amounts.has(name) ? "a number" : "a whole number"} from ${lowest}, found ${String(value)}.`,
    );
  }
  const { onPluginFailure } = settings;
  if (onPluginFailure === "continue" || onPluginFailure === "refuse") return settings;
  throw new HookwrightError(
    "configuration_invalid",
    `The setting onPluginFailure must be continue or refuse, found ${JSON.stringify(onPluginFailure)}.`,
  );
}

function registerValues(own: DependencyContainer, composition: Composition): void {
  const value = <Value>(of: Token<Value>, useValue: Value): void => void own.register<Value>(of, { useValue });
  value(tokens.store, composition.store);
  value(tokens.settings, completeSettings(composition.settings));
  value(tokens.logger, composition.logger === undefined ? silentLogger : guardedLogger(composition.logger));
  value(tokens.clock, composition.clock ?? systemClock);
}

function registerParts(own: DependencyContainer, get: Resolve, composition: Composition): void {
  // The factory ignores the container it is given: tsyringe hands a parent's factory the child's.
  const part = <Value>(of: Token<Value>, make: () => Value): void => {
    own.register<Value>(of, { useFactory: instanceCachingFactory(() => make()) });
  };
  const settings = get(tokens.settings);
  const store = get(tokens.store);
  const clock = get(tokens.clock);
  const logger = get(tokens.logger);
  const leaseTime = settings.timeout + leaseMargin;
  const schedule = parseRetrySchedule(settings.retrySchedule, "WEBHOOK_RETRY_SCHEDULE");

  part(tokens.ids, () => new IdSource(clock, composition.randomBytes));
  part(tokens.watchdog, () => new Watchdog((block) => tellBlock(block, { logger, hub: get(tokens.hub) })));
  part(tokens.loopMonitor, () => new LoopMonitor(get(tokens.watchdog)));
  part(tokens.hub, () => new Hub(get(tokens.ownerScope)));
  part(tokens.strayErrors, () => new StrayErrors({ hub: get(tokens.hub), logger }));
  part(tokens.registry, registryOfBuiltins);
  part(tokens.guard, () => new TargetGuard(parseAllowTargets(settings.allowTargets)));
  part(tokens.transport, () => composition.transport ?? createUndiciTransport({ guard: get(tokens.guard) }));
  part(tokens.transforms, () => new Transforms(get(tokens.ownerScope)));
  part(tokens.pipeline, () => {
    const hub = get(tokens.hub);
    return new Pipeline({
      clock,
      middlewareLimit,
      builtin: [
        loggingLayer(logger),
        payloadStrippingLayer,
        headersLayer(`Hookwright/${version}`),
        deadlineLayer(settings.timeout),
      ],
      transport: get(tokens.transport),
      onFault: (fault) => tellFault(fault, { logger, hub }),
      watchdog: get(tokens.watchdog),
    });
  });
  part(tokens.attemptPorts, () => ({
    pipeline: get(tokens.pipeline),
    clock,
    random: composition.random ?? Math.random,
    disableAfter: settings.maxConsecutiveFailures,
  }));
  part(tokens.subscriptions, () => new Subscriptions(store.webhooks));
  part(tokens.handlers, () => new Handlers({ store: store.state, clock, logger }));
  const preparePorts = (): PreparePorts => ({
    subscriptions: get(tokens.subscriptions),
    handlers: get(tokens.handlers),
    transforms: get(tokens.transforms),
    ids: get(tokens.ids),
    clock,
  });
  part(tokens.worker, () => {
    const [hub, handlers, registry] = [get(tokens.hub), get(tokens.handlers), get(tokens.registry)];
    const ports = {
      ...get(tokens.attemptPorts),
      queue: store.queue,
      targets: new TargetCache(store.webhooks, schedule),
      handlers,
      state: store.state,
      outlet: new EventOutlet({ ...preparePorts(), registry, hub }, settings),
      hub,
      logger,
    };
    return new DeliveryWorker(ports, { window: settings.window, leaseTime });
  });
  part(tokens.emit, () => {
    const ports = {
      ...preparePorts(),
      handlers: get(tokens.handlers),
      messages: store.messages,
      sink: get(tokens.worker),
      hub: get(tokens.hub),
    };
    return new EmitEvent(ports, { ...settings, leaseTime });
  });
  part(tokens.manage, () => {
    const ports = {
      webhooks: store.webhooks,
      registry: get(tokens.registry),
      clock,
      checkLiteral: (url: string) => get(tokens.guard).checkUrlLiteral(url),
      changed: (organization: Parameters<Subscriptions["refresh"]>[0]) =>
        get(tokens.subscriptions).refresh(organization),
      wake: () => get(tokens.worker).wake(),
    };
    return new ManageWebhooks(ports, settings);
  });
  part(tokens.retention, () => new Retention({ attempts: store.attempts, clock, logger }, settings.retention));
  part(tokens.ownerScope, () => blamingScope(get(tokens.watchdog)));
  part(tokens.emitCall, () => new EmitCall(get(tokens.registry), get(tokens.emit)));
  part(tokens.services, () => new Services());
  part(tokens.extensions, () => new ExtensionPoints({ scope: get(tokens.ownerScope), logger }));
  part(tokens.plugins, () => {
    const ports = {
      registry: get(tokens.registry),
      pipeline: get(tokens.pipeline),
      transforms: get(tokens.transforms),
      hub: get(tokens.hub),
      handlers: get(tokens.handlers),
      state: store.state,
      emit: get(tokens.emitCall),
      logger,
      extensions: get(tokens.extensions),
      services: get(tokens.services),
      scope: get(tokens.ownerScope),
      deadline: { clock, milliseconds: settings.pluginTimeout },
      onPluginFailure: settings.onPluginFailure,
    };
    return new PluginHost(ports, composition.plugins ?? []);
  });
}

interface Tellers {
  readonly logger: Logger;
  readonly hub: Hub;
}

function tellFault({ layer, request, error, effect }: MiddlewareFault, { logger, hub }: Tellers): void {
  const { name: middleware, owner: plugin } = layer;
  const { id: delivery, webhook } = request.delivery.lease;
  // One that stops the attempt is told by the attempt's own line.
  if (effect !== "stopped") {
    const consequence = effect === "ignored" ? "the outcome stands" : "the delivery goes on without it";
    const fields = { middleware, plugin, delivery, webhook, code: "middleware_failed", error };
    logger.error(`Middleware ${middleware} failed, and ${consequence}`, fields);
  }
  hub.notify("middleware.failed", { middleware, delivery, effect, error });
}

function tellBlock({ owner: plugin, callback, milliseconds, times }: Block, { logger, hub }: Tellers): void {
  const facts = { plugin, callback, milliseconds, times };
  logger.warn(`${plugin}: ${callback} held up the event loop for ${milliseconds} ms`, facts);
  hub.notify("plugin.blocked", facts);
}

function registryOfBuiltins(): EventRegistry {
  const registry = new EventRegistry();
  for (const event of Object.values(builtinEvents)) {
    const definition = definitionOf(event);
    if (definition === undefined) throw new TypeError(`${event.name} is not decorated`);
    registry.register(definition, coreOwner);
  }
  return registry;
}
