import type { RegisteredEvent } from "@hookwright/core";

/** Describes the events anew only where they have changed since: with a thousand of them it takes a tenth of a second, in which nothing else runs. */
export function describedOnce<Description>(
  describe: (events: readonly RegisteredEvent[]) => Description,
): (events: readonly RegisteredEvent[]) => Description {
  let last: { readonly events: readonly RegisteredEvent[]; readonly description: Description } | undefined;
  return (events) => {
    if (last === undefined || !areSame(last.events, events)) last = { events, description: describe(events) };
    return last.description;
  };
}

/** A registered event never changes: one that is loaded again is another. */
function areSame(some: readonly RegisteredEvent[], others: readonly RegisteredEvent[]): boolean {
  return some.length === others.length && some.every((event, index) => event === others[index]);
}
