import { defineEvent } from "../event/define-event.js";
import { EventRegistry } from "../event/event-registry.js";
import { SteppedClock } from "../foundation/stepped-clock.test.support.js";
import { Handlers } from "../handle/handlers.js";
import { Hub } from "../observe/hub.js";
import type { LogFields, Logger } from "../observe/logger.js";
import { type OwnerScope, plainScope } from "../observe/owner-scope.js";
import { Watchdog } from "../observe/watchdog.js";
import { ok } from "../pipeline/onion-scene.test.support.js";
import { Pipeline } from "../pipeline/pipeline.js";
import { Transforms } from "../pipeline/transforms.js";
import { createMemoryStore } from "../store/memory-store.js";
import { BootError, type BootProblem } from "./boot-error.js";
import { ExtensionPoints } from "./extension-points.js";
import { type ConfiguredPlugin, definePlugin, type PluginContext } from "./plugin.js";
import { type HostPorts, PluginHost } from "./plugin-host.js";
import { Services } from "./services.js";

/** One kept line of the log. */
export interface Line {
  readonly level: string;
  readonly message: string;
  readonly fields: LogFields | undefined;
}

/** Everything that plugins can add to, and a host over it. */
export class PluginScene {
  readonly clock = new SteppedClock();
  readonly lines: Line[] = [];
  readonly registry = new EventRegistry();
  readonly transforms = new Transforms();
  readonly hub = new Hub();
  readonly pipeline: Pipeline;
  readonly ports: HostPorts;

  constructor(changes: Partial<Pick<HostPorts, "onPluginFailure">> & { readonly scope?: OwnerScope } = {}) {
    this.pipeline = new Pipeline({
      clock: this.clock,
      builtin: [],
      transport: { send: async () => ok },
      middlewareLimit: 1_000,
      onFault: () => undefined,
      watchdog: new Watchdog(() => undefined),
    });
    const logger = this.#logger();
    const scope = changes.scope ?? plainScope;
    const store = createMemoryStore();
    this.ports = {
      handlers: new Handlers({ store: store.state, clock: this.clock, logger }),
      state: store.state,
      emit: { emit: () => Promise.reject(new Error("nothing is emitted in this scene")) },
      registry: this.registry,
      pipeline: this.pipeline,
      transforms: this.transforms,
      hub: this.hub,
      logger,
      scope,
      extensions: new ExtensionPoints({ scope, logger }),
      services: new Services(),
      deadline: { clock: this.clock, milliseconds: 10_000 },
      onPluginFailure: changes.onPluginFailure ?? "continue",
    };
  }

  /** A host that has checked these plugins. */
  host(...plugins: readonly ConfiguredPlugin[]): PluginHost {
    return new PluginHost(this.ports, plugins);
  }

  /** A host with these plugins, started. */
  async started(...plugins: readonly ConfiguredPlugin[]): Promise<PluginHost> {
    const host = this.host(...plugins);
    await host.start();
    return host;
  }

  /** What plugins have added, as it is now. */
  get added() {
    return {
      actions: this.registry.list().map(({ definition }) => definition.action),
      layers: this.pipeline.layers.map(({ name }) => name),
      transforms: !this.transforms.isEmpty,
    };
  }

  linesAt(level: string): readonly string[] {
    return this.lines.filter((line) => line.level === level).map(({ message }) => message);
  }

  #logger(): Logger {
    const line =
      (level: string): Logger["info"] =>
      (message, fields) =>
        void this.lines.push({ level, message, fields });
    return {
      isEnabled: (level) => level !== "debug",
      debug: line("debug"),
      info: line("info"),
      warn: line("warn"),
      error: line("error"),
    };
  }
}

export const nothingAdded = { actions: [], layers: [], transforms: false };

export function eventOf(action: string, aliases: readonly string[] = []) {
  return defineEvent({
    action,
    aliases,
    summary: "Something happened.",
    schema: { type: "object", properties: { id: { type: "integer" } } },
    example: { id: 1 },
  });
}

/** One of each kind that has a place of its own. */
export function addAll(ctx: PluginContext<unknown>, suffix = ""): void {
  ctx.use("prepare", (request, next) => next(request), { name: `header${suffix}` });
  ctx.transform({ variant: `redacted${suffix}`, apply: ({ payload }) => payload });
  ctx.event(eventOf(`LATER${suffix.toUpperCase()}`));
}

/** A plugin that notes when it is set up and stopped, and fails in setup while it is told to. */
export function noted(
  name: string,
  log: string[],
  { requires = {}, version = "1.0.0", fails = () => false }: NotedOptions = {},
) {
  return definePlugin({
    name,
    version,
    requires,
    events: [eventOf(`${name.toUpperCase()}_DONE`)],
    setup(ctx) {
      ctx.use("prepare", (request, next) => next(request), { name: "layer" });
      if (fails()) throw new Error(`${name} is broken`);
      log.push(`+${name}`);
    },
    stop: () => void log.push(`-${name}`),
  });
}

export interface NotedOptions {
  readonly requires?: Readonly<Record<string, string>>;
  readonly version?: string;
  readonly fails?: () => boolean;
}

/** The problems that a call is refused with. */
export async function problemsOf(run: () => unknown): Promise<readonly BootProblem[]> {
  try {
    await run();
  } catch (error) {
    if (error instanceof BootError) return error.problems;
    throw error;
  }
  throw new Error("nothing was thrown");
}
