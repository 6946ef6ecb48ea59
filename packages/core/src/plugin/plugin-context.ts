import { definitionOf } from "../event/event-class.js";
import type { EventDefinition } from "../event/event-definition.js";
import type { EventRegistry } from "../event/event-registry.js";
import type { Disposer } from "../foundation/disposer.js";
import { HookwrightError } from "../foundation/hookwright-error.js";
import type { Hub } from "../observe/hub.js";
import type { LogFields, Logger } from "../observe/logger.js";
import type { Pipeline } from "../pipeline/pipeline.js";
import type { Transforms } from "../pipeline/transforms.js";
import type { Lifecycle } from "./lifecycle.js";
import type { AnyPluginManifest, EventSource, PluginContext } from "./plugin.js";

/** What plugins can add to. */
export interface ContextPorts {
  readonly registry: EventRegistry;
  readonly pipeline: Pipeline;
  readonly transforms: Transforms;
  readonly hub: Hub;
  readonly logger: Logger;
}

/** Whose context it is. */
export interface ContextOwner {
  readonly manifest: AnyPluginManifest;
  readonly config: unknown;
  /** Undoes what is added; once it has begun to, nothing can be added. */
  readonly owned: Lifecycle;
}

/** Everything that a plugin adds goes through here, so that it is known whose it is and can be undone. */
export function contextOf({ manifest, config, owned }: ContextOwner, ports: ContextPorts): PluginContext<unknown> {
  const { registry, pipeline, transforms, hub, logger } = ports;
  const { name } = manifest;
  const adding = (add: () => Disposer): Disposer => {
    refuseStopped(manifest, owned);
    const undo = add();
    const letGo = owned.own({ name, stop: undo });
    return () => {
      letGo();
      undo();
    };
  };
  return {
    plugin: name,
    config,
    log: loggerOf(logger, name),
    use: (phase, middleware, options) => adding(() => pipeline.use(name, phase, middleware, options)),
    transform: (transform) => adding(() => transforms.add(name, transform)),
    on: (notification, listener) => adding(() => hub.on(notification, listener, name)),
    event: (event) => adding(() => registry.register(definitionIn(event, manifest), manifest)),
    own: (undo) => {
      refuseStopped(manifest, owned);
      owned.own({ name, stop: undo });
    },
  };
}

/** What came later would stay for ever. */
function refuseStopped({ name, version }: AnyPluginManifest, owned: Lifecycle): void {
  if (!owned.isStopped) return;
  throw new HookwrightError("lifecycle_invalid", `Plugin ${name}@${version} used its context after it was stopped.`);
}

function definitionIn(event: EventSource, { name, version }: AnyPluginManifest): EventDefinition {
  const definition = definitionOf(event);
  if (definition !== undefined) return definition;
  throw new HookwrightError(
    "definition_invalid",
    `Plugin ${name}@${version} lists an event that is neither made with defineEvent nor decorated with @WebhookEvent.`,
  );
}

function loggerOf(logger: Logger, plugin: string): Logger {
  const named = (fields: LogFields | undefined): LogFields => ({ ...fields, plugin });
  return {
    isEnabled: (level) => logger.isEnabled(level),
    debug: (message, fields) => logger.debug(message, named(fields)),
    info: (message, fields) => logger.info(message, named(fields)),
    warn: (message, fields) => logger.warn(message, named(fields)),
    error: (message, fields) => logger.error(message, named(fields)),
  };
}
