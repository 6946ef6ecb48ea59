import type { ErrorCode } from "../foundation/error-codes.js";
import type { JsonObject } from "../foundation/json.js";
import type { Phase } from "../pipeline/middleware.js";
import type { ConfiguredPlugin } from "./plugin.js";

/**
 * Where a plugin stands. `declared`: handed over, not checked yet; `validated`: checked, the names of its events are taken, its
 * setup has not ended; `started`; `waiting` for plugins that it requires; `failed` in its setup; `stopped` with the host.
 */
export type PluginState = "declared" | "validated" | "started" | "waiting" | "failed" | "stopped";

/** A plugin that another one waits for. */
export interface WaitingOn {
  readonly plugin: string;
  /** Why it is not there: `it is not loaded`, `it is waiting itself`, or how it failed. */
  readonly reason: string;
}

/** What a plugin has added and not taken out again, by kind. */
export interface PluginParts {
  /** Actions, in order of registration. */
  readonly events: readonly string[];
  readonly middlewares: readonly { readonly name: string; readonly phase: Phase }[];
  /** The variants that they make. */
  readonly transforms: readonly string[];
  /** The notifications that are listened to. */
  readonly listeners: readonly string[];
  /** The actions that are handled durably. */
  readonly handlers: readonly string[];
  /** Ids of extension tokens. */
  readonly offers: readonly string[];
  /** Ids of extension tokens. */
  readonly contributes: readonly string[];
  /** Ids of service tokens. */
  readonly provides: readonly string[];
  /** Ids of service tokens. */
  readonly uses: readonly string[];
}

/** What a host tells of a plugin. */
export interface PluginStatus extends PluginParts {
  readonly name: string;
  readonly version: string;
  readonly state: PluginState;
  /** Empty unless it is waiting. */
  readonly waitingOn: readonly WaitingOn[];
  /** Why it failed, or what went wrong when it was stopped; `undefined` when all is well. */
  readonly error: { readonly code: ErrorCode; readonly message: string } | undefined;
  /** Names of plugins: those that it requires, then the optional ones. */
  readonly requires: readonly string[];
  /** `***` stands for every value that the schema does not show to be no secret. */
  readonly config: JsonObject;
}

/** How a plugin is unloaded. */
export interface UnloadOptions {
  /** Stops the plugins that need it, too; they wait until it is loaded again. False unless given: then it is refused while there are any. */
  readonly dependents?: boolean;
  /**
   * Stops plugins that are `essential`, too: webhooks are sent without what they sign or remove until they are loaded again.
   * False unless given: then it is refused where it would stop one.
   */
  readonly essential?: boolean;
}

/** The plugins of a host, as an embedding application sees them. Loads and unloads are done one at a time, in the order of the calls. */
export interface PluginApi {
  /** In the order in which they are started; those that were loaded later come after them. At any time. */
  status(): readonly PluginStatus[];
  /**
   * Adds a plugin to the running host: checked as at the start, then started, and then those that have waited for it. One
   * that requires a plugin which is not started waits itself. When it is refused or fails, nothing of it is left.
   *
   * @throws HookwrightError BootError with every problem, before any of its code ran; `plugin_failed` or `plugin_timeout`
   * from its setup; `lifecycle_invalid` unless the host is started.
   */
  load(plugin: ConfiguredPlugin): Promise<PluginStatus>;
  /**
   * Stops a plugin and takes out everything that it has added. What was emitted before is still delivered.
   *
   * @throws HookwrightError `plugin_in_use` when others need it or nothing may leave without it, `plugin_missing` with the nearest name, `lifecycle_invalid` unless the host is started.
   */
  unload(name: string, options?: UnloadOptions): Promise<void>;
}
