import type { AnyEventClass } from "../event/event-class.js";
import type { EventDefinition } from "../event/event-definition.js";
import type { Infer, JsonSchema } from "../event/json-schema.js";
import type { Disposer } from "../foundation/disposer.js";
import type { Listener, NotificationName } from "../observe/hub.js";
import type { Logger } from "../observe/logger.js";
import type { Middleware, MiddlewareOptions, Phase } from "../pipeline/middleware.js";
import type { Transform } from "../pipeline/transforms.js";

/** An event as a plugin lists it: a definition, or a decorated class. */
export type EventSource = EventDefinition | AnyEventClass;

/** What a plugin's `setup` works with. Everything that is added here belongs to the plugin and is undone when it stops. */
export interface PluginContext<Config> {
  /** The plugin's name. */
  readonly plugin: string;
  /** Checked against the plugin's schema, defaults filled in. */
  readonly config: Config;
  /** Its lines carry the plugin's name. */
  readonly log: Logger;
  /** Adds a middleware to every attempt. */
  use(phase: Phase, middleware: Middleware, options?: MiddlewareOptions): Disposer;
  /** Adds a transform, applied before messages are stored. */
  transform(transform: Transform): Disposer;
  /** Listens to what happened; told after the fact, best effort. */
  on<Name extends NotificationName>(name: Name, listener: Listener<Name>): Disposer;
  /** Adds an event beside those that the manifest lists. */
  event(event: EventSource): Disposer;
  /** Hands over something of the plugin's own to undo when it stops; last in, first out. */
  own(undo: () => void | Promise<void>): void;
}

/** What an author says of a plugin. */
export interface PluginManifest<Events extends readonly EventSource[], ConfigSchema extends JsonSchema> {
  /** Lower-case letters, digits and `-`; may have a scope: `@acme/billing`. */
  readonly name: string;
  /** A version as in SemVer 2.0. */
  readonly version: string;
  /** The range of versions of this package that it works with; any unless given. */
  readonly hookwright?: string;
  readonly events?: Events;
  /** JSON Schema of the configuration; its `default`s are filled in. */
  readonly config?: ConfigSchema;
  /** Called once, when the host starts; a rejection stops the start. */
  setup?(context: PluginContext<Infer<ConfigSchema>>): void | Promise<void>;
  /** Called first when the plugin stops; what was added through the context is undone afterwards. */
  stop?(): void | Promise<void>;
}

/** A manifest whatever its types, as the host sees it. */
export interface AnyPluginManifest extends Omit<PluginManifest<readonly EventSource[], JsonSchema>, "setup" | "stop"> {
  /** As in {@link PluginManifest}. */
  setup?(context: PluginContext<never>): void | Promise<void>;
  /** As in {@link PluginManifest}. */
  stop?(): void | Promise<void>;
}

/** A plugin with its configuration: one entry of `plugins`. */
export interface ConfiguredPlugin {
  readonly manifest: AnyPluginManifest;
  readonly config: unknown;
}

/** What {@link definePlugin} makes: list it as it is, or call it with a configuration. */
export interface Plugin<Events extends readonly EventSource[] = readonly EventSource[], Config = unknown>
  extends ConfiguredPlugin {
  (config: Config): ConfiguredPlugin;
  readonly events: Events;
}

type ActionOf<Event> = Event extends { readonly action: infer Action extends string } ? Action : never;
type PayloadOf<Event> = Event extends { readonly example: infer Payload } ? Payload : never;

/**
 * The actions of a plugin's events with their payloads, to extend `WebhookEventMap` by. Decorated classes carry no action
 * in their type and are left out; they are emitted as instances.
 */
export type EventsOf<P extends { readonly events: readonly unknown[] }> = {
  readonly [Event in P["events"][number] as ActionOf<Event>]: PayloadOf<Event>;
};

/**
 * Defines a plugin. Checked when a host takes it, so that all faults of a start are told at once.
 *
 * @example
 * ```ts
 * import { defineEvent, definePlugin, type EventsOf } from "@hookwright/core";
 *
 * const invoicePaid = defineEvent({
 *   action: "INVOICE_PAID",
 *   summary: "An invoice was settled.",
 *   schema: { type: "object", required: ["invoice_id"], properties: { invoice_id: { type: "integer" } } },
 *   example: { invoice_id: 1 },
 * });
 *
 * const billing = definePlugin({
 *   name: "billing",
 *   version: "1.0.0",
 *   events: [invoicePaid],
 *   config: { type: "object", properties: { currency: { type: "string", default: "EUR" } }, required: ["currency"] },
 *   setup(ctx) {
 *     ctx.use("prepare", (request, next) => next(request.withHeader("x-currency", ctx.config.currency)));
 *   },
 * });
 * export default billing;
 *
 * declare module "@hookwright/core" {
 *   interface WebhookEventMap extends EventsOf<typeof billing> {}
 * }
 * ```
 */
export function definePlugin<
  const Events extends readonly EventSource[] = readonly [],
  const ConfigSchema extends JsonSchema = { readonly type: "object" },
>(manifest: PluginManifest<Events, ConfigSchema>): Plugin<Events, Infer<ConfigSchema>> {
  const events = manifest.events ?? ([] as unknown as Events);
  const configured = (config: unknown): ConfiguredPlugin => ({ manifest, config });
  return Object.assign(configured, { manifest, config: undefined, events });
}
