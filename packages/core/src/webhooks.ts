import type { Composition } from "./composition.js";
import { compose, type Resolve, tokens } from "./container.js";
import { type DeliveryApi, deliveryApi } from "./delivery-api.js";
import type { EmitCall, EmitOptions } from "./emit/emit-call.js";
import type { EmitReceipt } from "./emit/emit-event.js";
import type { EventInstance } from "./event/event-class.js";
import type { EventDefinition } from "./event/event-definition.js";
import type { EventRegistry, RegisteredEvent } from "./event/event-registry.js";
import type { KnownAction, WebhookEventMap } from "./event/webhook-event-map.js";
import { CallsUnderWay } from "./foundation/calls-under-way.js";
import type { Disposer } from "./foundation/disposer.js";
import { HookwrightError } from "./foundation/hookwright-error.js";
import type { Payload } from "./foundation/payload-bytes.js";
import { type JobApi, jobApi } from "./job-api.js";
import type { Listener, NotificationName, StrayOrigin } from "./observe/hub.js";
import { type OwnerScope, plainScope } from "./observe/owner-scope.js";
import type { Middleware, MiddlewareOptions, Phase } from "./pipeline/middleware.js";
import type { Transform } from "./pipeline/transforms.js";
import { Lifecycle } from "./plugin/lifecycle.js";
import type { PluginApi } from "./plugin/plugin-status.js";
import { type SealingApi, sealingApi } from "./sealing-api.js";
import { tellSealed } from "./secret/tell-sealed.js";
import { type WebhookApi, webhookApi } from "./webhook-api.js";

/** Longer than any stop, in milliseconds. */
const longestStop = 86_400_000;

/** How a host is started. */
export interface StartOptions {
  /** `false`: accepts and stores, but delivers nothing; another process does. */
  readonly deliver?: boolean;
}

/** How a host is stopped. */
export interface StopOptions {
  /** Milliseconds to wait for attempts under way before they are given up and go back to the store; 10,000. */
  readonly timeout?: number;
}

/** The events that exist: core's and the plugins'. */
export interface EventApi {
  /** In order of registration: core's first. */
  list(): readonly RegisteredEvent[];
  /** By action or alias. @throws HookwrightError `action_unknown` with the nearest name. */
  get(name: string): RegisteredEvent;
}

/**
 * A running Hookwright inside an application: what `createWebhooks` returns. It only delegates; each part can be read in
 * the folder of its name.
 */
export class Webhooks {
  readonly #get: Resolve;
  readonly #emit: EmitCall;
  readonly #registry: EventRegistry;
  readonly #lifecycle = new Lifecycle();
  /** Test deliveries: no worker holds them. */
  readonly #tests = new CallsUnderWay();
  #state: "not started yet" | "starting" | "started" | "stopped" = "not started yet";
  /** Resolves when a start that is under way has come to its end, whichever. */
  #starting: Promise<void> = Promise.resolve();
  #stopping: Promise<void> | undefined;
  readonly webhooks: WebhookApi;
  readonly deliveries: DeliveryApi;
  readonly jobs: JobApi;
  readonly events: EventApi;
  readonly plugins: PluginApi;
  readonly sealing: SealingApi;

