import { HookwrightError, messageOf } from "../foundation/hookwright-error.js";
import { labelOf } from "./check-manifest.js";
import { maskedConfig } from "./masked-config.js";
import { type CheckedPlugin, declaredStatus, PluginRun, type RunPorts } from "./plugin-run.js";
import type { PluginState, PluginStatus, WaitingOn } from "./plugin-status.js";

/**
 * Owns where one plugin of a host stands, over all its runs. While it waits nothing of it is in the host, not even its
 * events: without its transforms, one could leave with what the plugin was to remove.
 */
export class HostedPlugin {
  readonly #plugin: CheckedPlugin;
  readonly #ports: RunPorts;
  #run: PluginRun;
  #state: PluginState = "validated";
  #error: HookwrightError | undefined;
  /** Whose services it used when it was stopped: as good as required. */
  #providers: readonly string[] = [];

  constructor(plugin: CheckedPlugin, ports: RunPorts) {
    this.#plugin = plugin;
    this.#ports = ports;
    this.#run = new PluginRun(plugin, ports);
  }

  get manifest(): CheckedPlugin["manifest"] {
    return this.#plugin.manifest;
  }

  get label(): string {
    return labelOf(this.manifest);
  }

  get state(): PluginState {
    return this.#state;
  }

  /** Why it failed, or what went wrong first when it was stopped. */
  get error(): HookwrightError | undefined {
    return this.#error;
  }

  /** The names of the plugins that it cannot be without. */
  get needs(): ReadonlySet<string> {
    const providers = this.#state === "started" ? this.#run.providers : this.#providers;
    return new Set([...Object.keys(this.manifest.requires ?? {}), ...providers]);
  }

  /** Registers its events, each that can be; gives back the errors of the others. */
  registerEvents(): readonly unknown[] {
    return this.#run.registerEvents();
  }

  /** Runs its setup; it is `started` then, or `failed` and undone. One that has waited starts anew. */
  async start(): Promise<void> {
    try {
      if (this.#state === "waiting") this.#renew();
      await this.#run.setUp();
      this.#state = "started";
      this.#error = undefined;
      this.#providers = [];
    } catch (error) {
      await this.#undo();
      this.#state = "failed";
      this.#error = error instanceof HookwrightError ? error : new HookwrightError("plugin_failed", messageOf(error));
    }
  }

  /** Undoes everything. What it may wait for is the host's to know. */
  async stop(next: "stopped" | "waiting"): Promise<void> {
    if (this.#state === "started") this.#providers = this.#run.providers;
    this.#state = "stopped";
    this.#error = await this.#undo();
    this.#state = next;
  }

  status(waitingOn: readonly WaitingOn[]): PluginStatus {
    const { manifest, config } = this.#plugin;
    const error = this.#error;
    return {
      ...declaredStatus(manifest),
      ...this.#run.parts,
      state: this.#state,
      waitingOn,
      error: error === undefined ? undefined : { code: error.code, message: error.message },
      config: maskedConfig(config, manifest.config),
    };
  }

  #renew(): void {
    this.#run = new PluginRun(this.#plugin, this.#ports);
    for (const fault of this.#run.registerEvents()) throw fault;
  }

  /** What went wrong first, after everything was undone; all of it is logged. */
  async #undo(): Promise<HookwrightError | undefined> {
    const message = `Plugin ${this.label} failed while it stopped`;
    const faults = await this.#run.stop();
    for (const { error } of faults) this.#ports.logger.error(message, { plugin: this.manifest.name, error });
    const [first] = faults;
    if (first === undefined) return undefined;
    const code = first.error instanceof HookwrightError ? first.error.code : "plugin_failed";
    return new HookwrightError(code, `${message}: ${messageOf(first.error)}`, { cause: first.error });
  }
}
