import type { HandlerCommit, HandlerLease } from "@hookwright/core";
import { attempt, settlement } from "./settlement-builder.js";

/** What a handler of plugin `billing` comes to that ended well and did nothing. `changes` replaces what a test cares about. */
export function handlerCommit(lease: HandlerLease, changes: Partial<HandlerCommit> = {}): HandlerCommit {
  return {
    settlement: settlement(lease, {
      attempt: attempt({ number: lease.attempt, status: null, excerpt: "", headers: {} }),
      effect: { kind: "none" },
    }),
    plugin: "billing",
    changes: [],
    emits: [],
    ...changes,
  };
}
