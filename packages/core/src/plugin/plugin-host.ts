import { HookwrightError } from "../foundation/hookwright-error.js";
import { nearestName } from "../foundation/nearest-name.js";
import { BootError, problemOf, told } from "./boot-error.js";
import { checkManifest } from "./check-manifest.js";
import { checkPlugins } from "./check-plugins.js";
import { HostedPlugin } from "./hosted-plugin.js";
import type { AnyPluginManifest, ConfiguredPlugin } from "./plugin.js";
import { startOrder } from "./plugin-order.js";
import { declaredStatus, type RunPorts } from "./plugin-run.js";
import type { PluginStatus, UnloadOptions, WaitingOn } from "./plugin-status.js";

/** What the host works with. */
export interface HostPorts extends RunPorts {
  /** What a plugin's failure does to the start. */
  readonly onPluginFailure: "continue" | "refuse";
}

/**
 * Owns the plugins of one host: which there are, who waits for whom, and in which order they started. Starts come after
 * what is required, stops in exactly the reverse order of the starts; loads and unloads are done one at a time.
 */
export class PluginHost {
  readonly #ports: HostPorts;
  readonly #plugins = new Map<string, HostedPlugin>();
  /** In the order in which they started. */
  readonly #started = new Set<HostedPlugin>();
  /** Handed to `load`, whose turn has not come. */
  readonly #declared = new Set<AnyPluginManifest>();
  #last: Promise<unknown> = Promise.resolve();
  #isStopped = false;

  /** @throws BootError with every problem of every plugin. The host is of no use then, nor what it was to register in. */
  constructor(ports: HostPorts, plugins: readonly ConfiguredPlugin[]) {
    this.#ports = ports;
    const { admitted, refusal } = this.#admit(plugins);
    if (refusal !== undefined) throw refusal;
    for (const plugin of admitted) this.#plugins.set(plugin.manifest.name, plugin);
  }

