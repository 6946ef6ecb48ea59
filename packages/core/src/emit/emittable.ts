import { isOperational } from "../event/builtin/operational-events.js";
import type { EventRegistry, RegisteredEvent } from "../event/event-registry.js";
import { HookwrightError } from "../foundation/hookwright-error.js";

/**
 * The event behind an action, for whoever emits it from outside of the host.
 *
 * @throws HookwrightError `action_unknown`, also while the event's plugin is not started; `action_reserved` for what the host
 * tells of its own work: who is woken by it must be able to believe it.
 */
export function emittable(registry: EventRegistry, action: string): RegisteredEvent {
  const event = registry.requireOpen(action);
  if (!isOperational(event.definition.action)) return event;
  throw new HookwrightError(
    "action_reserved",
    `${event.definition.action} is emitted by Hookwright alone, when it happens. To try a receiver of it, send that webhook a test delivery.`,
  );
}
