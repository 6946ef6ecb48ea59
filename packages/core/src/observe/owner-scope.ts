import type { EventOwner } from "../event/event-definition.js";
import { runAs } from "./blame.js";
import type { Watchdog } from "./watchdog.js";

/** The one way into a plugin's code, so that what it throws, logs, blocks or leaves behind is known to be its. */
export interface OwnerScope {
  /**
   * Calls `code` at once and gives back what it gives back; what it throws is thrown. `callback` says which code of the
   * owner it is, for people: `setup`, `receiver of server/routes`.
   */
  run<Result>(owner: Pick<EventOwner, "name">, callback: string, code: () => Result): Result;
}

/** Remembers nobody. */
export const plainScope: OwnerScope = { run: (_owner, _callback, code) => code() };

/** Names whose code it is for {@link blameOf} and for every log line, and has it watched. */
export function blamingScope(watchdog: Watchdog): OwnerScope {
  return {
    run: ({ name: owner }, callback, code) => watchdog.run({ owner, name: callback }, () => runAs(owner, code)),
  };
}