  /**
   * Starts every plugin that does not have to wait.
   *
   * @throws HookwrightError `plugin_failed` or `plugin_timeout` of the first plugin that may not be missing; everything is
   * stopped again then.
   */
  start(): Promise<void> {
    return this.#inTurn(async () => {
      for (const plugin of this.#inStartOrder()) {
        await this.#startOne(plugin);
        const refusal = this.#refusalOf(plugin);
        if (refusal === undefined) continue;
        await this.#stopAll();
        throw refusal;
      }
    });
  }

  /** Never throws: what went wrong is logged with the plugin's name. Loads whose turn has not come are refused. */
  stop(): Promise<void> {
    this.#isStopped = true;
    return this.#inTurn(() => this.#stopAll());
  }

  /**
   * Adds a plugin to the running host and starts it, then those that have waited for it. When it is refused or fails,
   * nothing of it is left.
   *
   * @throws HookwrightError BootError, `plugin_failed`, `plugin_timeout` or `lifecycle_invalid`.
   */
  load(given: ConfiguredPlugin): Promise<PluginStatus> {
    const { manifest } = checkManifest(given, "that is loaded");
    if (manifest !== undefined) this.#declared.add(manifest);
    return this.#inTurn(async () => {
      if (manifest !== undefined) this.#declared.delete(manifest);
      this.#refuseStopped("load()");
      const plugin = await this.#admitOne(given);
      await this.#startOne(plugin);
      if (plugin.state === "failed") {
        this.#plugins.delete(plugin.manifest.name);
        throw plugin.error;
      }
      await this.#startWaiting();
      return this.#statusOf(plugin);
    });
  }

  /**
   * Stops a plugin and forgets it. With `dependents`, the plugins that need it are stopped before, and wait until it is
   * loaded again. With `essential`, so are those that nothing may leave without.
   *
   * @throws HookwrightError `plugin_in_use` naming those that need it or are essential, `plugin_missing` or `lifecycle_invalid`.
   */
  unload(name: string, { dependents = false, essential = false }: UnloadOptions = {}): Promise<void> {
    return this.#inTurn(async () => {
      this.#refuseStopped("unload()");
      const plugin = this.#plugins.get(name) ?? refuseMissing(name, [...this.#plugins.keys()]);
      const users = this.#dependentsOf(plugin);
      if (users.length > 0 && !dependents) throw inUse(plugin, users);
      const sealing = [plugin, ...users].filter(isSealing);
      if (sealing.length > 0 && !essential) throw stillEssential(plugin, sealing);
      // Asked anew after each stop: meanwhile another one may have taken a service.
      for (let user = users.at(-1); user !== undefined; user = this.#dependentsOf(plugin).at(-1))
        await this.#stopOne(user, "waiting");
      await this.#stopOne(plugin, "stopped");
      this.#plugins.delete(name);
    });
  }

  /** In the order in which they are started; those that were loaded later come after them. */
  status(): readonly PluginStatus[] {
    const loaded = [...this.#plugins.values()].map((plugin) => this.#statusOf(plugin));
    return [...loaded, ...[...this.#declared].map(declaredStatus)];
  }

  #admit(given: readonly unknown[]): {
    readonly admitted: readonly HostedPlugin[];
    readonly refusal: BootError | undefined;
  } {
    const checked = checkPlugins(given, this.#manifests());
    const problems = [...checked.problems];
    const causes = [...checked.causes];
    const admitted = checked.plugins.map((one) => {
      const plugin = new HostedPlugin(one, this.#ports);
      const faults = plugin.registerEvents();
      problems.push(...faults.map((fault) => problemOf(fault, plugin.label)));
      causes.push(...faults);
      return plugin;
    });
    return { admitted, refusal: problems.length === 0 ? undefined : new BootError(problems, causes) };
  }

  async #admitOne(given: ConfiguredPlugin): Promise<HostedPlugin> {
    const { admitted, refusal } = this.#admit([given]);
    const [plugin] = admitted;
    if (plugin !== undefined && refusal === undefined) {
      this.#plugins.set(plugin.manifest.name, plugin);
      return plugin;
    }
    await plugin?.stop("stopped");
    throw refusal;
  }

  async #startOne(plugin: HostedPlugin): Promise<void> {
    if (this.#waitingOn(plugin).length > 0) return this.#letWait(plugin);
    await plugin.start();
    if (plugin.state === "started") return void this.#started.add(plugin);
    const { error, manifest } = plugin;
    // Whoever refuses to go on without it is told by what is thrown.
    if (error !== undefined && this.#refusalOf(plugin) === undefined)
      this.#ports.logger.error(error.message, { plugin: manifest.name, error });
  }

  async #letWait(plugin: HostedPlugin): Promise<void> {
    if (plugin.state === "waiting") return;
    await plugin.stop("waiting");
    const message = `Plugin ${plugin.label} waits for ${this.#reasonsOf(plugin)}`;
    this.#ports.logger.warn(message, { plugin: plugin.manifest.name });
  }

  /** Each after those that it requires, so that one that starts lets the next one start. */
  async #startWaiting(): Promise<void> {
    for (const plugin of this.#inStartOrder()) if (plugin.state === "waiting") await this.#startOne(plugin);
  }

  async #stopAll(): Promise<void> {
    for (const plugin of [...this.#started].toReversed()) await this.#stopOne(plugin, "stopped");
    // Those that did not start have registered events.
    for (const plugin of [...this.#plugins.values()].toReversed())
      if (plugin.state !== "failed" && plugin.state !== "stopped") await plugin.stop("stopped");
  }

  async #stopOne(plugin: HostedPlugin, next: "stopped" | "waiting"): Promise<void> {
    this.#started.delete(plugin);
    await plugin.stop(next);
  }

  /** Why the host may not start without it, when it has not started. */
  #refusalOf(plugin: HostedPlugin): HookwrightError | undefined {
    const isNeeded = this.#ports.onPluginFailure === "refuse" || plugin.manifest.essential === true;
    if (plugin.state === "started" || !isNeeded) return undefined;
    const message = `Plugin ${plugin.label} is essential and waits for ${this.#reasonsOf(plugin)}.`;
    return plugin.error ?? new HookwrightError("plugin_failed", message);
  }

  #waitingOn(plugin: HostedPlugin): readonly WaitingOn[] {
    return [...plugin.needs].flatMap((name) => {
      const needed = this.#plugins.get(name);
      return needed?.state === "started" ? [] : [{ plugin: name, reason: reasonOf(needed) }];
    });
  }

  #reasonsOf(plugin: HostedPlugin): string {
    return this.#waitingOn(plugin)
      .map(({ plugin: name, reason }) => `${name}: ${reason}`)
      .join(", ");
  }

  /** The started plugins that cannot be without it, however far removed; in the order in which they started. */
  #dependentsOf(plugin: HostedPlugin): readonly HostedPlugin[] {
    const gone = new Set([plugin.manifest.name]);
    const found = new Set<HostedPlugin>();
    for (let size = -1; size < found.size; ) {
      size = found.size;
      for (const other of this.#started) {
        if (other === plugin || ![...other.needs].some((name) => gone.has(name))) continue;
        found.add(other);
        gone.add(other.manifest.name);
      }
    }
    return [...this.#started].filter((other) => found.has(other));
  }

  #manifests(): readonly AnyPluginManifest[] {
    return [...this.#plugins.values()].map(({ manifest }) => manifest);
  }

  #inStartOrder(): readonly HostedPlugin[] {
    return startOrder(this.#manifests()).flatMap(({ name }) => this.#plugins.get(name) ?? []);
  }

  #statusOf(plugin: HostedPlugin): PluginStatus {
    return plugin.status(plugin.state === "waiting" ? this.#waitingOn(plugin) : []);
  }

  #refuseStopped(call: string): void {
    if (this.#isStopped)
      throw new HookwrightError("lifecycle_invalid", `${call} was called on a host that is stopped.`);
  }

  /** One at a time, in the order of the calls; one that fails holds up no other. */
  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}

function reasonOf(needed: HostedPlugin | undefined): string {
  if (needed === undefined) return "it is not loaded";
  if (needed.state === "failed") return `it failed with ${needed.error?.code ?? "plugin_failed"}`;
  return needed.state === "waiting" ? "it is waiting itself" : "it has not started";
}

function refuseMissing(name: string, known: readonly string[]): never {
  const nearest = nearestName(String(name), known);
  throw new HookwrightError(
    "plugin_missing",
    `No plugin ${told(name)} is loaded.${nearest === undefined ? "" : ` Did you mean ${nearest}?`}`,
    { details: { nearest } },
  );
}

function inUse(plugin: HostedPlugin, users: readonly HostedPlugin[]): HookwrightError {
  const dependents = users.map((user) => user.manifest.name);
  return new HookwrightError(
    "plugin_in_use",
    `Plugin ${plugin.label} is needed by ${dependents.join(", ")}. Unload them before, or unload it with ` +
      "{ dependents: true }: they wait then until it is loaded again.",
    { details: { dependents } },
  );
}

/** Whether deliveries would leave without what it does to them. */
function isSealing({ state, manifest }: HostedPlugin): boolean {
  return state === "started" && manifest.essential === true;
}

function stillEssential(plugin: HostedPlugin, sealing: readonly HostedPlugin[]): HookwrightError {
  const essential = sealing.map(({ manifest }) => manifest.name);
  return new HookwrightError(
    "plugin_in_use",
    `Plugin ${plugin.label} is not unloaded, since nothing may leave without ${essential.join(", ")}: until they are back ` +
      "webhooks would be sent without what they do. Exchange them by a restart, or unload with { essential: true }.",
    { details: { essential } },
  );
}
