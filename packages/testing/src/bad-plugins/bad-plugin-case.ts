import type { ErrorCode, LogLevel, PluginState } from "@hookwright/core";
import type { BadPluginScene } from "./bad-plugin-scene.js";
import type { Notebook } from "./notebook.js";

/** How a plugin comes into its host: with the start, or while it runs. */
export type Entrance = "boot" | "load";

/** One deliberately bad plugin, or several that are bad together. */
export interface BadPluginCase {
  readonly name: string;
  /** The fault that it stands for, in one sentence. */
  readonly fault: string;
  /** Made anew for each run, since they remember; `unknown`, since a plugin in JavaScript hands in anything. */
  readonly plugins: (notebook: Notebook) => readonly unknown[];
  readonly expectation: Expectation;
  /** Unless given, every way in which it can be run. */
  readonly entrances?: readonly Entrance[];
  /** Brings the fault about in a host in which the plugins run; unless given, one `BAD_THING` is emitted. */
  readonly provoke?: (scene: BadPluginScene) => Promise<void>;
}

/** What must become of the fault. */
export type Expectation = RefusedAtBoot | StopsTheStart | FailsToStart | Contained;

/** None of its code runs: no host is made with it, and one that runs does not take it. */
export interface RefusedAtBoot {
  readonly kind: "refused-at-boot";
  /** All that is told, in any order. */
  readonly problems: readonly ExpectedProblem[];
  /** Texts that stand nowhere in what is told. */
  readonly secrets?: readonly string[];
}

export interface ExpectedProblem {
  readonly code: ErrorCode;
  /** Texts that its line must hold, such as the names of both sides. */
  readonly tells: readonly string[];
}

/** A host must not run without it: no host starts, and one that runs does not take it. */
export interface StopsTheStart {
  readonly kind: "stops-the-start";
  readonly code: ErrorCode;
  /** Texts that the error's message must hold. */
  readonly tells: readonly string[];
}

/** Its setup fails: nothing of it stays, and the host runs without it. */
export interface FailsToStart {
  readonly kind: "fails-to-start";
  readonly code: "plugin_failed" | "plugin_timeout";
  /** Texts that the message of its state must hold. */
  readonly tells: readonly string[];
  /** Plugins that wait for it then. */
  readonly waiting?: readonly string[];
  readonly signs?: readonly Sign[];
  readonly leaves?: readonly string[];
}

/** It runs, and its fault stays its own. */
export interface Contained {
  readonly kind: "contained";
  /** Each must be seen. */
  readonly signs: readonly Sign[];
  /** Each must be seen when the plugin was unloaded. */
  readonly later?: readonly Sign[];
  /**
   * Whether deliveries of others wait as long as the fault lasts: so it is with a middleware that fails for every delivery, since
   * none may leave without it. They arrive by themselves, unchanged, when it is over (`retry`) or the plugin is unloaded (`unload`).
   */
  readonly holdsUp?: "retry" | "unload";
  /** How the state of each plugin is told after the fault; `started` unless given, `undefined` where it is gone. */
  readonly states?: Readonly<Record<string, PluginState | undefined>>;
  /** Texts of the leaks that are found after the stop, in any order; none unless given. */
  readonly leaves?: readonly string[];
}

/** Something that can be seen from outside, and that names the bad plugin. */
export type Sign =
  /** A notification whose facts say at least this. */
  | { readonly kind: "notification"; readonly name: string; readonly facts: Readonly<Record<string, unknown>> }
  /** A line of the log with the plugin's name in its field `plugin`. */
  | { readonly kind: "log"; readonly level: LogLevel; readonly plugin: string; readonly tells: string }
  /** The record of an attempt of a delivery of this action. */
  | { readonly kind: "attempt"; readonly action: string; readonly facts: Readonly<Record<string, unknown>> }
  /** How a plugin's state is told while the fault lasts. */
  | { readonly kind: "status"; readonly plugin: string; readonly facts: Readonly<Record<string, unknown>> }
  /** What the plugin's own code, or whoever emitted its event, was told by an error. */
  | { readonly kind: "caught"; readonly code: ErrorCode; readonly tells: readonly string[] }
  /** What the plugin's code wrote down. */
  | { readonly kind: "noted"; readonly text: string }
  /** A request that arrived at the receiver of the bad plugin's events: the whole body. */
  | { readonly kind: "received"; readonly body: string; readonly times: number };
