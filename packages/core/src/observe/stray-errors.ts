import { blameOf } from "./blame.js";
import type { Hub, StrayOrigin } from "./hub.js";
import type { Logger } from "./logger.js";

/** Lines for one plugin in one span of time: an interval that throws would fill the disk. */
const mostLines = 10;
const span = 60_000;

interface Count {
  total: number;
  since: number;
  lines: number;
}

/** Owns the account of errors that nobody caught: whose they are, and how many each plugin has left behind. */
export class StrayErrors {
  readonly #hub: Hub;
  readonly #logger: Logger;
  readonly #counts = new Map<string, Count>();

  constructor({ hub, logger }: { readonly hub: Hub; readonly logger: Logger }) {
    this.#hub = hub;
    this.#logger = logger;
  }

  /** Books it to the plugin that left it behind, and names the plugin; `undefined` when it is nobody's. Never throws. */
  take(error: unknown, origin: StrayOrigin): string | undefined {
    const plugin = blameOf(error);
    if (plugin === undefined) return undefined;
    const count = this.#countOf(plugin);
    count.total += 1;
    count.lines += 1;
    if (count.lines <= mostLines) {
      const what = origin === "rejection" ? "left a rejected promise behind" : "threw where nobody could catch it";
      const last = count.lines === mostLines ? "; more of these are only counted for a minute" : "";
      this.#logger.error(`Plugin ${plugin} ${what}${last}`, {
        plugin,
        code: "plugin_failed",
        origin,
        count: count.total,
        error,
      });
    }
    this.#hub.notify("plugin.failed", { plugin, origin, error, count: count.total });
    return plugin;
  }

  #countOf(plugin: string): Count {
    const now = performance.now();
    const known = this.#counts.get(plugin);
    if (known === undefined) {
      const count = { total: 0, since: now, lines: 0 };
      this.#counts.set(plugin, count);
      return count;
    }
    if (now - known.since >= span) {
      known.since = now;
      known.lines = 0;
    }
    return known;
  }
}
