import { HookwrightError, messageOf } from "../foundation/hookwright-error.js";
import { told } from "./boot-error.js";
import { labelOf } from "./check-manifest.js";
import { type Deadline, within } from "./deadline.js";
import { Lifecycle, type StopFault } from "./lifecycle.js";
import type { AnyPluginManifest, EventSource, PluginContext } from "./plugin.js";
import { type ContextPorts, contextOf } from "./plugin-context.js";
import { PartList } from "./plugin-parts.js";
import type { PluginParts, PluginStatus } from "./plugin-status.js";

/** A plugin whose manifest and configuration were checked. */
export interface CheckedPlugin {
  readonly manifest: AnyPluginManifest;
  readonly config: unknown;
}

export interface RunPorts extends ContextPorts {
  /** For the setup, and for each thing that is undone. */
  readonly deadline: Deadline;
}

/**
 * Owns one life of a plugin, from its first event to its stop, and everything that was added meanwhile. A plugin that is
 * started again gets a new one.
 */
export class PluginRun {
  readonly #manifest: AnyPluginManifest;
  readonly #ports: RunPorts;
  readonly #owned: Lifecycle;
  readonly #parts = new PartList();
  readonly #abort = new AbortController();
  readonly #context: PluginContext<unknown>;
  /** Whose services it uses: ids of the services by name of the provider. */
  readonly #used = new Map<string, Set<string>>();
  /** Whether its events can be emitted, and its services be used. */
  #isOpen = false;
  #isSignalOwned = false;

  constructor({ manifest, config }: CheckedPlugin, ports: RunPorts) {
    this.#manifest = manifest;
    this.#ports = ports;
    this.#owned = new Lifecycle(ports.deadline);
    const owner = {
      manifest,
      config,
      signal: this.#abort.signal,
      owned: this.#owned,
      parts: this.#parts,
      isOpen: () => this.#isOpen,
      onUse: (service: string, provider: string) => this.#use(service, provider),
    };
    this.#context = contextOf(owner, ports);
  }

  /** Whose services it uses, by name. */
  get providers(): readonly string[] {
    return [...this.#used.keys()];
  }

  get parts(): PluginParts {
    return { ...this.#parts.list(), uses: [...this.#used.values()].flatMap((services) => [...services]) };
  }

  /** Registers the events of the manifest, each that can be; gives back the errors of the others. */
  registerEvents(): readonly unknown[] {
    const faults: unknown[] = [];
    for (const event of this.#manifest.events ?? []) {
      try {
        this.#context.event(event);
      } catch (error) {
        faults.push(error instanceof HookwrightError ? error : this.#unreadable(event, error));
      }
    }
    return faults;
  }

  /** It threw while it was looked at, as a getter may. */
  #unreadable(event: EventSource, error: unknown): HookwrightError {
    const action = "action" in event ? told(event.action) : told(event);
    const [expected, found] = [`event ${action} to be readable`, `one that throws: ${messageOf(error)}`];
    return new HookwrightError(
      "definition_invalid",
      `Plugin ${labelOf(this.#manifest)}: expected ${expected}, found ${found}.`,
      { cause: error, details: { expected, found } },
    );
  }

  /** @throws HookwrightError `plugin_failed` with what was thrown as its cause, or `plugin_timeout`; `stop` undoes the rest. */
  async setUp(): Promise<void> {
    const { deadline, logger, scope } = this.#ports;
    const label = labelOf(this.#manifest);
    await within(deadline, this.#callSetup(), {
      what: `Plugin ${label} did not finish its setup`,
      onLate: (error) =>
        logger.error(`Plugin ${label} failed in setup after it had been given up`, {
          plugin: this.#manifest.name,
          error,
        }),
    });
    // Last in, first out: first its handlers end, then its events are closed, while everything that removes or signs is
    // there; then its signal tells, then its own stop has all that it added.
    const stop = () => scope.run(this.#manifest, "stop", () => this.#manifest.stop?.());
    this.#owned.own({ name: label, stop });
    this.#ownSignal();
    const close = () => {
      this.#isOpen = false;
    };
    this.#owned.own({ name: label, stop: close });
    await this.#openHandlers();
  }

  /** They are called from now on; when the plugin stops they end first, while everything that they use is there. */
  async #openHandlers(): Promise<void> {
    const { deadline, handlers } = this.#ports;
    const { name } = this.#manifest;
    const label = labelOf(this.#manifest);
    // What is given up still has some time to go back to the store.
    const farewell = deadline.milliseconds * 0.8;
    this.#owned.own({ name: label, stop: () => handlers.close(name, farewell) });
    // Not before they are there, which would miss an event; nor after, since they may emit the plugin's own.
    const open = () => {
      this.#isOpen = !this.#owned.isStopped;
    };
    await within(deadline, handlers.open(name, open), { what: `The handlers of plugin ${label} were not registered` });
  }

  /** Undoes everything, the last thing first. Never throws. */
  stop(): Promise<readonly StopFault[]> {
    // A setup that has not come to its end is told before anything is taken from it.
    if (!this.#isSignalOwned) this.#ownSignal();
    return this.#owned.stop();
  }

  #ownSignal(): void {
    this.#isSignalOwned = true;
    const abort = () => this.#ports.scope.run(this.#manifest, "signal", () => this.#abort.abort());
    this.#owned.own({ name: labelOf(this.#manifest), stop: abort });
  }

  async #callSetup(): Promise<void> {
    try {
      // The manifest's own type tied the configuration to the schema that it was checked against.
      const context = this.#context as PluginContext<never>;
      await this.#ports.scope.run(this.#manifest, "setup", () => this.#manifest.setup?.(context));
    } catch (error) {
      throw new HookwrightError(
        "plugin_failed",
        `Plugin ${labelOf(this.#manifest)} failed in setup: ${messageOf(error)}`,
        { cause: error },
      );
    }
  }

  #use(service: string, provider: string): void {
    if (provider === this.#manifest.name) return;
    const services = this.#used.get(provider) ?? new Set();
    this.#used.set(provider, services.add(service));
  }
}

/** What is known of a plugin before it is checked. */
export function declaredStatus({ name, version, requires, optional }: AnyPluginManifest): PluginStatus {
  return {
    name,
    version,
    state: "declared",
    waitingOn: [],
    error: undefined,
    requires: Object.keys({ ...requires, ...optional }),
    config: {},
    ...new PartList().list(),
  };
}
