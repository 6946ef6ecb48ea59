import type { Emit } from "../emit/emit-call.js";
import type { AnyEventClass, EventClass } from "../event/event-class.js";
import type { EventDefinition, EventOwner } from "../event/event-definition.js";
import type { Infer, JsonSchema } from "../event/json-schema.js";
import type { KnownAction, WebhookEventMap } from "../event/webhook-event-map.js";
import type { Disposer } from "../foundation/disposer.js";
import type { Handler, HandlerOptions } from "../handle/handler.js";
import type { PluginStates } from "../handle/plugin-state.js";
import type { Listener, NotificationName } from "../observe/hub.js";
import type { Logger } from "../observe/logger.js";
import type { Middleware, MiddlewareOptions, Phase } from "../pipeline/middleware.js";
import type { Transform } from "../pipeline/transforms.js";
import type { Extension, Service } from "./token.js";

/** An event as a plugin lists it: a definition, or a decorated class. */
export type EventSource = EventDefinition | AnyEventClass;

/**
 * Takes over one contribution to an extension, and says how it is taken back. What it throws refuses the contribution:
 * the contributor is told.
 */
export type Receiver<Contribution> = (contribution: Contribution, from: EventOwner) => (() => unknown) | undefined;

/**
 * What a plugin's `setup` works with, and may keep for later. Everything that is added here belongs to the plugin and is
 * undone when it stops, the last one first; each disposer undoes its own before. Once the stop has begun every call
 * throws `lifecycle_invalid`.
 */
export interface PluginContext<Config> {
  /** The plugin's name. */
  readonly plugin: string;
  /** Checked against the plugin's schema, defaults filled in; frozen. Without a schema, as it was given. */
  readonly config: Config;
  /** Aborts when the plugin stops, before its `stop` is called, and when its `setup` fails or takes too long. */
  readonly signal: AbortSignal;
  /** Its lines carry the plugin's name. */
  readonly log: Logger;
  /** Adds a middleware to every attempt. */
  use(phase: Phase, middleware: Middleware, options?: MiddlewareOptions): Disposer;
  /** Adds a transform, applied before messages are stored. */
  transform(transform: Transform): Disposer;
  /** Listens to what happened; told after the fact, best effort. */
  on<Name extends NotificationName>(name: Name, listener: Listener<Name>): Disposer;
  /** Adds an event beside those that the manifest lists. All of them can be emitted from the end of `setup` to the stop. */
  event(event: EventSource): Disposer;
  /**
   * Adds a durable handler: it is called once for each event of this kind that is accepted from now on, in any organization, through the same
   * queue as webhooks, and again later when it fails. What it writes to its state, what it emits and its verdict are stored
   * together: that happens exactly once for each event, whoever dies when. What it does elsewhere may happen again.
   *
   * Only events that are emitted while the plugin is started: what is emitted while it is unloaded, waiting or failed never
   * reaches the handler. What was stored for it before waits until it is back.
   *
   * @throws HookwrightError `action_unknown` with the nearest name, or `definition_invalid` when an option is not what it must be or
   * the name is taken.
   */
  handle<Action extends KnownAction>(
    action: Action,
    handler: Handler<WebhookEventMap[Action]>,
    options?: HandlerOptions,
  ): Disposer;
  /** The same, by the event's definition. */
  handle<Payload>(
    event: EventDefinition<string, Payload>,
    handler: Handler<Payload>,
    options?: HandlerOptions,
  ): Disposer;
  /** The same, by the event's class. */
  handle<Payload>(event: EventClass<Payload>, handler: Handler<Payload>, options?: HandlerOptions): Disposer;
  /** What the plugin remembers, apart for each organization; a handler uses the `state` that it is called with. */
  readonly state: PluginStates;
  /**
   * Emits an event from outside a handler: in a timer, a route, a listener. Resolves when it is on disk. What a handler emits
   * with its own `emit` is stored exactly once; what it emits with this one, once for each of its calls. The plugin's own events
   * are refused with `action_unknown` while `setup` is under way.
   */
  readonly emit: Emit;
  /**
   * Lets others add to this plugin. `receive` is called for each contribution, whether it came before or comes later.
   *
   * @throws HookwrightError `token_taken` when another plugin offers the extension already.
   */
  offer<Contribution>(extension: Extension<Contribution>, receive: Receiver<Contribution>): Disposer;
  /**
   * Adds to what another plugin offers; waits when nobody offers it yet.
   *
   * @throws HookwrightError `contribution_refused` when the plugin that offers it does not take it.
   */
  contribute<Contribution>(extension: Extension<Contribution>, contribution: NoInfer<Contribution>): Disposer;
  /**
   * Does something for other plugins.
   *
   * @throws HookwrightError `token_taken` when another plugin provides the service already.
   */
  provide<Value>(service: Service<Value>, value: NoInfer<Value>): Disposer;
  /**
   * What another plugin provides. That plugin cannot be unloaded any more without this one: list it in `requires`, and it
   * is started before.
   *
   * @throws HookwrightError `service_missing` when no started plugin provides it at this moment.
   */
  service<Value>(service: Service<Value>): Value;
  /** Hands over something of the plugin's own to undo when it stops. The disposer undoes it at once. */
  own(undo: () => void | Promise<void>): Disposer;
}

/** What an author says of a plugin. */
export interface PluginManifest<Events extends readonly EventSource[], ConfigSchema extends JsonSchema> {
  /** Lower-case letters, digits and `-`; may have a scope: `@acme/billing`. */
  readonly name: string;
  /** A version as in SemVer 2.0. */
  readonly version: string;
  /** The range of versions of this package that it works with; any unless given. */
  readonly hookwright?: string;
  /** Plugins that are started before this one, by name with the range of their versions; it waits while one of them is missing. */
  readonly requires?: Readonly<Record<string, string>>;
  /** As `requires`, for plugins that need not be there. */
  readonly optional?: Readonly<Record<string, string>>;
  /**
   * Whether a host may not start without it, nor unload it unless that is asked for by name: `true` for a plugin that signs, or
   * removes what must not leave. False unless given.
   */
  readonly essential?: boolean;
  readonly events?: Events;
  /** JSON Schema of the configuration; its `default`s are filled in. */
  readonly config?: ConfigSchema;
  /** Called when the plugin starts. When it fails or takes too long, what it has added is undone, and the plugin has failed. */
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

/**
 * The actions of a plugin's events with their payloads, to extend `WebhookEventMap` by. Decorated classes carry no action
 * in their type and are left out; they are emitted as instances.
 */
export type EventsOf<P extends { readonly events: readonly EventSource[] }> = {
  // One filter for all: to ask each event for its action and then for its payload costs the compiler twice as much.
  readonly [Event in Exclude<P["events"][number], AnyEventClass> as Event["action"]]: Event["example"];
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
  // An author who writes JavaScript may hand in anything: the host tells what is wrong with it.
  const events = (manifest as typeof manifest | undefined)?.events ?? ([] as unknown as Events);
  const configured = (config: unknown): ConfiguredPlugin => ({ manifest, config });
  return Object.assign(configured, { manifest, config: undefined, events });
}