  /** @internal Made by `createWebhooks`. */
  constructor(get: Resolve) {
    this.#get = get;
    // Looked up once: no event goes through the container.
    this.#emit = get(tokens.emitCall);
    this.#registry = get(tokens.registry);
    const getStarted: Resolve = (of) => {
      this.#requireStarted("This call");
      return get(of);
    };
    this.webhooks = webhookApi(getStarted, this.#tests);
    this.deliveries = deliveryApi(getStarted);
    this.jobs = jobApi(getStarted);
    this.plugins = {
      status: () => get(tokens.plugins).status(),
      load: async (plugin) => getStarted(tokens.plugins).load(plugin),
      unload: async (name, options) => getStarted(tokens.plugins).unload(name, options),
    };
    this.sealing = sealingApi(getStarted);
    this.events = { list: () => this.#registry.list(), get: (name) => this.#registry.require(name) };
  }

  /**
   * Opens the store, starts the plugins, then delivers what waits.
   *
   * @throws HookwrightError of the part that failed; what was started before it is stopped again. A host that was stopped
   * is not started again: `lifecycle_invalid`.
   */
  async start({ deliver = true }: StartOptions = {}): Promise<void> {
    if (this.#state !== "not started yet") {
      throw new HookwrightError("lifecycle_invalid", `start() was called on a host that is ${this.#state}.`);
    }
    this.#state = "starting";
    const starting = this.#startAll(deliver);
    this.#starting = starting.catch(() => undefined);
    await starting;
  }

  /**
   * Takes nothing new, waits for attempts under way, then stops everything in the reverse order of the start. What could
   * not be finished in time goes out after the next start. Further calls wait for the same stop.
   */
  stop({ timeout = 10_000 }: StopOptions = {}): Promise<void> {
    this.#stopping ??=
      this.#state === "starting" ? this.#starting.then(() => this.#stopAll(timeout)) : this.#stopAll(timeout);
    return this.#stopping;
  }

  /**
   * Accepts an event. When it resolves, the event and its deliveries are on disk.
   *
   * @throws HookwrightError `action_unknown`, `action_reserved`, `payload_invalid`, `scope_invalid`, `idempotency_conflict`,
   * `overloaded`, `storage_full` or `storage_failed`; nothing is stored then.
   *
   * @example
   * ```ts
   * import { createMemoryStore, createWebhooks, TasksCreated } from "@hookwright/core";
   *
   * const hooks = await createWebhooks({ store: createMemoryStore() });
   * await hooks.start();
   * await hooks.emit(new TasksCreated({ tasks: [{ id: 1 }] }), { project: 12 });
   * await hooks.emit("TASKS_CREATED", { tasks: [{ id: 2 }] }, { project: 12 });
   * await hooks.stop();
   * ```
   */
  emit(event: EventInstance, options?: EmitOptions): Promise<EmitReceipt>;
  emit<Payload>(
    event: EventDefinition<string, Payload>,
    payload: NoInfer<Payload>,
    options?: EmitOptions,
  ): Promise<EmitReceipt>;
  emit<Action extends KnownAction>(
    action: Action,
    payload: WebhookEventMap[Action],
    options?: EmitOptions,
  ): Promise<EmitReceipt>;
  async emit(...given: readonly unknown[]): Promise<EmitReceipt> {
    this.#requireStarted("emit()");
    return this.#emit.emit(given);
  }

  /**
   * Accepts an event whose payload came as bytes: they are kept and sent as they are, numbers beyond 2⁵³ included.
   *
   * @throws HookwrightError as {@link emit}.
   */
  async emitPayload(action: string, payload: Payload, options: EmitOptions = {}): Promise<EmitReceipt> {
    this.#requireStarted("emit()");
    return this.#emit.emitPayload(action, payload, options);
  }

  /** Adds a middleware to every attempt from now on. */
  use(phase: Phase, middleware: Middleware, options?: MiddlewareOptions): Disposer {
    return this.#get(tokens.pipeline).use("application", phase, middleware, options);
  }

  /** Adds a transform for every event that is emitted from now on. */
  transform(transform: Transform): Disposer {
    return this.#get(tokens.transforms).add("application", transform);
  }

  /** Listens to what happened; told after the fact, and unable to slow or break a delivery. */
  on<Name extends NotificationName>(name: Name, listener: Listener<Name>): Disposer {
    return this.#get(tokens.hub).on(name, listener);
  }

  /**
   * For a process's own handlers of `unhandledRejection` and `uncaughtException`: names the plugin that left this error
   * behind, counts it against the plugin, logs it and tells `plugin.failed`; `undefined` when it is no plugin's. Whether the
   * process goes on is the caller's choice.
   *
   * @example
   * ```ts
   * import { createMemoryStore, createWebhooks } from "@hookwright/core";
   *
   * const hooks = await createWebhooks({ store: createMemoryStore() });
   * process.on("unhandledRejection", (error) => {
   *   if (hooks.blame(error, "rejection") === undefined) throw error;
   * });
   * ```
   */
  blame(error: unknown, origin: StrayOrigin): string | undefined {
    return this.#get(tokens.strayErrors).take(error, origin);
  }

  /**
   * Resolves while the store takes what is written: at once, unless the last write failed; then one is tried, once a second at
   * most. For a probe of readiness.
   *
   * @throws HookwrightError `storage_full` or `storage_failed` while it does not, `lifecycle_invalid` before the start and
   * from the stop on.
   *
   * @example
   * ```ts
   * import { createMemoryStore, createWebhooks } from "@hookwright/core";
   *
   * const hooks = await createWebhooks({ store: createMemoryStore() });
   * await hooks.start();
   * await hooks.ready();
   * await hooks.stop();
   * ```
   */
  async ready(): Promise<void> {
    this.#requireStarted("ready()");
    await this.#get(tokens.probe).check();
  }

  /** Deliveries in memory at this moment, from lease to record. */
  get inFlight(): number {
    return this.#get(tokens.worker).inFlight;
  }

  async #startAll(deliver: boolean): Promise<void> {
    const get = this.#get;
    const [store, transport, plugins] = [get(tokens.store), get(tokens.transport), get(tokens.plugins)];
    const [retention, worker, monitor] = [get(tokens.retention), get(tokens.worker), get(tokens.loopMonitor)];
    const teller = get(tokens.noteTeller);
    try {
      await this.#lifecycle.start({ name: "store", start: () => store.open(), stop: () => store.close() });
      const sealed = get(tokens.sealedWebhooks);
      const survey = await sealed.unlock(await get(tokens.secretKeys)());
      tellSealed(await sealed.sealRest(survey), get(tokens.logger));
      await this.#lifecycle.start({ name: "transport", stop: () => transport.close() });
      await this.#lifecycle.start({ name: "loop monitor", start: () => monitor.start(), stop: () => monitor.stop() });
      await this.#lifecycle.start({ name: "plugins", start: () => plugins.start(), stop: () => plugins.stop() });
      await this.#lifecycle.start({ name: "retention", start: () => retention.start(), stop: () => retention.stop() });
      if (deliver) {
        await this.#lifecycle.start({ name: "notes", start: () => teller.start(), stop: () => teller.stop() });
        worker.start();
        get(tokens.replayRunner).start();
      }
      this.#state = "started";
    } catch (error) {
      await this.#stopAll(0);
      throw error;
    }
  }

  async #stopAll(timeout: number): Promise<void> {
    this.#state = "stopped";
    // What a stop waits for may be a pause, which alone does not keep the process alive: it would end in the middle of the stop.
    const alive = this.#get(tokens.clock).setTimer(longestStop, () => undefined, { keepsAlive: true });
    try {
      await this.#drain(timeout);
      const logger = this.#get(tokens.logger);
      for (const { step, error } of await this.#lifecycle.stop()) logger.error(`Could not stop ${step}`, { error });
    } finally {
      alive.cancel();
    }
  }

  /** Attempts that are still under way after `timeout` are interrupted, and go back to the store. Emits wait for nothing but the store. */
  async #drain(timeout: number): Promise<void> {
    const transport = this.#get(tokens.transport);
    const drained = Promise.all([
      this.#get(tokens.replayRunner).stop(),
      this.#get(tokens.worker).stop(),
      this.#get(tokens.emit).whenIdle(),
      this.#tests.none(),
    ]);
    // Its error comes up again when the transport is stopped in its turn.
    const interrupt = (): void => {
      this.#get(tokens.handlers).interrupt();
      void transport.close().catch(() => undefined);
    };
    const timer = this.#get(tokens.clock).setTimer(timeout, interrupt);
    try {
      await drained;
    } finally {
      timer.cancel();
    }
  }

