import type { EmitCall } from "../emit/emit-call.js";
import { definitionOf } from "../event/event-class.js";
import type { EventDefinition } from "../event/event-definition.js";
import type { EventRegistry, RegisteredEvent } from "../event/event-registry.js";
import { type Disposer, disposeOnce } from "../foundation/disposer.js";
import { HookwrightError, messageOf } from "../foundation/hookwright-error.js";
import type { Handler, HandlerOptions } from "../handle/handler.js";
import type { Handlers } from "../handle/handlers.js";
import { pluginStates } from "../handle/organization-state.js";
import type { PluginStates } from "../handle/plugin-state.js";
import type { Hub } from "../observe/hub.js";
import { type Logger, withFacts } from "../observe/logger.js";
import type { OwnerScope } from "../observe/owner-scope.js";
import type { Pipeline } from "../pipeline/pipeline.js";
import type { Transforms } from "../pipeline/transforms.js";
import type { PluginStateStore } from "../store/plugin-state-store.js";
import { told } from "./boot-error.js";
import type { ExtensionPoints } from "./extension-points.js";
import type { Lifecycle } from "./lifecycle.js";
import type { AnyPluginManifest, EventSource, PluginContext } from "./plugin.js";
import type { PartList } from "./plugin-parts.js";
import type { PluginParts } from "./plugin-status.js";
import type { Services } from "./services.js";

/** What plugins can add to. */
export interface ContextPorts {
  readonly registry: EventRegistry;
  readonly pipeline: Pipeline;
  readonly transforms: Transforms;
  readonly hub: Hub;
  readonly handlers: Handlers;
  readonly state: PluginStateStore;
  readonly emit: Pick<EmitCall, "emit">;
  readonly logger: Logger;
  readonly extensions: ExtensionPoints;
  readonly services: Services;
  /** Every call of a plugin's own code goes through it. */
  readonly scope: OwnerScope;
}

/** Whose context it is. */
export interface ContextOwner {
  readonly manifest: AnyPluginManifest;
  readonly config: unknown;
  readonly signal: AbortSignal;
  /** Undoes what is added; once it has begun to, nothing can be added. */
  readonly owned: Lifecycle;
  /** What was added, for those who ask. */
  readonly parts: PartList;
  /** Whether it is started: until then its events cannot be emitted nor its services be used. */
  readonly isOpen: () => boolean;
  /** Told which service it uses, and whose. */
  readonly onUse: (service: string, provider: string) => void;
}

/** Everything that a plugin adds goes through here, so that it is known whose it is and can be undone. */
export function contextOf(owner: ContextOwner, ports: ContextPorts): PluginContext<unknown> {
  const { manifest, config, signal, owned, parts, isOpen, onUse } = owner;
  const { registry, pipeline, transforms, hub, handlers, logger, extensions, services } = ports;
  const { name } = manifest;
  const log = withFacts(logger, { plugin: name });
  const adding = <Kind extends keyof PluginParts>(kind: Kind, addition: Addition<Kind>): Disposer => {
    refuseStopped(manifest, owned);
    const undo = addition.add();
    const strikeOut = parts.add(kind, addition.part());
    return ownDisposer(owned, {
      name,
      undo: () => {
        strikeOut();
        undo();
      },
    });
  };
  const blame = (error: unknown): void =>
    log.error(`Plugin ${name}@${manifest.version} failed while it took back what it owns: ${messageOf(error)}`, {
      error,
    });
  return Object.freeze<PluginContext<unknown>>({
    plugin: name,
    config,
    signal,
    log,
    use: (phase, middleware, options) =>
      adding("middlewares", {
        add: () => pipeline.use(name, phase, middleware, options),
        part: () => ({ name: options?.name ?? middleware.name, phase }),
      }),
    transform: (transform) =>
      adding("transforms", { add: () => transforms.add(name, transform), part: () => transform.variant }),
    on: (notification, listener) =>
      adding("listeners", { add: () => hub.on(notification, listener, name), part: () => notification }),
    event: (event) => {
      const definition = definitionIn(event, manifest);
      return adding("events", {
        add: () => registry.register(definition, manifest, isOpen),
        part: () => definition.action,
      });
    },
    handle: (event: unknown, handler: Handler<never>, options: HandlerOptions = {}) => {
      refuseStopped(manifest, owned);
      const { action } = eventOf(event, registry).definition;
      // What is no function is refused with the other faults.
      const call: Handler<never> =
        typeof handler === "function"
          ? (given) => ports.scope.run(manifest, `handler of ${action}`, () => handler(given))
          : handler;
      return adding("handlers", {
        add: () => {
          const added = handlers.add({ plugin: name, action, handler: call, options, log });
          return () => handlers.remove(added);
        },
        part: () => action,
      });
    },
    state: statesOf(owner, ports.state),
    emit: async (...given: readonly unknown[]) => {
      refuseStopped(manifest, owned);
      return ports.emit.emit(given);
    },
    offer: (extension, receive) =>
      adding("offers", { add: () => extensions.offer(manifest, extension, receive), part: () => extension.id }),
    contribute: (extension, value) =>
      adding("contributes", { add: () => extensions.contribute(manifest, extension, value), part: () => extension.id }),
    provide: (service, value) =>
      adding("provides", {
        // From the first moment of the stop on, nobody else may begin to need it.
        add: () => services.provide(service, { owner: manifest, value, isOpen: () => isOpen() && !owned.isStopped }),
        part: () => service.id,
      }),
    service: (service) => {
      refuseStopped(manifest, owned);
      const { owner: provider, value } = services.use(manifest, service);
      onUse(service.id, provider.name);
      // The token ties what is provided to what is used.
      return value as never;
    },
    own: (undo) => {
      refuseStopped(manifest, owned);
      if (typeof undo !== "function") throw noFunction(manifest, undo);
      return ownDisposer(owned, { name, undo: () => ports.scope.run(manifest, "own", undo), onLate: blame });
    },
  });
}

