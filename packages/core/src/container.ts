import "reflect-metadata";
import { type DependencyContainer, container as globalContainer, instanceCachingFactory } from "tsyringe";
import { type Composition, type SecretKeySource, type Settings, secretKeysOf, settingsOf } from "./composition.js";
import type { AttemptPorts } from "./deliver/deliver-once.js";
import type { NoteDesk } from "./deliver/delivery-fact.js";
import { DeliveryWorker } from "./deliver/delivery-worker.js";
import { Retention } from "./deliver/retention.js";
import { StoreProbe } from "./deliver/store-probe.js";
import { TargetCache } from "./deliver/target-cache.js";
import { parseRetrySchedule } from "./delivery/retry-schedule.js";
import { EmitCall } from "./emit/emit-call.js";
import { EmitEvent } from "./emit/emit-event.js";
import { EventOutlet } from "./emit/event-outlet.js";
import { MessageDrafter } from "./emit/message-drafter.js";
import { NoteTeller } from "./emit/note-teller.js";
import type { PreparePorts } from "./emit/prepared-event.js";
import { Subscriptions } from "./emit/subscriptions.js";
import { builtinEvents } from "./event/builtin/builtin-events.js";
import { operationalEvents } from "./event/builtin/operational-events.js";
import { definitionOf } from "./event/event-class.js";
import { coreOwner, EventRegistry } from "./event/event-registry.js";
import type { Brand } from "./foundation/brand.js";
import { CallLimits } from "./foundation/call-limits.js";
import { type Clock, systemClock } from "./foundation/clock.js";
import { IdSource } from "./foundation/ids.js";
import { version } from "./foundation/version.js";
import { Handlers } from "./handle/handlers.js";
import { guardedLogger } from "./observe/guarded-logger.js";
import { Hub } from "./observe/hub.js";
import { type Logger, silentLogger } from "./observe/logger.js";
import { LoopMonitor } from "./observe/loop-monitor.js";
import { blamingScope, type OwnerScope } from "./observe/owner-scope.js";
import { StoreHealth } from "./observe/store-health.js";
import { StrayErrors } from "./observe/stray-errors.js";
import { type Block, Watchdog } from "./observe/watchdog.js";
import type { MiddlewareFault } from "./pipeline/attempt-run.js";
import { deadlineLayer } from "./pipeline/deadline-layer.js";
import { headersLayer } from "./pipeline/headers-layer.js";
import { loggingLayer } from "./pipeline/logging-layer.js";
import { maskedError } from "./pipeline/masked-error.js";
import { payloadStrippingLayer } from "./pipeline/payload-stripping-layer.js";
import { Pipeline } from "./pipeline/pipeline.js";
import { secretsLayer } from "./pipeline/secrets-layer.js";
import { Transforms } from "./pipeline/transforms.js";
import { ExtensionPoints } from "./plugin/extension-points.js";
import { PluginHost } from "./plugin/plugin-host.js";
import { secretScheme } from "./plugin/secret-scheme-token.js";
import { Services } from "./plugin/services.js";
import { startedHeader, startedScheme } from "./plugin/started-scheme.js";
import { ReplayPlan, type ReplayPlanPorts } from "./replay/replay-plan.js";
import { ReplayRunner } from "./replay/replay-runner.js";
import { Replays } from "./replay/replays.js";
import { SealedWebhooks } from "./secret/sealed-webhooks.js";
import type { Store } from "./store/store.js";
import { consentAsker } from "./subscribe/ask-consent.js";
import { ManageSecrets } from "./subscribe/manage-secrets.js";
import { ManageWebhooks } from "./subscribe/manage-webhooks.js";
import { parseAllowTargets } from "./transport/allow-rules.js";
import { readNetwork } from "./transport/network-settings.js";
import { TargetGuard } from "./transport/target-guard.js";
import type { Transport } from "./transport/transport.js";
import { createUndiciTransport } from "./transport/undici-transport.js";
import type { Webhook } from "./webhook/webhook.js";

const userAgent = `Hookwright/${version}`;

/** A middleware's own time in one attempt, in milliseconds. */
const middlewareLimit = 5_000;

/** Test deliveries and handshakes under way: somebody waits for each, and a receiver decides how long. */
const directCalls = { overall: 32, perOrganization: 4 } as const;

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
  secrets: token<ManageSecrets>("secrets"),
  sealedWebhooks: token<SealedWebhooks>("sealed-webhooks"),
  secretKeys: token<SecretKeySource>("secret-keys"),
  callLimits: token<CallLimits>("call-limits"),
  retention: token<Retention>("retention"),
  noteTeller: token<NoteTeller>("note-teller"),
  replays: token<Replays>("replays"),
  replayRunner: token<ReplayRunner>("replay-runner"),
  extensions: token<ExtensionPoints>("extensions"),
  services: token<Services>("services"),
  ownerScope: token<OwnerScope>("owner-scope"),
  watchdog: token<Watchdog>("watchdog"),
  loopMonitor: token<LoopMonitor>("loop-monitor"),
  strayErrors: token<StrayErrors>("stray-errors"),
  health: token<StoreHealth>("store-health"),
  probe: token<StoreProbe>("store-probe"),
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