  #requireStarted(call: string): void {
    if (this.#state === "started") return;
    throw new HookwrightError("lifecycle_invalid", `${call} needs a started host; this one is ${this.#state}.`);
  }
}

/**
 * Puts a host together: settings and plugins are checked, the plugins' events registered. Nothing is opened and no plugin's code runs before `start()`.
 *
 * @throws HookwrightError `configuration_invalid` for a setting, or a name that is none; {@link BootError} with everything that is wrong with the plugins.
 *
 * @example
 * ```ts
 * import { createMemoryStore, createWebhooks } from "@hookwright/core";
 *
 * const hooks = await createWebhooks({ store: createMemoryStore(), settings: { retrySchedule: "5s,1m,10m" } });
 * await hooks.start();
 * await hooks.webhooks.create({ url: "https://example.com/hook", project: 12, actions: ["TASKS_CREATED"] });
 * await hooks.stop();
 * ```
 */
export async function createWebhooks(composition: Composition): Promise<Webhooks> {
  const get = compose(composition);
  // Asked for here so that every fault of a setting or a plugin is told before anything is opened.
  get(tokens.plugins);
  const hooks = new Webhooks(get);
  scopes.set(hooks, get(tokens.ownerScope));
  return hooks;
}

const scopes = new WeakMap<Webhooks, OwnerScope>();

/** The way into the code of plugins of this host, for what they contribute to Hookwright's own packages. A host of another copy of core has none here. */
export function ownerScopeOf(hooks: Webhooks): OwnerScope {
  return scopes.get(hooks) ?? plainScope;
}
