import { definitionOf } from "../event/event-class.js";
import { HookwrightError } from "../foundation/hookwright-error.js";

/** What stands in a call of `emit`, in whichever of its three ways it was written. */
export interface ReadEmit<Options> {
  readonly action: string;
  readonly payload: unknown;
  readonly options: Options;
}

/**
 * Reads `emit(instance, options)`, `emit(definition, payload, options)` and `emit(action, payload, options)`. The options are
 * the caller's to check.
 *
 * @throws HookwrightError `definition_invalid` when the event is none of the three.
 */
export function readEmit<Options extends object>([event, ...rest]: readonly unknown[]): ReadEmit<Partial<Options>> {
  // What the overloads of `emit` let in.
  const options = (value: unknown): Partial<Options> => (value ?? {}) as Partial<Options>;
  if (typeof event === "string") return { action: event, payload: rest[0], options: options(rest[1]) };
  const definition = typeof event === "function" ? undefined : definitionOf(event);
  if (definition === undefined || typeof event !== "object" || event === null) {
    throw new HookwrightError(
      "definition_invalid",
      "emit() takes an instance of a class with @WebhookEvent, a definition made with defineEvent, or an action.",
    );
  }
  const { action } = definition;
  if (definition === event) return { action, payload: rest[0], options: options(rest[1]) };
  return { action, payload: "payload" in event ? event.payload : undefined, options: options(rest[0]) };
}