function registerValues(own: DependencyContainer, composition: Composition): void {
  const value = <Value>(of: Token<Value>, useValue: Value): void => void own.register<Value>(of, { useValue });
  value(tokens.store, composition.store);
  value(tokens.settings, settingsOf(composition));
  value(tokens.logger, composition.logger === undefined ? silentLogger : guardedLogger(composition.logger));
  value(tokens.clock, composition.clock ?? systemClock);
  value(tokens.sealedWebhooks, new SealedWebhooks(composition.store.webhooks));
  value(tokens.secretKeys, secretKeysOf(composition));
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
  const network = readNetwork(settings);

  part(tokens.ids, () => new IdSource(clock, composition.randomBytes));
  part(tokens.watchdog, () => new Watchdog((block) => tellBlock(block, { logger, hub: get(tokens.hub) })));
  part(tokens.loopMonitor, () => new LoopMonitor(get(tokens.watchdog)));
  part(tokens.hub, () => new Hub(get(tokens.ownerScope)));
  part(tokens.health, () => new StoreHealth({ clock, logger, hub: get(tokens.hub) }));
  part(tokens.probe, () => new StoreProbe({ state: store.state, health: get(tokens.health), clock }));
  part(tokens.strayErrors, () => new StrayErrors({ hub: get(tokens.hub), logger }));
  part(tokens.registry, registryOfBuiltins);
  part(tokens.guard, () => new TargetGuard(parseAllowTargets(settings.allowTargets)));
  part(
    tokens.transport,
    () => composition.transport ?? createUndiciTransport({ guard: get(tokens.guard), ...network }),
  );
  part(tokens.transforms, () => new Transforms(get(tokens.ownerScope)));
  part(tokens.pipeline, () => {
    const [hub, services] = [get(tokens.hub), get(tokens.services)];
    return new Pipeline({
      clock,
      middlewareLimit,
      builtin: [
        loggingLayer(logger),
        secretsLayer(() => services.find(secretScheme) !== undefined),
        payloadStrippingLayer,
        headersLayer({ userAgent, origin: settings.origin }),
        deadlineLayer(settings.timeout),
      ],
      transport: get(tokens.transport),
      signatureHeader: () => startedHeader(services),
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
      targets: new TargetCache(get(tokens.sealedWebhooks), clock, schedule),
      handlers,
      state: store.state,
      outlet: new EventOutlet({ ...preparePorts(), registry, hub }, settings),
      notes: noteDesk(get),
      hub,
      health: get(tokens.health),
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
      health: get(tokens.health),
    };
    return new EmitEvent(ports, { ...settings, leaseTime });
  });
  part(tokens.callLimits, () => new CallLimits(directCalls));
  part(tokens.manage, () => {
    const ports = {
      webhooks: get(tokens.sealedWebhooks),
      registry: get(tokens.registry),
      clock,
      checkLiteral: (url: string) => get(tokens.guard).checkUrlLiteral(url),
      askConsent: consentAsker({
        transport: get(tokens.transport),
        ...settings,
        userAgent,
        limits: get(tokens.callLimits),
      }),
      changed: (organization: Parameters<Subscriptions["refresh"]>[0]) =>
        get(tokens.subscriptions).refresh(organization),
      wake: () => get(tokens.worker).wake(),
    };
    return new ManageWebhooks(ports, settings);
  });
  part(tokens.secrets, () => {
    const ports = {
      webhooks: get(tokens.sealedWebhooks),
      clock,
      scheme: () => startedScheme(get(tokens.services), get(tokens.ownerScope)),
      changed: (organization: Parameters<Subscriptions["refresh"]>[0]) =>
        get(tokens.subscriptions).refresh(organization),
    };
    return new ManageSecrets(ports);
  });
  const planFor = (webhook: Webhook): ReplayPlan => {
    const [ids, transforms] = [get(tokens.ids), get(tokens.transforms)];
    const planPorts: ReplayPlanPorts = {
      registry: get(tokens.registry),
      messages: store.messages,
      draft: (message, match) => new MessageDrafter(message, { ids, transforms }).draft([match], []),
      readsPayload: ({ sendPayload }) => sendPayload && !transforms.isEmpty,
    };
    return new ReplayPlan(webhook, planPorts, settings.organizationWebhooks);
  };
  part(tokens.replays, () => {
    const started = (): void => get(tokens.replayRunner).wake();
    return new Replays({ jobs: store.jobs, planFor, ids: get(tokens.ids), clock, started });
  });
  part(tokens.replayRunner, () => {
    // Of what transforms make, a page is in memory at once.
    const pageSize = (): number => (get(tokens.transforms).isEmpty ? 250 : 16);
    const wake = (): void => get(tokens.worker).wake();
    return new ReplayRunner({ jobs: store.jobs, webhooks: store.webhooks, planFor, pageSize, wake, clock, logger });
  });
  part(
    tokens.noteTeller,
    () =>
      new NoteTeller({
        notes: store.notes,
        webhooks: store.webhooks,
        registry: get(tokens.registry),
        emit: get(tokens.emit),
        clock,
        logger,
      }),
  );
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

/** Looked up when it is asked: who tells notes needs who emits, and that needs the worker that asks. */
function noteDesk(get: Resolve): NoteDesk {
  const [handlers, subscriptions] = [get(tokens.handlers), get(tokens.subscriptions)];
  return {
    wants: (action, { organization, project }) =>
      handlers.of(action).length > 0 ||
      subscriptions.mayWant({ organization, project, names: [action], organizationOnly: false }),
    written: () => get(tokens.noteTeller).wake(),
  };
}

interface Tellers {
  readonly logger: Logger;
  readonly hub: Hub;
}

function tellFault({ layer, request, error: thrown, effect }: MiddlewareFault, { logger, hub }: Tellers): void {
  const { name: middleware, owner: plugin } = layer;
  const { lease, target } = request.delivery;
  const { id: delivery, webhook } = lease;
  const error = maskedError(thrown, target);
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
  for (const event of Object.values({ ...builtinEvents, ...operationalEvents })) {
    const definition = definitionOf(event);
    if (definition === undefined) throw new TypeError(`${event.name} is not decorated`);
    registry.register(definition, coreOwner);
  }
  return registry;
}