/** The registered event behind an action, a definition or a class. @throws HookwrightError `action_unknown` or `definition_invalid`. */
function eventOf(event: unknown, registry: EventRegistry): RegisteredEvent {
  if (typeof event === "string") return registry.require(event);
  const definition = definitionOf(event);
  if (definition !== undefined) return registry.require(definition.action);
  throw new HookwrightError(
    "definition_invalid",
    "handle() takes an action, a definition made with defineEvent, or a class with @WebhookEvent.",
  );
}

/** A write that comes after the stop would come upon what another version of the plugin has made of its state. */
function statesOf({ manifest, owned }: ContextOwner, store: PluginStateStore): PluginStates {
  const states = pluginStates(manifest.name, {
    read: async (owner, keys) => {
      refuseStopped(manifest, owned);
      return store.read(owner, keys);
    },
    compareAndSet: async (owner, writes) => {
      refuseStopped(manifest, owned);
      return store.compareAndSet(owner, writes);
    },
  });
  return {
    of: (organization) => {
      refuseStopped(manifest, owned);
      return states.of(organization);
    },
  };
}

interface Addition<Kind extends keyof PluginParts> {
  readonly add: () => Disposer;
  /** Asked for once it was added, when it is known to be what it must be. */
  readonly part: () => PluginParts[Kind][number];
}

interface Undoing {
  readonly name: string;
  readonly undo: () => unknown;
  /** Told of a rejection when it is undone by hand. */
  readonly onLate?: (error: unknown) => void;
}

/** What the stop of the plugin would undo, and can be undone before. */
function ownDisposer(owned: Lifecycle, { name, undo, onLate = () => undefined }: Undoing): Disposer {
  const letGo = owned.own({ name, stop: undo });
  return disposeOnce(() => {
    letGo();
    // A disposer promises nothing; a rejection that nobody handles would end the process.
    Promise.resolve(undo()).catch(onLate);
  });
}

/** What came later would stay for ever. */
function refuseStopped({ name, version }: AnyPluginManifest, owned: Lifecycle): void {
  if (!owned.isStopped) return;
  throw new HookwrightError("lifecycle_invalid", `Plugin ${name}@${version} used its context after it was stopped.`);
}

function noFunction({ name, version }: AnyPluginManifest, found: unknown): HookwrightError {
  return new HookwrightError(
    "definition_invalid",
    `Plugin ${name}@${version}: ctx.own takes a function, found ${typeof found}.`,
  );
}

function definitionIn(event: EventSource, { name, version }: AnyPluginManifest): EventDefinition {
  const definition = definitionOf(event);
  if (definition !== undefined) return definition;
  throw new HookwrightError(
    "definition_invalid",
    `Plugin ${name}@${version} lists an event that is neither made with defineEvent nor decorated with @WebhookEvent.`,
    { details: { expected: "events made with defineEvent or decorated with @WebhookEvent", found: told(event) } },
  );
}
