import type { builtinEvents } from "./builtin/builtin-events.js";
import type { operationalEvents } from "./builtin/operational-events.js";

/** The classes of the actions that core registers by itself. */
type BuiltinClasses = typeof builtinEvents & typeof operationalEvents;

/** The payloads of the built-in actions: Label Studio's, and those that tell of Hookwright's own work. */
export type BuiltinEvents = {
  readonly [Action in keyof BuiltinClasses]: InstanceType<BuiltinClasses[Action]>["payload"];
};

/**
 * Which payload belongs to which action; `emit` is typed by it. A plugin adds its events with
 * `declare module "@hookwright/core" { interface WebhookEventMap extends EventsOf<typeof plugin> {} }`. An interface, not
 * a union: the compiler's work grows with the events that are used, not with those that exist.
 */
export interface WebhookEventMap extends BuiltinEvents {}

/** An action that the compiler knows. */
export type KnownAction = keyof WebhookEventMap & string;
