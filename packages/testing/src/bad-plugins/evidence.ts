import type { HookwrightError, PluginStatus } from "@hookwright/core";
import type { LogLine } from "../test-host/recorded-log.js";

/** A notification that was told. */
export interface Heard {
  readonly name: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

/** An attempt that was recorded, of a webhook's delivery or a handler's. */
interface SeenAttempt {
  readonly action: string;
  /** Of its delivery. */
  readonly status: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

/** All that can be seen of a host from outside. */
export interface Evidence {
  readonly lines: readonly LogLine[];
  readonly heard: readonly Heard[];
  readonly attempts: readonly SeenAttempt[];
  readonly statuses: readonly PluginStatus[];
  /** What bad plugins wrote down. */
  readonly notes: readonly string[];
  /** What they were refused by. */
  readonly caught: readonly HookwrightError[];
  /** Bodies at the receiver of `BAD_THING`, in order. */
  readonly received: readonly string[];
}
