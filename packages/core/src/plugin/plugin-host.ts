import type { Clock } from "../foundation/clock.js";
import { HookwrightError, messageOf } from "../foundation/hookwright-error.js";
import { checkManifest, completeConfig } from "./check-plugin.js";
import { Lifecycle, type StopFault } from "./lifecycle.js";
import type { AnyPluginManifest, ConfiguredPlugin, PluginContext } from "./plugin.js";
import { type ContextPorts, contextOf } from "./plugin-context.js";

/** Where a plugin stands. */
export type PluginState = "declared" | "started" | "failed" | "stopped";

/** What a host tells of a plugin. */
export interface PluginStatus {
  readonly name: string;
  readonly version: string;
  readonly state: PluginState;
  /** The actions it registered. */
  readonly events: readonly string[];
}

/** What the host works with. */
export interface HostPorts extends ContextPorts {
  readonly clock: Clock;
}

/** For each thing that a plugin stops, in milliseconds: a service has about as long in all before it is killed. */
const stopLimit = 10_000;

interface Entry {
  readonly manifest: AnyPluginManifest;
  readonly context: PluginContext<unknown>;
  /** What the plugin added, and how to undo it. */
  readonly owned: Lifecycle;
  state: PluginState;
}

/**
 * Owns the plugins of one host: checks them all and registers their events before any of their code runs, starts them in
 * the order given and stops them in the reverse one. What a plugin added is undone with it.
 */
export class PluginHost {
  readonly #ports: HostPorts;
  readonly #entries: Entry[] = [];
  readonly #lifecycle = new Lifecycle();

  /**
   * @throws HookwrightError with every fault of every plugin: the fault itself when there is one, else `plugin_invalid`,
   * with the list in `details.faults`. The host is of no use then, nor what it was to register in.
   */
  constructor(ports: HostPorts, plugins: readonly ConfiguredPlugin[]) {
    this.#ports = ports;
    const faults: unknown[] = [];
    for (const plugin of plugins) this.#admit(plugin, faults);
    refuseFaults(faults);
  }

  /** @throws HookwrightError `plugin_failed` of the first plugin that fails; everything is stopped again then. */
  async start(): Promise<void> {
    for (const entry of this.#entries) {
      const { name } = entry.manifest;
      try {
        await this.#lifecycle.start({ name, start: () => setUp(entry), stop: () => this.#stop(entry) });
      } catch (error) {
        await this.#stop(entry);
        await this.stop();
        throw error;
      }
    }
  }

  /** Never throws: what went wrong is logged with the plugin's name. */
  async stop(): Promise<void> {
    await this.#lifecycle.stop();
    // Those that were not started have registered events.
    for (const entry of this.#entries.toReversed()) await this.#stop(entry);
  }

  /** In the order in which they are started. */
  status(): readonly PluginStatus[] {
    return this.#entries.map(({ manifest, state }) => ({
      name: manifest.name,
      version: manifest.version,
      state,
      events: this.#actionsOf(manifest.name),
    }));
  }

  #admit(plugin: ConfiguredPlugin, faults: unknown[]): void {
    const inManifest = checkManifest(plugin);
    if (inManifest.length > 0) return void faults.push(...inManifest);
    const { manifest } = plugin;
    const twin = this.#entries.find((entry) => entry.manifest.name === manifest.name);
    if (twin !== undefined) return void faults.push(twinFault(twin.manifest, manifest));
    const collect = <Result>(run: () => Result): Result | undefined => {
      try {
        return run();
      } catch (error) {
        faults.push(error);
        return undefined;
      }
    };
    const config = collect(() => completeConfig(plugin));
    const owned = new Lifecycle({ clock: this.#ports.clock, milliseconds: stopLimit });
    const context = contextOf({ manifest, config, owned }, this.#ports);
    for (const event of manifest.events ?? []) collect(() => context.event(event));
    this.#entries.push({ manifest, context, owned, state: "declared" });
  }

  async #stop(entry: Entry): Promise<void> {
    if (entry.state !== "failed") entry.state = "stopped";
    for (const fault of await entry.owned.stop()) this.#logFault(entry.manifest, fault);
  }

  #actionsOf(plugin: string): readonly string[] {
    return this.#ports.registry
      .list()
      .filter((event) => event.owner.name === plugin)
      .map((event) => event.definition.action);
  }

  #logFault({ name, version }: AnyPluginManifest, { error }: StopFault): void {
    this.#ports.logger.error(`Plugin ${name}@${version} failed while it stopped`, { plugin: name, error });
  }
}

async function setUp(entry: Entry): Promise<void> {
  const { manifest, context, owned } = entry;
  try {
    // The manifest's own type tied the configuration to the schema that it was checked against.
    await manifest.setup?.(context as PluginContext<never>);
  } catch (error) {
    entry.state = "failed";
    throw new HookwrightError(
      "plugin_failed",
      `Plugin ${manifest.name}@${manifest.version} failed in setup: ${messageOf(error)}`,
      { cause: error },
    );
  }
  entry.state = "started";
  // Last in, first out: it still has all that it added.
  owned.own({ name: manifest.name, stop: () => manifest.stop?.() });
}

function twinFault(one: AnyPluginManifest, other: AnyPluginManifest): HookwrightError {
  return new HookwrightError(
    "plugin_invalid",
    `Two plugins are named ${one.name}: versions ${one.version} and ${other.version}. Load one of them.`,
  );
}

function refuseFaults(faults: readonly unknown[]): void {
  const [first, ...others] = faults;
  if (first === undefined) return;
  if (others.length === 0) throw first;
  const list = faults.map((fault) => ({
    code: fault instanceof HookwrightError ? fault.code : "plugin_invalid",
    message: messageOf(fault),
  }));
  throw new HookwrightError(
    "plugin_invalid",
    `The plugins have ${faults.length} faults. ${list.map(({ message }) => message).join(" ")}`,
    { cause: new AggregateError(faults), details: { faults: list } },
  );
}
